# SPDX-License-Identifier: Apache-2.0
"""Lists: 50 rows, newest first, filters in the address, a bounded number of queries, the right empty text."""

import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import Card, seal_alert_card, seal_received_card
from alerts.review.validation import return_alert
from alerts.sending.withdrawal import withdraw_alert
from desk.templatetags.accord import clock
from desk.web.tones import isolated
from ledger.models import AuditEvent
from officers.models import AgencyPolicy
from peers.models import SentEnvelope
from tests.bound_rows import rewrite
from tests.due_times import due
from tests.page_queries import without_checks
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

EMPTY = {
    "inbox": "No alert has reached your agency yet.",
    "outbox": "Your agency has sent nothing yet.",
    "queue": "Nothing waits for release.",
    "notifications": "Nobody had to be told yet.",
}
QUERIES_AT_MOST = 20
CHECKS_AT_MOST = 14
FIRST_VIEW_AT_MOST = 150 * 1024


@pytest.fixture
def reader(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.haitham)


ROW = r'<tr data-arrivals-row="[^"]*" class="([^"]*)">(.*?)</tr>'
CARD = Card(title="One of many", alert_type="harm_cluster")


def copies(alert: Alert, count: int) -> None:
    """Add copies of a row, each with a card of its own: nothing else decides the cost of a list."""
    rows = []
    for n in range(count):
        row = Alert.objects.get(pk=alert.pk)
        row.id, row.jti = uuid.uuid4(), f"{row.jti[:-12]}{n:012}" if row.jti else ""
        row.changed_at -= timedelta(minutes=n + 1)
        row.released_at = row.released_at and row.released_at - timedelta(minutes=n + 1)
        row.card = seal_alert_card(row, CARD)
        rows.append(row)
    Alert.objects.bulk_create(rows)


def received_copies(received: ReceivedAlert, count: int) -> None:
    """Add copies of a received alert's row, each with a card of its own."""
    rows = []
    for n in range(count):
        row = ReceivedAlert.objects.get(pk=received.pk)
        row.id, row.number, row.jti = uuid.uuid4(), 1000 + n, f"{row.jti[:-12]}{n:012}"
        row.card = seal_received_card(row, CARD)
        rows.append(row)
    ReceivedAlert.objects.bulk_create(rows)


def test_empty_lists_say_what_they_would_show(reader: Client) -> None:
    for name, text in EMPTY.items():
        assert text in reader.get(f"/{name}/").content.decode()


def test_a_filter_without_match_offers_to_clear_it(reader: Client) -> None:
    page = reader.get("/inbox/?lane=trade").content.decode()
    assert "Nothing matches." in page
    assert '<a href="/inbox/">Clear filters.</a>' in page
    assert EMPTY["inbox"] not in page


def test_unknown_filters_are_dropped_and_cursors_nobody_gave_are_refused(reader: Client, sent: Alert) -> None:
    page = reader.get("/inbox/?lane=nowhere&agency__officers__password=x&ordering=-pk").content.decode()
    assert CONTENT in page
    for cursor in ("x", "9" * 40, "newer-x", "1' OR '1'='1"):
        assert reader.get("/inbox/", {"cursor": cursor}).status_code == 422
    for name in ("outbox", "queue"):
        assert reader.get(f"/{name}/?cursor=forged").status_code == 422
    for limit in ("-1", "1000000000", "x"):
        assert CONTENT in reader.get(f"/inbox/?limit={limit}").content.decode(), "a page has its size"


def test_inbox_filters(reader: Client, desk: DeskWorld, sent: Alert) -> None:
    desk.send(desk.draft(title="Exercise one", status="exercise"))
    real, exercise = f"Nine collapses {CONTENT}", "Exercise one"
    shown = {
        "": {real, exercise},
        "?exercise=yes": {exercise},
        "?exercise=no": {real},
        "?unread=yes": {real, exercise},
        "?kind=harm_cluster": {real, exercise},
        "?kind=new_substance": set(),
        "?lane=public_health": {real, exercise},
        "?sender=xa-lab": {real, exercise},
        "?sender=xd-reg": set(),
        "?overdue=yes": set(),
    }
    for query, titles in shown.items():
        page = reader.get(f"/inbox/{query}").content.decode()
        assert {title for title in (real, exercise) if title in page} == titles, query
    ReceivedAlert.objects.update(ack_by=timezone.now() - timedelta(hours=1))
    assert "1 h late" in reader.get("/inbox/?overdue=yes").content.decode()
    assert "1 h late" in reader.get("/").content.decode()


