# SPDX-License-Identifier: Apache-2.0
"""Attacks by a recipient with the content, keys and signatures of an alert that it has opened."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, sha256, unb64u
from accord.envelope.errors import Failure, MalformedError, OpeningError, VerificationError
from accord.envelope.jwe import leaf_hashes, recipients_root, wrap_for
from accord.envelope.private import DecryptionKey
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import SubjectRef, make_statement
from accord.envelope.unseal import open_challenge, unwrap
from tests.envelope.receiving import changed, intake_failure, opening_cause, slice_failure, slice_for
from tests.envelope.releasing import DELTA, ECHO, Chain
from tests.envelope.tampering import encrypted_again, inner_signed, read, signed_again, with_jwe
from tests.envelope.world import ALERT, DAY, NOW, Agency, World, known_agency, terms, uuid7


def opened_by_bravo(scene: World) -> bytes:
    """Return the inner JWS that bravo has lawfully read, with alpha's signature."""
    return scene.open(slice_for(scene, scene.seal(), scene.others[0]), scene.others[0]).inner_jws


def test_reencrypting_to_a_third_agency(scene: World, mallory: Agency) -> None:
    """Bravo encrypts alpha's signed words again for mallory, who is neither in `aud` nor in a release."""
    bravo, inner = scene.others[0], opened_by_bravo(scene)

    under_its_own_name = encrypted_again(inner, terms(), bravo, [mallory], scene.suite)
    octets = scene.slice_of(scene.intake(under_its_own_name, caller=bravo.id), mallory.id)
    assert opening_cause(scene, octets, mallory) is Failure.SIGNERS

    with_alphas_stolen_keys = encrypted_again(inner, terms(), scene.alpha, [bravo, mallory], scene.suite)
    octets = slice_for(scene, with_alphas_stolen_keys, mallory)
    assert opening_cause(scene, octets, mallory) is Failure.AUDIENCE


def test_handing_the_content_key_to_a_third_agency(scene: World, mallory: Agency) -> None:
    """Bravo wraps the same content key for mallory: no `rr` that alpha signed covers the new entry."""
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    entry = scene.verify(octets, bravo.id).jwe.entries[0]
    content_key = unwrap(entry, bravo.decryption[scene.suite])
    wrapped = json.loads(wrap_for(scene.suite, mallory.decryption[scene.suite].public, content_key))
    for index in range(4):

        def take_place(value: dict[str, Any], index: int = index) -> None:
            value["jwe"]["recipients"] = [wrapped]
            value["index"] = index

        assert slice_failure(scene, changed(octets, take_place), mallory) is Failure.PATH


def test_claiming_an_alert(scene: World, mallory: Agency) -> None:
    """Mallory puts its own name and signatures on alpha's sealed alert, in each place that holds a name."""
    sealed = scene.seal()
    signer = mallory.signing[scene.suite]
    signers = [key.kid for key in signer.signers]
    assert intake_failure(scene, sealed, caller=mallory.id) is Failure.ISSUER
    assert intake_failure(scene, signed_again(sealed, signer)) is Failure.SIGNERS
    claimed = signed_again(sealed, signer, signers=signers)
    assert intake_failure(scene, claimed) is Failure.KEY_UNKNOWN
    renamed = signed_again(sealed, signer, signers=signers, iss=mallory.id)
    assert intake_failure(scene, renamed, caller=mallory.id) is Failure.AAD

    inner = opened_by_bravo(scene)
    taken_over = encrypted_again(inner, terms(), mallory, [scene.others[0]], scene.suite)
    octets = scene.slice_of(scene.intake(taken_over, caller=mallory.id), "xb-bravo")
    assert opening_cause(scene, octets, scene.others[0]) is Failure.SIGNERS
    resigned = inner_signed(signer, unb64u(read(inner)["payload"]))
    taken_over = encrypted_again(resigned, terms(), mallory, [scene.others[0]], scene.suite)
    octets = scene.slice_of(scene.intake(taken_over, caller=mallory.id), "xb-bravo")
    assert opening_cause(scene, octets, scene.others[0]) is Failure.INNER_DIFFERS


