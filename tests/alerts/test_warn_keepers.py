# SPDX-License-Identifier: Apache-2.0
"""Keepers are mailed of anything at their desk that ends or stands still: each warning once, and without content."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from alerts.agency.desk_warnings import UNREAD_FOR, warn_of_the_desk
from devtool.owndesk.certificates import made_certificate
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import Occasion
from officers.models import Officer
from peers.models import FeedCursor
from peers.progress import CLOCK_WRONG
from tests.alerts.conftest import Desks
from tests.entries import make_keeper
from tests.mail_server import MailServer
from tests.role_logins import under_login_of


@pytest.fixture
def keeper(desks: Desks) -> Officer:
    return make_keeper()


@pytest.fixture
def ends_at(tmp_path: Path, settings: Settings, desks: Desks) -> datetime:
    """The time at which the desk's certificate ends."""
    made = made_certificate(tmp_path, "desk.example", desks.hub.now)
    settings.TLS_CERTIFICATE_FILE = str(made.path)
    return made.ends


def warned() -> list[str]:
    found = Notification.objects.filter(occasion=Occasion.DESK_WARNING).order_by("queued_at", "subject")
    return [subject.rpartition(":")[2] for subject in found.values_list("subject", flat=True)]


def test_a_certificate_is_warned_of_four_times_and_once_when_it_has_ended(
    keeper: Officer, ends_at: datetime
) -> None:
    for days in (31, 30, 29.5, 20, 14, 7, 2, 1, 0.5, -1, -2):
        with under_login_of("desk-worker"):
            warn_of_the_desk(now=ends_at - timedelta(days=days))
    assert warned() == ["30", "14", "7", "1", "0"]
    assert Notification.objects.filter(officer=keeper, recipient=None).count() == 5


def test_the_mail_says_when_it_ends_and_nothing_else(
    keeper: Officer, ends_at: datetime, mail_server: MailServer
) -> None:
    now = ends_at - timedelta(days=6)
    warn_of_the_desk(now=now)
    assert send_notifications(clock=lambda: now).sent == 1
    mail = mail_server.mails_to(keeper.email)[-1]
    assert mail.message["Subject"] == "[Accord] DESK"
    assert f"The certificate of this desk ends on {ends_at:%Y-%m-%d}" in mail.text


def test_what_stands_still_is_told_once_each_time(desks: Desks, keeper: Officer) -> None:
    now = desks.hub.now
    desks.follow()
    asked_at = now - UNREAD_FOR - timedelta(minutes=1)
    FeedCursor.objects.update(asked_at=asked_at, clock_ahead_secs=None)
    for later in (timedelta(0), timedelta(hours=5)):
        warn_of_the_desk(now=now + later)
    assert warned() == [str(int(asked_at.timestamp()))]
    FeedCursor.objects.update(asked_at=now, clock_ahead_secs=CLOCK_WRONG.total_seconds() + 1)
    for _ in range(2):
        warn_of_the_desk(now=now)
    assert len(warned()) == 2


def test_officers_of_agencies_are_told_nothing_of_it(
    desks: Desks, keeper: Officer, ends_at: datetime
) -> None:
    warn_of_the_desk(now=ends_at - timedelta(days=6))
    assert not Notification.objects.visible_to(desks.lab.releaser).filter(occasion=Occasion.DESK_WARNING)
    keeper.is_active = False
    keeper.save(update_fields=["is_active"])
    assert send_notifications(clock=lambda: ends_at - timedelta(days=6)).sent == 0
