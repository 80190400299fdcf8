# SPDX-License-Identifier: Apache-2.0
"""The pages of the law in a browser: wide and narrow, light and dark, nothing sticks out, no CSP violation."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from science.law.watching import add_watch
from science.rows.structures import StoredStructure
from tests.browser.conftest import VARIANTS, Picture
from tests.law.lawful import CAFFEINE, COMING, FLUOROFENTANYL, METONITAZENE, LawDesk, rule_from
from tests.pages.desk_world import DeskWorld


def test_rules_what_is_caught_and_what_is_watched(
    page: Page,
    live_server: LiveServer,
    desk: DeskWorld,
    sign_in: Callable[[Officer], None],
    shoot: Callable[..., None],
) -> None:
    law = LawDesk(desk)
    for substance in (METONITAZENE, CAFFEINE, FLUOROFENTANYL):
        law.send(substance)
    law.judge()
    received = law.publish(rule_from(COMING), day=COMING)
    add_watch(desk.benno, jurisdiction="XB", drug_class="nitazene", now=desk.tick())
    sign_in(desk.benno)
    desk.catch_up()
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open", exact=True).click()
    shoot("law-adopt", f"/inbox/{received.pk}/rule/")
    page.get_by_role("button", name="Adopt", exact=True).click()
    desk.catch_up()
    law.judge()
    for name, address in (
        ("rules", "/science/rules/"),
        ("rule", "/science/rules/US-FRS/"),
        ("caught", "/science/caught/"),
        ("watches", "/science/watches/"),
        ("start", "/"),
        ("alert", f"/inbox/{received.pk}/"),
    ):
        shoot(f"law-{name}", address)


def test_standings_over_time_by_keyboard(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None], picture: Picture
) -> None:
    law = LawDesk(desk)
    law.send(METONITAZENE)
    law.judge()
    row = StoredStructure.objects.get(agency_id="xb-health")
    sign_in(desk.casimir)
    page.goto(f"{live_server.url}/science/timeline/{row.pk}/")
    page.get_by_label("On duty").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Standing by jurisdiction")).to_be_visible()
    expect(page.get_by_text("Meets the definition of a class").first).to_be_visible()
    for variant in ("light", "narrow"):
        page.set_viewport_size({"width": VARIANTS[variant][0], "height": 900})
        picture(page, f"law-timeline-{variant}")
