# SPDX-License-Identifier: Apache-2.0
"""Submissions that the exchange refuses at intake, and the causes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.blobs import measure_blob
from accord.envelope.content import NamedOfficer
from accord.envelope.encoding import b64u, canonical, unb64u
from accord.envelope.errors import (
    EnvelopeError,
    Failure,
    MalformedError,
    TooLargeError,
    VerificationError,
)
from accord.envelope.intake import VerifiedEnvelope, parse_submission, verify_logged_submission
from accord.envelope.keys import EC1, PQ1
from accord.envelope.seal import SealedEnvelope
from tests.envelope.receiving import intake_failure
from tests.envelope.tampering import (
    manifest_of,
    read,
    signed_again,
    signed_as,
    write,
)
from tests.envelope.world import DAY, NOW, World, make_agency, make_world, terms


def test_carries_what_alpha_sealed(scene: World) -> None:
    sealed = scene.seal()
    verified = scene.intake(sealed)
    assert verified.md == sealed.md
    assert verified.manifest_bytes == sealed.manifest
    assert verified.recipients == ("xb-bravo", "xc-charlie")
    assert [entry.agency for entry in verified.entries] == ["xa-alpha", "xb-bravo", "xc-charlie"]


def test_a_parsed_submission_names_itself(scene: World) -> None:
    sealed = scene.seal()
    unverified = parse_submission(sealed.manifest, sealed.jwe, [], caller="xa-alpha")
    assert (unverified.iss, unverified.jti, unverified.md) == ("xa-alpha", sealed.jti, sealed.md)


def test_refusal_has_a_code_for_machines(scene: World) -> None:
    with pytest.raises(VerificationError) as refused:
        scene.intake(scene.seal(), caller="xm-mallory")
    assert refused.value.code == str(refused.value.failure) == "issuer-differs"


def test_issuer_is_the_caller(scene: World) -> None:
    assert intake_failure(scene, scene.seal(), caller="xm-mallory") is Failure.ISSUER


def test_same_octets_have_the_same_md_and_other_octets_another(scene: World) -> None:
    one, other = scene.seal(), scene.seal()
    assert one.jti == other.jti
    assert len({one.md, scene.intake(one).md, scene.intake(replace(one)).md}) == 1
    assert one.md != other.md


def test_spelling_of_the_signed_json_changes_no_digest(scene: World) -> None:
    sealed = scene.seal()
    spaced = json.dumps(manifest_of(sealed), indent=1).encode()
    again = signed_as(sealed, scene.alpha.signing[scene.suite], spaced)
    assert scene.intake(again).md == again.md != sealed.md


# The manifest's signatures.


def test_foreign_signature_is_refused(scene: World) -> None:
    mallory = make_agency("xm-mallory")
    forged = signed_again(scene.seal(), mallory.signing[scene.suite])
    assert intake_failure(scene, forged) is Failure.SIGNERS


def test_mallory_cannot_claim_alphas_envelope(scene: World) -> None:
    mallory = make_agency("xm-mallory")
    scene.directory.keysets["xm-mallory"] = [mallory.keyset]
    signer = mallory.signing[scene.suite]
    kids = [key.kid for key in signer.signers]
    taken = signed_again(scene.seal(), signer, iss="xm-mallory", signers=kids)
    assert intake_failure(scene, taken, caller="xm-mallory") is Failure.AAD


def test_stripped_signature_is_refused(pq1: World) -> None:
    sealed = pq1.seal()
    value = read(sealed.manifest)
    for kept in ([0], [1]):
        signatures = [value["signatures"][n] for n in kept]
        stripped = replace(sealed, manifest=write(value | {"signatures": signatures}))
        assert intake_failure(pq1, stripped) is Failure.SIGNERS


def test_one_good_signature_beside_a_bad_one_is_refused(pq1: World) -> None:
    sealed = pq1.seal()
    value, other = read(sealed.manifest), read(pq1.seal().manifest)
    for n in (0, 1):
        signatures = list(value["signatures"])
        signatures[n] = other["signatures"][n]
        mixed = replace(sealed, manifest=write(value | {"signatures": signatures}))
        assert intake_failure(pq1, mixed) is Failure.SIGNATURE


def test_signers_member_names_the_signatures(scene: World) -> None:
    sealed = scene.seal()
    kids = list(manifest_of(sealed)["signers"])
    kids[-1] = scene.others[0].signing[scene.suite].signers[-1].kid
    assert (
        intake_failure(scene, signed_again(sealed, scene.alpha.signing[scene.suite], signers=kids))
        is Failure.SIGNERS
    )


def test_unknown_issuer_is_refused(scene: World) -> None:
    scene.directory.keysets.pop("xa-alpha")
    assert intake_failure(scene, scene.seal()) is Failure.KEYSET_UNKNOWN


def test_wrong_typ_is_refused(scene: World) -> None:
    sealed = scene.seal()
    signer = scene.alpha.signing[scene.suite]
    for typ in ("accord-alert+jws", "accord-ack+jws"):
        other = replace(sealed, manifest=signer.sign_jws(typ, canonical(manifest_of(sealed))))
        assert intake_failure(scene, other) is Failure.TYP


# The manifest's members.


def test_duplicated_member_in_what_was_signed_is_refused(scene: World) -> None:
    sealed = scene.seal()
    payload = canonical(manifest_of(sealed))
    doubled = payload[:-1] + b',"tlp":"CLEAR"}'
    with pytest.raises(MalformedError):
        scene.intake(signed_as(sealed, scene.alpha.signing[scene.suite], doubled))


MALFORMED: dict[str, dict[str, Any]] = {
    "another version": {"v": 2},
    "an additional member": {"note": ""},
    "an agency id in capitals": {"iss": "XA-alpha"},
    "a signer too many": {"signers": ["A" * 43] * 3},
    "a digest of another length": {"pd": "A" * 42},
    "a digest of another spelling": {"ct": "A" * 42 + "B"},
    "one recipient": {"rn": 1},
    "five hundred and two recipients": {"rn": 502},
    "a number written as text": {"rn": "3"},
    "named officers without RED": {"named": 1},
    "a blob not numbered from zero": {"att": [{"n": 1, "sha256": "A" * 43, "len": 36}]},
    "a blob too short to be one": {"att": [{"n": 0, "sha256": "A" * 43, "len": 35}]},
    "a blob over 64 MiB": {"att": [{"n": 0, "sha256": "A" * 43, "len": 64 * 2**20 + 1}]},
    "blobs over 256 MiB": {"att": [{"n": n, "sha256": "A" * 43, "len": 64 * 2**20} for n in range(5)]},
    "thirty-three blobs": {"att": [{"n": n, "sha256": "A" * 43, "len": 36} for n in range(33)]},
    "a null where a list is due": {"att": None},
    "an unknown suite": {"suite": "PQ2"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_manifest_outside_the_profile_is_refused(scene: World, changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        scene.intake(signed_again(scene.seal(), scene.alpha.signing[scene.suite], **changes))


def test_missing_member_is_refused(scene: World) -> None:
    sealed = scene.seal()
    for name in manifest_of(sealed):
        less = {key: value for key, value in manifest_of(sealed).items() if key != name}
        with pytest.raises(EnvelopeError):
            scene.intake(signed_as(sealed, scene.alpha.signing[scene.suite], canonical(less)))


def test_red_rules_hold_at_intake(pq1: World) -> None:
    red = {"tlp": "RED", "named": 2}
    for broken in ({"tlp": "RED", "named": 0}, red | {"rel": "recipients"}, red | {"rn": 102}):
        assert intake_failure(pq1, signed_again(pq1.seal(), pq1.alpha.signing[PQ1], **broken)) is Failure.RED


def test_strict_markings_need_pq1() -> None:
    world = make_world(EC1)
    for tlp, named in (("RED", 2), ("AMBER+STRICT", 0)):
        changed = signed_again(world.seal(), world.alpha.signing[EC1], tlp=tlp, named=named)
        assert intake_failure(world, changed) is Failure.SUITE


def test_red_to_keys_the_hub_holds_is_refused(pq1: World) -> None:
    names = [NamedOfficer("xb-bravo", "of-1"), NamedOfficer("xc-charlie", "of-2")]
    sealed = pq1.seal(terms=terms(tlp="RED"), names=names)
    assert pq1.intake(sealed).md == sealed.md
    for held in ("xb-bravo", "xa-alpha"):
        keysets = pq1.directory.keysets
        before = keysets[held]
        keysets[held] = [replace(before[0], custody="hub")]
        with pytest.raises(VerificationError) as refused:
            pq1.intake(sealed)
        assert (refused.value.failure, refused.value.agencies) == (Failure.RED_CUSTODY, (held,))
        keysets[held] = before


# Time.


def test_stale_and_future_iat_are_refused(scene: World) -> None:
    for iat, failure in (
        (NOW - DAY, None),
        (NOW - DAY - 1, Failure.STALE),
        (NOW + 300, None),
        (NOW + 301, Failure.FUTURE),
    ):
        sealed = scene.seal(terms=terms(iat=iat))
        if failure is None:
            assert scene.intake(sealed).md == sealed.md
        else:
            assert intake_failure(scene, sealed) is failure


def test_past_its_end_it_is_refused(scene: World) -> None:
    sealed = scene.seal(terms=terms(exp=NOW + 60))
    assert scene.intake(sealed, now=NOW + 59).md == sealed.md
    assert intake_failure(scene, sealed, now=NOW + 60) is Failure.EXPIRED


# An envelope that is in the ledger but not in a restored database comes in again, however late.


def taken_again(world: World, sealed: SealedEnvelope, *, log_time: int = NOW) -> VerifiedEnvelope:
    blobs = [measure_blob(blob) for blob in sealed.blobs]
    unverified = parse_submission(sealed.manifest, sealed.jwe, blobs, caller=world.alpha.id)
    return verify_logged_submission(unverified, directory=world.directory, log_time=log_time, index=0)


def test_what_was_logged_is_taken_again_past_its_end(scene: World) -> None:
    sealed = scene.seal(terms=terms(exp=NOW + 60))
    first, again = scene.intake(sealed), taken_again(scene, sealed)
    assert (again.md, again.recipients, again.entries) == (first.md, first.recipients, first.entries)


def test_what_was_logged_is_still_its_originators(scene: World) -> None:
    forged = signed_again(scene.seal(), make_agency("xm-mallory").signing[scene.suite])
    with pytest.raises(VerificationError) as refused:
        taken_again(scene, forged)
    assert refused.value.failure is Failure.SIGNERS


def test_what_was_logged_still_carries_its_own_signatures(scene: World) -> None:
    sealed = scene.seal()
    other = read(scene.seal().manifest)["signatures"]
    mixed = replace(sealed, manifest=write(read(sealed.manifest) | {"signatures": other}))
    with pytest.raises(VerificationError) as refused:
        taken_again(scene, mixed)
    assert refused.value.failure is Failure.SIGNATURE


def test_what_was_logged_before_the_keyset_is_not_taken_again(scene: World) -> None:
    with pytest.raises(VerificationError) as refused:
        taken_again(scene, scene.seal(), log_time=0)
    assert refused.value.failure is Failure.KEYSET_UNKNOWN


# Size.


def test_over_one_and_a_half_mib_is_refused_before_it_is_read(scene: World) -> None:
    sealed = scene.seal()
    padded = sealed.jwe + b" " * (3 * 2**19 - len(sealed.jwe) - len(sealed.manifest))
    assert parse_submission(sealed.manifest, padded, [], caller="xa-alpha").md == sealed.md
    with pytest.raises(TooLargeError):
        parse_submission(sealed.manifest, padded + b" ", [], caller="xa-alpha")


@pytest.mark.parametrize("octets", [b"", b"null", b"[]", b"{}", b"\xff", b"{" * 1000, b"eyJ.e30.AA"])
def test_nonsense_is_malformed(scene: World, octets: bytes) -> None:
    sealed = scene.seal()
    for changed in (replace(sealed, manifest=octets), replace(sealed, jwe=octets)):
        with pytest.raises(MalformedError):
            scene.intake(changed)


def test_measures_blobs_in_chunks_and_whole_alike() -> None:
    octets = bytes(range(256)) * 9
    chunks = (octets[start : start + 100] for start in range(0, len(octets), 100))
    assert measure_blob(chunks) == measure_blob(octets)
    assert len(unb64u(measure_blob(octets).sha256)) == 32
    assert b64u(bytes(32)) == "A" * 43
