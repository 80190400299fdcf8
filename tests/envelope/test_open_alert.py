# SPDX-License-Identifier: Apache-2.0
"""Opening: alerts that a recipient refuses to show, with one error for every cause."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.content import Attachment, read_inner
from accord.envelope.encoding import b64u, canonical, unb64u
from accord.envelope.errors import (
    Failure,
    MalformedError,
    OpeningError,
)
from accord.envelope.jwe import leaf_hashes, read_entries, recipients_root, wrap_for
from accord.envelope.keyrule import Repudiated
from accord.envelope.keys import EC1
from accord.envelope.keysets import Revocation
from accord.envelope.private import DecryptionKey
from accord.envelope.seal import SealedEnvelope
from accord.envelope.unseal import unwrap
from tests.envelope.receiving import changed, opening_cause, slice_failure, slice_for
from tests.envelope.tampering import encrypted_again, inner_signed, read, signed_again, write
from tests.envelope.world import ALERT, DAY, NOW, World, make_agency, make_world, terms, uuid7


def test_opens_and_says_what_it_checked(scene: World) -> None:
    bravo = scene.others[0]
    opened = scene.open(slice_for(scene, scene.seal(), bravo), bravo)
    assert scene.verify(slice_for(scene, scene.seal(), bravo), bravo.id).md != opened.manifest.md
    assert (opened.log_time, opened.log_compared, opened.late) == (NOW, True, False)
    assert json.dumps(opened.alert) not in repr(opened)


def test_spaces_in_a_slice_change_nothing(scene: World) -> None:
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    spaced = json.dumps(read(octets), indent=2).encode()
    assert scene.open(spaced, bravo).alert == ALERT


def test_first_opened_after_its_end_it_is_marked_late(scene: World) -> None:
    bravo = scene.others[0]
    sealed = scene.seal(terms=terms(exp=NOW + 60))
    octets = slice_for(scene, sealed, bravo)
    assert not scene.open(octets, bravo, now=NOW + 59).late
    assert scene.open(octets, bravo, now=NOW + 60).late


# Receipts come first.


def test_without_a_receipt_it_stays_closed(scene: World) -> None:
    bravo = scene.others[0]
    verified = scene.intake(scene.seal())
    assert (
        slice_failure(scene, scene.slice_of(verified, bravo.id, receipts=[]), bravo)
        is Failure.RECEIPT_MISSING
    )


def test_receipt_of_another_envelope_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    verified, other = scene.intake(scene.seal()), scene.intake(scene.seal())
    octets = scene.slice_of(verified, bravo.id, receipts=[scene.ledger.log(other.md)])
    assert slice_failure(scene, octets, bravo) is Failure.RECEIPT


# Manifest.


def test_manifest_by_an_unknown_agency_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    scene.directory.keysets.pop("xa-alpha")
    assert slice_failure(scene, octets, bravo) is Failure.KEYSET_UNKNOWN


def test_manifest_of_another_envelope_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    one, other = scene.seal(), scene.intake(scene.seal())
    octets = slice_for(scene, one, bravo)

    def take(value: dict[str, Any]) -> None:
        value["manifest"] = read(other.manifest_bytes)
        value["receipts"] = [scene.ledger.log(other.md).as_json()]

    assert slice_failure(scene, changed(octets, take), bravo) is Failure.PATH


def test_stripped_signature_is_refused(pq1: World) -> None:
    bravo = pq1.others[0]
    octets = slice_for(pq1, pq1.seal(), bravo)
    less = changed(octets, lambda value: value["manifest"]["signatures"].pop())
    assert slice_failure(pq1, less, bravo) is Failure.SIGNERS


def revoke(scene: World, *, since: int, log_time: int) -> None:
    kid = scene.alpha.signing[scene.suite].signers[0].kid
    scene.directory.revokes = [Revocation("xa-alpha", kid, since, "stolen", "A" * 43, log_time)]


def test_repudiated_opens_and_says_so(scene: World) -> None:
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    revoke(scene, since=NOW - 60, log_time=NOW + 60)
    opened = scene.open(octets, bravo)
    assert opened.standing == Repudiated(NOW, NOW - 60, NOW + 60)
    assert opened.alert == ALERT


def test_logged_after_the_revocation_it_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    revoke(scene, since=NOW - 60, log_time=NOW)
    assert slice_failure(scene, octets, bravo) is Failure.KEY_REVOKED


def test_smallest_proved_log_time_counts(scene: World) -> None:
    bravo = scene.others[0]
    sealed = scene.seal()
    octets = slice_for(scene, sealed, bravo)
    revoke(scene, since=NOW - 60, log_time=NOW)
    earlier = scene.ledger.view(known_log_times={sealed.md: NOW - 61})
    assert scene.open(octets, bravo, ledger=earlier).log_time == NOW - 61


# Path, ciphertext, aad.


def test_entry_of_another_agency_is_refused(scene: World) -> None:
    bravo, charlie = scene.others
    octets = slice_for(scene, scene.seal(), bravo)
    assert slice_failure(scene, octets, charlie) is Failure.PATH


def test_stranger_gets_nothing_from_a_slice(scene: World) -> None:
    mallory = make_agency("xm-mallory")
    octets = slice_for(scene, scene.seal(), scene.others[0])
    assert slice_failure(scene, octets, mallory) is Failure.PATH


def test_entry_moved_to_another_envelope_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    one, other = (slice_for(scene, scene.seal(), bravo) for _ in range(2))
    moved = changed(one, lambda value: value["jwe"].update(recipients=read(other)["jwe"]["recipients"]))
    assert slice_failure(scene, moved, bravo) is Failure.PATH


def test_ciphertext_moved_to_another_envelope_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    one, other = (slice_for(scene, scene.seal(), bravo) for _ in range(2))
    taken = {name: read(other)["jwe"][name] for name in ("iv", "ciphertext", "tag")}
    assert (
        slice_failure(scene, changed(one, lambda value: value["jwe"].update(taken)), bravo)
        is Failure.CIPHERTEXT
    )


def test_index_must_fit_the_path(scene: World) -> None:
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    for index in (0, 2, 3, 99):
        moved = changed(octets, lambda value, index=index: value.update(index=index))  # type: ignore[misc]
        assert slice_failure(scene, moved, bravo) is Failure.PATH


def test_aad_of_another_marking_is_refused(scene: World) -> None:
    """A dishonest sender could sign a manifest whose marking differs from the sealed part's."""
    bravo = scene.others[0]
    sealed = scene.seal()
    octets = slice_for(scene, sealed, bravo)
    marked = signed_again(sealed, scene.alpha.signing[scene.suite], tlp="CLEAR")

    def take(value: dict[str, Any]) -> None:
        value["manifest"] = read(marked.manifest)
        value["receipts"] = [scene.ledger.log(marked.md).as_json()]

    assert slice_failure(scene, changed(octets, take), bravo) is Failure.AAD


