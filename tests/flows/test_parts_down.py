# SPDX-License-Identifier: Apache-2.0
"""A part of the hub is down: nothing is lost, and the page names the delay."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from alerts.receiving.following import follow_feeds
from alerts.review.preview import preview_release
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from devtool.processes import wait_until
from notices.models import Notification
from notices.states import NotificationState
from officers.models import Officer
from sharing.models import Delivery
from sharing.states import DeliveryState
from tests.conftest import HubProcesses
from tests.mail_server import MailServer
from tests.pages.desk_world import DeskWorld

pytestmark = [pytest.mark.slow, pytest.mark.no_retry]


def _page(officer: Officer, address: str) -> str:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    return client.get(address).content.decode()


def _send_now(desk: DeskWorld) -> Alert:
    """Write, check and release at this moment, as the real processes see it."""
    draft = desk.draft(recipients=["xb-health"])
    now = timezone.now()
    alert = submit_alert(desk.ilka, draft, revision=draft.current, now=now)
    seen = preview_release(desk.benno, alert, now=now).digest
    validate_alert(desk.benno, alert, revision=alert.current, seen_preview=seen, now=now)
    return release_alert(desk.benno, alert, revision=alert.current, now=now)


def _soon(holds: Callable[[], bool], what: str) -> None:
    wait_until(holds, what, timeout_seconds=90)


def _delivery_is(alert: Alert, *states: str) -> Callable[[], bool]:
    return lambda: Delivery.objects.filter(envelope_id=alert.md, state__in=states).exists()


def test_without_the_sequencer_intake_goes_on_and_the_page_says_being_logged(
    quick: None, desk: DeskWorld, hub_processes: HubProcesses
) -> None:
    alert = _send_now(desk)
    assert "Being logged" in _page(desk.benno, f"/outbox/{alert.pk}/")
    assert Delivery.objects.get(envelope_id=alert.md).state == DeliveryState.PENDING
    hub_processes.sequencer()
    _soon(_delivery_is(alert, DeliveryState.AVAILABLE), "the alert has its receipt and number")
    assert "On its way" in _page(desk.benno, f"/outbox/{alert.pk}/")


def test_without_the_worker_nobody_is_told_and_nobody_is_missed(
    quick: None, desk: DeskWorld, hub_processes: HubProcesses, mail_server: MailServer
) -> None:
    hub_processes.sequencer()
    alert = _send_now(desk)
    _soon(_delivery_is(alert, DeliveryState.AVAILABLE), "the alert is carried")
    assert not mail_server.mails
    assert "On its way" in _page(desk.benno, f"/outbox/{alert.pk}/")
    follow_feeds(now=timezone.now())
    hub_processes.exchange_worker(beat=True)
    hub_processes.mailer(beat=True)
    mail_server.wait_for_count(3)
    _soon(
        lambda: "Told" in _page(desk.benno, f"/outbox/{alert.pk}/"), "the originator sees that they were told"
    )


def test_without_the_mail_server_notices_wait_and_the_page_says_why(
    desk: DeskWorld, running: HubProcesses, mail_server: MailServer
) -> None:
    with mail_server.down():
        _send_now(desk)
        _soon(
            lambda: Notification.objects.filter(state=NotificationState.DEFERRED).count() == 3,
            "three notices put off",
        )
        page = _page(desk.haitham, "/notifications/")
        assert "The mail server does not answer." in page
    mail_server.wait_for_count(3)
    _soon(
        lambda: Notification.objects.filter(state=NotificationState.SENT).count() == 3, "all three are told"
    )


def test_without_the_desk_worker_the_alert_waits_in_the_feed(
    quick: None, desk: DeskWorld, hub_processes: HubProcesses
) -> None:
    hub_processes.sequencer()
    alert = _send_now(desk)
    _soon(_delivery_is(alert, DeliveryState.AVAILABLE), "the alert is carried")
    assert "Nine collapses" not in _page(desk.aroha, "/inbox/")
    hub_processes.desk_worker()
    hub_processes.exchange_worker(beat=True)
    hub_processes.mailer(beat=True)
    _soon(lambda: "Nine collapses" in _page(desk.aroha, "/inbox/"), "the alert is in the inbox")
