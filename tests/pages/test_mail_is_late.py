# SPDX-License-Identifier: Apache-2.0
"""Late mail: keeper and originator read of it on their pages; no page names whose mails they are."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from alerts.receiving.opening import open_alert
from notices.lateness import late_since
from notices.models import Notification
from notices.states import Cause
from notices.states import NotificationState as State
from sharing.models import Delivery
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld


@pytest.fixture
def keeper(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.noor)


def test_the_keeper_reads_that_mail_is_late_and_not_whose(keeper: Client, sent: Alert) -> None:
    page = keeper.get("/").content.decode()
    assert "Mail is late: something waits since" in page
    for secret in (CONTENT, sent.md, "Ilka Torvane", "aroha@"):
        assert secret not in page


def test_without_anything_waiting_no_mail_is_late(keeper: Client) -> None:
    page = keeper.get("/").content.decode()
    assert "Nothing is late." in page and "Mail is late" not in page


def queued_at() -> datetime:
    return Notification.objects.values_list("queued_at", flat=True).distinct().get()


WAITING: dict[str, tuple[dict[str, Any], bool]] = {
    "queued": ({"state": State.QUEUED}, True),
    "tried again later": ({"state": State.DEFERRED, "cause": Cause.SERVER_AWAY}, True),
    "perhaps told": ({"state": State.UNCERTAIN}, True),
    "left by a worker that died": ({"state": State.LEASED, "lease": uuid4()}, True),
    "told": ({"state": State.SENT}, False),
    "failed, which is said elsewhere": ({"state": State.FAILED}, False),
    "held back until quiet hours end": ({"state": State.DEFERRED, "cause": Cause.QUIET}, False),
}


def test_a_notice_is_late_while_it_should_go_and_does_not(sent: Alert) -> None:
    queued = queued_at()
    for name, (facts, late) in WAITING.items():
        leased = facts["state"] == State.LEASED
        usual = {"cause": "", "lease": None, "leased_until": queued if leased else None}
        Notification.objects.update(**usual | facts)
        assert late_since(now=queued + timedelta(seconds=59)) is None, name
        assert late_since(now=queued + timedelta(seconds=61)) == (queued if late else None), name


def test_a_notice_that_a_person_sends_again_starts_anew(desk: DeskWorld, sent: Alert) -> None:
    queued = queued_at()
    again = queued + timedelta(hours=1)
    Notification.objects.update(state=State.QUEUED, not_before=again)
    assert late_since(now=again + timedelta(seconds=59)) is None
    assert late_since(now=again + timedelta(seconds=61)) == queued


def test_the_originator_reads_beside_each_agency_that_its_mail_is_late(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    sender, address = as_officer(desk.benno), f"/outbox/{sent.pk}/"
    assert sender.get(address).content.decode().count("Mail is late") == 2
    Delivery.objects.filter(recipient_id="xd-reg").update(told_at=desk.tick())
    assert sender.get(address).content.decode().count("Mail is late") == 1
    open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick())
    assert "Mail is late" not in sender.get(address).content.decode()


def test_the_originator_reads_whom_to_phone_when_every_mail_failed(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    sender, address = as_officer(desk.benno), f"/outbox/{sent.pk}/"
    mails = Notification.objects.filter(recipient="xb-health")
    assert mails.update(state=State.FAILED) == 3
    page = sender.get(address).content.decode()
    assert page.count("Mail failed, phone them") == 1 and "+000 1 5550 101" in page
    assert page.count("Mail is late") == 1, "the other agency's still goes"
    mails.filter(officer=desk.aroha).update(state=State.QUEUED)
    assert "phone them" not in sender.get(address).content.decode()
    mails.update(state=State.HELD)
    open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick())
    assert "phone them" not in sender.get(address).content.decode(), "somebody has looked all the same"


def test_mail_of_an_alert_just_sent_is_not_late(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.hub.now = timezone.now()
    sent = desk.send(desk.draft())
    page = as_officer(desk.benno).get(f"/outbox/{sent.pk}/").content.decode()
    assert "On its way" in page and "Mail is late" not in page
