# SPDX-License-Identifier: Apache-2.0
"""The originator seals again for agencies that lost their key: for those that had access, and for no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.content import NamedOfficer
from accord.envelope.errors import Failure, SealingError, SealRefusal
from accord.envelope.reseal import ResealedEntries, reseal
from accord.envelope.statements.form import parse_statement
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain
from tests.envelope.world import ALERT, DAY, NOW, Agency, World, known_agency, terms

Via = list[tuple[bytes, ResealedEntries]]


@pytest.fixture
def chain(scene: World) -> Chain:
    return Chain(scene)


def bravo(chain: Chain) -> Agency:
    return chain.world.others[0]


def rekey(chain: Chain, *to: str, **changes: Any) -> tuple[bytes, ResealedEntries]:
    return chain.release(chain.world.alpha, to, **({"code": "rekey", "rel": "none"} | changes))


def released(chain: Chain, to: str, **changes: Any) -> Via:
    """Release the alert by bravo to this agency."""
    return [chain.release(bravo(chain), [to], **changes)]


def test_lost_key_is_replaced_by_the_originator_even_under_rel_none(scene: World) -> None:
    chain = Chain(scene, "none")
    assert chain.open(chain.slice("xb-bravo", [rekey(chain, "xb-bravo")]), "xb-bravo").alert == ALERT
    by_holder = [chain.release(bravo(chain), ["xc-charlie"], code="rekey", rel="none")]
    assert chain.failure(chain.slice("xc-charlie", by_holder), "xc-charlie") is Failure.VIA


def test_holder_does_not_rekey_even_where_it_may_release(chain: Chain) -> None:
    via = released(chain, DELTA, code="rekey")
    assert chain.failure(chain.slice(DELTA, via), DELTA) is Failure.VIA


def test_rekey_gives_no_wider_right(chain: Chain) -> None:
    via = [rekey(chain, "xb-bravo", rel="recipients")]
    parent = parse_statement(via[0][0]).od
    onward = chain.release(bravo(chain), [DELTA], parent=parent)
    assert chain.failure(chain.slice(DELTA, [*via, onward]), DELTA) is Failure.VIA


@pytest.mark.parametrize("rel", ["none", "originator", "recipients"])
def test_rekey_never_reaches_an_agency_that_had_no_access(scene: World, rel: str) -> None:
    chain = Chain(scene, rel)
    alone = [rekey(chain, DELTA)]
    assert chain.opening_cause(chain.slice(DELTA, alone), DELTA) is Failure.VIA
    with_a_recipient = [rekey(chain, "xb-bravo", DELTA)]
    for reader in ("xb-bravo", DELTA):
        octets = chain.slice(reader, with_a_recipient)
        assert chain.opening_cause(octets, reader) is Failure.VIA


def test_red_is_never_rekeyed_to_an_agency_whose_officers_it_does_not_name(pq1: World) -> None:
    names = [NamedOfficer(agency.id, "officer-1") for agency in pq1.others]
    sealed = pq1.seal(terms=terms(tlp="RED", rel="none"), names=names)
    chain = Chain(pq1, sealed=sealed)
    via = [rekey(chain, DELTA, rel="recipients")]
    assert chain.opening_cause(chain.slice(DELTA, via), DELTA) is Failure.VIA
    assert chain.open(chain.slice("xb-bravo", [rekey(chain, "xb-bravo")]), "xb-bravo").alert == ALERT


def test_red_is_never_sealed_again_to_keys_held_by_the_hub(pq1: World) -> None:
    names = [NamedOfficer(agency.id, "officer-1") for agency in pq1.others]
    chain = Chain(pq1, sealed=pq1.seal(terms=terms(tlp="RED", rel="none"), names=names))
    hosted = replace(pq1.others[0].keyset, custody="hub")
    with pytest.raises(SealingError) as refused:
        reseal(
            pq1.verify(chain.slices["xa-alpha"], "xa-alpha"),
            key=pq1.alpha.decryption[pq1.suite],
            recipients=[replace(pq1.others[0].recipient, keyset=hosted)],
            now=NOW,
        )
    assert (refused.value.reason, refused.value.agencies) == (SealRefusal.RED_CUSTODY, ("xb-bravo",))


def test_rekey_follows_the_release_that_gave_access(chain: Chain) -> None:
    via = [*released(chain, DELTA), rekey(chain, DELTA)]
    assert chain.open(chain.slice(DELTA, via), DELTA).alert == ALERT
    to_another = [*released(chain, DELTA), rekey(chain, ECHO)]
    assert chain.opening_cause(chain.slice(ECHO, to_another), ECHO) is Failure.VIA


def test_rekey_proves_nothing_by_a_release_that_was_withdrawn_or_ends_before_it(chain: Chain) -> None:
    via = [*released(chain, DELTA), rekey(chain, DELTA)]
    gone = {parse_statement(via[0][0]).od}
    failure = chain.failure(chain.slice(DELTA, via), DELTA, unreleased=gone)
    assert failure is Failure.WITHDRAWN_ACCESS
    longer = [*released(chain, DELTA, exp=NOW + DAY), rekey(chain, DELTA, exp=NOW + DAY + 1)]
    assert chain.failure(chain.slice(DELTA, longer), DELTA) is Failure.VIA


def test_rekey_is_one_and_has_no_parent(chain: Chain) -> None:
    first = released(chain, DELTA)
    parent = parse_statement(first[0][0]).od
    again = [*first, rekey(chain, DELTA), rekey(chain, DELTA)]
    assert chain.failure(chain.slice(DELTA, again), DELTA) is Failure.VIA
    bound = [*first, rekey(chain, DELTA, parent=parent)]
    assert chain.failure(chain.slice(DELTA, bound), DELTA) is Failure.VIA


def test_nobody_releases_onward_to_whom_a_release_has_gone(chain: Chain) -> None:
    first = released(chain, DELTA)
    held, parent = chain.slice(DELTA, first), parse_statement(first[0][0]).od
    onward = [*first, chain.release(known_agency(DELTA), [FOXTROT], held=held, parent=parent)]
    assert chain.open(chain.slice(FOXTROT, onward), FOXTROT).alert == ALERT
    back = [*first, chain.release(known_agency(DELTA), ["xc-charlie"], held=held, parent=parent)]
    assert chain.opening_cause(chain.slice("xc-charlie", back), "xc-charlie") is Failure.VIA
