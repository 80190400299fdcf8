# SPDX-License-Identifier: Apache-2.0
"""Access by releases: the chain is signed, logged, in time, and by entitled agencies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from accord.envelope.errors import (
    Failure,
    MalformedError,
    OpeningError,
    SealingError,
    SealRefusal,
    VerificationError,
)
from accord.envelope.keys import EC1, PQ1
from accord.envelope.releases import check_audience, check_chain
from accord.envelope.reseal import ResealedEntries, reseal
from accord.envelope.statements.form import SubjectRef, parse_statement
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain
from tests.envelope.tampering import read
from tests.envelope.world import ALERT, DAY, NOW, Agency, World, known_agency, make_agency, uuid7


@pytest.fixture
def chain(scene: World) -> Chain:
    return Chain(scene)


def bravo(chain: Chain) -> Agency:
    return chain.world.others[0]


def test_holder_releases_and_the_new_agency_opens(chain: Chain) -> None:
    via = [chain.release(bravo(chain), [DELTA, ECHO])]
    for reader in (DELTA, ECHO):
        opened = chain.open(chain.slice(reader, via), reader)
        assert opened.alert == ALERT
        assert opened.audience == ("xb-bravo", "xc-charlie")
    assert chain.failure(chain.slice(DELTA, via), ECHO) is Failure.PATH


def test_originator_releases(chain: Chain) -> None:
    via = [chain.release(chain.world.alpha, [DELTA])]
    assert chain.open(chain.slice(DELTA, via), DELTA).alert == ALERT


def chain_of_three(chain: Chain) -> list[tuple[bytes, ResealedEntries]]:
    via = [chain.release(bravo(chain), [DELTA])]
    for issuer, to in ((DELTA, ECHO), (ECHO, FOXTROT)):
        held = chain.slice(issuer, via)
        parent = parse_statement(via[-1][0]).od
        via = [*via, chain.release(known_agency(issuer), [to], held=held, parent=parent)]
    return via


def test_chain_of_three_is_the_longest(chain: Chain) -> None:
    via = chain_of_three(chain)
    assert chain.open(chain.slice(FOXTROT, via), FOXTROT).alert == ALERT
    with pytest.raises(MalformedError):
        chain.verify(chain.slice(FOXTROT, [*via, via[-1]]), FOXTROT)


def test_chain_with_a_link_left_out_is_refused(chain: Chain) -> None:
    via = chain_of_three(chain)
    assert chain.failure(chain.slice(FOXTROT, via[1:]), FOXTROT) is Failure.VIA
    assert chain.failure(chain.slice(FOXTROT, [via[0], via[2]]), FOXTROT) is Failure.VIA
    assert chain.failure(chain.slice(FOXTROT, [via[1], via[0], via[2]]), FOXTROT) is Failure.VIA


def test_release_withdrawn_since_gives_no_access(chain: Chain) -> None:
    via = chain_of_three(chain)
    for jws, _ in via:
        gone = {parse_statement(jws).od}
        failure = chain.failure(chain.slice(FOXTROT, via), FOXTROT, unreleased=gone)
        assert failure is Failure.WITHDRAWN_ACCESS


def test_release_ends(chain: Chain) -> None:
    via = [chain.release(bravo(chain), [DELTA], exp=NOW + 60)]
    octets = chain.slice(DELTA, via)
    assert len(chain.verify(octets, DELTA, now=NOW + 59).via) == 1
    assert chain.failure(octets, DELTA, now=NOW + 60) is Failure.VIA


def test_release_lasts_no_longer_than_content_and_parent(chain: Chain) -> None:
    long = [chain.release(bravo(chain), [DELTA], exp=NOW + 366 * DAY)]
    assert chain.failure(chain.slice(DELTA, long), DELTA) is Failure.VIA
    via = [chain.release(bravo(chain), [DELTA], exp=NOW + DAY)]
    parent = parse_statement(via[0][0]).od
    held = chain.slice(DELTA, via)
    longer = chain.release(known_agency(DELTA), [ECHO], held=held, parent=parent, exp=NOW + DAY + 1)
    assert chain.failure(chain.slice(ECHO, [*via, longer]), ECHO) is Failure.VIA


@pytest.mark.parametrize(
    ("rel", "by_originator", "by_holder"),
    [("none", False, False), ("originator", True, False), ("recipients", True, True)],
)
def test_manifest_says_who_may_release(scene: World, rel: str, by_originator: bool, by_holder: bool) -> None:
    chain = Chain(scene, rel)
    for issuer, may in ((scene.alpha, by_originator), (bravo(chain), by_holder)):
        octets = chain.slice(DELTA, [chain.release(issuer, [DELTA])])
        if may:
            assert chain.open(octets, DELTA).alert == ALERT
        else:
            assert chain.failure(octets, DELTA) is Failure.VIA


def test_release_says_whether_it_may_go_further(chain: Chain) -> None:
    via = [chain.release(bravo(chain), [DELTA], rel="none")]
    parent = parse_statement(via[0][0]).od
    onward = chain.release(known_agency(DELTA), [ECHO], held=chain.slice(DELTA, via), parent=parent)
    assert chain.failure(chain.slice(ECHO, [*via, onward]), ECHO) is Failure.VIA


def test_first_issuer_was_a_recipient(chain: Chain) -> None:
    """Mallory has got bravo's slice and key, and releases in its own name."""
    mallory = make_agency("xm-mallory")
    chain.world.directory.keysets[mallory.id] = [mallory.keyset]
    forged = chain.release(bravo(chain), [DELTA], iss=mallory.id, signer=mallory.signing[chain.world.suite])
    octets = chain.slice(DELTA, [forged])
    assert len(chain.verify(octets, DELTA).via) == 1
    with pytest.raises(OpeningError) as refused:
        chain.open(octets, DELTA)
    assert refused.value.cause is Failure.VIA


