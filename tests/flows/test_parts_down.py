# SPDX-License-Identifier: Apache-2.0
"""A part of the hub is down: nothing is lost, and the page names the delay."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
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


def test_parts_that_are_down_lose_nothing_and_the_page_names_the_delay(
    quick: None, desk: DeskWorld, hub_processes: HubProcesses, mail_server: MailServer
) -> None:
    """One part after the other is started, the mail server is down in the end."""
    alert = _send_now(desk)
    assert "Being logged" in _page(desk.benno, f"/outbox/{alert.pk}/"), "without the sequencer intake goes on"
    assert Delivery.objects.get(envelope_id=alert.md).state == DeliveryState.PENDING
    hub_processes.sequencer()
    _soon(_delivery_is(alert, DeliveryState.AVAILABLE), "the alert has its receipt and number")
    assert "On its way" in _page(desk.benno, f"/outbox/{alert.pk}/")
    assert "Nine collapses" not in _page(desk.aroha, "/inbox/"), (
        "without the desk-worker it waits in the feed"
    )
    assert not mail_server.mails, "without the mailer nobody is told"

    hub_processes.desk_worker()
    hub_processes.exchange_worker(beat=True)
    hub_processes.mailer(beat=True)
    _soon(lambda: "Nine collapses" in _page(desk.aroha, "/inbox/"), "the alert is in the inbox")
    mail_server.wait_for_count(3)
    _soon(
        lambda: "Told" in _page(desk.benno, f"/outbox/{alert.pk}/"), "the originator sees that they were told"
    )

    with mail_server.down():
        _send_now(desk)
        _soon(lambda: _notices(NotificationState.DEFERRED) == 3, "three notices put off")
        assert "The mail server does not answer." in _page(desk.haitham, "/notifications/")
    _let_the_wait_be_over()
    mail_server.wait_for_count(6)
    _soon(lambda: _notices(NotificationState.SENT) == 6, "all are told")


def _let_the_wait_be_over() -> None:
    """Make the notices that were put off due: the wait of half a minute is counted in `tests/notices`."""
    Notification.objects.filter(state=NotificationState.DEFERRED).update(not_before=timezone.now())


def _notices(state: str) -> int:
    return Notification.objects.filter(state=state).count()
