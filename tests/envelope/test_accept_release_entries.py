# SPDX-License-Identifier: Apache-2.0
"""Entries of a release that the exchange accepts or refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.encoding import MAX_ENTRIES_BYTES
from accord.envelope.errors import Failure, MalformedError, TooLargeError
from accord.envelope.jwe import leaf_hashes, read_entries, recipients_root
from accord.envelope.keys import EC1, PQ1
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain
from tests.envelope.tampering import write
from tests.envelope.world import Agency, World, known_agency, make_agency


@pytest.fixture
def chain(scene: World) -> Chain:
    return Chain(scene)


@pytest.fixture
def pq1_chain(pq1: World) -> Chain:
    return Chain(pq1)


def bravo(chain: Chain) -> Agency:
    return chain.world.others[0]


def test_entries_over_their_limit_are_refused_before_anything_else(pq1_chain: Chain) -> None:
    release = pq1_chain.release(bravo(pq1_chain), [DELTA])
    with pytest.raises(TooLargeError) as refused:
        pq1_chain.accept(release, caller="xc-charlie", entries=b" " * (MAX_ENTRIES_BYTES + 1))
    assert refused.value.limit == MAX_ENTRIES_BYTES
    assert str(refused.value) == f"malformed: entries over its limit of {MAX_ENTRIES_BYTES}"
    full = release[1].entries + b" " * (MAX_ENTRIES_BYTES - len(release[1].entries))
    assert pq1_chain.accept(release, entries=full).od


Change = Callable[[list[Any]], Any]


def doubled(entries: list[Any]) -> Any:
    return [*entries, entries[-1]]


@pytest.mark.parametrize(
    "change",
    [lambda _: {}, lambda _: None, lambda _: [], lambda entries: entries[0], lambda _: [1], lambda _: [{}]],
)
def test_entries_are_an_array_of_entries(chain: Chain, change: Change) -> None:
    release = chain.release(bravo(chain), [DELTA, ECHO])
    with pytest.raises(MalformedError):
        chain.accept(release, entries=write(change(json.loads(release[1].entries))))


@pytest.mark.parametrize("octets", [b"", b"[", b"[NaN]", b'[{"a":1,"a":2}]', b"\xff"])
def test_entries_are_strict_json(pq1_chain: Chain, octets: bytes) -> None:
    with pytest.raises(MalformedError):
        pq1_chain.accept(pq1_chain.release(bravo(pq1_chain), [DELTA]), entries=octets)


def test_entries_are_of_the_manifests_suite(chain: Chain) -> None:
    release = chain.release(bravo(chain), [DELTA])
    other = {PQ1: EC1, EC1: PQ1}[chain.world.suite]
    entry = json.loads(release[1].entries)[0]
    alg = known_agency(DELTA).decryption[other].public.alg
    with pytest.raises(MalformedError):
        chain.accept(release, entries=write([entry | {"header": entry["header"] | {"alg": alg}}]))


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda entries: entries[:1], "an entry for each of aud"),
        (lambda entries: entries[1:], "an entry for each of aud"),
        (doubled, "one entry per agency, sorted"),
        (lambda entries: entries[::-1], "one entry per agency, sorted"),
    ],
)
def test_one_entry_for_each_of_aud_in_its_order(chain: Chain, change: Change, detail: str) -> None:
    release = chain.release(bravo(chain), [DELTA, ECHO])
    refused = chain.refusal(release, entries=write(change(json.loads(release[1].entries))))
    assert (refused.failure, refused.detail) == (Failure.RECIPIENTS, detail)


def test_entry_for_another_agency_is_refused(chain: Chain) -> None:
    release = chain.release(bravo(chain), [DELTA])
    foreign = chain.release(bravo(chain), [ECHO])[1].entries
    refused = chain.refusal(release, entries=foreign)
    assert (refused.failure, refused.detail) == (Failure.RECIPIENTS, "an entry for each of aud")


def test_none_is_for_the_issuer_or_beyond_aud(chain: Chain) -> None:
    release = chain.release(bravo(chain), [DELTA])
    more = chain.release(bravo(chain), [DELTA, ECHO])[1].entries
    assert chain.refusal(release, entries=more).failure is Failure.RECIPIENTS


def test_entry_for_no_agencys_key_is_refused(chain: Chain) -> None:
    release = chain.release(bravo(chain), [DELTA])
    chain.world.directory.keysets.pop(DELTA)
    refused = chain.refusal(release)
    assert (refused.failure, refused.detail) == (Failure.RECIPIENTS, "key of no agency")


def test_rr_is_over_these_entries(chain: Chain) -> None:
    release = chain.release(bravo(chain), [DELTA])
    again = chain.release(bravo(chain), [DELTA])[1]
    assert again.rr != release[1].rr
    assert chain.refusal(release, entries=again.entries).failure is Failure.RECIPIENTS
    assert chain.refusal(chain.release(bravo(chain), [DELTA], rr="A" * 43)).failure is Failure.RECIPIENTS


def test_entry_for_an_older_key_names_the_agencies(chain: Chain) -> None:
    release = chain.release(bravo(chain), [DELTA, ECHO, FOXTROT])
    for name in (DELTA, FOXTROT):
        newer = make_agency(name)
        renewed = replace(
            known_agency(name).keyset, rows=(*known_agency(name).keyset.rows, *newer.keyset.rows), version=2
        )
        chain.world.directory.keysets[name].append(renewed)
    refused = chain.refusal(release)
    assert (refused.failure, refused.agencies, refused.detail) == (
        Failure.KEYSET_STALE,
        (DELTA, FOXTROT),
        "",
    )


def test_agency_whose_newest_key_is_blocked_is_named(chain: Chain) -> None:
    release = chain.release(bravo(chain), [DELTA])
    chain.world.directory.suspended = {known_agency(DELTA).decryption[chain.world.suite].public.kid}
    refused = chain.refusal(release)
    assert (refused.failure, refused.agencies) == (Failure.KEYSET_STALE, (DELTA,))
    assert refused.detail == f"no key for {DELTA}"


def test_epk_is_of_the_curve_of_its_key(pq1: World) -> None:
    world = replace(pq1, suite=EC1)
    chain = Chain(world)
    release = chain.release(bravo(chain), [DELTA])
    golf = make_agency("xg-golf", curve="P-256")
    chain.world.directory.keysets[golf.id] = [golf.keyset]
    entry = json.loads(release[1].entries)[0]
    entry["header"]["kid"] = golf.decryption[EC1].public.kid
    octets = write([entry])
    texts = [read.text for read in read_entries([entry], EC1)]
    rr = recipients_root(leaf_hashes([golf.id], texts))
    forged = chain.release(bravo(chain), [DELTA], aud=[golf.id], rr=rr)
    refused = chain.refusal(forged, entries=octets)
    assert (refused.failure, refused.detail) == (Failure.RECIPIENTS, "epk of another curve")
