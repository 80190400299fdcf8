# SPDX-License-Identifier: Apache-2.0
"""Key officers hear 30, 14, 7 and 1 days ahead that a key or keyset ends: each once, even after missed runs."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from accord.envelope.keysets import read_keyset
from agencies.endings import endings
from agencies.models import Keyset
from callers.capabilities import Role
from notices.key_endings import warn_of_endings
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import Cause, NotificationState, Occasion
from notices.tasks import warn_of_key_endings
from officers.endings import ending_keys
from officers.models import Officer
from peers.models import Agency
from tests.builders import OPERATOR, START, Hub, make_hosted_agency
from tests.mail_server import MailServer
from tests.notices.conftest import HOURS_BEFORE_AN_END, THRESHOLDS
from tests.role_logins import under_login_of
from vault.services import renew_agency_keys

pytestmark = pytest.mark.django_db(transaction=True)
KEYSET_ENDS = START + timedelta(days=90)
TICK = timedelta(seconds=1)


@pytest.fixture
def hub(hosted: tuple[Hub, Agency]) -> Hub:
    return hosted[0]


@pytest.fixture
def alpha(hosted: tuple[Hub, Agency]) -> Agency:
    return hosted[1]


@pytest.fixture
def keeper(hub: Hub, alpha: Agency) -> Officer:
    officer = hub.make_officer(alpha, Role.KEY_OFFICER, name="Benno Ashgrove")
    hub.make_officer(alpha, Role.READER)
    hub.make_officer(alpha, Role.AGENCY_ADMIN)
    return officer


def at(hub: Hub, days: float) -> None:
    """Return the moment `days` days before the first keyset ends."""
    hub.now = KEYSET_ENDS - timedelta(days=days)


def warn(hub: Hub) -> list[Notification]:
    """Run once more; return the notices that this added."""
    known = set(Notification.objects.values_list("pk", flat=True))
    with under_login_of("mailer"):
        warn_of_endings(now=hub.now)
    return list(
        Notification.objects.exclude(pk__in=known).select_related("officer").order_by("officer__email")
    )


def send(hub: Hub) -> None:
    with under_login_of("mailer"):
        send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)


def test_each_threshold_is_told_once(hub: Hub, alpha: Agency, keeper: Officer) -> None:
    told = []
    for hours in HOURS_BEFORE_AN_END:
        at(hub, hours / 24)
        told += [(hours, notice.officer) for _ in range(2) for notice in warn(hub)]
    assert told == [(days * 24, keeper) for days in THRESHOLDS]


def test_before_the_first_threshold_nobody_is_told(hub: Hub, keeper: Officer) -> None:
    hub.now = KEYSET_ENDS - timedelta(days=30) - TICK
    assert warn(hub) == []


@pytest.mark.parametrize(("left", "threshold"), [(13, "14"), (5, "7"), (0.5, "1")])
def test_after_days_without_a_worker_only_the_nearest_threshold_is_told(
    hub: Hub, keeper: Officer, left: float, threshold: str
) -> None:
    at(hub, left)
    (notice,) = warn(hub)
    assert notice.subject.endswith(f":{threshold}")
    assert warn(hub) == []


def test_of_what_has_ended_nobody_is_warned_and_the_start_page_says_it(hub: Hub, keeper: Officer) -> None:
    at(hub, 0)
    assert warn(hub) == []
    (ending,) = ending_keys(keeper, now=hub.now)
    assert (ending.kind, ending.is_over, ending.days_left) == ("keyset", True, 0)


def test_a_key_is_warned_of_as_well_as_the_keyset(hub: Hub, alpha: Agency, keeper: Officer) -> None:
    rows = read_keyset(bytes(Keyset.objects.get(agency="xa-alpha").jws)).rows
    for days in (80, 270):
        hub.now = START + timedelta(days=days)
        renew(hub, alpha)
    hub.now = START + timedelta(days=365 - 29)
    assert {ending.kind for ending in endings(now=hub.now)} == {"key", "keyset"}
    subjects = {notice.subject.split(":")[0] for notice in warn(hub)}
    assert {row.kid for row in rows} < subjects and len(subjects) == len(rows) + 1


def test_a_renewed_keyset_is_warned_of_no_more(
    hub: Hub, alpha: Agency, keeper: Officer, mail_server: MailServer
) -> None:
    at(hub, 20)
    (notice,) = warn(hub)
    renew(hub, alpha)
    send(hub)
    notice.refresh_from_db()
    assert (notice.state, notice.cause) == (NotificationState.SUPPRESSED, Cause.SETTLED)
    assert not mail_server.mails
    assert warn(hub) == []


def renew(hub: Hub, agency: Agency) -> None:
    renew_agency_keys(OPERATOR, agency, now=hub.now)
    hub.sequence()


def test_the_mail_says_when_in_the_officers_zone_and_no_more(
    hub: Hub, alpha: Agency, keeper: Officer, mail_server: MailServer
) -> None:
    Officer.objects.filter(pk=keeper.pk).update(timezone="Australia/Adelaide")
    at(hub, 7)
    warn(hub)
    send(hub)
    (mail,) = mail_server.mails
    assert list(mail.recipients) == [keeper.email]
    assert mail.message["Subject"] == "[Accord] KEYS"
    body = mail.text.partition("\r\n\r\n")[2].replace("\r\n", "\n")
    assert re.fullmatch(
        rf"Replace a key of {alpha.name}: it ends on 2026-05-31 21:30 \(Australia/Adelaide\)\.\n"
        r"Open: https?://\S+/keys/\n"
        r"This mail carries no content\. Unsure\? Type the desk's address\.\n",
        body,
    )
    for word in ("Ed25519", "PQ1", Keyset.objects.get(agency="xa-alpha").od):
        assert word not in body


def test_without_a_key_officer_the_admins_are_told(hub: Hub, alpha: Agency, mail_server: MailServer) -> None:
    admins = {hub.make_officer(alpha, Role.AGENCY_ADMIN).email for _ in range(2)}
    hub.make_officer(alpha, Role.RELEASER)
    at(hub, 1)
    assert {notice.officer.email for notice in warn(hub)} == admins
    send(hub)
    assert {address for mail in mail_server.mails for address in mail.recipients} == admins


def test_who_keeps_the_keys_no_longer_is_not_told(hub: Hub, keeper: Officer, mail_server: MailServer) -> None:
    at(hub, 14)
    (notice,) = warn(hub)
    Officer.objects.filter(pk=keeper.pk).update(roles=["reader"])
    send(hub)
    notice.refresh_from_db()
    assert (notice.state, notice.cause) == (NotificationState.SUPPRESSED, Cause.NO_RIGHT)
    assert not mail_server.mails


def test_nobody_is_told_of_another_agencys_keys(hub: Hub, alpha: Agency, keeper: Officer) -> None:
    bravo = make_hosted_agency(hub, "xb-bravo", "Agency xb-bravo")
    hub.sequence()
    other = hub.make_officer(bravo, Role.KEY_OFFICER)
    hub.now = KEYSET_ENDS - timedelta(days=3)
    assert {(notice.officer, notice.recipient_id) for notice in warn(hub)} == {
        (keeper, "xa-alpha"),
        (other, "xb-bravo"),
    }
    assert {ending.agency_id for ending in ending_keys(keeper, now=hub.now)} == {"xa-alpha"}


@pytest.mark.parametrize("role", [Role.READER, Role.RELEASER, Role.AGENCY_ADMIN, Role.AUDITOR])
def test_the_start_page_tells_those_who_could_act(
    hub: Hub, alpha: Agency, keeper: Officer, role: Role
) -> None:
    at(hub, 3)
    assert ending_keys(hub.make_officer(alpha, role), now=hub.now) == []
    assert [ending.kind for ending in ending_keys(keeper, now=hub.now)] == ["keyset"]


def test_a_waiting_mail_goes_out_though_a_nearer_threshold_has_passed(
    hub: Hub, keeper: Officer, mail_server: MailServer
) -> None:
    at(hub, 7.1)
    warn(hub)
    at(hub, 6.9)
    send(hub)
    assert len(mail_server.mails) == 1
    assert Notification.objects.get().occasion == Occasion.KEY_ENDING


def test_the_task_runs_without_anything_to_say(tmp_path: Path) -> None:
    Hub(tmp_path / "ledger")
    warn_of_key_endings()
    assert not Agency.objects.exists() and not Notification.objects.exists()
