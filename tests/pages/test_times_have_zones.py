# SPDX-License-Identifier: Apache-2.0
"""No page of the desk shows a time of day without its zone, whoever reads it."""

import html
import re
from collections.abc import Iterator
from typing import Final

import pytest

from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.sending.withdrawal import withdraw_alert
from desk.web.urls import PAGES
from officers.models import Officer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

CLOCK: Final = re.compile(r"(?<![\w:./+\N{MINUS SIGN}-])\d{1,2}:\d\d(?![\w:])(?P<after>.{0,5})")
IN_ZONE: Final = " UTC"
SIGNING_OUT: Final = {"logout/"}


def clocks_on(page: str) -> Iterator[tuple[str, str]]:
    """Yield each time of day that a reader sees, and the text after it."""
    shown = html.unescape(re.sub(r"<[^>]*>", " ", page))
    for found in CLOCK.finditer(" ".join(shown.split())):
        yield found[0], found["after"]


def addresses_for(officer: Officer) -> Iterator[str]:
    """Yield every page without an object in its address, and the pages of alerts that the officer's agency wrote and received."""
    yield from (f"/{page.route}" for page in PAGES if "<" not in page.route and "GET" in page.methods)
    for alert in Alert.objects.visible_to(officer):
        yield from (f"/outbox/{alert.pk}/", f"/queue/{alert.pk}/", f"/drafts/{alert.pk}/6/")
    for received in ReceivedAlert.objects.visible_to(officer):
        yield f"/inbox/{received.pk}/"
    if officer.agency_id:
        yield f"/officers/{officer.public_id}/"


@pytest.fixture
def busy(desk: DeskWorld) -> DeskWorld:
    """A desk with an alert in every state, and an officer who has read and signed in."""
    desk.send(desk.draft(alert_type="request_for_information", question="Seen before?"))
    open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick())
    withdrawn = desk.send(desk.draft(pri="flash"))
    withdraw_alert(desk.benno, withdrawn, code="error", now=desk.tick())
    desk.settle()
    desk.validate(desk.submit(desk.draft()))
    desk.submit(desk.draft())
    desk.draft()
    return desk


def test_every_time_of_day_has_its_zone(busy: DeskWorld, as_officer: SignIn) -> None:
    for login in ("ilka", "benno", "sunniva", "edda", "aroha", "noor"):
        seen, bare = read_pages(as_officer, busy.officers[login])
        assert (login, bare) == (login, [])
        assert seen >= 5


def read_pages(as_officer: SignIn, officer: Officer) -> tuple[int, list[str]]:
    """Return how many times of day the officer's pages show, and the times without a zone."""
    client, seen, bare = as_officer(officer), 0, []
    for address in addresses_for(officer):
        if address.strip("/") + "/" in SIGNING_OUT:
            continue
        answer = client.get(address)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        for clock, after in clocks_on(answer.content.decode()):
            seen += 1
            if not after.startswith(IN_ZONE):
                bare.append(f"{address}: {clock}{after}")
    return seen, bare