def test_signature_of_a_release_counts_like_any_other(chain: Chain) -> None:
    jws, resealed = chain.release(bravo(chain), [DELTA])
    octets = chain.slice(DELTA, [(jws, resealed)])
    signature = read(jws)["signatures"][0]["signature"]
    broken = octets.replace(signature.encode(), ("A" * (len(signature) - 1) + "A").encode())
    assert chain.failure(broken, DELTA) in (Failure.SIGNATURE, Failure.MALFORMED)
    chain.world.directory.keysets.pop("xb-bravo")
    assert chain.failure(octets, DELTA) is Failure.KEYSET_UNKNOWN


def test_every_release_has_its_receipt(chain: Chain) -> None:
    octets = chain.slice(DELTA, [chain.release(bravo(chain), [DELTA])])
    value = read(octets)
    value["receipts"] = value["receipts"][:1]
    assert chain.failure(json.dumps(value).encode(), DELTA) is Failure.RECEIPT_MISSING


def test_release_of_another_envelope_is_refused(chain: Chain) -> None:
    for sub in (
        SubjectRef("manifest", uuid7(99), chain.carried.md),
        SubjectRef("manifest", uuid7(1), "A" * 43),
    ):
        via = [chain.release(bravo(chain), [DELTA], sub=sub)]
        assert chain.failure(chain.slice(DELTA, via), DELTA) is Failure.SUBJECT


def test_release_has_its_manifests_suite(chain: Chain) -> None:
    other = {PQ1: EC1, EC1: PQ1}[chain.world.suite]
    issuer = bravo(chain)
    via = [chain.release(issuer, [DELTA], suite=other, signer=issuer.signing[other])]
    assert chain.failure(chain.slice(DELTA, via), DELTA) is Failure.SUITE


def test_agency_that_has_access_is_not_released_to(chain: Chain) -> None:
    via = [chain.release(bravo(chain), ["xc-charlie", DELTA])]
    octets = chain.slice(DELTA, via)
    with pytest.raises(OpeningError) as refused:
        chain.open(octets, DELTA)
    assert refused.value.cause is Failure.VIA


def test_no_agency_twice_in_a_chain(chain: Chain) -> None:
    via = [chain.release(bravo(chain), [DELTA, ECHO])]
    parent = parse_statement(via[0][0]).od
    again = chain.release(known_agency(DELTA), [ECHO], held=chain.slice(DELTA, via), parent=parent)
    assert chain.failure(chain.slice(ECHO, [*via, again]), ECHO) is Failure.VIA


def test_chain_begins_without_a_parent(chain: Chain) -> None:
    via = [chain.release(bravo(chain), [DELTA], parent="A" * 43)]
    assert chain.failure(chain.slice(DELTA, via), DELTA) is Failure.VIA


def test_chain_over_its_depth_is_refused(chain: Chain) -> None:
    said = parse_statement(chain.release(bravo(chain), [DELTA])[0]).statement
    with pytest.raises(VerificationError):
        check_chain(chain.carried.manifest, [said] * 4, now=NOW, withdrawn=())


def test_access_is_for_the_last_audience(chain: Chain) -> None:
    said = parse_statement(chain.release(bravo(chain), [DELTA])[0]).statement
    with pytest.raises(VerificationError) as refused:
        check_audience(chain.carried.manifest, [said], ("xb-bravo",), ECHO)
    assert refused.value.failure is Failure.AUDIENCE


def test_without_a_release_access_is_for_the_originator_and_its_audience(chain: Chain) -> None:
    manifest = chain.carried.manifest
    for reader in ("xa-alpha", "xb-bravo", "xc-charlie"):
        check_audience(manifest, [], ("xb-bravo", "xc-charlie"), reader)
    for reader in (DELTA, "xb-bravo0", "xa-alph"):
        with pytest.raises(VerificationError) as refused:
            check_audience(manifest, [], ("xb-bravo", "xc-charlie"), reader)
        assert refused.value.failure is Failure.AUDIENCE


def test_originator_is_never_released_to(chain: Chain) -> None:
    via = [chain.release(bravo(chain), ["xa-alpha"])]
    assert chain.failure(chain.slice("xa-alpha", via), "xa-alpha") is Failure.VIA


def test_reseal_names_whom_it_cannot_reach(chain: Chain) -> None:
    issuer = bravo(chain)
    verified = chain.verify(chain.slices[issuer.id], issuer.id)
    key = issuer.decryption[chain.world.suite]
    delta = known_agency(DELTA).recipient
    unknown = replace(delta, pinned="0" * 64)
    for recipients, reason in (
        ([unknown], SealRefusal.PIN),
        ([delta, delta], SealRefusal.DUPLICATE),
        ([], SealRefusal.NO_RECIPIENT),
        ([delta] * 501, SealRefusal.TOO_MANY),
    ):
        with pytest.raises(SealingError) as refused:
            reseal(verified, key=key, recipients=recipients, now=NOW)
        assert refused.value.reason is reason
