# SPDX-License-Identifier: Apache-2.0
"""No page of the desk shows a time of day without its zone, whoever reads it."""

import html
import re
from collections.abc import Iterator
from typing import Final

import pytest
from django.test import Client

from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.sending.withdrawal import withdraw_alert
from alerts.states import AlertState
from desk.web.urls import PAGES
from officers.models import Officer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

CLOCK: Final = re.compile(r"(?<![\w:./+\N{MINUS SIGN}-])\d{1,2}:\d\d(?![\w:])(?P<after>.{0,5})")
IN_ZONE: Final = " UTC"
SIGNING_OUT: Final = {"logout/"}
PAGE_BY_STATE: Final[dict[str, str]] = {
    AlertState.DRAFT: "/drafts/{}/4/",
    AlertState.SUBMITTED: "/queue/{}/",
    AlertState.VALIDATED: "/queue/{}/",
}


def clocks_on(page: str) -> Iterator[tuple[str, str]]:
    """Yield each time of day that a reader sees, and the text after it."""
    shown = html.unescape(re.sub(r"<[^>]*>", " ", page))
    for found in CLOCK.finditer(" ".join(shown.split())):
        yield found[0], found["after"]


def addresses_for(officer: Officer) -> Iterator[str]:
    """Yield every page that the officer may open: those without an object, and those of the agency's alerts."""
    for page in PAGES:
        is_open_to = page.capability is None or page.capability in officer.capabilities
        if is_open_to and "<" not in page.route and "GET" in page.methods and page.route not in SIGNING_OUT:
            yield f"/{page.route}"
    for alert in Alert.objects.visible_to(officer):
        yield PAGE_BY_STATE.get(alert.state, "/outbox/{}/").format(alert.pk)
    for received in ReceivedAlert.objects.visible_to(officer):
        yield f"/inbox/{received.pk}/"
    if officer.agency_id:
        yield f"/officers/{officer.public_id}/"


@pytest.fixture
def busy(desk: DeskWorld, sent: Alert) -> DeskWorld:
    """A desk with an alert in every state, and an officer who has read and signed in."""
    withdraw_alert(desk.benno, sent, code="error", now=desk.tick())
    desk.send(desk.draft(alert_type="request_for_information", question="Seen before?"))
    open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick())
    desk.validate(desk.submit(desk.draft()))
    desk.submit(desk.draft())
    desk.draft()
    return desk


def test_every_time_of_day_has_its_zone(busy: DeskWorld, as_officer: SignIn) -> None:
    """Each page is read once for each agency, by the first of its officers who may open it; a start page by each officer."""
    read = set[tuple[str | None, str]]()
    for login in ("aroha", "edda", "noor", "benno", "sunniva", "ilka"):
        officer = busy.officers[login]
        addresses = [
            address
            for address in addresses_for(officer)
            if address == "/" or (officer.agency_id, address) not in read
        ]
        pages = dict(pages_of(as_officer(officer), addresses))
        read |= {(officer.agency_id, address) for address in pages}
        found = [(address, *clock) for address, page in pages.items() for clock in clocks_on(page)]
        bare = [(address, clock, after) for address, clock, after in found if not after.startswith(IN_ZONE)]
        assert (login, bare) == (login, [])
        assert len(found) >= 5, login


def pages_of(client: Client, addresses: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each page that opens, with its address."""
    for address in addresses:
        answer = client.get(address)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            yield address, answer.content.decode()
