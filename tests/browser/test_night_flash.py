# SPDX-License-Identifier: Apache-2.0
"""A flash alert at night: written on duty, and released on a phone, by keyboard, by a second officer told by mail."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from alerts.sending.release import release_alert
from notices.sending import send_notifications
from officers.models import AgencyPolicy, Officer
from officers.session_rows import OfficerSession
from tests.bound_rows import rewrite
from tests.browser.conftest import Tell
from tests.browser.keyboard import Hands
from tests.browser.looking import look_at
from tests.entries import change_entry
from tests.mail_server import Mail, MailServer
from tests.pages.desk_world import CONTENT, PASSWORD, DeskWorld
from tests.pages.one_time_codes import code_of
from tests.pages.test_second_factors import Telephone

pytestmark = pytest.mark.slow
SignIn = Callable[[Officer], None]
TITLE = f"Six collapses at one address {CONTENT}"
RELEASER, ON_DUTY = "benno@xa-lab.example", "aroha@xb-health.example"


def zone_where_it_is_two_at_night(now: datetime) -> str:
    """A zone of whole hours in which it is 2 a.m.; names of such zones have the opposite sign (POSIX)."""
    east = (2 - now.hour) % 24
    east = east if east <= 14 else east - 24
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


@pytest.fixture
def desk(live_server: LiveServer, tmp_path: Path) -> DeskWorld:
    """The hub with officers who sign in by the form."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


@pytest.fixture
def night(desk: DeskWorld, live_server: LiveServer, settings: Settings) -> DeskWorld:
    """2 a.m. at both agencies, with second factors demanded and the recipient's mail quiet until the morning."""
    settings.MFA_DEMANDED, settings.HUB_URL = True, live_server.url
    for agency_id in ("xa-lab", "xb-health"):
        change_entry(agency_id, timezone=zone_where_it_is_two_at_night(timezone.now()))
    Officer.objects.filter(email=ON_DUTY).update(quiet_from=time(22), quiet_until=time(7))
    return desk


def newest_mail(desk: DeskWorld, outside: MailServer, address: str) -> Mail:
    """Send the notices that are due, as the worker does; return the newest mail to this address."""
    send_notifications(clock=lambda: max(desk.hub.now, timezone.now()))
    return outside.mails_to(address)[-1]


def link_in(mail: Mail) -> str:
    found = re.search(r"^Open: (\S+)", mail.text, re.MULTILINE)
    assert found is not None
    return found[1]


def write(hands: Hands) -> None:
    """Write the alert on duty at a desk: danger to life needs few fields."""
    page = hands.page
    hands.use(page.get_by_role("link", name="New alert").first)
    hands.use(page.get_by_role("button", name=re.compile("Cluster of harm")))
    hands.fill(page.get_by_label("Title"), TITLE)
    hands.fill(page.get_by_label("What happened"), "Six people collapsed within an hour; two are in a coma.")
    hands.choose(page.get_by_role("radio", name="Suspected"))
    hands.fill(page.get_by_label("Cases, not fatal"), "6")
    hands.go_on("Who gets it")
    hands.use(page.get_by_role("checkbox", name=re.compile("Health Authority, Belmora")), "Space")
    expect(page.get_by_role("radio", name=re.compile("TLP:AMBER Your"))).to_be_checked()
    hands.choose(page.get_by_role("radio", name=re.compile("^Flash")))
    hands.go_on("Check and submit")
    hands.use(page.get_by_role("button", name="Submit for release"))
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()


def sign_in_on_the_phone(hands: Hands, telephone: Telephone) -> None:
    """Sign in on the phone, which shows the sign-in page instead of the queue, its fields focused."""
    hands.type(RELEASER)
    hands.press("Tab")
    hands.type(PASSWORD)
    hands.press("Enter")
    expect(hands.page.get_by_role("heading", name="Second step")).to_be_visible()
    hands.type(telephone.code())
    hands.press("Enter")
    expect(hands.page.get_by_role("heading", name="To release", exact=True)).to_be_visible()


