# SPDX-License-Identifier: Apache-2.0
"""Releases that the exchange accepts and a reader follows, where neither the kit nor the agreement of both reaches."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest

from accord.envelope.content import NamedOfficer
from accord.envelope.encoding import MAX_ENTRIES_BYTES
from accord.envelope.errors import Failure, SealingError, SealRefusal, TooLargeError, VerificationError
from accord.envelope.intake import RecipientEntry
from accord.envelope.jwe import leaf_hashes, read_entries, recipients_root
from accord.envelope.keyrule import Reaffirmed, Repudiated, Valid
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Revocation
from accord.envelope.release_intake import accept_release, trace_parents
from accord.envelope.releases import access_before, check_audience, check_chain
from accord.envelope.reseal import reseal
from accord.envelope.slices import build_slice
from accord.envelope.statements.checks import VerifiedStatement
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree import merkle
from tests.envelope.good_statements import good_statement
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain
from tests.envelope.tampering import write
from tests.envelope.world import ALERT, NOW, World, known_agency, make_agency, make_world, terms


def test_slices_built_from_an_accepted_release_open(chain: Chain) -> None:
    release = chain.release(chain.bravo, [ECHO, DELTA])
    accepted, unverified = chain.accept(release), parse_statement(release[0])
    assert (accepted.od, accepted.statement) == (unverified.od, unverified.statement)
    assert accepted.jws == release[0]
    texts = [entry.text for entry in read_entries(json.loads(release[1].entries), chain.world.suite)]
    kids = [known_agency(name).decryption[chain.world.suite].public.kid for name in (DELTA, ECHO)]
    assert accepted.entries == (
        RecipientEntry(DELTA, kids[0], 0, texts[0]), RecipientEntry(ECHO, kids[1], 1, texts[1]),
    )  # fmt: skip
    assert list(accepted.leaf_hashes) == leaf_hashes([DELTA, ECHO], texts)
    assert accepted.path(0) == merkle.inclusion_path(accepted.leaf_hashes, 0)
    assert accepted.paths() == [accepted.path(0), accepted.path(1)]
    receipts = [*chain.receipts, chain.world.ledger.log(accepted.od)]
    for entry in accepted.entries:
        octets = build_slice(
            manifest=chain.carried.manifest_bytes, jwe_head=chain.carried.jwe_head, entry=entry.text,
            index=entry.index, path=accepted.path(entry.index), via=[accepted.jws],
            receipts=[receipt.as_json() for receipt in receipts],
        )  # fmt: skip
        assert chain.open(octets, entry.agency).alert == ALERT


def test_what_was_accepted_is_not_changed_and_shows_no_octets(pq1_chain: Chain) -> None:
    accepted = pq1_chain.accept(pq1_chain.release(pq1_chain.bravo, [DELTA]))
    for value, member in ((accepted, "jws"), (pq1_chain.facts(), "retracted")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, member, None)
    assert "jws=" not in repr(accepted)
    assert "leaf_hashes=" not in repr(accepted)


def test_signatures_are_checked(pq1_chain: Chain) -> None:
    unverified = parse_statement(pq1_chain.release(pq1_chain.bravo, [DELTA])[0])
    first, second = unverified.jws.signatures
    bad = replace(second, signature=bytes([second.signature[0] ^ 1]) + second.signature[1:])
    forged = replace(unverified, jws=replace(unverified.jws, signatures=(first, bad)))
    with pytest.raises(VerificationError) as refused:
        accept_release(
            forged, b"[]", envelope=pq1_chain.facts(), caller="xb-bravo",
            directory=pq1_chain.world.directory, now=NOW,
        )  # fmt: skip
    assert refused.value.failure is Failure.SIGNATURE


def test_key_rule_of_intake_holds(pq1_chain: Chain) -> None:
    release, directory = pq1_chain.release(pq1_chain.bravo, [DELTA]), pq1_chain.world.directory
    kid = pq1_chain.bravo.signing[PQ1].signers[0].kid
    directory.suspended = {kid}
    assert pq1_chain.refusal(release).failure is Failure.KEY_SUSPENDED
    directory.suspended = set()
    directory.revokes = [Revocation("xb-bravo", kid, NOW - 9, "stolen", "A" * 43, NOW - 5)]
    assert pq1_chain.refusal(release).failure is Failure.KEY_REVOKED


def test_a_release_and_its_parent_end_to_the_second(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(pq1_chain.bravo, [DELTA], exp=NOW + 60)]
    below = pq1_chain.onward(via, DELTA, ECHO, exp=NOW + 60)
    for release, before in ((via[0], []), (below, via)):
        assert pq1_chain.accept(release, before, now=NOW + 59).od
        assert pq1_chain.refusal(release, before, now=NOW + 60).failure is Failure.EXPIRED


def test_nothing_is_released_of_a_repudiated_alert_until_it_is_reaffirmed(pq1_chain: Chain) -> None:
    release = pq1_chain.release(pq1_chain.bravo, [DELTA])
    repudiated = pq1_chain.facts(standing=Repudiated(NOW, NOW - 5, NOW + 5))
    assert pq1_chain.refusal(release, facts=repudiated).failure is Failure.REPUDIATED
    reaffirmed = pq1_chain.facts(standing=Reaffirmed(NOW, NOW - 5, NOW + 5, NOW + 6))
    assert pq1_chain.accept(release, facts=reaffirmed).od


def test_only_a_release_is_taken(pq1_chain: Chain) -> None:
    entries = pq1_chain.release(pq1_chain.bravo, [DELTA])[1]
    refused = pq1_chain.refusal((good_statement(pq1_chain.bravo, "ack opened"), entries))
    assert (refused.failure, refused.detail) == (Failure.TYP, "ack")


# Entries.


def test_entries_over_their_limit_are_refused_before_anything_else(pq1_chain: Chain) -> None:
    release = pq1_chain.release(pq1_chain.bravo, [DELTA])
    with pytest.raises(TooLargeError) as refused:
        pq1_chain.accept(release, caller="xc-charlie", entries=b" " * (MAX_ENTRIES_BYTES + 1))
    assert str(refused.value) == f"malformed: entries over its limit of {MAX_ENTRIES_BYTES}"
    assert pq1_chain.accept(release, entries=release[1].entries.ljust(MAX_ENTRIES_BYTES)).od


def test_entries_are_those_of_the_audience_and_for_an_agencys_key(pq1_chain: Chain) -> None:
    release = pq1_chain.release(pq1_chain.bravo, [DELTA])
    for to in ([ECHO], [DELTA, ECHO]):
        refused = pq1_chain.refusal(release, entries=pq1_chain.release(pq1_chain.bravo, to)[1].entries)
        assert (refused.failure, refused.detail) == (Failure.RECIPIENTS, "an entry for each of aud")
    pq1_chain.world.directory.keysets.pop(DELTA)
    refused = pq1_chain.refusal(release)
    assert (refused.failure, refused.detail) == (Failure.RECIPIENTS, "key of no agency")


def test_entry_for_an_older_key_names_the_agencies(chain: Chain) -> None:
    release = chain.release(chain.bravo, [DELTA, ECHO, FOXTROT])
    for name in (DELTA, FOXTROT):
        old, newer = known_agency(name).keyset, make_agency(name).keyset
        renewed = replace(old, rows=(*old.rows, *newer.rows), version=2)
        chain.world.directory.keysets[name].append(renewed)
    refused = chain.refusal(release)
    assert (refused.failure, refused.agencies) == (Failure.KEYSET_STALE, (DELTA, FOXTROT))
    assert refused.detail == ""


def test_epk_is_of_the_curve_of_its_key() -> None:
    chain = Chain(make_world(EC1))
    golf = make_agency("xg-golf", curve="P-256")
    chain.world.directory.keysets[golf.id] = [golf.keyset]
    entry = json.loads(chain.release(chain.bravo, [DELTA])[1].entries)[0]
    entry["header"]["kid"] = golf.decryption[EC1].public.kid
    rr = recipients_root(leaf_hashes([golf.id], [read.text for read in read_entries([entry], EC1)]))
    forged = chain.release(chain.bravo, [DELTA], aud=[golf.id], rr=rr)
    refused = chain.refusal(forged, entries=write([entry]))
    assert (refused.failure, refused.detail) == (Failure.RECIPIENTS, "epk of another curve")


# RED: never released, and sealed again only by the originator to those whose officers it names.


@pytest.fixture
def red(pq1: World) -> Chain:
    names = [NamedOfficer(agency.id, "officer-1") for agency in pq1.others]
    return Chain(pq1, sealed=pq1.seal(terms=terms(tlp="RED", rel="none"), names=names))


def test_red_is_never_released(red: Chain) -> None:
    for issuer in (red.world.alpha, red.bravo):
        refused = red.refusal(red.release(issuer, [DELTA]))
        assert (refused.failure, refused.detail) == (Failure.VIA, "rel none")


def test_red_is_rekeyed_to_agency_held_keys_only(red: Chain) -> None:
    rekey = red.release(red.world.alpha, ["xb-bravo"], code="rekey", rel="none")
    assert red.accept(rekey).od
    hosted = replace(red.bravo.keyset, custody="hub-own-root")
    red.world.directory.keysets["xb-bravo"] = [hosted]
    refused = red.refusal(rekey)
    assert (refused.failure, refused.agencies) == (Failure.RED_CUSTODY, ("xb-bravo",))
    with pytest.raises(SealingError) as unsealed:
        reseal(
            red.verify(red.slices["xa-alpha"], "xa-alpha"), key=red.world.alpha.decryption[PQ1],
            recipients=[replace(red.bravo.recipient, keyset=hosted)], now=NOW,
        )  # fmt: skip
    assert (unsealed.value.reason, unsealed.value.agencies) == (SealRefusal.RED_CUSTODY, ("xb-bravo",))


def test_red_is_never_rekeyed_to_an_agency_whose_officers_it_does_not_name(red: Chain) -> None:
    alpha = red.world.alpha
    beyond = [red.release(alpha, [DELTA], code="rekey")]
    assert red.opening_cause(red.slice(DELTA, beyond), DELTA) is Failure.VIA
    within = [red.release(alpha, ["xb-bravo"], code="rekey", rel="none")]
    assert red.open(red.slice("xb-bravo", within), "xb-bravo").alert == ALERT


def test_custody_matters_for_red_alone(pq1_chain: Chain) -> None:
    pq1_chain.world.directory.keysets[DELTA] = [replace(known_agency(DELTA).keyset, custody="hub")]
    assert pq1_chain.accept(pq1_chain.release(pq1_chain.bravo, [DELTA])).od


# Access by a chain.


def test_an_opened_release_shows_its_chain_and_the_standing_of_each_signature(pq1_chain: Chain) -> None:
    release, kid = pq1_chain.release(pq1_chain.bravo, [DELTA]), pq1_chain.bravo.signing[PQ1].signers[0].kid
    octets = pq1_chain.slice(DELTA, [release])
    assert pq1_chain.open(octets, DELTA).standings == (Valid(), Valid())
    pq1_chain.world.directory.revokes = [Revocation("xb-bravo", kid, NOW - 5, "stolen", "A" * 43, NOW + 5)]
    opened = pq1_chain.open(octets, DELTA)
    assert opened.standings == (Valid(), opened.standing) == (Valid(), Repudiated(NOW, NOW - 5, NOW + 5))
    assert opened.via == (parse_statement(release[0]).statement,)
    assert opened.audience == ("xb-bravo", "xc-charlie")


def test_nothing_precedes_the_originators_own_release(pq1_chain: Chain) -> None:
    manifest = pq1_chain.carried.manifest
    first = parse_statement(pq1_chain.release(pq1_chain.bravo, [DELTA])[0]).statement
    assert access_before(manifest, [first], DELTA) == (first,)
    assert access_before(manifest, [first], "xa-alpha") == ()


def test_a_chain_has_three_releases_at_most(pq1_chain: Chain) -> None:
    said = parse_statement(pq1_chain.release(pq1_chain.bravo, [DELTA])[0]).statement
    with pytest.raises(VerificationError) as refused:
        check_chain(pq1_chain.carried.manifest, [said] * 4, now=NOW, withdrawn=())
    assert (refused.value.failure, refused.value.detail) == (Failure.VIA, "depth")


def test_a_chain_is_refused_by_its_own_rule(pq1_chain: Chain) -> None:
    chain, alpha = pq1_chain, pq1_chain.world.alpha
    first = [chain.release(chain.bravo, [DELTA, ECHO], exp=NOW + 60)]
    again = [chain.release(alpha, ["xb-bravo"], code="rekey")]
    parent = parse_statement(again[0][0]).od
    for release, via, detail in (
        (chain.onward(first, DELTA, ECHO, exp=NOW + 60), first, "agency twice"),
        (chain.onward(first, DELTA, FOXTROT, exp=NOW + 61), first, "exp after its parent's"),
        (chain.onward(first, DELTA, FOXTROT, exp=NOW + 60, parent=None), first, "parent"),
        (chain.release(chain.bravo, [DELTA], parent=parent), again, "rekey gives no wider right"),
        (chain.release(alpha, ["xb-bravo", DELTA], code="rekey"), [], "rekey to an agency without access"),
    ):
        refused = chain.refusal(release, via)
        assert (refused.failure, refused.detail) == (Failure.VIA, detail)


def test_holders_release_below_their_parent_and_the_originator_below_none(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(pq1_chain.bravo, [DELTA])]
    parent, alpha = parse_statement(via[0][0]).od, pq1_chain.world.alpha
    assert pq1_chain.accept(pq1_chain.release(alpha, [DELTA], code="rekey"), via).od
    rekey = pq1_chain.release(alpha, [DELTA], parent=parent, code="rekey")
    for bound in (rekey, pq1_chain.release(alpha, [ECHO], parent=parent)):
        refused = pq1_chain.refusal(bound, via)
        assert (refused.failure, refused.detail) == (Failure.VIA, "parent")
    signer = known_agency(ECHO).signing[PQ1]
    forged = pq1_chain.onward(via, DELTA, FOXTROT, iss=ECHO, signer=signer)
    refused = pq1_chain.refusal(forged, via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "not a holder who may release")


def test_access_is_for_the_originator_its_audience_or_that_of_the_last_release(pq1_chain: Chain) -> None:
    manifest, audience = pq1_chain.carried.manifest, ("xb-bravo", "xc-charlie")
    said = parse_statement(pq1_chain.release(pq1_chain.bravo, [DELTA])[0]).statement
    for reader in ("xa-alpha", *audience):
        check_audience(manifest, [], audience, reader)
    check_audience(manifest, [said], audience, DELTA)
    for via, reader in (([], DELTA), ([], "xb-bravo0"), ([], "xa-alph"), ([said], ECHO)):
        with pytest.raises(VerificationError) as refused:
            check_audience(manifest, via, audience, reader)
        assert refused.value.failure is Failure.AUDIENCE


def test_parents_are_traced_to_the_first(pq1_chain: Chain) -> None:
    accepted = pq1_chain.accepted(pq1_chain.release(pq1_chain.bravo, [DELTA])[0])

    def after(parent: str | None, od: str) -> VerifiedStatement:
        body = dict(accepted.statement.body) | {"parent": parent}
        return replace(accepted, statement=replace(accepted.statement, od=od, body=body))

    parents = {"one": None, "two": "one", "three": "two", "four": "three", "left": "right", "right": "left"}
    known = {od: after(parent, od) for od, parent in parents.items()}
    assert trace_parents(None, known.get) == ()
    assert [item.od for item in trace_parents("three", known.get)] == ["one", "two", "three"]
    for parent, detail in (("four", "depth"), ("five", "unknown parent"), ("left", "depth")):
        with pytest.raises(VerificationError) as refused:
            trace_parents(parent, known.get)
        assert (refused.value.failure, refused.value.detail) == (Failure.VIA, detail)
