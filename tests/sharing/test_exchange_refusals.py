# SPDX-License-Identifier: Apache-2.0
"""Bad input at the exchange: each gets the problem of its kind, and no further detail."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from accord.envelope.content import Attachment, NamedOfficer
from accord.envelope.errors import SealingError
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Keyset
from callers.capabilities import Capability
from callers.directory import AgencyStatus, Custody
from ledger.models import AuditEvent
from sharing.models import Envelope, FeedMark, FeedPending
from tests.builders import ALERT, HeldAgency, Hub, reference_to, seconds
from tests.entries import change_entry
from tests.sharing.callers import Caller, slug
from tests.sharing.conftest import Callers

FILE = Attachment("spectrum.msp", "text/plain", b"peaks" * 100)


def suspend_caller(callers: Callers) -> None:
    change_entry(callers.four.alpha.id, status=AgencyStatus.SUSPENDED)


def suspend_lane(callers: Callers) -> None:
    callers.hub.suspend(callers.four.bravo, "G1")
    # Nothing waits in the log, which would put submissions off.
    callers.hub.sequence()


def retire_pq1_key(callers: Callers) -> None:
    hub, bravo = callers.hub, callers.four.bravo
    old = bravo.decryption["PQ1"].public.kid
    rows = [replace(row, st="retiring") if row.kid == old else row for row in hub.key_rows(bravo)]
    hub.publish_keyset(
        bravo, rows=rows, version=2, prev=Keyset.objects.filter(agency_id=bravo.row.pk).get().od
    )
    hub.sequence()


def lag(callers: Callers) -> None:
    now = timezone.now()
    FeedMark.objects.update(beat=now)
    FeedPending.objects.create(
        od="A" * 43, what="statement", iss="xa-alpha", width=0, queued_at=callers.hub.later(seconds=-60)
    )


CIRCUMSTANCES: dict[str, tuple[Callable[[Callers], None], int, str]] = {
    "the caller's agency is suspended": (suspend_caller, 403, "agency-suspended"),
    "the lane is suspended": (suspend_lane, 403, "policy-denied"),
    "a recipient has no PQ1 key left": (retire_pq1_key, 409, "keyset-stale"),
    "the sequencer is behind": (lag, 503, "sequencer-lagging"),
}


@pytest.mark.parametrize(("change", "status", "problem"), CIRCUMSTANCES.values(), ids=list(CIRCUMSTANCES))
def test_a_sound_envelope_in_bad_circumstances(
    callers: Callers, change: Callable[[Callers], None], status: int, problem: str
) -> None:
    sealed = callers.hub.alert_to(callers.four.bravo, sender=callers.four.alpha)
    change(callers)
    answer = callers.alpha.post_envelope(sealed)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert not Envelope.objects.exists()
    if problem == "policy-denied":
        assert [denial["agency"] for denial in answer.json()["denials"]] == ["xb-bravo"]
    if problem == "keyset-stale":
        assert answer.json()["agencies"] == ["xb-bravo"]
    if status == 503:
        assert answer["Retry-After"] == "1"


def test_without_an_agreement_the_answer_says_so(callers: Callers) -> None:
    sealed = callers.hub.alert_to(callers.four.delta, sender=callers.four.alpha)
    answer = callers.alpha.post_envelope(sealed)
    assert (answer.status_code, slug(answer)) == (403, "policy-denied")
    assert answer.json()["denials"] == [
        {
            "agency": "xd-delta",
            "code": "no-agreement",
            "args": {"name": "Agency xd-delta"},
            "text": "No agreement joins you and Agency xd-delta.",
        }
    ]


def seal_red(hub: Hub, sender: HeldAgency, recipient: HeldAgency) -> SealedEnvelope:
    """Seal RED as a sender that takes all keys for agency-held: the exchange must know better."""
    directory = DatabaseKeyDirectory(hub.now)

    def believed(agency: HeldAgency) -> Recipient:
        keyset = directory.keyset(agency.id)
        assert keyset is not None
        return Recipient(replace(keyset, custody="agency"), agency.root.fingerprint)

    return seal(
        hub.terms(tlp="RED", rel="none"),
        ALERT,
        suite="PQ1",
        originator=believed(sender),
        recipients=[believed(recipient)],
        signer=sender.signing["PQ1"],
        nonce=bytes(16),
        now=seconds(hub.now),
        names=[NamedOfficer(recipient.id, "officer-1")],
    )


@pytest.mark.parametrize("hosted_side", ["sender", "recipient"])
def test_red_to_or_from_keys_held_by_the_hub(callers: Callers, hosted_side: str) -> None:
    hub, four = callers.hub, callers.four
    hosted = hub.make_agency("xh-hosted", custody=Custody.HUB)
    hub.make_agreement("G2", four.alpha, hosted, ceiling="RED")
    pair = (hosted, four.alpha) if hosted_side == "sender" else (four.alpha, hosted)
    with pytest.raises(SealingError):
        hub.alert_to(pair[1], sender=pair[0], tlp="RED", names=[NamedOfficer(pair[1].id, "officer-1")])
    answer = Caller(hub.api_key(pair[0], Capability.ENVELOPE_SUBMIT)).post_envelope(seal_red(hub, *pair))
    assert (answer.status_code, slug(answer)) == (403, "policy-denied")
    assert answer.json()["denials"][0]["text"] == "RED cannot go to a desk that others host."


def test_red_between_agency_held_keys_is_carried(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.make_agreement("G2", four.alpha, four.delta, ceiling="RED")
    assert callers.alpha.post_envelope(seal_red(hub, four.alpha, four.delta)).status_code == 202


def flip(octets: bytes, member: str) -> bytes:
    at = octets.index(f'"{member}":"'.encode()) + len(member) + 10
    return octets[:at] + (b"B" if octets[at : at + 1] != b"B" else b"C") + octets[at + 1 :]


Parts = dict[str, bytes]
BAD_PARTS: dict[str, tuple[Callable[[Parts], Parts], int, str]] = {
    "a changed byte in the signature": (
        lambda parts: parts | {"manifest": flip(parts["manifest"], "signature")},
        422,
        "envelope-refused",
    ),
    "malformed JSON": (lambda parts: parts | {"jwe": parts["jwe"][:-1]}, 400, "malformed"),
    "a manifest that is no object": (lambda parts: parts | {"manifest": b"[]"}, 400, "malformed"),
    "JSON nested too deeply": (
        lambda parts: parts | {"manifest": b"[" * 40 + b"]" * 40},
        413,
        "too-large",
    ),
    "more than one and a half MiB": (
        lambda parts: parts | {"jwe": parts["jwe"] + b" " * (3 * 512 * 1024)},
        413,
        "too-large",
    ),
    "no jwe": (
        lambda parts: {name: octets for name, octets in parts.items() if name != "jwe"},
        400,
        "malformed-request",
    ),
    "a part that nobody asked for": (lambda parts: parts | {"note": b"x"}, 400, "malformed-request"),
    "blobs that do not count from 0": (lambda parts: parts | {"blob-2": b"x"}, 400, "malformed-request"),
}


def test_bad_parts_are_refused_by_kind(callers: Callers, subtests: pytest.Subtests) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.alert_to(four.bravo, sender=four.alpha, attachments=[FILE])
    parts = {"manifest": sealed.manifest, "jwe": sealed.jwe, "blob-0": sealed.blobs[0]}
    for sentence, (change, status, problem) in BAD_PARTS.items():
        with subtests.test(sentence):
            answer = callers.alpha.post_parts(change(parts))
            assert (answer.status_code, slug(answer)) == (status, problem)
            assert not Envelope.objects.exists()


def test_the_public_answer_to_a_failed_check_is_coarse_and_the_audit_exact(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    answers, causes = [], []
    for changed in (
        replace(sealed, manifest=flip(sealed.manifest, "signature")),
        replace(sealed, jwe=flip(sealed.jwe, "ciphertext")),
        hub.alert_to(four.bravo, sender=four.alpha, iat=seconds(hub.now) - 2 * 24 * 3600),
    ):
        answers.append(callers.alpha.post_envelope(changed).content)
        causes.append(AuditEvent.objects.filter(act="envelope.refused").latest("seq").reason)
    assert len(set(answers)) == 1
    assert causes == ["bad-signature", "ct-differs", "iat-too-old"]


def test_the_same_id_with_other_bytes_and_an_update_of_an_old_version(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    first = hub.deliver(four.alpha, four.bravo)
    answer = callers.alpha.post_envelope(hub.alert_to(four.bravo, sender=four.alpha, jti=first.jti))
    assert (answer.status_code, slug(answer)) == (409, "id-taken")
    hub.deliver(four.alpha, four.bravo, kind="update", re=reference_to(first))
    late = hub.alert_to(four.bravo, sender=four.alpha, kind="update", re=reference_to(first))
    answer = callers.alpha.post_envelope(late)
    assert (answer.status_code, slug(answer)) == (409, "superseded")


Sentence = Callable[[Callers, SealedEnvelope], tuple[Caller, bytes]]
BAD_STATEMENTS: dict[str, tuple[Sentence, int, str]] = {
    "a second retraction": (
        lambda callers, sealed: (callers.alpha, callers.hub.retraction(callers.four.alpha, sealed)),
        409,
        "already-retracted",
    ),
    "an acknowledgement of what was never fetched": (
        lambda callers, sealed: (callers.bravo, callers.hub.acknowledgement(callers.four.bravo, sealed)),
        409,
        "not-fetched",
    ),
    "a retraction by a holder": (
        lambda callers, sealed: (callers.bravo, callers.hub.retraction(callers.four.bravo, sealed)),
        422,
        "envelope-refused",
    ),
    "a stranger's acknowledgement": (
        lambda callers, sealed: (callers.delta, callers.hub.acknowledgement(callers.four.delta, sealed)),
        404,
        "absent",
    ),
    "another agency's statement": (
        lambda callers, sealed: (callers.delta, callers.hub.acknowledgement(callers.four.bravo, sealed)),
        404,
        "absent",
    ),
    "a keyset, which has a door of its own": (
        lambda callers, sealed: (
            callers.alpha,
            bytes(Keyset.objects.filter(agency_id=callers.four.alpha.row.pk).get().jws),
        ),
        422,
        "statement-kind-refused",
    ),
    "nothing": (lambda callers, sealed: (callers.alpha, b""), 400, "malformed"),
    "more than 256 KiB": (lambda callers, sealed: (callers.alpha, b" " * (256 * 1024 + 1)), 413, "too-large"),
}


def test_bad_statements_are_refused_by_kind(callers: Callers, subtests: pytest.Subtests) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo)
    hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    for name, (sentence, status, problem) in BAD_STATEMENTS.items():
        caller, jws = sentence(callers, sealed)
        with subtests.test(name):
            answer = caller.post_statement(jws)
            assert (answer.status_code, slug(answer)) == (status, problem)


def test_reading_before_the_first_fetch_follows_suspension_and_withdrawal(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    waiting, withdrawn = hub.deliver(four.alpha, four.bravo), hub.deliver(four.alpha, four.charlie)
    suspend_lane(callers)
    hub.submit(four.alpha, hub.retraction(four.alpha, withdrawn))
    suspended = callers.bravo.get(f"envelopes/{waiting.md}")
    recalled = callers.charlie.get(f"envelopes/{withdrawn.md}")
    assert (suspended.status_code, slug(suspended)) == (409, "flow-suspended")
    assert (recalled.status_code, slug(recalled)) == (409, "recalled")


def test_no_answer_repeats_what_was_sent(callers: Callers) -> None:
    secret = b"SEIZED-IN-A-SPARE-WHEEL"
    answers = [
        callers.alpha.post_statement(b'{"payload":"' + secret + b'"}'),
        callers.alpha.post_parts({"manifest": secret, "jwe": secret}),
    ]
    assert all(secret not in answer.content for answer in answers)
    rows: list[Any] = list(AuditEvent.objects.values("reason", "detail", "subject"))
    assert secret.decode() not in json.dumps(rows)