def test_widening_a_release(scene: World) -> None:
    """Bravo releases without permission or for too long; delta passes on a release that was made for delta alone."""
    for rel in ("none", "originator"):
        chain = Chain(scene, rel)
        via = [chain.release(scene.others[0], [DELTA])]
        assert chain.failure(chain.slice(DELTA, via), DELTA) is Failure.VIA
    chain = Chain(scene)
    beyond = [chain.release(scene.others[0], [DELTA], exp=NOW + 366 * DAY)]
    assert chain.failure(chain.slice(DELTA, beyond), DELTA) is Failure.VIA
    only_delta = [chain.release(scene.others[0], [DELTA], rel="none")]
    held = chain.slice(DELTA, only_delta)
    parent = chain.verify(held, DELTA).via[0].od
    onward = [*only_delta, chain.release(known_agency(DELTA), [ECHO], held=held, parent=parent)]
    assert chain.failure(chain.slice(ECHO, onward), ECHO) is Failure.VIA


def test_adding_an_agency_to_a_release(scene: World) -> None:
    """Echo's name is written into a release that bravo signed for delta, and echo tries delta's place."""
    chain = Chain(scene)
    via = [chain.release(scene.others[0], [DELTA])]
    octets = chain.slice(DELTA, via)
    assert chain.open(octets, DELTA).alert == ALERT

    def add_echo(value: dict[str, object]) -> None:
        release = value["via"][0]  # type: ignore[index]
        payload = read(unb64u(release["payload"]))
        payload["body"]["aud"].append(ECHO)
        payload["body"]["rn"] += 1
        release["payload"] = b64u(json.dumps(payload).encode())

    forged = changed(octets, add_echo)
    assert chain.failure(forged, ECHO) in (Failure.RECEIPT, Failure.SIGNATURE)
    assert chain.failure(octets, ECHO) is Failure.PATH


def test_using_a_release_after_its_end(scene: World) -> None:
    """Delta asks again with a release that has ended or was withdrawn."""
    chain = Chain(scene)
    via = [chain.release(scene.others[0], [DELTA], exp=NOW + 60)]
    octets = chain.slice(DELTA, via)
    (release,) = chain.verify(octets, DELTA, now=NOW + 59).via
    assert chain.failure(octets, DELTA, now=NOW + 60) is Failure.VIA
    assert chain.failure(octets, DELTA, unreleased={release.od}) is Failure.WITHDRAWN_ACCESS


def test_framing_the_originator(scene: World) -> None:
    """Bravo shows a court other words than alpha sealed: neither alpha's signature nor the signed `pd` fits them."""
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(nonce=bytes(15) + b"1"), bravo)
    verified, elsewhere = scene.verify(octets, bravo.id), opened_by_bravo(scene)
    genuine = scene.open(octets, bravo).inner_jws
    assert b64u(sha256(genuine)) == verified.manifest.pd
    invented = inner_signed(bravo.signing[scene.suite], unb64u(read(genuine)["payload"]))
    # Words that alpha signed for another envelope are not the words that it sealed in this one.
    for shown in (invented, elsewhere):
        assert b64u(sha256(shown)) != verified.manifest.pd


def test_using_the_reader_as_an_oracle(scene: World, mallory: Agency) -> None:
    """Broken envelopes, each failing at another check after unwrapping, all give one text and one code."""
    bravo, inner = scene.others[0], opened_by_bravo(scene)
    foreign = DecryptionKey(
        mallory.decryption[scene.suite].material, bravo.decryption[scene.suite].public, b""
    )
    broken = {
        "unwrap": (slice_for(scene, scene.seal(), bravo), replace(bravo, decryption={scene.suite: foreign})),
        "decrypt": (slice_for(scene, _wrapping_another_key(scene), bravo), bravo),
        "pd": (_slice_of(scene, inner, bravo, pd=b64u(bytes(32))), bravo),
        "form": (_slice_of(scene, b"no JWS", bravo), bravo),
        "typ": (_slice_of(scene, scene.seal().manifest, bravo), bravo),
        "signature": (_slice_of(scene, inner[:-9] + b"AAAA" + inner[-5:], bravo), bravo),
        "shared members": (_slice_of(scene, inner, bravo, lane="trade"), bravo),
    }
    answers = set()
    for octets, reader in broken.values():
        with pytest.raises(OpeningError) as refused:
            scene.open(octets, reader)
        answers.add((str(refused.value), refused.value.code, refused.value.ack_code, refused.value.args))
    assert answers == {
        ("this envelope cannot be opened", "unopenable", "check-failed", ("this envelope cannot be opened",))
    }


