# SPDX-License-Identifier: Apache-2.0
"""Intake of the parts that the exchange cannot open: entries, ciphertext, blobs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.content import Attachment
from accord.envelope.errors import (
    EnvelopeError,
    Failure,
    MalformedError,
    VerificationError,
)
from accord.envelope.jwe import leaf_hashes, parse_jwe, read_entries, recipients_root
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow
from accord.envelope.private import DecryptionKey, SignerSet
from tests.envelope.receiving import intake_failure
from tests.envelope.tampering import (
    protected,
    read,
    signed_again,
    with_jwe,
)
from tests.envelope.world import DAY, NOW, World, make_agency, make_world, terms, uuid7


def test_ciphertext_of_another_envelope_is_refused(scene: World) -> None:
    one, other = scene.seal(), read(scene.seal().jwe)

    def take(jwe: dict[str, Any]) -> None:
        jwe.update({name: other[name] for name in ("iv", "ciphertext", "tag")})

    assert intake_failure(scene, with_jwe(one, take)) is Failure.CIPHERTEXT


def test_whole_jwe_of_another_envelope_is_refused(scene: World) -> None:
    other = scene.seal(terms=terms(jti=uuid7(2)))
    assert intake_failure(scene, replace(scene.seal(), jwe=other.jwe)) is Failure.AAD


def test_entry_of_another_envelope_is_refused(scene: World) -> None:
    one, other = scene.seal(), read(scene.seal().jwe)

    def take(jwe: dict[str, Any]) -> None:
        jwe["recipients"][1] = other["recipients"][1]

    assert intake_failure(scene, with_jwe(one, take)) is Failure.RECIPIENTS


CHANGED_RECIPIENTS: dict[str, Callable[[list[Any]], None]] = {
    "one removed": lambda entries: entries.__delitem__(1),
    "one twice": lambda entries: entries.insert(1, entries[1]),
    "another order": lambda entries: entries.reverse(),
    "the originator removed": lambda entries: entries.__delitem__(0),
}


@pytest.mark.parametrize("change", CHANGED_RECIPIENTS.values(), ids=CHANGED_RECIPIENTS.keys())
def test_recipients_changed_on_the_way_are_refused(scene: World, change: Callable[[list[Any]], None]) -> None:
    sealed = with_jwe(scene.seal(), lambda jwe: change(jwe["recipients"]))
    assert intake_failure(scene, sealed) is Failure.RECIPIENTS


def test_recipient_added_on_the_way_is_refused(scene: World) -> None:
    delta = make_agency("xd-delta")
    scene.directory.keysets["xd-delta"] = [delta.keyset]
    entry = read(scene.seal(to=[delta]).jwe)["recipients"][1]
    sealed = with_jwe(scene.seal(), lambda jwe: jwe["recipients"].append(entry))
    assert intake_failure(scene, sealed) is Failure.RECIPIENTS


def test_entry_for_a_key_of_nobody_is_refused(scene: World) -> None:
    scene.directory.keysets.pop("xc-charlie")
    assert intake_failure(scene, scene.seal()) is Failure.RECIPIENTS


def test_originator_always_has_an_entry(scene: World) -> None:
    sealed = scene.seal()

    def without_alpha(jwe: dict[str, Any]) -> None:
        jwe["recipients"] = jwe["recipients"][1:]

    changed = with_jwe(sealed, without_alpha)
    entries = parse_jwe(changed.jwe, scene.suite, limit=10**6).entries
    rr = recipients_root(leaf_hashes(["xb-bravo", "xc-charlie"], [entry.text for entry in entries]))
    resigned = signed_again(changed, scene.alpha.signing[scene.suite], rn=2, rr=rr)
    assert intake_failure(scene, resigned) is Failure.RECIPIENTS


def test_key_that_is_no_longer_the_newest_is_named(scene: World) -> None:
    sealed = scene.seal()
    for agency in scene.others:
        alg = {PQ1: "HPKE-9-KE", EC1: "X25519"}[scene.suite]
        newer = KeyRow(DecryptionKey.generate(alg).public, NOW - 5, NOW + DAY)
        keyset = replace(agency.keyset, version=2, rows=(*agency.keyset.rows, newer))
        scene.directory.keysets[agency.id].append(keyset)
    with pytest.raises(VerificationError) as refused:
        scene.intake(sealed)
    assert refused.value.failure is Failure.KEYSET_STALE
    assert refused.value.agencies == ("xb-bravo", "xc-charlie")


def unreachable(world: World) -> VerificationError:
    with pytest.raises(VerificationError) as refused:
        world.intake(world.seal())
    assert refused.value.failure is Failure.KEYSET_STALE
    return refused.value


def test_recipient_below_whose_lowest_suite_it_is_sealed_is_named() -> None:
    """The sender ignores `low`; the directory does not."""
    world = make_world(EC1)
    bravo = world.others[0].keyset
    world.directory.keysets["xb-bravo"] = [replace(bravo, low=PQ1)]
    refused = unreachable(world)
    assert refused.agencies == ("xb-bravo",)
    assert "no key for xb-bravo" in str(refused)


def test_all_recipients_below_whose_lowest_suite_it_is_sealed_are_named() -> None:
    world = make_world(EC1)
    for other in world.others:
        world.directory.keysets[other.id] = [replace(other.keyset, low=PQ1)]
    assert "no key for xb-bravo, xc-charlie" in str(unreachable(world))


def test_recipient_whose_newest_key_is_suspended_is_named(scene: World) -> None:
    scene.directory.suspended = {scene.others[1].decryption[scene.suite].public.kid}
    assert unreachable(scene).detail == "no key for xc-charlie"


def test_mixed_suites_are_refused() -> None:
    pq1, ec1 = make_world(PQ1), make_world(EC1)
    for world, other in ((pq1, ec1), (ec1, pq1)):
        entry = read(other.seal().jwe)["recipients"][1]

        def mix(jwe: dict[str, Any], entry: Any = entry) -> None:
            jwe["recipients"][1] = entry

        with pytest.raises(MalformedError):
            world.intake(with_jwe(world.seal(), mix))


def test_suite_member_decides_the_signatures() -> None:
    world = make_world(PQ1)
    signer = world.alpha.signing[EC1]
    kids = [key.kid for key in signer.signers]
    with pytest.raises(EnvelopeError):
        world.intake(signed_again(world.seal(), signer, suite="EC1", signers=kids))
    doubled = SignerSet([*world.alpha.signing[EC1]._keys, *world.alpha.signing[EC1]._keys])
    kids = [key.kid for key in doubled.signers]
    assert intake_failure(world, signed_again(world.seal(), doubled, signers=kids)) is Failure.SUITE


MALFORMED_JWE: dict[str, Callable[[dict[str, Any]], None]] = {
    "zip": lambda jwe: jwe.update(
        protected=protected(
            {"enc": "A256GCM", "typ": "accord-alert+jwe", "cty": "accord-alert+jws", "zip": "DEF"}
        )
    ),
    "another cipher": lambda jwe: jwe.update(
        protected=protected({"enc": "A128GCM", "typ": "accord-alert+jwe", "cty": "accord-alert+jws"})
    ),
    "the typ of a challenge": lambda jwe: jwe.update(
        protected=protected({"enc": "A256GCM", "typ": "accord-challenge+jwe", "cty": "accord-alert+jws"})
    ),
    "white space in the header": lambda jwe: jwe.update(
        protected=protected(b'{"enc":"A256GCM", "typ":"accord-alert+jwe","cty":"accord-alert+jws"}')
    ),
    "an escape in the header": lambda jwe: jwe.update(
        protected=protected(b'{"\\u0065nc":"A256GCM","typ":"accord-alert+jwe","cty":"accord-alert+jws"}')
    ),
    "a duplicate in the header": lambda jwe: jwe.update(
        protected=protected(
            b'{"enc":"A256GCM","enc":"A256GCM","typ":"accord-alert+jwe","cty":"accord-alert+jws"}'
        )
    ),
    "an unprotected header": lambda jwe: jwe.update(unprotected={}),
    "no aad": lambda jwe: jwe.__delitem__("aad"),
    "a short iv": lambda jwe: jwe.update(iv="AAAA"),
    "a short tag": lambda jwe: jwe.update(tag="AAAA"),
    "a ciphertext with padding": lambda jwe: jwe.update(ciphertext="QQ=="),
    "no recipients": lambda jwe: jwe.update(recipients=[]),
    "an additional member in an entry": lambda jwe: jwe["recipients"][0].update(x=1),
    "an additional member in an entry's header": lambda jwe: jwe["recipients"][0]["header"].update(apu="QQ"),
    "dir": lambda jwe: jwe["recipients"][0]["header"].update(alg="dir"),
    "RSA1_5": lambda jwe: jwe["recipients"][0]["header"].update(alg="RSA1_5"),
    "PBES2": lambda jwe: jwe["recipients"][0]["header"].update(alg="PBES2-HS256+A128KW"),
    "a wrapped key of another length": lambda jwe: jwe["recipients"][0].update(encrypted_key="AAAA"),
    "a kid of another length": lambda jwe: jwe["recipients"][0]["header"].update(kid="AAAA"),
    "a kid that is no text": lambda jwe: jwe["recipients"][0]["header"].update(kid=7),
    "a wrapped key that is no text": lambda jwe: jwe["recipients"][0].update(encrypted_key=None),
    "an entry without a header": lambda jwe: jwe["recipients"][0].update(header=None),
}


@pytest.mark.parametrize("change", MALFORMED_JWE.values(), ids=MALFORMED_JWE.keys())
def test_jwe_outside_the_profile_is_refused(scene: World, change: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises(MalformedError):
        scene.intake(with_jwe(scene.seal(), change))


def test_protected_header_may_stand_in_any_order(scene: World) -> None:
    turned = protected({"typ": "accord-alert+jwe", "cty": "accord-alert+jws", "enc": "A256GCM"})
    sealed = with_jwe(scene.seal(), lambda jwe: jwe.update(protected=turned))
    # Well formed, but not the signed parts.
    assert intake_failure(scene, sealed) is Failure.CIPHERTEXT


EPHEMERALS: dict[str, Any] = {
    "a point of small order": {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
    "another curve": {"kty": "OKP", "crv": "X448", "x": "A" * 43},
    "a private member": {"kty": "OKP", "crv": "X25519", "x": "A" * 42 + "Q", "d": "A" * 43},
    "off the curve": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
    "no object": "A" * 43,
    "a coordinate that is no text": {"kty": "OKP", "crv": "X25519", "x": 7},
    "a coordinate with stray bits": {"kty": "OKP", "crv": "X25519", "x": "A" * 42 + "B"},
}


@pytest.mark.parametrize("epk", EPHEMERALS.values(), ids=EPHEMERALS.keys())
def test_ephemeral_key_is_checked_without_being_used(epk: Any) -> None:
    world = make_world(EC1)
    sealed = with_jwe(world.seal(), lambda jwe: jwe["recipients"][1]["header"].update(epk=epk))
    with pytest.raises(MalformedError):
        world.intake(sealed)


def test_ephemeral_key_is_of_the_curve_of_its_kid() -> None:
    world = make_world(EC1)
    bravo = make_agency("xb-bravo", curve="P-256")
    other = read(world.seal(to=[bravo]).jwe)["recipients"][1]["header"]["epk"]
    sealed = with_jwe(world.seal(), lambda jwe: jwe["recipients"][1]["header"].update(epk=other))
    changed = read(sealed.jwe)
    texts = [entry.text for entry in read_entries(changed["recipients"], EC1)]
    rr = recipients_root(leaf_hashes(["xa-alpha", "xb-bravo", "xc-charlie"], texts))
    assert intake_failure(world, signed_again(sealed, world.alpha.signing[EC1], rr=rr)) is Failure.RECIPIENTS


# Blobs.

FILE = Attachment("spectrum.msp", "text/plain", b"peaks" * 100)


def test_blob_of_another_length_or_digest_is_refused(scene: World) -> None:
    sealed = scene.seal(attachments=[FILE, FILE])
    first, second = sealed.blobs
    assert scene.intake(sealed).md == sealed.md
    for blobs in (
        [first + b"\x00", second],
        [first[:-1], second],
        [second, first],
        [first],
        [],
        [first, second, first],
    ):
        assert intake_failure(scene, replace(sealed, blobs=tuple(blobs))) is Failure.BLOB


def test_blob_of_another_envelope_is_refused(scene: World) -> None:
    one, other = scene.seal(attachments=[FILE]), scene.seal(attachments=[FILE])
    assert len(one.blobs[0]) == len(other.blobs[0])
    assert intake_failure(scene, replace(one, blobs=other.blobs)) is Failure.BLOB