# Opening.


def test_key_that_is_not_there_is_found_before_any_key_is_used(scene: World) -> None:
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    with pytest.raises(OpeningError) as refused:
        scene.open(octets, replace(bravo, decryption={}))
    assert (refused.value.cause, refused.value.ack_code) == (Failure.KEY_MISSING, "key-missing")


def test_entry_that_wraps_another_key_is_refused(scene: World) -> None:
    bravo = scene.others[0]
    sealed = scene.seal()
    jwe = read(sealed.jwe)
    wrapped = wrap_for(scene.suite, bravo.decryption[scene.suite].public, bytes(32))
    jwe["recipients"][1] = json.loads(wrapped)
    texts = [entry.text for entry in read_entries(jwe["recipients"], scene.suite)]
    rr = recipients_root(leaf_hashes(["xa-alpha", "xb-bravo", "xc-charlie"], texts))
    dishonest = replace(signed_again(sealed, scene.alpha.signing[scene.suite], rr=rr), jwe=write(jwe))
    with pytest.raises(OpeningError) as refused:
        scene.open(slice_for(scene, dishonest, bravo), bravo)
    assert (refused.value.cause, refused.value.ack_code) == (Failure.DECRYPT, "check-failed")


def test_only_the_own_entry_is_unwrapped(scene: World) -> None:
    bravo, charlie = scene.others
    entry = scene.verify(slice_for(scene, scene.seal(), bravo), bravo.id).jwe.entries[0]
    with pytest.raises(OpeningError) as refused:
        unwrap(entry, charlie.decryption[scene.suite])
    assert refused.value.cause is Failure.KEY_MISSING