def _slice_of(scene: World, inner: bytes, reader: Agency, **changes: object) -> bytes:
    forged = encrypted_again(inner, terms(), scene.alpha, scene.others, scene.suite, **changes)
    return slice_for(scene, forged, reader)


def _wrapping_another_key(scene: World) -> SealedEnvelope:
    """Return an envelope validly signed by alpha, in which bravo's entry wraps a wrong key."""
    sealed, bravo = scene.seal(), scene.others[0]
    other = json.loads(wrap_for(scene.suite, bravo.decryption[scene.suite].public, bytes(32)))

    def exchange(jwe: dict[str, list[object]]) -> None:
        jwe["recipients"][1] = other

    forged = with_jwe(sealed, exchange)
    texts = [
        json.dumps(entry, sort_keys=True, separators=(",", ":")) for entry in read(forged.jwe)["recipients"]
    ]
    rr = recipients_root(leaf_hashes(["xa-alpha", "xb-bravo", "xc-charlie"], texts))
    return signed_again(forged, scene.alpha.signing[scene.suite], rr=rr)


def test_opening_an_envelope_through_a_challenge(scene: World) -> None:
    """A hub gives bravo an alert's entry as a challenge, to learn its content from the answer."""
    bravo = scene.others[0]
    jwe = read(slice_for(scene, scene.seal(), bravo))["jwe"]
    key = bravo.decryption[scene.suite]
    for typ in ("accord-alert+jwe", "accord-challenge+jwe"):
        header = {"enc": "A256GCM", "typ": typ}
        for chal in (b64u(bytes(32)), jwe["aad"]):
            offered = jwe | {"protected": b64u(json.dumps(header, separators=(",", ":")).encode())}
            with pytest.raises(OpeningError):
                open_challenge(offered, agency=bravo.id, chal=chal, key=key)
    with pytest.raises(OpeningError):
        open_challenge(jwe, agency=bravo.id, chal=b64u(bytes(32)), key=key)


def test_moving_an_attachment(scene: World) -> None:
    """Bravo serves a blob of one envelope as that of another, at intake and at the reader."""
    one = scene.seal(attachments=[Attachment("a.bin", "text/plain", b"first")])
    other = scene.seal(terms=terms(jti=uuid7(2)), attachments=[Attachment("a.bin", "text/plain", b"other")])
    assert intake_failure(scene, replace(one, blobs=other.blobs)) is Failure.BLOB
    bravo = scene.others[0]
    assert opening_cause(scene, slice_for(scene, one, bravo), bravo, blobs=other.blobs) is Failure.BLOB


def test_passing_one_object_off_as_another(scene: World) -> None:
    """A signed statement is handed in as a manifest, a manifest as a statement, an answer as a release."""
    bravo = scene.others[0]
    sealed = scene.seal()
    carried = scene.intake(sealed)
    ack = make_statement(
        "ack",
        iss=bravo.id,
        signer=bravo.signing["PQ1"],
        suite="PQ1",
        id=uuid7(3),
        iat=NOW,
        nonce=bytes(16),
        sub=SubjectRef("manifest", sealed.jti, sealed.md),
        act="of-1",
        body={"st": "opened", "code": None},
    )
    assert intake_failure(scene, replace(sealed, manifest=ack), caller=bravo.id) is Failure.TYP
    octets = scene.slice_of(carried, bravo.id)
    as_release = changed(octets, lambda value: value.update(via=[read(ack)], receipts=value["receipts"] * 2))
    assert slice_failure(scene, as_release, bravo) is Failure.TYP
    # Each key has one use: an encryption key in place of a signing key verifies no signature.
    kid = bravo.decryption[scene.suite].public.kid
    signer = scene.alpha.signing[scene.suite]
    forged = signed_again(sealed, signer, signers=[kid] * len(signer.signers))
    assert intake_failure(scene, forged) is Failure.SIGNERS
    with pytest.raises((MalformedError, VerificationError)):
        scene.intake(replace(sealed, manifest=sealed.manifest.replace(b'"payload"', b'"Payload"')))
