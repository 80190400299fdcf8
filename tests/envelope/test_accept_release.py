# SPDX-License-Identifier: Apache-2.0
"""Releases that the exchange accepts or refuses: statement, chain, facts."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from accord.envelope.content import NamedOfficer
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.intake import RecipientEntry
from accord.envelope.jwe import leaf_hashes, read_entries
from accord.envelope.keyrule import Reaffirmed, Repudiated
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Revocation
from accord.envelope.release_intake import accept_release
from accord.envelope.reseal import ResealedEntries
from accord.envelope.slices import build_slice
from accord.envelope.statements.form import SubjectRef, parse_statement
from accord.envelope.tree import merkle
from tests.envelope.good_statements import good_statement
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain
from tests.envelope.world import ALERT, DAY, NOW, Agency, World, known_agency, make_agency, terms, uuid7

Released = tuple[bytes, ResealedEntries]


@pytest.fixture
def chain(scene: World) -> Chain:
    return Chain(scene)


@pytest.fixture
def pq1_chain(pq1: World) -> Chain:
    return Chain(pq1)


def bravo(chain: Chain) -> Agency:
    return chain.world.others[0]


def onward(chain: Chain, via: list[Released], issuer: str, to: str, **changes: Any) -> Released:
    """Release by an agency that has access by `via`."""
    parent = parse_statement(via[-1][0]).od
    held = chain.slice(issuer, via)
    return chain.release(known_agency(issuer), [to], held=held, **({"parent": parent} | changes))


def test_accepted_release_gives_what_slices_are_built_from(chain: Chain) -> None:
    release = chain.release(bravo(chain), [ECHO, DELTA])
    accepted = chain.accept(release)
    unverified = parse_statement(release[0])
    assert (accepted.od, accepted.statement, accepted.jws) == (
        unverified.od,
        unverified.statement,
        release[0],
    )
    assert [(entry.agency, entry.index) for entry in accepted.entries] == [(DELTA, 0), (ECHO, 1)]
    array = json.loads(release[1].entries)
    texts = [entry.text for entry in read_entries(array, chain.world.suite)]
    kids = [known_agency(name).decryption[chain.world.suite].public.kid for name in (DELTA, ECHO)]
    assert accepted.entries == tuple(
        RecipientEntry(name, kid, index, text)
        for index, (name, kid, text) in enumerate(zip((DELTA, ECHO), kids, texts, strict=True))
    )
    assert list(accepted.leaf_hashes) == leaf_hashes([DELTA, ECHO], texts)
    assert accepted.paths() == [accepted.path(0), accepted.path(1)]
    assert accepted.path(0) == merkle.inclusion_path(accepted.leaf_hashes, 0)


def test_slice_built_from_an_accepted_release_opens(chain: Chain) -> None:
    accepted = chain.accept(chain.release(bravo(chain), [DELTA, ECHO]))
    receipts = [*chain.receipts, chain.world.ledger.log(accepted.od)]
    for entry in accepted.entries:
        octets = build_slice(
            manifest=chain.carried.manifest_bytes,
            jwe_head=chain.carried.jwe_head,
            entry=entry.text,
            index=entry.index,
            path=accepted.path(entry.index),
            receipts=[receipt.as_json() for receipt in receipts],
            via=[accepted.jws],
        )
        assert chain.open(octets, entry.agency).alert == ALERT


def test_chain_of_three_is_accepted_and_a_fourth_is_not(chain: Chain) -> None:
    via = [chain.release(bravo(chain), [DELTA])]
    chain.accept(via[0])
    for issuer, to in ((DELTA, ECHO), (ECHO, FOXTROT)):
        via.append(onward(chain, via, issuer, to))
        chain.accept(via[-1], via[:-1])
        assert chain.open(chain.slice(to, via), to).alert == ALERT
    refused = chain.refusal(onward(chain, via, FOXTROT, "xg-golf"), via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "depth")


def test_only_a_release_is_taken(pq1_chain: Chain) -> None:
    other = good_statement(bravo(pq1_chain), "ack opened")
    refused = pq1_chain.refusal((other, pq1_chain.release(bravo(pq1_chain), [DELTA])[1]))
    assert (refused.failure, refused.detail) == (Failure.TYP, "ack")


def test_only_its_issuer_submits_it(pq1_chain: Chain) -> None:
    release = pq1_chain.release(bravo(pq1_chain), [DELTA])
    assert pq1_chain.refusal(release, caller="xc-charlie").failure is Failure.ISSUER


def test_signatures_are_checked(pq1_chain: Chain) -> None:
    unverified = parse_statement(pq1_chain.release(bravo(pq1_chain), [DELTA])[0])
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
    release = pq1_chain.release(bravo(pq1_chain), [DELTA])
    kid = bravo(pq1_chain).signing[PQ1].signers[0].kid
    pq1_chain.world.directory.suspended = {kid}
    assert pq1_chain.refusal(release).failure is Failure.KEY_SUSPENDED
    pq1_chain.world.directory.suspended = set()
    pq1_chain.world.directory.revokes = [Revocation("xb-bravo", kid, NOW - 9, "stolen", "A" * 43, NOW - 5)]
    assert pq1_chain.refusal(release).failure is Failure.KEY_REVOKED


@pytest.mark.parametrize(
    ("iat", "failure"),
    [(NOW - DAY, None), (NOW - DAY - 1, Failure.STALE), (NOW + 300, None), (NOW + 301, Failure.FUTURE)],
)
def test_window_of_iat(pq1_chain: Chain, iat: int, failure: Failure | None) -> None:
    release = pq1_chain.release(bravo(pq1_chain), [DELTA], iat=iat)
    if failure is None:
        assert pq1_chain.accept(release).od
    else:
        assert pq1_chain.refusal(release).failure is failure


def test_its_own_end_to_the_second(pq1_chain: Chain) -> None:
    release = pq1_chain.release(bravo(pq1_chain), [DELTA], exp=NOW + 60)
    assert pq1_chain.accept(release, now=NOW + 59).od
    assert pq1_chain.refusal(release, now=NOW + 60).failure is Failure.EXPIRED


def test_posted_before_the_manifests_exp(pq1: World) -> None:
    sealed = pq1.seal(terms=terms(rel="recipients", exp=NOW + 100, keep=NOW + 20 * DAY))
    chain = Chain(pq1, sealed=sealed)
    release = chain.release(bravo(chain), [DELTA])
    assert chain.accept(release, now=NOW + 99).od
    refused = chain.refusal(release, now=NOW + 100)
    assert (refused.failure, refused.detail) == (Failure.EXPIRED, "manifest")


def test_ends_no_later_than_the_content_is_kept(pq1_chain: Chain) -> None:
    keep = pq1_chain.carried.manifest.terms.keep
    assert pq1_chain.accept(pq1_chain.release(bravo(pq1_chain), [DELTA], exp=keep)).od
    refused = pq1_chain.refusal(pq1_chain.release(bravo(pq1_chain), [DELTA], exp=keep + 1))
    assert (refused.failure, refused.detail) == (Failure.VIA, "exp")


def test_ends_no_later_than_its_parent(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA], exp=NOW + DAY)]
    assert pq1_chain.accept(onward(pq1_chain, via, DELTA, ECHO, exp=NOW + DAY), via).od
    refused = pq1_chain.refusal(onward(pq1_chain, via, DELTA, ECHO, exp=NOW + DAY + 1), via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "exp after its parent's")


def test_nothing_is_built_on_a_parent_that_has_ended(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA], exp=NOW + 60)]
    release = onward(pq1_chain, via, DELTA, ECHO, exp=NOW + 60)
    assert pq1_chain.accept(release, via, now=NOW + 59).od
    assert pq1_chain.refusal(release, via, now=NOW + 60).failure is Failure.EXPIRED


def test_nothing_is_released_of_a_retracted_alert(pq1_chain: Chain) -> None:
    release = pq1_chain.release(bravo(pq1_chain), [DELTA])
    assert pq1_chain.refusal(release, facts=pq1_chain.facts(retracted=True)).failure is Failure.RETRACTED


def test_nothing_is_released_of_a_repudiated_alert_until_it_is_reaffirmed(pq1_chain: Chain) -> None:
    release = pq1_chain.release(bravo(pq1_chain), [DELTA])
    repudiated = pq1_chain.facts(standing=Repudiated(NOW, NOW - 5, NOW + 5))
    assert pq1_chain.refusal(release, facts=repudiated).failure is Failure.REPUDIATED
    reaffirmed = pq1_chain.facts(standing=Reaffirmed(NOW, NOW - 5, NOW + 5, NOW + 6))
    assert pq1_chain.accept(release, facts=reaffirmed).od


def test_nothing_is_built_on_a_repudiated_release(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA])]
    release = onward(pq1_chain, via, DELTA, ECHO)
    kid = bravo(pq1_chain).signing[PQ1].signers[0].kid
    pq1_chain.world.directory.revokes = [Revocation("xb-bravo", kid, NOW, "stolen", "A" * 43, NOW + 1)]
    assert pq1_chain.refusal(release, via).failure is Failure.REPUDIATED
    pq1_chain.world.directory.revokes = [Revocation("xb-bravo", kid, NOW + 1, "stolen", "A" * 43, NOW + 1)]
    assert pq1_chain.accept(release, via).od


def test_nothing_is_built_on_a_withdrawn_release(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA])]
    via.append(onward(pq1_chain, via, DELTA, ECHO))
    third = onward(pq1_chain, via, ECHO, FOXTROT)
    for jws, _ in via:
        gone = pq1_chain.facts(withdrawn={parse_statement(jws).od})
        assert pq1_chain.refusal(third, via, facts=gone).failure is Failure.WITHDRAWN_ACCESS
    assert pq1_chain.accept(third, via, facts=pq1_chain.facts(withdrawn={"A" * 43})).od


@pytest.mark.parametrize(
    ("rel", "by_originator", "by_holder"),
    [("none", False, False), ("originator", True, False), ("recipients", True, True)],
)
def test_manifest_says_who_may_release(pq1: World, rel: str, by_originator: bool, by_holder: bool) -> None:
    chain = Chain(pq1, rel)
    for issuer, may in ((pq1.alpha, by_originator), (bravo(chain), by_holder)):
        release = chain.release(issuer, [DELTA])
        if may:
            assert chain.accept(release).od
        else:
            refused = chain.refusal(release)
            assert (refused.failure, refused.detail) == (Failure.VIA, f"rel {rel}")


@pytest.mark.parametrize("rel", ["none", "originator"])
def test_release_says_whether_it_may_go_further(pq1_chain: Chain, rel: str) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA], rel=rel)]
    refused = pq1_chain.refusal(onward(pq1_chain, via, DELTA, ECHO), via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "not a holder who may release")


def test_rel_is_asked_of_every_link(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA])]
    via.append(onward(pq1_chain, via, DELTA, ECHO, rel="none"))
    assert pq1_chain.accept(via[1], via[:1]).od
    assert pq1_chain.refusal(onward(pq1_chain, via, ECHO, FOXTROT), via).failure is Failure.VIA


def test_stranger_has_nothing_to_release(pq1_chain: Chain) -> None:
    mallory = make_agency("xm-mallory")
    pq1_chain.world.directory.keysets[mallory.id] = [mallory.keyset]
    forged = pq1_chain.release(bravo(pq1_chain), [DELTA], iss=mallory.id, signer=mallory.signing[PQ1])
    refused = pq1_chain.refusal(forged)
    assert (refused.failure, refused.detail) == (Failure.VIA, "first issuer is no recipient")


def test_who_has_no_access_by_the_parent_does_not_release_below_it(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA])]
    by_echo = {"iss": ECHO, "signer": known_agency(ECHO).signing[PQ1]}
    forged = onward(pq1_chain, via, DELTA, FOXTROT, **by_echo)
    refused = pq1_chain.refusal(forged, via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "not a holder who may release")


def test_parent_is_the_release_that_gave_access(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA])]
    for parent in (None, "A" * 43):
        refused = pq1_chain.refusal(onward(pq1_chain, via, DELTA, ECHO, parent=parent), via)
        assert (refused.failure, refused.detail) == (Failure.VIA, "parent")
    with_parent = pq1_chain.release(bravo(pq1_chain), [DELTA], parent="A" * 43)
    assert pq1_chain.refusal(with_parent).detail == "parent"


def test_originators_release_has_no_parent(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA])]
    parent = parse_statement(via[0][0]).od
    bound = pq1_chain.release(pq1_chain.world.alpha, [ECHO], parent=parent)
    refused = pq1_chain.refusal(bound, via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "parent")


@pytest.mark.parametrize(
    ("to", "detail"),
    [
        ("xa-alpha", "aud"),
        ("xb-bravo", "aud"),
        ("xc-charlie", "agency has access already"),
    ],
)
def test_only_those_without_access_are_released_to(pq1_chain: Chain, to: str, detail: str) -> None:
    refused = pq1_chain.refusal(pq1_chain.release(bravo(pq1_chain), [DELTA, to]))
    assert (refused.failure, refused.detail) == (Failure.VIA, detail)


def test_no_agency_twice_in_a_chain(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA, ECHO])]
    refused = pq1_chain.refusal(onward(pq1_chain, via, DELTA, ECHO), via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "agency twice")


def test_subject_is_the_envelope(pq1_chain: Chain) -> None:
    manifest = pq1_chain.carried.manifest
    for sub in (
        SubjectRef("manifest", uuid7(99), manifest.md),
        SubjectRef("manifest", manifest.jti, "A" * 43),
    ):
        release = pq1_chain.release(bravo(pq1_chain), [DELTA], sub=sub)
        assert pq1_chain.refusal(release).failure is Failure.SUBJECT


def test_suite_is_the_manifests(chain: Chain) -> None:
    other = {PQ1: EC1, EC1: PQ1}[chain.world.suite]
    release = chain.release(bravo(chain), [DELTA], suite=other, signer=bravo(chain).signing[other])
    assert chain.refusal(release).failure is Failure.SUITE


def test_originator_rekeys_for_those_who_had_access(scene: World) -> None:
    chain = Chain(scene, "none")
    rekey = chain.release(scene.alpha, ["xb-bravo"], code="rekey", rel="none")
    assert chain.accept(rekey).od
    beyond = chain.release(scene.alpha, ["xb-bravo", DELTA], code="rekey", rel="none")
    refused = chain.refusal(beyond)
    assert (refused.failure, refused.detail) == (Failure.VIA, "rekey to an agency without access")


def test_rekey_follows_what_proves_the_access(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(bravo(pq1_chain), [DELTA], exp=NOW + DAY)]
    alpha = pq1_chain.world.alpha
    rekey = pq1_chain.release(alpha, [DELTA], code="rekey", exp=NOW + DAY)
    assert pq1_chain.accept(rekey, via).od
    assert pq1_chain.refusal(rekey).detail == "rekey to an agency without access"
    longer = pq1_chain.release(alpha, [DELTA], code="rekey", exp=NOW + DAY + 1)
    assert pq1_chain.refusal(longer, via).detail == "exp after its parent's"
    bound = pq1_chain.release(alpha, [DELTA], code="rekey", parent=parse_statement(via[0][0]).od)
    assert pq1_chain.refusal(bound, via).detail == "parent"


def test_holder_does_not_rekey(pq1_chain: Chain) -> None:
    refused = pq1_chain.refusal(pq1_chain.release(bravo(pq1_chain), [DELTA], code="rekey"))
    assert (refused.failure, refused.detail) == (Failure.VIA, "rekey")


def test_nothing_follows_a_rekey(pq1_chain: Chain) -> None:
    via = [pq1_chain.release(pq1_chain.world.alpha, ["xb-bravo"], code="rekey")]
    release = pq1_chain.release(bravo(pq1_chain), [DELTA], parent=parse_statement(via[0][0]).od)
    refused = pq1_chain.refusal(release, via)
    assert (refused.failure, refused.detail) == (Failure.VIA, "rekey gives no wider right")


def red(pq1: World) -> Chain:
    names = [NamedOfficer(agency.id, "officer-1") for agency in pq1.others]
    return Chain(pq1, sealed=pq1.seal(terms=terms(tlp="RED", rel="none"), names=names))


def test_red_is_never_released(pq1: World) -> None:
    chain = red(pq1)
    for issuer in (pq1.alpha, bravo(chain)):
        refused = chain.refusal(chain.release(issuer, [DELTA]))
        assert (refused.failure, refused.detail) == (Failure.VIA, "rel none")


def test_red_is_rekeyed_to_agency_held_keys_only(pq1: World) -> None:
    chain = red(pq1)
    rekey = chain.release(pq1.alpha, ["xb-bravo"], code="rekey", rel="none")
    assert chain.accept(rekey).od
    hosted = replace(bravo(chain).keyset, custody="hub-own-root")
    chain.world.directory.keysets["xb-bravo"] = [hosted]
    refused = chain.refusal(rekey)
    assert (refused.failure, refused.agencies) == (Failure.RED_CUSTODY, ("xb-bravo",))


def test_custody_matters_for_red_alone(pq1_chain: Chain) -> None:
    pq1_chain.world.directory.keysets[DELTA] = [replace(known_agency(DELTA).keyset, custody="hub")]
    assert pq1_chain.accept(pq1_chain.release(bravo(pq1_chain), [DELTA])).od


def test_what_was_accepted_is_not_changed_and_shows_no_octets(pq1_chain: Chain) -> None:
    accepted = pq1_chain.accept(pq1_chain.release(bravo(pq1_chain), [DELTA]))
    for value, member in ((accepted, "jws"), (pq1_chain.facts(), "retracted")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, member, None)
    assert "jws=" not in repr(accepted)
    assert "leaf_hashes=" not in repr(accepted)