def test_entry_of_another_curve_does_not_unwrap() -> None:
    world = make_world(EC1)
    bravo = world.others[0]
    entry = world.verify(slice_for(world, world.seal(), bravo), bravo.id).jwe.entries[0]
    other = DecryptionKey.generate("P-256")
    confused = DecryptionKey(other.material, other.public, b"")
    with pytest.raises(OpeningError) as refused:
        unwrap(replace(entry, kid=other.public.kid), confused)
    assert refused.value.cause is Failure.UNWRAP


def test_entry_that_does_not_unwrap_is_refused(scene: World) -> None:
    """Another agency's private key is stored under bravo's kid."""
    bravo, mallory = scene.others[0], make_agency("xm-mallory")
    octets = slice_for(scene, scene.seal(), bravo)
    stolen = mallory.decryption[scene.suite]
    key = DecryptionKey(stolen.material, bravo.decryption[scene.suite].public, b"")
    confused = replace(bravo, decryption={scene.suite: key})
    assert opening_cause(scene, octets, confused) is Failure.UNWRAP


def inner_of(scene: World, sealed: SealedEnvelope) -> bytes:
    """The inner octets that bravo read and could pass on."""
    bravo = scene.others[0]
    return scene.open(slice_for(scene, sealed, bravo), bravo).inner_jws


def test_alert_encrypted_again_for_a_third_agency_is_refused(scene: World) -> None:
    bravo, mallory = scene.others[0], make_agency("xm-mallory")
    scene.directory.keysets["xm-mallory"] = [mallory.keyset]
    inner = inner_of(scene, scene.seal())
    forwarded = encrypted_again(inner, terms(), bravo, [mallory], scene.suite)
    octets = scene.slice_of(scene.intake(forwarded, caller="xb-bravo"), "xm-mallory")
    assert opening_cause(scene, octets, mallory) is Failure.SIGNERS


def test_originator_cannot_be_made_to_address_a_third_agency(scene: World) -> None:
    """Alpha's old words are sealed for mallory by alpha's misused keys: mallory is not in the inner audience."""
    mallory = make_agency("xm-mallory")
    scene.directory.keysets["xm-mallory"] = [mallory.keyset]
    inner = inner_of(scene, scene.seal())
    sealed = encrypted_again(inner, terms(), scene.alpha, [scene.others[0], mallory], scene.suite)
    octets = slice_for(scene, sealed, mallory)
    assert opening_cause(scene, octets, mallory) is Failure.AUDIENCE
    assert scene.open(slice_for(scene, sealed, scene.others[0]), scene.others[0]).alert == ALERT


def test_recipient_left_out_of_the_entries_is_noticed(scene: World) -> None:
    inner = inner_of(scene, scene.seal())
    bravo = scene.others[0]
    sealed = encrypted_again(inner, terms(), scene.alpha, [bravo], scene.suite)
    assert opening_cause(scene, slice_for(scene, sealed, bravo), bravo) is Failure.RECIPIENTS


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
    inner = inner_of(scene, scene.seal())
    sealed = encrypted_again(inner, terms(**terms_changed), scene.alpha, scene.others, scene.suite)
    bravo = scene.others[0]
    assert opening_cause(scene, slice_for(scene, sealed, bravo), bravo) is Failure.INNER_DIFFERS


