# SPDX-License-Identifier: Apache-2.0
"""Intake: carried whole or refused whole; the same envelope again gets the same answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.content import Attachment
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.seal import SealedEnvelope
from agencies.models import Keyset
from callers.capabilities import Role
from callers.directory import AgencyStatus
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent, Entry
from sharing.errors import IdTakenError, IssuerSuspendedError, KeysetStaleError, PolicyDeniedError
from sharing.intake import submit_envelope
from sharing.models import Blob, Delivery, Envelope, FeedItem, FeedPending
from sharing.references import is_reference
from tests.builders import HeldAgency, Hub, client_with, new_uuid7, seconds
from tests.entries import change_entry
from tests.sharing.conftest import Four

FILE = Attachment("spectrum.msp", "text/plain", b"peaks" * 100)


def refusal(hub: Hub) -> AuditEvent:
    return AuditEvent.objects.filter(act="envelope.refused").latest("seq")


def nothing_is_stored() -> bool:
    waits = FeedPending.objects.exclude(what=FeedItem.STATEMENT)
    return not (Envelope.objects.exists() or Delivery.objects.exists() or waits.exists())


def test_an_envelope_is_carried_with_all_that_belongs_to_it(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, four.charlie, sender=four.alpha, attachments=[FILE])
    submission = hub.carry(four.alpha, sealed)
    assert (submission.iss, submission.jti, submission.md) == ("xa-alpha", sealed.jti, sealed.md)
    assert submission.receipt is None
    envelope = Envelope.objects.get()
    assert (bytes(envelope.manifest or b""), envelope.md) == (sealed.manifest, sealed.md)
    assert (envelope.lane, envelope.tlp, envelope.rn, envelope.received_at) == (
        "science",
        "GREEN",
        3,
        hub.now,
    )
    deliveries = Delivery.objects.order_by("recipient_id")
    assert [(row.recipient_id, row.state, row.number) for row in deliveries] == [
        ("xb-bravo", "pending", None),
        ("xc-charlie", "pending", None),
    ]
    assert all(is_reference(row.reference) for row in deliveries)
    assert [bytes(row.content or b"") for row in Blob.objects.all()] == list(sealed.blobs)
    assert Entry.objects.filter(od=sealed.md).count() == 1
    assert FeedPending.objects.get(od=sealed.md).width == 2


def test_what_was_carried_is_audited_for_the_sender(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    event = AuditEvent.objects.get(act="envelope.carried")
    assert (event.agency, event.actor, event.subject) == ("xa-alpha", "client:xa-alpha/system", sealed.md)
    assert event.detail["recipients"] == ["xb-bravo"]


def test_the_same_bytes_again_answer_as_before_and_store_nothing(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    first = hub.carry(four.alpha, sealed)
    assert hub.carry(four.alpha, sealed) == first
    hub.sequence()
    again = hub.carry(four.alpha, sealed)
    assert (again.md, again.receipt is not None) == (first.md, True)
    assert Envelope.objects.count() == AuditEvent.objects.filter(act="envelope.carried").count() == 1


def test_the_same_bytes_again_are_answered_even_when_nothing_new_would_be(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    change_entry(four.alpha.id, status=AgencyStatus.SUSPENDED)
    hub.later(days=2)
    assert hub.carry(four.alpha, sealed).md == sealed.md


def test_other_bytes_under_a_used_id_are_refused(hub: Hub, four: Four) -> None:
    first = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, first)
    other = hub.alert_to(four.bravo, sender=four.alpha, jti=first.jti)
    with pytest.raises(IdTakenError):
        hub.carry(four.alpha, other)
    assert Envelope.objects.get().md == first.md


def test_a_refused_id_is_not_used_up(hub: Hub, four: Four) -> None:
    refused = hub.alert_to(four.delta, sender=four.alpha)
    with pytest.raises(PolicyDeniedError):
        hub.carry(four.alpha, refused)
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha, jti=refused.jti))
    assert Envelope.objects.get().jti == refused.jti


def test_two_agencies_may_use_one_id(hub: Hub, four: Four) -> None:
    jti = new_uuid7(hub.now)
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha, jti=jti))
    hub.carry(four.bravo, hub.alert_to(four.alpha, sender=four.bravo, jti=jti))
    assert Envelope.objects.filter(jti=jti).count() == 2


def _suspend_bravo(hub: Hub, four: Four) -> None:
    change_entry(four.bravo.id, status=AgencyStatus.SUSPENDED)


def _suspend_lane(hub: Hub, four: Four) -> None:
    hub.suspend(four.bravo, "G1")


def _end_agreement(hub: Hub, four: Four) -> None:
    hub.make_agreement("G1", four.alpha, four.bravo, until=hub.now)


def _lower_ceiling(hub: Hub, four: Four) -> None:
    hub.make_agreement("G1", four.alpha, four.bravo, ceiling="CLEAR")


def _narrow_purposes(hub: Hub, four: Four) -> None:
    hub.make_agreement("G1", four.alpha, four.bravo, purposes=["investigate"])


POLICY = {
    "a suspended agency": (_suspend_bravo, "agency-suspended"),
    "a suspended lane": (_suspend_lane, "lane-suspended"),
    "an ended agreement": (_end_agreement, "agreement-ended"),
    "a marking above the ceiling": (_lower_ceiling, "tlp-above-ceiling"),
    "a purpose that was not agreed": (_narrow_purposes, "purpose-not-covered"),
}


@pytest.mark.parametrize(("change", "code"), POLICY.values(), ids=list(POLICY))
def test_policy_refuses_the_whole_and_says_for_whom(
    hub: Hub, four: Four, change: Callable[[Hub, Four], None], code: str
) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    change(hub, four)
    with pytest.raises(PolicyDeniedError) as refused:
        hub.carry(four.alpha, sealed)
    (denial,) = refused.value.denials
    assert (denial["agency"], denial["code"]) == ("xb-bravo", code)
    assert nothing_is_stored()
    assert refusal(hub).reason == f"PolicyDenied: xb-bravo: {code}"


def test_one_denied_recipient_of_three_refuses_all(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, four.charlie, four.delta, sender=four.alpha)
    with pytest.raises(PolicyDeniedError) as refused:
        hub.carry(four.alpha, sealed)
    assert [denial["agency"] for denial in refused.value.denials] == ["xd-delta"]
    assert nothing_is_stored()


def test_a_suspended_agency_sends_nothing(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    change_entry(four.alpha.id, status=AgencyStatus.SUSPENDED)
    with pytest.raises(IssuerSuspendedError):
        hub.carry(four.alpha, sealed)
    assert (refusal(hub).reason, nothing_is_stored()) == ("IssuerSuspended", True)


def test_another_agencys_envelope_is_absent_to_the_caller(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.charlie, sender=four.alpha)
    with pytest.raises(AbsentError):
        hub.carry(four.bravo, sealed)
    assert (refusal(hub).agency, refusal(hub).reason) == ("xb-bravo", "issuer-differs")


def _flip(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def _flip_member(octets: bytes, member: str) -> bytes:
    """Change one character of a base64url member, away from its end."""
    at = octets.index(f'"{member}":"'.encode()) + len(member) + 10
    return octets[:at] + (b"B" if octets[at : at + 1] != b"B" else b"C") + octets[at + 1 :]


TAMPERED: dict[str, tuple[Callable[[SealedEnvelope], SealedEnvelope], type[EnvelopeError], str]] = {
    "a changed signature": (
        lambda sealed: replace(sealed, manifest=_flip_member(sealed.manifest, "signature")),
        VerificationError,
        Failure.SIGNATURE,
    ),
    "a changed ciphertext": (
        lambda sealed: replace(sealed, jwe=_flip_member(sealed.jwe, "ciphertext")),
        VerificationError,
        Failure.CIPHERTEXT,
    ),
    "a changed entry": (
        lambda sealed: replace(sealed, jwe=_flip_member(sealed.jwe, "encrypted_key")),
        VerificationError,
        Failure.RECIPIENTS,
    ),
    "an entry for a key of no agency": (
        lambda sealed: replace(sealed, jwe=_flip_member(sealed.jwe, "kid")),
        VerificationError,
        Failure.RECIPIENTS,
    ),
    "a blob of another length": (
        lambda sealed: replace(sealed, blobs=(sealed.blobs[0] + b"\0",)),
        VerificationError,
        Failure.BLOB,
    ),
    "a changed blob": (
        lambda sealed: replace(sealed, blobs=(_flip(sealed.blobs[0], 40),)),
        VerificationError,
        Failure.BLOB,
    ),
    "a missing blob": (lambda sealed: replace(sealed, blobs=()), VerificationError, Failure.BLOB),
    "white space in the signed object": (
        lambda sealed: replace(sealed, manifest=b" " + sealed.manifest),
        MalformedError,
        "malformed",
    ),
    "a duplicated member": (
        lambda sealed: replace(sealed, manifest=b'{"payload":"",' + sealed.manifest[1:]),
        MalformedError,
        "malformed",
    ),
    "broken JSON": (lambda sealed: replace(sealed, jwe=sealed.jwe[:-1]), MalformedError, "malformed"),
    "JSON nested too deeply": (
        lambda sealed: replace(sealed, manifest=b"[" * 40 + b"]" * 40),
        MalformedError,
        "too-large",
    ),
    "more than one and a half MiB": (
        lambda sealed: replace(sealed, jwe=sealed.jwe + b" " * (3 * 512 * 1024)),
        TooLargeError,
        "too-large",
    ),
}


def test_what_fails_a_check_is_refused_and_its_cause_audited(
    hub: Hub, four: Four, subtests: pytest.Subtests
) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha, attachments=[FILE])
    for sentence, (tamper, error, code) in TAMPERED.items():
        with subtests.test(sentence):
            with pytest.raises(error) as refused:
                hub.carry(four.alpha, tamper(sealed))
            assert refused.value.code == code
            assert refusal(hub).reason == str(refused.value)
            assert nothing_is_stored()
    hub.carry(four.alpha, sealed)


def test_an_entry_of_another_envelope_does_not_fit(hub: Hub, four: Four) -> None:
    sealed, other = (hub.alert_to(four.bravo, sender=four.alpha) for _ in range(2))
    moved = json.loads(sealed.jwe) | {"recipients": json.loads(other.jwe)["recipients"]}
    with pytest.raises(VerificationError) as refused:
        hub.carry(four.alpha, replace(sealed, jwe=json.dumps(moved, separators=(",", ":")).encode()))
    assert refused.value.failure is Failure.RECIPIENTS


TIMES: dict[str, tuple[dict[str, int], Failure]] = {
    "written more than a day ago": ({"iat": -24 * 3600 - 1}, Failure.STALE),
    "written in the future": ({"iat": 301}, Failure.FUTURE),
    "already expired": ({"iat": -100, "exp": 0}, Failure.EXPIRED),
}


def test_a_time_outside_the_window_is_refused(hub: Hub, four: Four, subtests: pytest.Subtests) -> None:
    for sentence, (offsets, failure) in TIMES.items():
        times: dict[str, Any] = {name: seconds(hub.now) + offset for name, offset in offsets.items()}
        sealed = hub.alert_to(four.bravo, sender=four.alpha, **times)
        with subtests.test(sentence):
            with pytest.raises(VerificationError) as refused:
                hub.carry(four.alpha, sealed)
            assert refused.value.failure is failure


def _renew_keys(hub: Hub, agency: HeldAgency, prev: str) -> None:
    """Publish a second keyset in which the old PQ1 encryption key is retiring and there is no other."""
    rows = [
        replace(row, st="retiring") if row.kid == agency.decryption["PQ1"].public.kid else row
        for row in hub.key_rows(agency)
    ]
    rows = [replace(row, nbf=row.nbf, exp=row.exp) for row in rows]
    hub.publish_keyset(agency, rows=rows, version=2, prev=prev)
    hub.sequence()


def test_a_recipient_without_a_newest_pq1_key_is_named(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, four.charlie, sender=four.alpha)
    prev = Keyset.objects.filter(agency_id=four.bravo.row.pk).get().od
    _renew_keys(hub, four.bravo, prev)
    with pytest.raises(KeysetStaleError) as refused:
        hub.carry(four.alpha, sealed)
    assert refused.value.agencies == ["xb-bravo"]


def test_a_reader_or_a_system_without_the_scope_cannot_submit(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    reader = client_with(four.alpha.id, Role.READER)
    scopeless = replace(four.alpha.client, scopes=frozenset())
    for caller in (reader, scopeless):
        with pytest.raises(NotPermittedError):
            submit_envelope(caller, manifest=sealed.manifest, jwe=sealed.jwe, blobs=[], now=hub.now)
    releaser = client_with(four.alpha.id, Role.RELEASER)
    submit_envelope(releaser, manifest=sealed.manifest, jwe=sealed.jwe, blobs=[], now=hub.now)


def test_wide_intake_costs_no_more_queries_than_narrow(
    hub: Hub, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    sender = hub.make_agency("xa-alpha", suites=["EC1"])
    others = hub.make_agencies(*(f"xb-n{n:03}" for n in range(12)), suites=["EC1"])
    hub.make_agreement("G1", sender, *others)
    narrow = hub.alert_to(*others[:2], sender=sender, suite="EC1")
    wide = hub.alert_to(*others, sender=sender, suite="EC1")
    with CaptureQueriesContext(connection) as spent:
        hub.carry(sender, narrow)
    with django_assert_max_num_queries(len(spent)):
        hub.carry(sender, wide)
    assert len(spent) <= 40
    assert Delivery.objects.filter(envelope_id=wide.md).count() == 12


def test_time_is_the_callers_clock(hub: Hub, four: Four) -> None:
    hub.later(hours=3)
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    assert Envelope.objects.get().received_at == hub.now
    assert hub.now - timedelta(hours=3) < Envelope.objects.get().received_at
