# SPDX-License-Identifier: Apache-2.0
"""The own account: name, zone, language, choice of mails; and the mails of the officer."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from notices.models import Notification
from notices.sending import send_notifications
from officers.duty import move_on_duty_list
from officers.models import AgencyPolicy, Officer
from officers.quiet_hours import quiet_until, stays_quiet
from tests.bound_rows import rewrite
from tests.mail_server import MailServer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

PROFILE = {"full_name": "Benno Ashgrove", "timezone": "Asia/Kathmandu", "language": "en"}
LOUD = {"routine_mail": "yes", "quiet_from": "", "quiet_until": ""}


@pytest.fixture
def benno(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.benno)


def now_of(officer: Officer) -> Officer:
    return Officer.objects.select_related("agency").get(pk=officer.pk)


def test_the_own_profile_changes_and_times_follow(desk: DeskWorld, benno: Client) -> None:
    changed = PROFILE | {"full_name": " Benno Ashgrove-Vel ", "unit": " Release desk "}
    assert benno.post("/account/", changed).status_code == 302
    assert now_of(desk.benno).display_name == "Benno Ashgrove-Vel (Release desk)"
    assert "UTC+5:45" in benno.get("/officers/").content.decode() + benno.get("/").content.decode()


def test_a_profile_that_is_none_is_refused(desk: DeskWorld, benno: Client) -> None:
    for field, value, words in (
        ("full_name", "", "Name: enter the name"),
        ("full_name", "a\u202eb", "Use one line"),
        ("timezone", "Mars/Olympus", "Time zone: choose one of the list."),
        ("language", "tlh", "Language: choose one of the list."),
    ):
        answer = benno.post("/account/", PROFILE | {field: value})
        assert answer.status_code == 422 and words in answer.content.decode(), words
    assert now_of(desk.benno).timezone == ""


def test_no_right_comes_through_the_profile(desk: DeskWorld, benno: Client) -> None:
    stolen = {
        "roles": ["agency_admin"],
        "is_active": "1",
        "agency": "xb-health",
        "email": "x@x.example",
        "duty_rank": "1",
        "public_id": "A" * 22,
        "session_salt": "x",
        "password": "x",
    }
    before = now_of(desk.benno)
    benno.post("/account/", PROFILE | stolen)
    benno.post("/account/mail/", LOUD | stolen)
    after = now_of(desk.benno)
    for name in ("roles", "is_active", "agency_id", "email", "duty_rank", "public_id", "password"):
        assert getattr(after, name) == getattr(before, name)


def test_the_keeper_has_a_profile_and_no_mail(desk: DeskWorld, as_officer: SignIn) -> None:
    keeper = as_officer(desk.noor)
    page = keeper.get("/account/").content.decode()
    assert "Quiet from" not in page
    assert "As the agency" not in page and "As the browser" in page and page.count(">UTC</option>") == 1
    assert keeper.post("/account/mail/", LOUD).status_code == 403


def test_mail_settings_that_are_none_are_refused(benno: Client) -> None:
    for changes, words in (
        ({"quiet_from": "22:00"}, "Quiet hours: enter both ends, or none."),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "Quiet hours: enter two different times."),
        ({"quiet_from": "25:00", "quiet_until": "06:00"}, "Quiet from: enter a time such as 22:00."),
        ({"routine_mail": "perhaps"}, "Mail about routine alerts: choose one."),
    ):
        answer = benno.post("/account/mail/", LOUD | changes)
        assert answer.status_code == 422 and words in answer.content.decode(), words


def test_quiet_hours_reach_over_midnight_and_end_to_the_minute(desk: DeskWorld) -> None:
    officer = now_of(desk.benno)
    officer.quiet_from, officer.quiet_until = time(22), time(6, 30)
    zone = ZoneInfo("Europe/Vienna")
    night = desk.hub.now.astimezone(zone).replace(hour=23, minute=0, second=0, microsecond=0)
    ends = quiet_until(officer, now=night)
    assert ends is not None
    assert ends.astimezone(zone) == (night + timedelta(days=1)).replace(hour=6, minute=30)
    assert quiet_until(officer, now=ends) is None
    assert quiet_until(officer, now=ends - timedelta(minutes=1)) == ends
    assert quiet_until(officer, now=night.replace(hour=21, minute=59)) is None


def test_who_is_on_duty_or_whose_agency_has_nobody_on_duty_hears_at_once(desk: DeskWorld) -> None:
    officer = now_of(desk.benno)
    officer.routine_mail = False
    officer.save()
    assert stays_quiet(officer, now=desk.hub.now), "Ilka is on duty"
    move_on_duty_list(desk.sunniva, desk.benno, "add", now=desk.hub.now)
    assert not stays_quiet(now_of(desk.benno), now=desk.hub.now)
    for person in (desk.benno, desk.ilka):
        move_on_duty_list(desk.sunniva, person, "remove", now=desk.hub.now)
    assert not stays_quiet(now_of(desk.benno), now=desk.hub.now)


def told(desk: DeskWorld, pri: str) -> dict[str, str]:
    """Return the state of the mail about one alert to the laboratory, by first name."""
    desk.send(desk.draft(desk.aroha, pri=pri), desk.haitham)
    send_notifications(clock=lambda: desk.hub.now)
    newest = Notification.objects.filter(recipient="xa-lab").order_by("-queued_at")
    about = newest.first().about  # type: ignore[union-attr]
    rows = Notification.objects.filter(recipient="xa-lab", about=about).select_related("officer")
    return {row.officer.full_name.split()[0]: f"{row.state} {row.cause}".strip() for row in rows}


def test_no_mail_tells_of_what_policy_or_quiet_hours_keep_away(
    desk: DeskWorld, benno: Client, mail_server: MailServer
) -> None:
    benno.post("/account/mail/", LOUD | {"routine_mail": "no"})
    local = desk.hub.now.astimezone(ZoneInfo("Europe/Vienna"))
    Officer.objects.filter(pk=desk.sunniva.pk).update(
        quiet_from=(local - timedelta(hours=1)).time(), quiet_until=(local + timedelta(hours=1)).time()
    )
    routine = {"Benno": "suppressed quiet", "Ilka": "sent", "Sunniva": "deferred quiet"}
    assert told(desk, "routine") == routine
    waiting = Notification.objects.get(officer=desk.sunniva)
    assert timedelta(minutes=58) < waiting.not_before - desk.hub.now <= timedelta(hours=1)
    rewrite(AgencyPolicy.objects.filter(pk=desk.lab.pk), role_ceilings={"author": "CLEAR"})
    assert told(desk, "urgent") == {"Benno": "sent", "Ilka": "suppressed no-right", "Sunniva": "sent"}
    send_notifications(clock=lambda: waiting.not_before)
    waiting.refresh_from_db()
    assert waiting.state == "sent"
    page = benno.get("/account/mails/").content.decode()
    assert "The officer wants no mail about routine alerts" in page
    assert page.split("<tbody")[1].count("<tr>") == 2


def test_one_sees_the_own_mails_only(desk: DeskWorld, as_officer: SignIn) -> None:
    for officer in (desk.benno, desk.ilka):
        Notification.objects.create(
            subject=f"s{officer.pk}",
            occasion="key-ending",
            officer=officer,
            channel="email",
            recipient=desk.lab,
            state="sent",
            not_before=timezone.now(),
            queued_at=timezone.now(),
            message_id=str(officer.pk),
        )
    page = as_officer(desk.benno).get("/account/mails/").content.decode()
    assert page.split("<tbody")[1].count("<tr>") == 1
    assert "A key of your agency ends soon" in page
    assert as_officer(desk.edda).get("/account/mails/").status_code == 403
