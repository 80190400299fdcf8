# SPDX-License-Identifier: Apache-2.0
"""Sealing: every recipient opens the envelope, and none is left out silently."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope import seal as sealing
from accord.envelope.content import PADDED_SIZES, NamedOfficer
from accord.envelope.encoding import unb64u
from accord.envelope.errors import (
    EnvelopeError,
    SealingError,
    SealRefusal,
)
from accord.envelope.keyrule import Valid
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow
from accord.envelope.private import DecryptionKey
from accord.envelope.seal import check_signer, newest_keys_of, plan_recipients
from accord.envelope.vocabulary import MAX_RED_AGENCIES
from tests.envelope.tampering import manifest_of, read
from tests.envelope.world import (
    ALERT,
    DAY,
    NOW,
    Agency,
    MemoryDirectory,
    MemoryLedger,
    World,
    known_agency,
    make_agency,
    make_world,
    reference,
    terms,
)


def test_every_recipient_and_the_originator_open_what_was_said(scene: World) -> None:
    sealed = scene.seal()
    assert (sealed.iss, sealed.jti) == ("xa-alpha", manifest_of(sealed)["jti"])
    for reader in (scene.alpha, *scene.others):
        opened = scene.deliver(sealed, reader)
        assert opened.alert == ALERT
        assert opened.audience == ("xb-bravo", "xc-charlie")
        assert opened.standing == Valid()
        assert (opened.manifest.md, opened.manifest.iss) == (sealed.md, "xa-alpha")


def crowd(suite: str, number: int) -> World:
    """Alpha and `number` recipients, whose keysets are copies of one with keys of their own."""
    world = make_world(suite, ["xb-bravo"])
    (bravo,) = world.others
    others = [bravo]
    for n in range(number - 1):
        key = type(bravo.decryption[suite]).generate("HPKE-9-KE" if suite == PQ1 else "X25519")
        member = replace(bravo, id=f"xc-r{n:04d}", decryption={suite: key})
        row = KeyRow(key.public, NOW - DAY, NOW + DAY)
        member.keyset = replace(bravo.keyset, agency=member.id, rows=(row,))
        others.append(member)
    return World(suite, world.alpha, others, MemoryDirectory(world.alpha, *others), MemoryLedger())


@pytest.mark.parametrize("suite", [PQ1, EC1])
@pytest.mark.parametrize("number", [1, 500])
def test_round_trip_for_many_recipients(suite: str, number: int) -> None:
    world = crowd(suite, number)
    verified = world.intake(world.seal())
    assert len(verified.recipients) == number
    assert verified.paths() == [verified.path(entry.index) for entry in verified.entries]
    for reader in {0: world.others[0], -1: world.others[-1]}.values():
        opened = world.open(world.slice_of(verified, reader.id), reader)
        assert opened.alert == ALERT
        assert len(opened.audience) == number


def test_five_hundred_and_one_are_too_many(pq1: World) -> None:
    many = [
        replace(pq1.others[0].recipient, keyset=replace(pq1.others[0].keyset, agency=f"xd-r{n}"))
        for n in range(100, 601)
    ]
    with pytest.raises(SealingError) as refused:
        pq1.seal(recipients=many)
    assert refused.value.reason is SealRefusal.TOO_MANY


def test_no_function_accepts_a_content_key() -> None:
    for function in (sealing.seal, sealing.seal_content, sealing.sign_manifest):
        names = set(inspect.signature(function).parameters)
        assert not {name for name in names if "key" in name or "cek" in name}


def test_two_envelopes_share_no_key_iv_or_entry(scene: World) -> None:
    one, other = read(scene.seal().jwe), read(scene.seal().jwe)
    assert one["iv"] != other["iv"]
    assert one["ciphertext"] != other["ciphertext"]
    assert not {str(entry) for entry in one["recipients"]} & {str(entry) for entry in other["recipients"]}


def test_manifest_tells_nothing_of_the_content(scene: World) -> None:
    sealed = scene.seal(alert=ALERT | {"title": "protonitazene"})
    assert b"protonitazene" not in sealed.manifest + sealed.jwe
    assert "aud" not in manifest_of(sealed)


def test_length_of_the_content_is_hidden_in_six_sizes(pq1: World) -> None:
    lengths = set()
    for size in (0, 1, 500, 1500, 3000, 7000, 15_000, 31_000, 62_000):
        jwe = read(pq1.seal(alert=ALERT | {"text": "x" * size}).jwe)
        lengths.add(len(unb64u(jwe["ciphertext"])))
    assert len(lengths) == len(PADDED_SIZES)


def test_the_largest_content_is_carried(scene: World) -> None:
    text = "\U0001f9ea" * 15_000
    assert scene.deliver(scene.seal(alert=ALERT | {"text": text}), scene.others[0]).alert["text"] == text


@pytest.mark.parametrize("kind", ["update", "reply", "outcome", "extract"])
def test_other_kinds_refer_to_an_envelope(pq1: World, kind: str) -> None:
    opened = pq1.deliver(pq1.seal(terms=terms(kind=kind, re=reference())), pq1.others[0])
    assert opened.manifest.terms.re == reference()


def refusal_of(world: World, **changes: Any) -> SealingError:
    with pytest.raises(SealingError) as refused:
        world.seal(**changes)
    return refused.value


def call_of(world: World, suite: str) -> dict[str, Any]:
    """The arguments without which nothing is sealed."""
    return {
        "suite": suite, "originator": world.alpha.recipient, "signer": world.alpha.signing[suite],
        "recipients": [agency.recipient for agency in world.others], "nonce": bytes(16), "now": NOW,
    }  # fmt: skip


def test_ec1_needs_the_senders_word() -> None:
    world = make_world(EC1)
    assert refusal_of(world, confirm_ec1=False).reason is SealRefusal.EC1_UNCONFIRMED
    for unasked in (sealing.seal, sealing.seal_content):
        with pytest.raises(SealingError) as refused:
            unasked(terms(), ALERT, **call_of(world, EC1))
        assert refused.value.reason is SealRefusal.EC1_UNCONFIRMED


def test_ec1_is_refused_for_strict_markings() -> None:
    world = make_world(EC1)
    assert refusal_of(world, terms=terms(tlp="AMBER+STRICT")).reason is SealRefusal.STRICT_SUITE
    assert refusal_of(world, terms=terms(tlp="RED")).reason is SealRefusal.RED_SUITE


def unfit(world: World, agency: Agency, **changes: Any) -> tuple[SealRefusal, tuple[str, ...]]:
    refused = refusal_of(world, recipients=[world.others[1].recipient, agency.recipient], **changes)
    return refused.reason, refused.agencies


def test_recipient_without_a_pq1_key_is_named(pq1: World) -> None:
    plain = make_agency("xf-border", suites=[EC1])
    assert unfit(pq1, plain) == (SealRefusal.NO_KEY, ("xf-border",))
    plan = plan_recipients(PQ1, "GREEN", [pq1.others[0].recipient, plain.recipient], now=NOW)
    assert [recipient.agency for recipient in plan.will] == ["xb-bravo"]
    assert [(item.agency, item.reason) for item in plan.left_out] == [("xf-border", SealRefusal.NO_KEY)]
    assert pq1.seal(recipients=plan.will).md


def test_every_unfit_recipient_is_named(pq1: World) -> None:
    plain = [make_agency(name, suites=[EC1]).recipient for name in ("xf-border", "xg-guard")]
    refused = refusal_of(pq1, recipients=[*plain, pq1.others[0].recipient])
    assert refused.agencies == ("xf-border", "xg-guard")
    assert "xf-border" in str(refused)


def test_nothing_is_sealed_below_an_agencys_lowest_suite() -> None:
    strict = make_agency("xs-strict", low=PQ1)
    assert unfit(make_world(EC1), strict) == (SealRefusal.SUITE_BELOW_LOW, ("xs-strict",))


BRAVO = known_agency("xb-bravo")
# Changes to a recipient and to its keyset; the last value that passes has no reason.
RECIPIENTS: dict[str, tuple[dict[str, Any], dict[str, Any], SealRefusal | None]] = {
    "another root than the pinned one": ({"pinned": "0" * 64}, {}, SealRefusal.PIN),
    "the version that was seen": ({"seen_version": 1}, {}, None),
    "a version older than seen": ({"seen_version": 2}, {}, SealRefusal.ROLLBACK),
    "a keyset that is not logged": ({}, {"log_time": None}, SealRefusal.NOT_LOGGED),
    "a keyset logged now": ({}, {"log_time": NOW}, None),
    "a keyset of the future": ({}, {"log_time": NOW + 1}, SealRefusal.NOT_LOGGED),
    "a keyset in its last second": ({}, {"exp": NOW + 1}, None),
    "a keyset that has expired": ({}, {"exp": NOW}, SealRefusal.EXPIRED),
    "a revoked key": ({"revoked": {BRAVO.decryption[PQ1].public.kid}}, {}, SealRefusal.NO_KEY),
}


@pytest.mark.parametrize(("changes", "of_keyset", "reason"), RECIPIENTS.values(), ids=RECIPIENTS.keys())
def test_a_recipient_is_as_it_was_pinned_seen_and_logged(
    pq1: World, changes: dict[str, Any], of_keyset: dict[str, Any], reason: SealRefusal | None
) -> None:
    recipient = replace(BRAVO.recipient, keyset=replace(BRAVO.keyset, **of_keyset), **changes)
    if reason is None:
        assert pq1.seal(recipients=[recipient]).md
    else:
        refused = refusal_of(pq1, recipients=[recipient])
        assert (refused.reason, refused.agencies) == (reason, ("xb-bravo",))


def test_the_key_before_a_revoked_one_is_sealed_to(pq1: World) -> None:
    bravo = pq1.others[0]
    newer = KeyRow(DecryptionKey.generate("HPKE-9-KE").public, NOW - 5, NOW + 300 * DAY)
    keyset = replace(bravo.keyset, rows=(*bravo.keyset.rows, newer))
    revoked = replace(bravo.recipient, keyset=keyset, revoked={newer.kid})
    ((_, key),) = newest_keys_of("GREEN", PQ1, [revoked], NOW)
    assert key.kid == bravo.decryption[PQ1].public.kid


def test_recipients_are_one_at_least_and_each_once(pq1: World) -> None:
    bravo = pq1.others[0].recipient
    nobody = refusal_of(pq1, recipients=[])
    assert nobody.code == str(nobody.reason) == str(SealRefusal.NO_RECIPIENT) == "no-recipient"
    assert refusal_of(pq1, recipients=[bravo, bravo]).reason is SealRefusal.DUPLICATE
    assert refusal_of(pq1, recipients=[bravo, pq1.alpha.recipient]).agencies == ("xa-alpha",)


@pytest.mark.parametrize(
    ("change", "usable"),
    [
        ({"exp": NOW + 3600}, True), ({"exp": NOW + 3599}, False), ({"st": "retiring"}, True),
        ({"st": "retired"}, False), ({"nbf": NOW}, True), ({"nbf": NOW + 1}, False),
        ({"st": "revoked", "since": NOW - DAY}, False),
    ],
)  # fmt: skip
def test_signing_keys_are_in_use_for_an_hour_yet(scene: World, change: dict[str, Any], usable: bool) -> None:
    rows = tuple(replace(row, **change) for row in scene.alpha.rows)
    own = replace(scene.alpha.recipient, keyset=replace(scene.alpha.keyset, rows=rows))
    signer = scene.alpha.signing[scene.suite]
    if usable:
        check_signer(signer, scene.suite, own, NOW)
    else:
        with pytest.raises(SealingError) as refused:
            check_signer(signer, scene.suite, own, NOW)
        assert refused.value.reason is SealRefusal.SIGNER


def test_signing_keys_are_the_agencys_own_and_of_the_suite(scene: World) -> None:
    assert refusal_of(scene, signer=scene.others[0].signing[scene.suite]).reason is SealRefusal.SIGNER
    other = {PQ1: EC1, EC1: PQ1}[scene.suite]
    assert refusal_of(scene, signer=scene.alpha.signing[other]).reason is SealRefusal.SIGNER


def test_a_signing_key_that_a_revocation_names_signs_nothing(scene: World) -> None:
    for key in scene.alpha.signing[scene.suite].signers:
        revoked = replace(scene.alpha.recipient, revoked={key.kid})
        refused = refusal_of(scene, originator=revoked)
        assert (refused.reason, refused.agencies) == (SealRefusal.SIGNER, ("xa-alpha",))


RED = terms(tlp="RED")
NAMES = (
    NamedOfficer("xb-bravo", "of-1"),
    NamedOfficer("xc-charlie", "of-2"),
    NamedOfficer("xc-charlie", "of-3"),
)


def test_red_names_its_officers(pq1: World) -> None:
    opened = pq1.deliver(pq1.seal(terms=RED, names=NAMES[::-1]), pq1.others[0])
    assert opened.names == NAMES
    assert opened.manifest.named == 3


@pytest.mark.parametrize(
    ("names", "concerned"),
    [
        ((), ("xb-bravo", "xc-charlie")),
        (NAMES[:1], ("xc-charlie",)),
        ((*NAMES, NamedOfficer("xd-delta", "of-4")), ("xd-delta",)),
    ],
)
def test_red_without_an_officer_per_agency_is_refused(
    pq1: World, names: tuple[NamedOfficer, ...], concerned: tuple[str, ...]
) -> None:
    refused = refusal_of(pq1, terms=RED, names=names)
    assert (refused.reason, refused.agencies) == (SealRefusal.RED_NAMES, concerned)


@pytest.mark.parametrize("custody", ["hub", "hub-own-root"])
def test_red_needs_keys_held_by_the_agency_on_both_sides(pq1: World, custody: str) -> None:
    hosted = make_agency("xb-bravo", custody=custody)
    recipients = [hosted.recipient, pq1.others[1].recipient]
    refused = refusal_of(pq1, terms=RED, names=NAMES, recipients=recipients)
    assert (refused.reason, refused.agencies) == (SealRefusal.RED_CUSTODY, ("xb-bravo",))
    sender = make_agency("xa-alpha", custody=custody)
    refused = refusal_of(pq1, terms=RED, names=NAMES, originator=sender.recipient, signer=sender.signing[PQ1])
    assert (refused.reason, refused.agencies) == (SealRefusal.RED_CUSTODY, ("xa-alpha",))


def test_red_is_never_for_release_and_goes_to_a_hundred_agencies_at_most(pq1: World) -> None:
    for rel in ("originator", "recipients"):
        refused = refusal_of(pq1, terms=terms(tlp="RED", rel=rel), names=NAMES)
        assert refused.reason is SealRefusal.RED_RULES
    ids = [f"xr-{number:04d}" for number in range(MAX_RED_AGENCIES + 1)]
    many = [replace(BRAVO.recipient, keyset=replace(BRAVO.keyset, agency=agency)) for agency in ids]
    names = [NamedOfficer(agency, "of-1") for agency in ids]
    assert refusal_of(pq1, terms=RED, recipients=many, names=names).reason is SealRefusal.RED_RULES
    assert pq1.seal(terms=RED, recipients=many[:-1], names=names[:-1])


def test_officers_are_named_for_red_alone(pq1: World) -> None:
    assert refusal_of(pq1, names=NAMES).reason is SealRefusal.TERMS


@pytest.mark.parametrize(
    "changes", [{"exp": NOW - 10}, {"kind": "update"}, {"re": reference()}, {"lane": "sport"}, {"exp": 1.5}, {"jti": "1"}]
)  # fmt: skip
def test_terms_that_no_reader_takes_are_refused(pq1: World, changes: dict[str, Any]) -> None:
    assert refusal_of(pq1, terms=terms(**changes)).reason is SealRefusal.TERMS


@pytest.mark.parametrize(
    "alert", [{"schema": None}, {"schema": "accord-alert/0"}, ALERT | {"mass": 0.5}, ALERT | {"text": "x" * 65_000}]
)  # fmt: skip
def test_a_document_without_schema_with_a_float_or_too_large_is_refused(pq1: World, alert: Any) -> None:
    with pytest.raises(EnvelopeError) as refused:
        pq1.seal(alert=alert)
    large = isinstance(refused.value, SealingError) and refused.value.reason is SealRefusal.CONTENT_TOO_LARGE
    assert large is ("text" in alert)


def test_unknown_suite_is_refused(pq1: World) -> None:
    assert refusal_of(pq1, suite="PQ2").reason is SealRefusal.TERMS


def test_manifest_is_signed_by_the_signer_of_the_content(pq1: World) -> None:
    content = sealing.seal_content(terms(), ALERT, **call_of(pq1, PQ1))
    with pytest.raises(SealingError) as refused:
        sealing.sign_manifest(content, BRAVO.signing[PQ1])
    assert refused.value.reason is SealRefusal.SIGNER
    assert "manifest_payload" not in repr(content)