def test_pages_neither_skip_nor_repeat(reader: Client, desk: DeskWorld, sent: Alert) -> None:
    received_copies(desk.received(desk.haitham), 60)
    first = reader.get("/inbox/").content.decode()
    older = re.search(r'href="([^"]*)" rel="next"', first)
    assert older is not None
    second = reader.get(f"/inbox/{older[1]}").content.decode()
    links = [re.findall(r'class="row-link" href="([^"]*)"', page) for page in (first, second)]
    assert [len(found) for found in links] == [50, 11]
    assert not set(links[0]) & set(links[1])
    assert 'rel="next"' not in second and ">Newest</a>" in second
    newer = re.search(r'href="([^"]*)" rel="prev"', second)
    assert newer is not None and 'rel="prev"' not in first
    back = reader.get(f"/inbox/{newer[1]}").content.decode()
    assert re.findall(r'class="row-link" href="([^"]*)"', back) == links[0]


def test_fifty_rows_weigh_little_and_cost_a_bounded_number_of_queries(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    """The weight is every octet of the page, its style sheets and its scripts, uncompressed as they leave the hub.

    The checks, which are counted apart, are as few for fifty rows as for one.
    """
    desk.send(desk.draft(desk.aroha), desk.haitham)
    copies(sent, 55)
    copies(desk.submit(desk.draft()), 55)
    copies(desk.draft(), 55)
    received_copies(desk.received(desk.benno), 55)
    lists = {
        desk.benno: ("/", "/inbox/", "/outbox/", "/queue/", "/notifications/", "/search/"),
        desk.ilka: ("/", "/drafts/", "/drafts/on-the-way/"),
    }
    for officer, addresses in lists.items():
        client = as_officer(officer)
        for address in addresses:
            with CaptureQueriesContext(connection) as asked:
                page = client.get(address)
            assert page.status_code == 200
            own = without_checks(row["sql"].strip() for row in asked.captured_queries)
            assert len(own) <= QUERIES_AT_MOST, address
            assert len(asked) - len(own) <= CHECKS_AT_MOST, address
            linked = re.findall(rb'(?:href|src)="/static/(accord/[a-z_]+\.(?:css|js))"', page.content)
            assert len(linked) >= 3
            weight = len(page.content) + sum(len(asset(name.decode())) for name in linked)
            assert weight <= FIRST_VIEW_AT_MOST, address


def asset(name: str) -> bytes:
    path = finders.find(name)
    assert isinstance(path, str)
    return Path(path).read_bytes()


def test_a_list_never_names_another_agencys_rows(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.send(desk.draft(recipients=["xd-reg"]))
    desk.submit(desk.draft())
    desk.draft()
    for officer in (desk.haitham, desk.aroha):
        client = as_officer(officer)
        for address in (
            "/",
            "/inbox/",
            "/outbox/",
            "/queue/",
            "/drafts/",
            "/drafts/on-the-way/",
            "/notifications/",
            "/officers/",
        ):
            page = client.get(address).content.decode()
            assert CONTENT not in page
            assert "Ilka Torvane" not in page


def test_no_late_work_hides_a_flash_alert(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.send(desk.draft(title="Overdue since long"))
    late = desk.received(desk.haitham)
    ReceivedAlert.objects.filter(pk=late.pk).update(ack_by=timezone.now() - timedelta(hours=1))
    desk.send(desk.draft(title="Three deaths after one delivery", pri="flash"))
    page = as_officer(desk.haitham).get("/").content.decode()
    places = [page.index(words) for words in (">At once</h3>", "Three deaths", ">Late</h3>", "Overdue since")]
    assert places == sorted(places)


def test_the_start_page_says_what_waits_and_by_whom(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    desk.send(desk.draft(title="Overdue since long"))
    overdue = desk.received(desk.haitham)
    ReceivedAlert.objects.filter(pk=overdue.pk).update(ack_by=timezone.now() - timedelta(hours=1))
    desk.submit(desk.draft(desk.aroha, title="Routine to release", pri="routine", recipients=["xa-lab"]))
    desk.submit(desk.draft(desk.aroha, title="Flash to release", pri="flash", recipients=["xa-lab"]))
    page = as_officer(desk.haitham).get("/").content.decode()
    for earlier, later in (
        ("Overdue since long", f"Nine collapses {CONTENT}"),
        ("Flash to release", "Routine to release"),
    ):
        assert page.index(earlier) < page.index(later)
    assert page.index(">Late</h3>") < page.index("1 h late") < page.index(">Today</h3>")
    assert f"from {isolated('Forensic Laboratory, Arvenia')}" in page
    assert f"by {isolated('نورين الصفواري')}" in page

    returned = return_alert(
        desk.haitham,
        desk.aroha.alerts_written.filter(pri="flash").get(),
        reason="Say where.",
        now=desk.tick(),
    )
    author = as_officer(desk.aroha).get("/").content.decode()
    assert f"returned it: {isolated('Say where.')}" in author and f"/drafts/{returned.pk}/2/" in author

    late = Alert.objects.get(md=overdue.md)
    rewrite(SentEnvelope.objects.filter(md=late.md), ack_by=timezone.now() - timedelta(minutes=1))
    sender = as_officer(desk.benno).get("/").content.decode()
    rows = {
        row.split("<bdi>")[1].split("<")[0]: row
        for row in re.findall(r'<li [^>]*"phone-.*?</li>', sender, re.S)
    }
    assert set(rows) == {desk.health.name, desk.reg.row.name}
    for row in rows.values():
        assert ">Phone</span>" in row and "has not acknowledged an alert of yours" in row
        assert "1 min late" in row and "Cluster of harm" in row and "Overdue since long" not in row
        assert f"/outbox/{late.pk}/call/" in row
    assert 'href="tel:+00015550101"' in rows[desk.health.name]
    assert "2 overdue" in as_officer(desk.benno).get("/outbox/").content.decode()

    withdraw_alert(desk.benno, late, code="error", now=desk.tick())
    desk.settle()
    page = as_officer(desk.haitham).get("/").content.decode()
    assert ">Confirm</span>" in page and ": stop using it" in page
    assert ">Phone</span>" not in as_officer(desk.benno).get("/").content.decode()


def test_rows_of_the_inbox_rank_by_edge_clock_and_weight(reader: Client, desk: DeskWorld) -> None:
    now = timezone.now()
    facts: dict[str, tuple[str, dict[str, object]]] = {
        "One that is read": ("routine", {"acknowledged_at": now, "first_opened_at": now}),
        "One that is asked": (
            "routine",
            {"acknowledged_at": now, "first_opened_at": now, **due(now + timedelta(days=5))},
        ),
        "One that is flash": ("flash", {"ack_by": now + timedelta(minutes=59, seconds=30)}),
        "One that is late": ("urgent", {"ack_by": now - timedelta(days=8, minutes=1)}),
    }
    for title, (pri, changed) in facts.items():
        md = desk.send(desk.draft(title=title, pri=pri)).md
        ReceivedAlert.objects.filter(md=md, agency=desk.health).update(**changed)
    page = reader.get("/inbox/").content.decode()
    rows = [(found[1].split()[1:], found[2]) for found in re.finditer(ROW, page, re.DOTALL)]
    waiting = [
        ("8 days late", "by ", "unread overdue"),
        ("59 min", "by ", "unread is-flash"),
        ("4 days", "answer by ", ""),
    ]
    assert [re.findall(r"<bdi>([^<]*)</bdi></a>", body)[0] for _classes, body in rows] == [
        "One that is late",
        "One that is flash",
        "One that is asked",
        "One that is read",
    ]
    for (classes, body), (clock_text, when, wanted) in zip(rows, waiting, strict=False):
        assert classes == wanted.split() and f">{clock_text}</b>" in body and f'"under">{when}' in body
    assert rows[3][0] == [] and "</b>" not in rows[3][1]


def test_an_empty_start_page_says_when_it_looked_and_offers_what_one_may_do(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    page = as_officer(desk.aroha).get("/").content.decode()
    empty = page[page.index("Nothing waits for you. Checked ") :].partition("</div>")[0]
    assert re.search(r">\d\d:\d\d\sUTC", empty)
    assert all(label in empty for label in (">New alert</a>", ">Identify</a>", ">Search</a>"))
    reader = as_officer(desk.casimir).get("/").content.decode()
    assert ">New alert</a>" not in reader, "who may not write is offered nothing to write"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.5, "1 min"),
        (59, "59 min"),
        (61, "1 h"),
        (47 * 60, "47 h"),
        (49 * 60, "2 days"),
        (-30, "30 min late"),
        (-8 * 24 * 60 - 1, "8 days late"),
    ],
)
def test_a_clock_says_what_is_left_in_few_letters(minutes: float, words: str) -> None:
    now = timezone.now()
    assert clock(now + timedelta(minutes=minutes), now) == words


def test_a_row_that_nobody_has_opened_opens_on_duty_by_one_press(reader: Client, desk: DeskWorld) -> None:
    for pri in ("routine", "flash"):
        desk.send(desk.draft(title=f"One that is {pri}", pri=pri))
    routine, flash = ReceivedAlert.objects.filter(agency=desk.health).order_by("number")

    def offered() -> set[str]:
        page = reader.get("/").content.decode()
        assert '<form id="on-duty" method="post"' in page
        return set(re.findall(r'form="on-duty" formaction="/inbox/([^/"]+)/"', page))

    assert offered() == {str(routine.pk), str(flash.pk)}
    rewrite(AgencyPolicy.objects.filter(agency=desk.health), case_number_required=True)
    assert offered() == {str(flash.pk)}, "the agency asks for a case number"
    answer = reader.post(f"/inbox/{routine.pk}/", {"reason": "on_duty"})
    assert answer.status_code == 422 and ReceivedAlert.objects.get(pk=routine.pk).first_opened_at is None
    page = reader.post(f"/inbox/{flash.pk}/", {"reason": "on_duty"}, follow=True).content.decode()
    assert "You opened this as: On duty" in page
    event = AuditEvent.objects.get(act="alert.opened", subject=flash.md, actor=desk.haitham.audit_name)
    assert event.reason == "on_duty"
    assert offered() == set()
