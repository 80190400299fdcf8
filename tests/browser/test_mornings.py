# SPDX-License-Identifier: Apache-2.0
"""The first quarter of an hour of five officers' working day, in clicks: docs/mornings.md.

- Each begins at the signed-in start page and goes on by real presses alone (`tests.browser.mouse`).
- Each step ends when its goal is reached: a row in the database, or a text on the page.
- A page that takes more clicks than before fails its morning.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, expect
from pytest_django.live_server_helper import LiveServer

from alerts.access import today_of
from alerts.drafting.revisions import read_revision
from alerts.states import AlertState
from officers.models import Officer
from tests.browser.conftest import note_errors
from tests.browser.morning_world import (
    BAGS,
    CLUSTER,
    CUSTOMS,
    DRUGS,
    EXHIBIT,
    FLASH,
    HEALTH,
    LAB,
    PARCELS,
    REQUEST,
    SPECTRUM,
    YESTERDAY,
    MorningWorld,
)
from tests.browser.mouse import Cost, Mouse, Thumb

pytestmark = pytest.mark.slow

DESKTOP: Final = {"viewport": {"width": 1280, "height": 900}}
PHONE: Final = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}

BEFORE: Final[Mapping[str, Cost]] = {
    "detective": Cost(clicks=13, keys=34, typed=33, pages=11, changes_of_hand=3, scrolls=2),
    "detective's releaser": Cost(clicks=3, pages=3),
    "customs officer": Cost(clicks=19, keys=45, typed=45, pages=9, changes_of_hand=8, scrolls=4),
    "chemist": Cost(clicks=15, keys=22, typed=22, pages=11, changes_of_hand=2, scrolls=3),
    "epidemiologist": Cost(clicks=19, keys=36, typed=36, pages=11, changes_of_hand=6, scrolls=4),
    "duty officer": Cost(clicks=5, pages=3, scrolls=2),
}
"""Cost of each morning on 1 December 2026, before the pages were changed for it."""

AT_MOST: Final[Mapping[str, Cost]] = {
    "detective": Cost(clicks=7, keys=12, pages=7),
    "detective's releaser": Cost(clicks=3, pages=3),
    "customs officer": Cost(clicks=10, keys=41, pages=5),
    "chemist": Cost(clicks=9, keys=22, pages=7),
    "epidemiologist": Cost(clicks=11, keys=29, pages=7),
    "duty officer": Cost(clicks=2, pages=2),
}
"""Bounds of clicks, keys and pages. Who makes a morning shorter lowers its bound."""

DESCRIPTION: Final = Path(__file__).parents[2] / "docs" / "mornings.md"

Begins = Callable[..., Mouse]
Holds = Callable[[str, Mouse], None]


@pytest.fixture
def world(live_server: LiveServer, tmp_path: Path) -> MorningWorld:
    return MorningWorld.kept(tmp_path / "ledger")


@pytest.fixture
def begins(browser: Browser, live_server: LiveServer, console_errors: list[str]) -> Iterator[Begins]:
    """Put an officer before the signed-in start page, on a device of one's own."""
    with ExitStack() as devices:

        def begin(officer: Officer, *, device: dict[str, Any] = DESKTOP, hands: type[Mouse] = Mouse) -> Mouse:
            client, name = Client(), django_settings.SESSION_COOKIE_NAME
            client.force_login(officer, "officers.login.backends.EmailBackend")
            context = browser.new_context(**device)
            devices.callback(context.close)
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
            page = context.new_page()
            note_errors(page, console_errors)
            mouse = hands(page)
            mouse.begin(live_server.url)
            expect(page.get_by_role("heading", name="My work")).to_be_visible()
            return mouse

        yield begin
    assert not console_errors


@pytest.fixture
def holds(record_property: Any, capsys: pytest.CaptureFixture[str]) -> Holds:
    """Report what a morning cost, and hold it to its bound."""

    def hold(who: str, hands: Mouse) -> None:
        record_property(who, hands.cost.line())
        with capsys.disabled():
            sys.stdout.write(f"\n{hands.report(who)}\n")
        cost, bound = hands.cost, AT_MOST[who]
        worse = {name for name in ("clicks", "keys", "pages") if getattr(cost, name) > getattr(bound, name)}
        assert not worse, f"{who}: {cost.line()}; at most {bound.line()}"

    return hold


def open_on_duty(hands: Mouse, row: Locator) -> None:
    """Open the alert of a row, for the reason that the row offers."""
    hands.press(row.get_by_role("button", name="Open on duty"))
    expect(hands.page.get_by_role("heading", name="What was said since")).to_be_visible()


def menu(hands: Mouse, name: str) -> None:
    hands.press(hands.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True))


def go_on(hands: Mouse, step: str) -> None:
    hands.press(hands.page.get_by_role("button", name="Continue"))
    expect(hands.page.get_by_role("button", name=step)).to_have_attribute("aria-current", "step")


