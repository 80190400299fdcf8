# SPDX-License-Identifier: Apache-2.0
"""Intake of envelopes: refusals that the kit, in which each case breaks one rule, does not reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.blobs import measure_blob
from accord.envelope.content import NamedOfficer
from accord.envelope.errors import Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.intake import VerifiedEnvelope, parse_submission, verify_logged_submission
from accord.envelope.jwe import leaf_hashes, read_entries, recipients_root
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow
from accord.envelope.private import generate_decryption_key
from accord.envelope.seal import SealedEnvelope
from tests.envelope.receiving import intake_failure
from tests.envelope.tampering import protected, read, signed_again, with_jwe, write
from tests.envelope.world import DAY, NOW, World, known_agency, make_agency, make_world, terms


def test_carries_what_alpha_sealed(scene: World) -> None:
    sealed = scene.seal()
    unverified = parse_submission(sealed.manifest, sealed.jwe, [], caller="xa-alpha")
    assert (unverified.iss, unverified.jti, unverified.md) == ("xa-alpha", sealed.jti, sealed.md)
    verified = scene.intake(sealed)
    assert (verified.md, verified.manifest_bytes) == (sealed.md, sealed.manifest)
    assert verified.recipients == ("xb-bravo", "xc-charlie")
    assert [entry.agency for entry in verified.entries] == ["xa-alpha", "xb-bravo", "xc-charlie"]


@pytest.mark.parametrize("octets", [b"", b"null", b"[]", b"{}", b"\xff", b"{" * 1000, b"eyJ.e30.AA"])
def test_nonsense_is_malformed(pq1: World, octets: bytes) -> None:
    sealed = pq1.seal()
    for changed in (replace(sealed, manifest=octets), replace(sealed, jwe=octets)):
        with pytest.raises(MalformedError):
            pq1.intake(changed)


def test_a_manifest_with_an_endless_signature_is_too_large(pq1: World) -> None:
    sealed = pq1.seal()
    manifest = read(sealed.manifest)
    manifest["signatures"][0]["signature"] = "A" * 65_536
    with pytest.raises(TooLargeError):
        parse_submission(write(manifest), sealed.jwe, [], caller="xa-alpha")


def test_protected_header_may_stand_in_any_order(pq1: World) -> None:
    turned = protected({"typ": "accord-alert+jwe", "cty": "accord-alert+jws", "enc": "A256GCM"})
    sealed = with_jwe(pq1.seal(), lambda jwe: jwe.update(protected=turned))
    # Well formed, but not the signed parts.
    assert intake_failure(pq1, sealed) is Failure.CIPHERTEXT


def test_measures_blobs_in_chunks_and_whole_alike() -> None:
    octets = bytes(range(256)) * 9
    assert measure_blob(octets[start : start + 100] for start in range(0, 2304, 100)) == measure_blob(octets)


# Recipients.


def refused_for(failure: Failure, world: World, sealed: SealedEnvelope) -> VerificationError:
    with pytest.raises(VerificationError) as refused:
        world.intake(sealed)
    assert refused.value.failure is failure
    return refused.value


def test_red_to_keys_the_hub_holds_is_refused(pq1: World) -> None:
    names = [NamedOfficer("xb-bravo", "of-1"), NamedOfficer("xc-charlie", "of-2")]
    sealed = pq1.seal(terms=terms(tlp="RED"), names=names)
    assert pq1.intake(sealed).md == sealed.md
    for held in (pq1.others[0], pq1.alpha):
        pq1.directory.keysets[held.id] = [replace(held.keyset, custody="hub")]
        assert refused_for(Failure.RED_CUSTODY, pq1, sealed).agencies == (held.id,)
        pq1.directory.keysets[held.id] = [held.keyset]


def test_keys_that_are_no_longer_the_newest_are_named(scene: World) -> None:
    sealed = scene.seal()
    for agency in scene.others:
        newer = KeyRow(generate_decryption_key(scene.suite).public, NOW - 5, NOW + DAY)
        keyset = replace(agency.keyset, version=2, rows=(*agency.keyset.rows, newer))
        scene.directory.keysets[agency.id].append(keyset)
    assert refused_for(Failure.KEYSET_STALE, scene, sealed).agencies == ("xb-bravo", "xc-charlie")


def test_all_recipients_below_whose_lowest_suite_it_is_sealed_are_named() -> None:
    """The sender ignores `low`; the directory does not."""
    world = make_world(EC1)
    for other in world.others:
        world.directory.keysets[other.id] = [replace(other.keyset, low=PQ1)]
    refused = refused_for(Failure.KEYSET_STALE, world, world.seal())
    assert refused.agencies == ("xb-bravo", "xc-charlie")
    assert refused.detail == "no key for xb-bravo, xc-charlie"


def counted_over(sealed: SealedEnvelope, world: World, agencies: Sequence[str]) -> SealedEnvelope:
    """Sign alpha's manifest over the JWE's entries, as if they were for these agencies."""
    entries = read_entries(read(sealed.jwe)["recipients"], world.suite)
    rr = recipients_root(leaf_hashes(agencies, [entry.text for entry in entries]))
    return signed_again(sealed, world.alpha.signing[world.suite], rr=rr, rn=len(entries))


def test_entries_of_nobody_or_twice_or_unsorted_are_refused_even_if_they_are_counted(scene: World) -> None:
    nobody = read(scene.seal(to=[known_agency("xn-nobody")]).jwe)["recipients"][1]
    again = read(scene.seal().jwe)["recipients"][1]
    order = "one entry per agency, sorted"
    for change, agencies, detail in (
        (
            lambda entries: entries.insert(0, nobody),
            ["", "xa-alpha", "xb-bravo", "xc-charlie"],
            "key of no agency",
        ),
        (lambda entries: entries.insert(1, again), ["xa-alpha", "xb-bravo", "xb-bravo", "xc-charlie"], order),
        (lambda entries: entries.reverse(), ["xc-charlie", "xb-bravo", "xa-alpha"], order),
    ):
        sealed = with_jwe(scene.seal(), lambda jwe, change=change: change(jwe["recipients"]))  # type: ignore[misc]
        refused = refused_for(Failure.RECIPIENTS, scene, counted_over(sealed, scene, agencies))
        assert refused.detail == detail


def test_ephemeral_key_is_of_the_curve_of_its_kid() -> None:
    world = make_world(EC1)
    bravo = make_agency("xb-bravo", curve="P-256")
    other = read(world.seal(to=[bravo]).jwe)["recipients"][1]["header"]["epk"]
    sealed = with_jwe(world.seal(), lambda jwe: jwe["recipients"][1]["header"].update(epk=other))
    counted = counted_over(sealed, world, ["xa-alpha", "xb-bravo", "xc-charlie"])
    assert intake_failure(world, counted) is Failure.RECIPIENTS


# An envelope that is in the ledger but not in a restored database comes in again, however late.


def taken_again(world: World, sealed: SealedEnvelope, *, log_time: int = NOW) -> VerifiedEnvelope:
    blobs = [measure_blob(blob) for blob in sealed.blobs]
    unverified = parse_submission(sealed.manifest, sealed.jwe, blobs, caller=world.alpha.id)
    return verify_logged_submission(unverified, directory=world.directory, log_time=log_time, index=0)


def test_what_was_logged_is_taken_again_past_its_end(scene: World) -> None:
    sealed = scene.seal(terms=terms(exp=NOW + 60))
    first, again = scene.intake(sealed), taken_again(scene, sealed)
    assert (again.md, again.recipients, again.entries) == (first.md, first.recipients, first.entries)


def test_what_was_logged_is_still_signed_by_its_originator_with_keys_of_that_time(scene: World) -> None:
    sealed = scene.seal()
    other = read(scene.seal().manifest)["signatures"]
    mixed = replace(sealed, manifest=write(read(sealed.manifest) | {"signatures": other}))
    forged = signed_again(sealed, known_agency("xm-mallory").signing[scene.suite])
    attempts: list[tuple[Failure, SealedEnvelope, dict[str, Any]]] = [
        (Failure.SIGNERS, forged, {}),
        (Failure.SIGNATURE, mixed, {}),
        (Failure.KEYSET_UNKNOWN, sealed, {"log_time": 0}),
    ]
    for failure, envelope, changes in attempts:
        with pytest.raises(VerificationError) as refused:
            taken_again(scene, envelope, **changes)
        assert refused.value.failure is failure
