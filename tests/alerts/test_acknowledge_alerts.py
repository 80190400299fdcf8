# SPDX-License-Identifier: Apache-2.0
"""Several alerts acknowledged for one reason: each is signed on its own, and each failure is reported with its cause."""

import uuid

import pytest

from alerts.errors import NotOpenedError
from alerts.models import ReceivedAlert
from alerts.problems import words_for
from alerts.receiving.bulk_acknowledgement import Outcome, acknowledge_alerts, preview_acknowledgements
from alerts.sending.withdrawal import withdraw_alert
from callers.capabilities import Role
from callers.errors import InputError, NotPermittedError
from ledger.models import AuditEvent
from sharing.models import Statement
from tests.alerts.conftest import Desks


def test_each_is_signed_and_each_refusal_says_why(desks: Desks) -> None:
    reader, now = desks.health.reader, desks.hub.now
    one, other = desks.opened(title="The first alert"), desks.opened(title="The second alert")
    unopened = desks.received(title="Not opened by anybody")
    broken = desks.received(title="Cannot be opened")
    ReceivedAlert.objects.filter(pk=broken.pk).update(unopenable=True)
    withdrawn = desks.opened(title="Withdrawn meanwhile")
    alert = desks.lab.agency.alerts.get(md=withdrawn.md)
    withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.now)
    desks.settle()
    foreign = uuid.uuid4()
    ids: list[uuid.UUID | str] = [
        one.pk,
        unopened.pk,
        str(other.pk),
        broken.pk,
        withdrawn.pk,
        foreign,
        one.pk,
    ]

    seen = preview_acknowledgements(reader, ids, now=now)
    assert not Statement.objects.filter(k="ack").exists()
    done = acknowledge_alerts(reader, ids, reason="case_number", reference=" 12 /  26", now=now)
    outcomes = [Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.ACKNOWLEDGED, *[Outcome.REFUSED] * 3]
    assert [item.outcome for item in seen] == [item.outcome for item in done] == outcomes
    assert [item.text for item in done] == [
        "",
        words_for(NotOpenedError()),
        "",
        "It cannot be opened: call the sender.",
        "It was withdrawn: open its page and confirm that you stopped using it.",
        "There is no such alert for you.",
    ]
    assert Statement.objects.filter(k="ack", iss_id=desks.health.id).count() == 2
    events = AuditEvent.objects.filter(act="alert.acknowledged")
    assert {event.reason for event in events} == {"case_number: 12 / 26"}
    assert {event.subject for event in events} == {one.md, other.md}

    again = acknowledge_alerts(reader, [one.pk, other.pk], reason="on_duty", now=now)
    assert [(item.outcome, item.text) for item in again] == [(Outcome.ALREADY, "Acknowledged before.")] * 2
    assert Statement.objects.filter(k="ack", iss_id=desks.health.id).count() == 2


def test_who_and_what_is_refused_before_anything_is_signed(desks: Desks) -> None:
    row, now = desks.opened(title="The first alert"), desks.hub.now
    reader = desks.health.reader
    for field, ids, reason, reference in (
        ("ids", [], "on_duty", ""),
        ("ids", ["x"], "on_duty", ""),
        ("ids", [uuid.uuid4() for _ in range(51)], "on_duty", ""),
        ("reason", [row.pk], "", ""),
        ("reason", [row.pk], "because", ""),
        ("reference", [row.pk], "case_number", ""),
        ("reference", [row.pk], "case_number", "a\u202eb"),
    ):
        with pytest.raises(InputError) as refused:
            acknowledge_alerts(reader, ids, reason=reason, reference=reference, now=now)
        assert refused.value.field == field
    auditor = desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
    with pytest.raises(NotPermittedError):
        acknowledge_alerts(auditor, [row.pk], reason="on_duty", now=now)
    strange = acknowledge_alerts(desks.stranger.reader, [row.pk], reason="on_duty", now=now)
    assert [(item.row, item.text) for item in strange] == [(None, "There is no such alert for you.")]
    row.refresh_from_db()
    assert row.acknowledged_at is None and not Statement.objects.filter(k="ack").exists()
