# SPDX-License-Identifier: Apache-2.0
"""The menu: what each role sees of it at first sight, its tabs, and the counts of waiting work."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.boxes.waiting import MOST, NOTHING, Waiting, count_waiting
from alerts.models import Alert, ReceivedAlert
from alerts.review.validation import return_alert
from callers.capabilities import Capability, Role, capabilities_of_roles
from desk.web.menu import MENU, MOST_AT_FIRST_SIGHT, navigation, tabs
from desk.web.urls import PAGES
from officers.models import Officer
from peers.models import Agency
from tests.due_times import due
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.test_lists import copies, received_copies

READS = ["Start", "Inbox", "Sent"]
SCIENCE = ["Early warning", "Identify", "Reference", "Law"]
AGENCY = ["Partners", "People", "Signing keys"]
AT_FIRST_SIGHT = {
    (Role.READER,): [*READS, *SCIENCE],
    (Role.AUTHOR,): ["Start", "Inbox", "Drafts", "Sent", *SCIENCE],
    (Role.RELEASER,): ["Start", "Inbox", "To release", "Sent", *SCIENCE],
    (Role.AUTHOR, Role.RELEASER): ["Start", "Inbox", "Drafts", "To release", "Sent", *SCIENCE],
    (Role.KEY_OFFICER,): [*READS, *AGENCY],
    (Role.AGENCY_ADMIN,): [*READS, *AGENCY],
    (Role.AUDITOR,): ["Start", *AGENCY, "Audit"],
    tuple(role for role in Role if role != Role.KEEPER): [
        "Start",
        "Inbox",
        "Drafts",
        "To release",
        "Sent",
        *AGENCY,
        "Audit",
    ],
}
"""Items that each role sees before anything is unfolded, on the first page."""


def officer_with(*roles: str, agency: str | None = "xa-lab") -> Officer:
    hosted = Agency(id=agency, is_hosted=True) if agency else None
    return Officer(agency=hosted, roles=list(roles), is_active=True)


def seen(officer: Officer, here: str = "/", *, is_in_review: bool = False) -> list[str]:
    groups = navigation(officer, here, is_in_review=is_in_review)
    return [str(item.label) for group in groups if group.is_open for item in group.items]


@pytest.mark.parametrize(("roles", "items"), AT_FIRST_SIGHT.items(), ids=lambda value: "+".join(value)[:40])
def test_each_role_sees_these_items_at_first_sight(roles: tuple[str, ...], items: list[str]) -> None:
    assert seen(officer_with(*roles)) == items


def test_a_keeper_belongs_to_no_agency_and_sees_pages_without_headings() -> None:
    (group,) = navigation(officer_with(Role.KEEPER, agency=None), "/")
    assert [str(item.label) for item in group.items] == ["Start", "Directory", "Audit"]
    assert not group.label


@pytest.mark.parametrize("roles", AT_FIRST_SIGHT, ids=lambda value: "+".join(value)[:40])
def test_no_page_shows_more_than_nine_items_and_each_shows_its_own(roles: tuple[str, ...]) -> None:
    officer = officer_with(*roles)
    for _label, areas in MENU:
        for tab in (tab for area in areas for tab in area.open_to(officer.capabilities)):
            groups = navigation(officer, tab.address)
            assert len(seen(officer, tab.address)) <= MOST_AT_FIRST_SIGHT, tab.name
            current = [item for group in groups if group.is_open for item in group.items if item.current]
            assert len(current) == 1, f"{tab.name} is marked once, and not folded away"


@pytest.mark.parametrize("roles", AT_FIRST_SIGHT, ids=lambda value: "+".join(value)[:40])
def test_a_restore_under_review_makes_no_more_than_nine_of_them(roles: tuple[str, ...]) -> None:
    officer = officer_with(*roles)
    may_review = Capability.OFFICER_MANAGE in officer.capabilities
    for here in ("/", "/inbox/", "/restore/"):
        assert seen(officer, here, is_in_review=True).count("After a restore") == may_review
    for _label, areas in MENU:
        for tab in (tab for area in areas for tab in area.open_to(officer.capabilities)):
            assert len(seen(officer, tab.address, is_in_review=True)) <= MOST_AT_FIRST_SIGHT, tab.name
            groups = navigation(officer, tab.address, is_in_review=True)
            assert sum(item.current for group in groups if group.is_open for item in group.items) == 1


@pytest.mark.parametrize("role", Role)
def test_the_menu_offers_nothing_that_the_role_may_not_open(role: Role) -> None:
    needs = {page.name: page.capability for page in PAGES}
    held = capabilities_of_roles([role])
    for tab in (tab for _label, areas in MENU for area in areas for tab in area.open_to(held)):
        assert tab.needs == needs[tab.name]
        assert needs[tab.name] is None or needs[tab.name] in held


def test_a_page_of_an_area_has_the_others_as_tabs_and_a_page_below_has_none() -> None:
    officer = officer_with(Role.READER)
    beside = tabs(officer, "/science/similar/")
    assert beside is not None
    assert [(str(item.label), item.current) for item in beside.items] == [
        ("Control", False),
        ("Similar", True),
        ("Spectrum", False),
    ]
    assert tabs(officer, "/officers/abc/") is None
    assert tabs(officer, "/keys/") is None, "a reader gives no API keys: one page alone has no tabs"
    assert tabs(officer_with(Role.AGENCY_ADMIN), "/keys/") is not None


def test_tabs_are_links_that_say_where_one_is(as_officer: SignIn, desk: DeskWorld) -> None:
    page = as_officer(desk.haitham).get("/officers/duty/").content.decode()
    strip = re.search(r'<nav class="view-tabs tabs" aria-label="People">.*?</nav>', page, re.S)
    assert strip is not None
    assert '<a href="/officers/duty/" aria-current="page">Duty</a>' in strip[0]
    assert strip[0].count("aria-current") == 1


def test_an_officer_signs_out_without_opening_anything(as_officer: SignIn, desk: DeskWorld) -> None:
    client = as_officer(desk.haitham)
    page = client.get("/inbox/").content.decode()
    line = page[page.index('<section class="me"') :]
    folded, beside = line[: line.index("</details>")], line[line.index("</details>") :]
    assert 'action="/logout/"' in beside[: beside.index("</section>")]
    for way in ('href="/account/"', 'href="/security/"', 'popovertarget="keys"', 'action="/appearance/"'):
        assert way in folded, way
    page_without_single_keys = client.get("/policy/").content.decode()
    assert 'href="/account/#keyboard"' in page_without_single_keys
    assert 'id="keyboard"' in client.get("/account/").content.decode()


def test_two_things_are_never_called_keys(as_officer: SignIn, desk: DeskWorld) -> None:
    page = as_officer(desk.haitham).get("/").content.decode()
    assert ">Keys<" not in page
    assert ">Signing keys<" in page
    assert ">Keyboard<" in page


def test_counts_stand_where_work_waits(as_officer: SignIn, desk: DeskWorld, sent: Alert) -> None:
    client = as_officer(desk.haitham)
    assert waits(client) == {"inbox": ("1", "1 to acknowledge", False)}
    ReceivedAlert.objects.update(ack_by=timezone.now() - timedelta(hours=1))
    assert waits(client) == {"inbox": ("1", "1 to acknowledge, 1 overdue", True)}
    ReceivedAlert.objects.update(acknowledged_at=timezone.now())
    assert not waits(client)
    ReceivedAlert.objects.update(**due(timezone.now() + timedelta(hours=1)))
    assert waits(client) == {"inbox": ("1", "1 to answer", False)}
    ReceivedAlert.objects.update(acknowledged_at=None, ack_by=timezone.now() + timedelta(hours=1))
    assert waits(client) == {"inbox": ("1", "1 to acknowledge, 1 to answer", False)}, (
        "one alert asks for both"
    )


def waits(client: Client) -> dict[str, tuple[str, str, bool]]:
    found = re.findall(
        r'class="waits( is-late)?" id="n-(\w+)" title="([^"]+)"><span aria-hidden="true">([^<]+)</span><span class="unseen">([^<]+)<',
        client.get("/inbox/").content.decode(),
    )
    assert all(shown == words for _late, _name, shown, _number, words in found)
    return {name: (number, words, bool(late)) for late, name, _shown, number, words in found}


def test_a_releaser_is_told_of_the_queue_and_an_author_of_what_came_back(
    as_officer: SignIn, desk: DeskWorld, submitted: Alert
) -> None:
    assert waits(as_officer(desk.benno)) == {"queue": ("1", "1 waits for release", False)}
    assert not waits(as_officer(desk.ilka)), "an author releases nothing"
    return_alert(desk.benno, submitted, reason="Name the place.", now=desk.tick())
    assert not waits(as_officer(desk.benno))
    assert waits(as_officer(desk.ilka)) == {"drafts": ("1", "1 returned to you", False)}


def test_a_full_box_is_counted_in_one_read_and_not_to_its_end(desk: DeskWorld, sent: Alert) -> None:
    now = timezone.now()
    received_copies(desk.received(desk.haitham), MOST + 20)
    latest = ReceivedAlert.objects.latest("number")
    ReceivedAlert.objects.filter(pk=latest.pk).update(ack_by=now - timedelta(hours=1))
    copies(sent, MOST + 20)
    with CaptureQueriesContext(connection) as asked:
        found = count_waiting(desk.haitham, now=now)
    assert len(asked) == 1
    assert found.inbox == MOST + 1
    assert Waiting.shown(found.inbox) == "99+"
    assert found.inbox_overdue == 1, "found though the box is full"
    (work, *_) = navigation(desk.haitham, "/", waiting=found)
    words = next(item.count.words for item in work.items if item.count and item.count.name == "inbox")
    assert words == "99+ to acknowledge or answer, 1 overdue", "its parts are not told where they are cut off"


def test_nothing_is_counted_for_who_has_no_box(desk: DeskWorld) -> None:
    assert Capability.ALERT_READ not in desk.edda.capabilities
    with CaptureQueriesContext(connection) as asked:
        assert count_waiting(desk.edda, now=timezone.now()) == NOTHING
    assert len(asked) == 0