def test_attachments_of_inner_and_manifest_are_the_same(scene: World) -> None:
    sealed = scene.seal(attachments=[Attachment("a.txt", "text/plain", b"a")])
    bravo = scene.others[0]
    inner = scene.open(slice_for(scene, sealed, bravo), bravo, blobs=sealed.blobs).inner_jws
    without = encrypted_again(inner, terms(), scene.alpha, scene.others, scene.suite)
    assert opening_cause(scene, slice_for(scene, without, bravo), bravo) is Failure.INNER_DIFFERS


def test_equivocation_under_one_manifest_is_refused(scene: World) -> None:
    """GCM does not commit to a key, `pd` does: inner octets other than the signed digest stay closed."""
    inner = inner_of(scene, scene.seal())
    sealed = encrypted_again(inner, terms(), scene.alpha, scene.others, scene.suite, pd=b64u(bytes(32)))
    bravo = scene.others[0]
    assert opening_cause(scene, slice_for(scene, sealed, bravo), bravo) is Failure.INNER_DIGEST


def altered_inner(scene: World, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Change alpha's inner payload, pad it to its old size, and sign it by alpha."""
    payload = read(unb64u(read(inner_of(scene, scene.seal()))["payload"]))
    size = len(canonical(payload))
    change(payload)
    payload["pad"] = payload["pad"][: max(0, len(payload["pad"]) - len(canonical(payload)) + size)]
    return inner_signed(scene.alpha.signing[scene.suite], canonical(payload).ljust(size))


INNER_MALFORMED: dict[str, Callable[[dict[str, Any]], None]] = {
    "an audience that holds the originator": lambda inner: inner["aud"].insert(0, "xa-alpha"),
    "an unsorted audience": lambda inner: inner["aud"].reverse(),
    "an empty audience": lambda inner: inner["aud"].clear(),
    "an additional member": lambda inner: inner.update(note=""),
    "no schema": lambda inner: inner["alert"].pop("schema"),
    "a pad of other characters": lambda inner: inner.update(pad="1" + inner["pad"][1:]),
    "a short nonce": lambda inner: inner.update(nonce="AAAA"),
    "an alert that is no object": lambda inner: inner.update(alert=[]),
    "attachments that are no array": lambda inner: inner.update(att={}),
    "names that are no array": lambda inner: inner.update(names=None),
    "more names than named": lambda inner: inner.update(named=1),
    "an officer of no recipient": lambda inner: inner.update(names=[{"a": "xm-mallory", "o": "x"}], named=1),
}


@pytest.mark.parametrize("change", INNER_MALFORMED.values(), ids=INNER_MALFORMED.keys())
def test_inner_payload_outside_the_profile_is_refused(scene: World, change: Any) -> None:
    sealed = encrypted_again(altered_inner(scene, change), terms(), scene.alpha, scene.others, scene.suite)
    bravo = scene.others[0]
    assert opening_cause(scene, slice_for(scene, sealed, bravo), bravo) is Failure.MALFORMED


def test_inner_payload_has_one_of_six_sizes(scene: World) -> None:
    payload = unb64u(read(inner_of(scene, scene.seal()))["payload"])
    assert read_inner(payload).alert == ALERT
    with pytest.raises(MalformedError):
        read_inner(payload + b" ")


def test_inner_signed_by_someone_else_is_refused(scene: World) -> None:
    payload = unb64u(read(inner_of(scene, scene.seal()))["payload"])
    forged = inner_signed(scene.others[0].signing[scene.suite], payload)
    sealed = encrypted_again(forged, terms(), scene.alpha, scene.others, scene.suite)
    bravo = scene.others[0]
    assert opening_cause(scene, slice_for(scene, sealed, bravo), bravo) is Failure.SIGNERS


def test_manifest_inside_instead_of_an_alert_is_refused(scene: World) -> None:
    sealed = encrypted_again(scene.seal().manifest, terms(), scene.alpha, scene.others, scene.suite)
    bravo = scene.others[0]
    assert opening_cause(scene, slice_for(scene, sealed, bravo), bravo) is Failure.TYP


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