def go_on_by_enter(hands: Mouse, step: str) -> None:
    """Press Enter after the last text of a page."""
    hands.key("Enter")
    expect(hands.page.get_by_role("button", name=step)).to_have_attribute("aria-current", "step")


def submit(hands: Mouse) -> None:
    hands.press(hands.page.get_by_role("button", name="Submit for release"))
    expect(hands.page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()


def test_a_detective(world: MorningWorld, begins: Begins, holds: Holds) -> None:
    people, request = world.people[DRUGS], world.received(DRUGS, REQUEST)
    hands = begins(people.author)
    page = hands.page
    waiting = page.get_by_role("region", name="Waiting for you")
    hands.read(waiting.get_by_role("listitem").filter(has_text="Answer").get_by_role("link", name=REQUEST))
    hands.done("sees what waits")

    open_on_duty(hands, waiting.get_by_role("listitem").filter(has_text=REQUEST))
    hands.read(page.locator("#by-when").get_by_role("heading", name="Answer by"))
    request.refresh_from_db()
    assert request.reply_by is not None and request.reply_by - timezone.now() < timedelta(hours=1)
    hands.done("opens the request that is due")

    hands.press(page.get_by_role("link", name="Answer…", exact=True))
    hands.press(page.get_by_role("radio", name="No hit"))
    hands.press(page.get_by_role("button", name="Submit the answer"))
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()
    answer = world.newest_of(people.author)
    assert (answer.state, read_revision(answer).data["alert_type"]) == (AlertState.SUBMITTED, "answer")
    hands.done("answers that nothing is known")

    open_on_duty(hands, waiting.get_by_role("listitem").filter(has_text=PARCELS))
    hands.press(page.get_by_role("button", name="Acknowledge", exact=True))
    expect(page.get_by_text(re.compile("^Acknowledged ")).first).to_be_visible()
    assert world.received(DRUGS, PARCELS).acknowledged_by == people.author
    hands.done("acknowledges a routine alert")

    menu(hands, "Search")
    hands.type(page.get_by_label("Identifier or words"), EXHIBIT)
    hands.key("Enter")
    expect(page.get_by_text("Found by the exact identifier.")).to_be_visible()
    hands.read(page.get_by_role("row", name=PARCELS))
    hands.done("looks for an exhibit of his")
    holds("detective", hands)

    hands = begins(people.releaser)
    page = hands.page
    hands.press(page.get_by_role("region", name="Waiting for you").get_by_role("link", name=f"Re: {REQUEST}"))
    hands.press(page.get_by_role("button", name="Mark as checked"))
    hands.press(page.get_by_role("button", name="Send to 1 agency"))
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()
    answer.refresh_from_db()
    assert (answer.state, answer.released_by) == (AlertState.RELEASED, people.releaser)
    hands.done("reads, checks and sends the answer")
    holds("detective's releaser", hands)


def test_a_customs_officer(world: MorningWorld, begins: Begins, holds: Holds) -> None:
    people = world.people[CUSTOMS]
    yesterday = today_of(people.author, timezone.now()) - timedelta(days=1)
    hands = begins(people.author)
    page = hands.page
    hands.press(page.get_by_role("main").get_by_role("link", name="New alert"))
    hands.press(page.get_by_role("button", name="Seizure"))
    hands.type(page.get_by_label("Title"), "Two kilos in a spare wheel")
    hands.press(page.get_by_role("button", name="Yesterday"))
    hands.press(page.locator("#field-place_country").get_by_role("button"))
    hands.type(page.get_by_role("combobox", name="Substance"), "mephedrone")
    hands.press(page.get_by_role("radio", name="Tentative"))
    hands.type(page.get_by_label("Amount"), "2 kg")
    go_on_by_enter(hands, "Who gets it")
    expect(page.get_by_text("Lane Enforcement, purpose Investigate")).to_be_visible()
    hands.press(page.get_by_role("checkbox", name="Drug Enforcement, Estmark"))
    go_on(hands, "Check and submit")
    submit(hands)
    alert = world.newest_of(people.author)
    written = read_revision(alert).data
    assert (alert.state, written["event_date"], written["place_country"]) == (
        AlertState.SUBMITTED,
        yesterday.isoformat(),
        "XC",
    )
    assert (written["preferred_name"], written["quantity"], written["unit"]) == ("mephedrone", "2", "kg")
    assert (written["recipients"], written["lane"]) == ([DRUGS], "enforcement")
    hands.done("writes a seizure and submits it")

    yesterdays = page.get_by_role("row", name=YESTERDAY).filter(has_text="Waiting for release")
    hands.read(yesterdays.get_by_text(f"To check it: {people.releaser.full_name}"))
    assert world.alert(YESTERDAY).state == AlertState.SUBMITTED
    hands.done("finds out who has to act on yesterday's alert")
    holds("customs officer", hands)


def test_a_chemist(world: MorningWorld, begins: Begins, holds: Holds) -> None:
    people = world.people[LAB]
    hands = begins(people.author)
    page = hands.page
    menu(hands, "Inbox")
    expect(page.locator("tr.unread").filter(has_text=BAGS)).to_be_visible()
    expect(page.locator("tr.unread").filter(has_text="New substance").first).to_contain_text(SPECTRUM)
    hands.press(page.get_by_role("link", name=SPECTRUM))
    hands.press(page.get_by_role("button", name="On duty"))
    expect(page.get_by_role("heading", name="What was said since")).to_be_visible()
    hands.read(page.locator("#evidence").get_by_text("Mass spectrum: fentanyl.msp"))
    hands.done("finds and opens the newest alert with evidence")

    hands.press(page.get_by_role("button", name="Match this spectrum"))
    expect(page.get_by_role("heading", name="Hits")).to_be_visible()
    expect(page.locator(".science-spectra li").first).to_contain_text("fentanyl")
    hands.read(page.locator(".science-spectra [data-sp-stage]").first)
    hands.done("compares its spectrum with the library")

    hands.press(page.get_by_role("link", name="The alert"))
    hands.press(page.get_by_role("link", name="Review the identification…"))
    hands.press(page.get_by_label("Agree: the evidence identifies what is claimed."))
    hands.type(page.get_by_label("Reasons"), "Same as our library's.")
    hands.press(page.get_by_role("button", name="Submit the review"))
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()
    review = world.newest_of(people.author)
    written = read_revision(review).data
    assert (review.state, written["alert_type"], written["opinion"]) == (
        AlertState.SUBMITTED,
        "peer_review",
        "agree",
    )
    hands.done("writes a peer review and submits it")
    holds("chemist", hands)


def test_an_epidemiologist(world: MorningWorld, begins: Begins, holds: Holds) -> None:
    people = world.people[HEALTH]
    hands = begins(people.author)
    page = hands.page
    menu(hands, "Early warning")
    signals = page.get_by_role("region", name="First sightings")
    open_on_duty(hands, signals.get_by_role("listitem").first)
    expect(page.get_by_role("heading", level=1, name=CLUSTER)).to_be_visible()
    hands.done("opens the newest signal's alert from the board")

    menu(hands, "New alert")
    hands.press(page.get_by_role("button", name="Cluster of harm"))
    hands.type(page.get_by_label("Title"), "Four poisonings in a hostel")
    hands.press(page.get_by_role("button", name="Yesterday"))
    hands.press(page.locator("#field-place_country").get_by_role("button"))
    hands.press(page.get_by_role("radio", name="Suspected"))
    hands.type(page.get_by_label("Cases, not fatal"), "4")
    go_on_by_enter(hands, "Who gets it")
    hands.press(page.get_by_role("checkbox", name="Forensic Laboratory, Arvenia"))
    go_on(hands, "Check and submit")
    submit(hands)
    alert = world.newest_of(people.author)
    written = read_revision(alert).data
    assert (alert.state, written["alert_type"]) == (AlertState.SUBMITTED, "harm_cluster")
    assert (written["place_country"], written["harm_evidence"], written["cases_non_fatal"]) == (
        "XB",
        "suspected",
        4,
    )
    hands.done("writes a cluster of harm and submits it")
    holds("epidemiologist", hands)


def test_a_duty_officer_at_night(world: MorningWorld, begins: Begins, holds: Holds) -> None:
    officer, flash = world.desk.casimir, world.received(HEALTH, FLASH)
    hands = begins(officer, device=PHONE, hands=Thumb)
    page = hands.page
    waiting = page.get_by_role("region", name="Waiting for you")
    open_on_duty(hands, waiting.get_by_role("listitem").filter(has_text=FLASH))
    hands.done("opens the flash alert")
    hands.press(page.get_by_role("button", name="Acknowledge", exact=True))
    expect(page.get_by_text(re.compile("^Acknowledged ")).first).to_be_visible()
    flash.refresh_from_db()
    assert flash.acknowledged_by == officer
    hands.done("acknowledges it")
    hands.read(page.get_by_role("link", name="+000 1 5550 101").first)
    hands.done("finds the sender's telephone number")
    holds("duty officer", hands)


@pytest.mark.parametrize("who", BEFORE)
def test_the_description_states_what_was_measured(who: str) -> None:
    cost = BEFORE[who]
    row = [who, cost.clicks, cost.keys, cost.typed, cost.pages, cost.scrolls, f"{cost.seconds:.0f}"]
    now = AT_MOST[who]
    row_now = [who, now.clicks, now.keys, now.pages, f"{100 * now.clicks / cost.clicks:.0f} %"]
    assert who == "detective's releaser" or now.clicks <= 0.6 * cost.clicks
    described = DESCRIPTION.read_text("utf-8")
    assert "| " + " | ".join(map(str, row)) + " |" in described
    assert "| " + " | ".join(map(str, row_now)) + " |" in described
