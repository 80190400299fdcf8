# SPDX-License-Identifier: Apache-2.0
"""Opening continues to the last check whatever failed before, and reports the first failure."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.blobs import BlobFacts
from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, sha256
from accord.envelope.errors import (
    Failure,
    OpeningError,
)
from accord.envelope.jwe import read_entries, wrap_for
from accord.envelope.private import DecryptionKey, SignerSet, generate_signing_keys
from accord.envelope.reading import open_alert
from accord.envelope.standin import parse_inner_jws
from accord.envelope.vocabulary import TYP_INNER
from tests.envelope.receiving import opening_cause, slice_for
from tests.envelope.tampering import encrypted_again, read, write
from tests.envelope.world import ALERT, DAY, NOW, World, terms, uuid7

FILE = Attachment("a.txt", "text/plain", b"a")


# The checks in the profile's order; for each there is a way to make a slice fail in it, and a cause.
ORDER = (
    "unwrap", "decrypt", "digest", "form", "signers", "first signature", "last signature", "payload", "members",
    "count", "audience", "replay", "blobs",
)  # fmt: skip


class Opening:
    """A slice for bravo that opens, and the changes made to it."""

    def __init__(self, scene: World) -> None:
        self.scene = scene
        self.bravo = scene.others[0]
        self.sealed = scene.seal(attachments=[FILE])
        self.verified = scene.verify(slice_for(scene, self.sealed, self.bravo), self.bravo.id)
        self.keys = dict(self.bravo.private_keys)
        self.blobs = list(self.verified.manifest.att)
        self.known: str | None = None
        self.asked = 0

    def change(self, **changes: object) -> None:
        self.verified = replace(self.verified, **changes)  # type: ignore[arg-type]

    def change_manifest(self, **changes: object) -> None:
        self.change(manifest=replace(self.verified.manifest, **changes))  # type: ignore[arg-type]

    def seen(self, iss: str, jti: str) -> str | None:
        self.asked += 1
        return self.known

    def cause(self) -> Failure:
        with pytest.raises(OpeningError) as refused:
            self.open()
        return refused.value.cause

    def open(self) -> bytes:
        facts = [BlobFacts(blob.sha256, blob.len) for blob in self.blobs]
        opened = open_alert(self.verified, keys=self.keys, blobs=facts, seen=self.seen, now=NOW)
        return opened.inner_jws

    def inner(self) -> bytes:
        return Opening(self.scene).open() if self.known or not self.blobs else self.open()

    def put(self, inner_jws: bytes) -> None:
        """Seal these octets into the slice instead, under a manifest that fits them."""
        sealed = encrypted_again(inner_jws, terms(), self.scene.alpha, self.scene.others, self.scene.suite)
        octets = slice_for(self.scene, sealed, self.bravo)
        other = self.scene.verify(octets, self.bravo.id)
        self.change(jwe=other.jwe)
        self.change_manifest(pd=b64u(sha256(inner_jws)))


def fail_unwrap(opening: Opening) -> None:
    stolen = DecryptionKey.generate({"PQ1": "HPKE-9-KE", "EC1": "X25519"}[opening.scene.suite])
    own = opening.bravo.decryption[opening.scene.suite].public
    opening.keys[own.kid] = DecryptionKey(stolen.material, own, b"")


def fail_decrypt(opening: Opening) -> None:
    suite = opening.scene.suite
    text = wrap_for(suite, opening.bravo.decryption[suite].public, bytes(32))
    opening.change(jwe=replace(opening.verified.jwe, entries=read_entries([read(text.encode())], suite)))


def fail_digest(opening: Opening) -> None:
    opening.change_manifest(pd="A" * 43)


def fail_form(opening: Opening) -> None:
    opening.put(opening.sealed.manifest)


def fail_signers(opening: Opening) -> None:
    payload = parse_inner_jws(opening.inner()).payload
    opening.put(SignerSet(generate_signing_keys(opening.scene.suite)).sign_jws(TYP_INNER, payload))


def spoil_signature(opening: Opening, n: int) -> None:
    value = read(opening.inner())
    first = value["signatures"][n]["signature"]
    value["signatures"][n]["signature"] = ("B" if first[0] == "A" else "A") + first[1:]
    opening.put(write(value))


def fail_payload(opening: Opening) -> None:
    payload = parse_inner_jws(opening.inner()).payload
    at = payload.index(b'"nonce":"') + 9
    opening.put(opening.scene.alpha.signing[opening.scene.suite].sign_jws(
        TYP_INNER, payload[:at] + b"!" + payload[at + 1 :]))  # fmt: skip


FAILING: dict[str, tuple[Callable[[Opening], None], Failure]] = {
    "unwrap": (fail_unwrap, Failure.UNWRAP),
    "decrypt": (fail_decrypt, Failure.DECRYPT),
    "digest": (fail_digest, Failure.INNER_DIGEST),
    "form": (fail_form, Failure.TYP),
    "signers": (fail_signers, Failure.SIGNERS),
    "first signature": (lambda opening: spoil_signature(opening, 0), Failure.SIGNATURE),
    "last signature": (lambda opening: spoil_signature(opening, -1), Failure.SIGNATURE),
    "payload": (fail_payload, Failure.MALFORMED),
    "members": (lambda o: o.change_manifest(terms=replace(o.verified.manifest.terms, pri="flash")),
                Failure.INNER_DIFFERS),
    "count": (lambda opening: opening.change_manifest(rn=4), Failure.RECIPIENTS),
    "audience": (lambda opening: opening.change(reader="xm-mallory"), Failure.AUDIENCE),
    "replay": (lambda opening: setattr(opening, "known", "A" * 43), Failure.REPLAY),
    "blobs": (lambda opening: opening.blobs.clear(), Failure.BLOB),
}  # fmt: skip


def test_every_check_of_the_order_is_tried() -> None:
    assert tuple(FAILING) == ORDER


def test_what_was_not_touched_opens(scene: World) -> None:
    opening = Opening(scene)
    assert parse_inner_jws(opening.open())
    assert opening.asked == 1


@pytest.mark.parametrize("check", ORDER)
def test_after_a_failure_all_later_checks_are_made(scene: World, check: str) -> None:
    fail, cause = FAILING[check]
    opening = Opening(scene)
    fail(opening)
    opening.asked = 0
    assert opening.cause() is cause
    assert opening.asked == 1


@pytest.mark.parametrize("check", ORDER)
def test_of_several_failures_the_first_is_told(scene: World, check: str) -> None:
    opening = Opening(scene)
    for later in ("count", "audience", "replay", "blobs"):
        if ORDER.index(later) > ORDER.index(check):
            FAILING[later][0](opening)
    fail, cause = FAILING[check]
    fail(opening)
    assert opening.cause() is cause


def test_a_refusal_is_of_one_kind_and_without_what_was_behind_it(scene: World) -> None:
    opening = Opening(scene)
    fail_decrypt(opening)
    with pytest.raises(OpeningError) as refused:
        opening.open()
    assert (str(refused.value), refused.value.ack_code) == ("this envelope cannot be opened", "check-failed")
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_the_precise_cause_names_the_member_for_the_own_audit(pq1: World) -> None:
    opening = Opening(pq1)
    fail_payload(opening)
    with pytest.raises(OpeningError) as refused:
        opening.open()
    assert refused.value.cause_detail == "inner nonce"


def test_first_opened_after_its_end_it_is_marked_late(scene: World) -> None:
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(terms=terms(exp=NOW + 60)), bravo)
    assert not scene.open(octets, bravo, now=NOW + 59).late
    assert scene.open(octets, bravo, now=NOW + 60).late


def test_opens_and_says_what_it_checked(scene: World) -> None:
    bravo = scene.others[0]
    opened = scene.open(slice_for(scene, scene.seal(), bravo), bravo)
    assert scene.verify(slice_for(scene, scene.seal(), bravo), bravo.id).md != opened.manifest.md
    assert (opened.log_time, opened.log_compared, opened.late) == (NOW, True, False)
    assert json.dumps(opened.alert) not in repr(opened)


MOVED: dict[str, Any] = {
    "another id": {"jti": uuid7(2)},
    "another marking": {"tlp": "CLEAR"},
    "another lane": {"lane": "trade"},
    "another end": {"exp": NOW + 5 * DAY},
    "another priority": {"pri": "flash"},
    "an exercise": {"status": "exercise"},
    "a right to release": {"rel": "recipients"},
    "a clock": {"ack_by": NOW + 60},
}


@pytest.mark.parametrize("terms_changed", MOVED.values(), ids=MOVED.keys())
def test_inner_and_manifest_say_the_same(scene: World, terms_changed: dict[str, Any]) -> None:
    inner = Opening(scene).open()
    sealed = encrypted_again(inner, terms(**terms_changed), scene.alpha, scene.others, scene.suite)
    bravo = scene.others[0]
    assert opening_cause(scene, slice_for(scene, sealed, bravo), bravo) is Failure.INNER_DIFFERS


def test_same_id_with_other_octets_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    one, other = scene.seal(), scene.seal()
    known = {("xa-alpha", one.jti): one.md}
    octets = slice_for(scene, one, bravo)
    assert scene.open(octets, bravo, seen=lambda iss, jti: known.get((iss, jti))).alert == ALERT
    replayed = slice_for(scene, other, bravo)
    assert (
        opening_cause(scene, replayed, bravo, seen=lambda iss, jti: known.get((iss, jti))) is Failure.REPLAY
    )
    # The id is unique for its issuer only.
    elsewhere = {("xm-mallory", one.jti): one.md}
    assert scene.open(replayed, bravo, seen=lambda iss, jti: elsewhere.get((iss, jti))).alert == ALERT
