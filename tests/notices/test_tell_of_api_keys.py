# SPDX-License-Identifier: Apache-2.0
"""Admins hear 30, 14, 7 and 1 days ahead that an API key ends, and that one has replaced itself: each once."""

from datetime import timedelta

import pytest

from callers.capabilities import Role
from notices.api_keys import tell_of_api_keys
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import Cause, NotificationState, Occasion
from notices.tasks import tell_of_keys_of_systems
from officers.deskkeys import authenticate_key, issue_key, revoke_key, rotate_key, rotate_own_key
from officers.models import DeskKey, Officer
from peers.models import Agency, KnownCredential
from tests.builders import START, HeldAgency, Hub
from tests.mail_server import MailServer
from tests.notices.conftest import HOURS_BEFORE_AN_END, THRESHOLDS
from tests.role_logins import under_login_of
from tests.stolen_vault_keys import as_recipient

pytestmark = pytest.mark.django_db(transaction=True)
ENDS = START + timedelta(days=90)
DAY = timedelta(days=1)


@pytest.fixture
def hub(hosted: tuple[Hub, Agency]) -> Hub:
    return hosted[0]


@pytest.fixture
def alpha(hosted: tuple[Hub, Agency]) -> HeldAgency:
    return as_recipient(hosted[1])


@pytest.fixture
def admin(hub: Hub, alpha: HeldAgency) -> Officer:
    hub.make_officer(alpha, Role.READER)
    return hub.make_officer(alpha, Role.AGENCY_ADMIN, name="Ada Admin")


@pytest.fixture
def issued(alpha: HeldAgency, admin: Officer) -> tuple[DeskKey, str]:
    return issue_key(
        admin, alpha.row, client="case system", scopes=["science:query"], lifetime=90 * DAY, now=START
    )


def told(now: object) -> list[Notification]:
    """Run once more; return the notices that this added."""
    known = set(Notification.objects.values_list("pk", flat=True))
    with under_login_of("mailer"):
        tell_of_api_keys(now=now)  # type: ignore[arg-type]
    return list(Notification.objects.exclude(pk__in=known))


def test_each_threshold_is_told_once_to_the_admins(admin: Officer, issued: tuple[DeskKey, str]) -> None:
    found = []
    for hours in HOURS_BEFORE_AN_END:
        at = ENDS - timedelta(hours=hours)
        found += [(hours, row.officer, row.occasion) for _ in range(2) for row in told(at)]
    assert found == [(days * 24, admin, Occasion.API_KEY_ENDING) for days in THRESHOLDS]


def test_a_key_that_was_issued_for_a_week_is_not_warned_of_when_it_begins(
    alpha: HeldAgency, admin: Officer
) -> None:
    issue_key(admin, alpha.row, client="trial", scopes=["science:query"], lifetime=7 * DAY, now=START)
    assert told(START) == []
    assert len(told(START + 6 * DAY)) == 1


@pytest.mark.parametrize("how", ["rotated", "revoked"])
def test_a_warning_that_was_seen_to_does_not_go_out(
    hub: Hub, admin: Officer, issued: tuple[DeskKey, str], mail_server: MailServer, how: str
) -> None:
    hub.now = ENDS - 30 * DAY
    assert len(told(hub.now)) == 1
    if how == "rotated":
        rotate_key(admin, issued[0], overlap=7 * DAY, now=hub.now)
    else:
        revoke_key(admin, issued[0], now=hub.now)
    with under_login_of("mailer"):
        send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)
    row = Notification.objects.get()
    assert (row.state, row.cause) == (NotificationState.SUPPRESSED, Cause.SETTLED)
    assert told(ENDS - 14 * DAY) == []


def test_a_key_that_replaced_itself_is_told_of_once(
    hub: Hub, admin: Officer, issued: tuple[DeskKey, str], mail_server: MailServer
) -> None:
    hub.now = ENDS - 20 * DAY
    told(hub.now)
    Notification.objects.all().delete()
    new, _ = rotate_own_key(authenticate_key(issued[1], "192.0.2.7", now=hub.now), now=hub.now)
    (row,) = told(hub.now) + told(hub.now)
    assert (row.officer, row.occasion, row.subject) == (admin, Occasion.API_KEY_ROTATED, new.prefix)
    with under_login_of("mailer"):
        send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)
    (mail,) = mail_server.wait_for_count(1)
    assert "api-keys/" in mail.text and issued[0].client not in mail.text


def test_the_task_may_run_twice(issued: tuple[DeskKey, str]) -> None:
    tell_of_keys_of_systems()
    tell_of_keys_of_systems()
    assert Notification.objects.count() <= 1


def known(alpha: HeldAgency, **facts: object) -> KnownCredential:
    """Store a key at the exchange as the desk last heard of it."""
    said = {"client": "scanner", "created_at": START, "expires_at": ENDS, "has_replaced": False} | facts
    return KnownCredential.objects.create(agency_id=alpha.id, prefix="0" * 12, **said)


def test_a_key_at_the_exchange_is_warned_of_as_the_exchange_said_last(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    row, hub.now = known(alpha), ENDS - 7 * DAY
    (notice,) = told(hub.now)
    assert (notice.officer, notice.occasion) == (admin, Occasion.API_KEY_ENDING)
    assert told(hub.now) == []
    row.delete()
    with under_login_of("mailer"):
        send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)
    notice.refresh_from_db()
    assert (notice.state, notice.cause) == (NotificationState.SUPPRESSED, Cause.SETTLED)


def test_a_key_at_the_exchange_that_replaced_another_is_told_of_for_a_week(
    alpha: HeldAgency, admin: Officer
) -> None:
    known(alpha, has_replaced=True)
    (notice,) = told(START + DAY)
    assert (notice.officer, notice.occasion) == (admin, Occasion.API_KEY_ROTATED)
    assert told(START + 8 * DAY) == []
