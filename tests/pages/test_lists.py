# SPDX-License-Identifier: Apache-2.0
"""Lists: 50 rows, newest first, filters in the address, a bounded number of queries, the right empty text."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from alerts.cards import Card, seal_alert_card, seal_received_card
from alerts.models import Alert, ReceivedAlert
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

EMPTY = {
    "inbox": "No alert has reached your agency yet.",
    "outbox": "Your agency has sent nothing yet.",
    "queue": "Nothing waits for release.",
    "notifications": "Nobody had to be told yet.",
}
QUERIES_AT_MOST = 20


@pytest.fixture
def reader(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.haitham)


CARD = Card(title="One of many", alert_type="harm_cluster")


def copies(alert: Alert, count: int) -> None:
    """More rows like one, each with a card of its own: what a list costs hangs on nothing else."""
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
    """The same for received ones."""
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


def test_unknown_filters_are_dropped_and_cursors_nobody_gave_are_refused(
    reader: Client, desk: DeskWorld
) -> None:
    desk.send(desk.draft())
    page = reader.get("/inbox/?lane=nowhere&agency__officers__password=x&ordering=-pk").content.decode()
    assert CONTENT in page
    for cursor in ("x", "-1", "9" * 40, "٣"):
        assert reader.get(f"/inbox/?cursor={cursor}").status_code == 422
    for name in ("outbox", "queue"):
        assert reader.get(f"/{name}/?cursor=forged").status_code == 422


def test_inbox_filters(reader: Client, desk: DeskWorld) -> None:
    desk.send(desk.draft(title="Real one"))
    desk.send(desk.draft(title="Exercise one", status="exercise"))
    shown = {
        "": {"Real one", "Exercise one"},
        "?exercise=yes": {"Exercise one"},
        "?exercise=no": {"Real one"},
        "?unread=yes": {"Real one", "Exercise one"},
        "?kind=harm_cluster": {"Real one", "Exercise one"},
        "?kind=new_substance": set(),
        "?lane=public_health": {"Real one", "Exercise one"},
        "?sender=xa-lab": {"Real one", "Exercise one"},
        "?sender=xd-reg": set(),
        "?overdue=yes": set(),
    }
    for query, titles in shown.items():
        page = reader.get(f"/inbox/{query}").content.decode()
        assert {title for title in ("Real one", "Exercise one") if title in page} == titles, query


def test_an_overdue_alert_is_marked(reader: Client, desk: DeskWorld) -> None:
    desk.send(desk.draft())
    ReceivedAlert.objects.update(ack_by=timezone.now() - timedelta(hours=1))
    assert "Overdue since" in reader.get("/inbox/?overdue=yes").content.decode()
    assert "Overdue since" in reader.get("/").content.decode()


def test_pages_neither_skip_nor_repeat(reader: Client, desk: DeskWorld) -> None:
    desk.send(desk.draft())
    received_copies(desk.received(desk.haitham), 60)
    first = reader.get("/inbox/").content.decode()
    older = re.search(r'href="([^"]*)" rel="next"', first)
    assert older is not None
    second = reader.get(f"/inbox/{older[1]}").content.decode()
    links = [re.findall(r'class="row-link" href="([^"]*)"', page) for page in (first, second)]
    assert [len(found) for found in links] == [50, 11]
    assert not set(links[0]) & set(links[1])
    assert 'rel="next"' not in second and ">Newest</a>" in second


def test_fifty_rows_cost_a_bounded_number_of_queries(
    desk: DeskWorld, as_officer: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    desk.send(desk.draft(desk.aroha), desk.haitham)
    sent = desk.send(desk.draft())
    copies(sent, 55)
    copies(desk.submit(desk.draft()), 55)
    copies(desk.draft(), 55)
    received_copies(desk.received(desk.benno), 55)
    lists = {desk.benno: ("/", "/inbox/", "/outbox/", "/queue/", "/notifications/"), desk.ilka: ("/drafts/",)}
    for officer, addresses in lists.items():
        client = as_officer(officer)
        for address in addresses:
            with django_assert_max_num_queries(QUERIES_AT_MOST):
                page = client.get(address)
            assert page.status_code == 200


def test_a_list_never_names_another_agencys_rows(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.send(desk.draft(recipients=["xd-reg"]))
    desk.submit(desk.draft())
    desk.draft()
    for officer in (desk.haitham, desk.aroha):
        client = as_officer(officer)
        for address in ("/", "/inbox/", "/outbox/", "/queue/", "/drafts/", "/notifications/", "/officers/"):
            page = client.get(address).content.decode()
            assert CONTENT not in page
            assert "Ilka Torvane" not in page