def release(hands: Hands, telephone: Telephone) -> None:
    """Read the alert, check it, telephone for half an hour, send it: then the phone asks for the officer's identity again."""
    page = hands.page
    hands.open_first_row()
    expect(page.get_by_text("Six people collapsed within an hour")).to_be_visible()
    expect(page.get_by_text("1 will receive it")).to_be_visible()
    look_at(page, "job-night-second-eyes")
    hands.use(page.get_by_role("button", name="Mark as checked"))
    expect(page.get_by_text("Send to Health Authority, Belmora?")).to_be_visible()
    look_at(page, "job-night-send")
    rewrite(OfficerSession.objects.all(), proved_at=timezone.now() - timedelta(minutes=30))
    hands.use(page.get_by_role("button", name="Send to 1 agency"))
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    look_at(page, "job-night-still-you")
    hands.type(code_of(telephone.secret, timezone.now(), steps=1))
    hands.press("Enter")
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()


def test_a_night_time_flash_alert_is_released_on_a_phone_by_a_second_officer(
    page: Page,
    phone: Page,
    night: DeskWorld,
    sign_in: SignIn,
    live_server: LiveServer,
    mail_server: MailServer,
    console_errors: list[str],
    tell: Tell,
) -> None:
    telephone = Telephone(night.benno, now=timezone.now())
    sign_in(night.ilka)
    author, hands = Hands(page), Hands(phone)
    page.emulate_media(color_scheme="dark")
    page.goto(live_server.url)
    write(author)
    look_at(page, "job-night-written")

    mail = newest_mail(night, mail_server, RELEASER)
    assert mail.message["Subject"] == "[Accord] FLASH TO RELEASE"
    assert CONTENT not in mail.text and not mail_server.mails_to("ilka@xa-lab.example")
    hands.open_from_mail(link_in(mail))
    sign_in_on_the_phone(hands, telephone)
    look_at(phone, "job-night-queue")
    release(hands, telephone)
    (asked,) = console_errors
    assert "status of 403" in asked, "the question is an answer of 403, which Chromium writes down"
    console_errors.clear()

    night.catch_up()
    told = newest_mail(night, mail_server, ON_DUTY)
    assert told.message["Subject"] == f"[Accord] FLASH {night.received(night.aroha).reference}"
    assert CONTENT not in told.text
    night.catch_up()
    phone.reload()
    row = phone.get_by_role("row", name="Health Authority, Belmora")
    expect(row.locator("[data-label=Told] time")).to_be_visible()
    look_at(phone, "job-night-sent")
    assert Alert.objects.get().released_by == night.benno
    tell("night-time flash alert: written on duty", author.tally)
    tell("night-time flash alert: released on a phone", hands.tally)
    assert author.keys < 50 and hands.keys < 22


def test_a_second_look_at_what_one_releaser_sent_alone_is_taken_on_a_phone(
    page: Page, phone: Page, desk: DeskWorld, live_server: LiveServer, tell: Tell
) -> None:
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), flash_single_releaser=True)
    rewrite(Officer.objects.filter(pk=desk.ilka.pk), roles=["author", "releaser"])
    ilka = Officer.objects.get(pk=desk.ilka.pk)
    alert = desk.validate(desk.submit(Alert.objects.get(pk=desk.draft(ilka, pri="flash").pk)), ilka)
    release_alert(ilka, alert, revision=alert.current, now=desk.tick())
    client, name = Client(), django_settings.SESSION_COOKIE_NAME
    client.force_login(desk.benno, "officers.login.backends.EmailBackend")
    phone.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    hands = Hands(phone)
    phone.goto(live_server.url)
    expect(phone.get_by_role("listitem").filter(has_text="Look again")).to_be_visible()
    look_at(phone, "job-night-second-look")
    hands.open_first_row()
    expect(phone.get_by_text("Sent by one person alone.")).to_be_visible()
    hands.use(phone.get_by_role("button", name="I have read it"))
    expect(phone.get_by_text("Sent by one person alone.")).to_have_count(0)
    alert.refresh_from_db()
    assert alert.second_look_at is not None
    tell("a second look at a flash alert that one releaser sent alone", hands.tally)
