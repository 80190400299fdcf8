# SPDX-License-Identifier: Apache-2.0
"""Changes of one's own deliveries since the last question: none is skipped, in whatever order transactions end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from callers.capabilities import Capability
from sharing.changes import MOST_OPEN, Changes, Ended, Place, read_changes
from sharing.errors import FeedRestartedError
from sharing.feed import begin_epoch
from sharing.models import Delivery
from tests.backups import Backup
from tests.builders import HeldAgency, Hub
from tests.role_logins import under_login_of
from tests.sharing.callers import Answer, Caller, slug
from tests.sharing.conftest import Callers, Four

FACTS = {
    *("md", "recipient", "state", "told_at", "fetched_at", "opened_at", "acknowledged_at", "answer"),
    *("recalled_at", "recall_confirmed_at"),
}


@pytest.fixture
def pair(transactional_db: None, tmp_path: Path) -> tuple[Hub, HeldAgency]:
    """A hub on a database that other connections see, whose alpha has sent three envelopes to bravo."""
    hub = Hub(tmp_path / "ledger", timezone.now())
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
    hub.make_agreement("G1", alpha, bravo)
    for _ in range(3):
        hub.deliver(alpha, bravo, suite="EC1")
    return hub, alpha


@contextmanager
def elsewhere() -> Iterator[Callable[[int], None]]:
    """Note on another connection that somebody was told of a delivery; the transaction commits at the end of the block."""
    with (
        psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other,
        other.transaction(),
    ):
        yield lambda row: touch(other, row)


def touch(other: Any, row: int) -> None:
    other.execute(
        "UPDATE sharing_delivery SET told_at = coalesce(told_at, now()) + interval '1 second' WHERE id = %s",
        [row],
    )


def rows() -> list[int]:
    return list(Delivery.objects.order_by("pk").values_list("pk", flat=True))


def given(changes: Changes) -> list[int]:
    return [item["pk"] for item in changes.items]


def test_what_is_committed_late_comes_although_later_changes_were_read_before(
    pair: tuple[Hub, HeldAgency],
) -> None:
    alpha = pair[1].client
    first, second, third = rows()
    place = read_changes(alpha).next
    with elsewhere() as slow:
        slow(first)
        with elsewhere() as quick:
            quick(second)
        seen = read_changes(alpha, since=place)
        assert given(seen) == [second]
        assert read_changes(alpha, since=seen.next) == Changes([], seen.next, False)
        with elsewhere() as quick:
            quick(third)
    after = read_changes(alpha, since=seen.next)
    assert given(after) == [first, third]
    assert read_changes(alpha, since=after.next).items == []


def test_what_changes_or_is_committed_between_two_pages_comes_with_the_next_reading(
    pair: tuple[Hub, HeldAgency],
) -> None:
    alpha = pair[1].client
    first, second, third = rows()
    with elsewhere() as slow:
        slow(second)
        page = read_changes(alpha, limit=1)
        assert (given(page), page.more) == ([first], True)
    with elsewhere() as quick:
        quick(first)
    rest, readings = [], 0
    while page.more:
        page, readings = read_changes(alpha, since=page.next, limit=1), readings + 1
        rest += given(page)
    assert (rest, readings) == ([third], 1)
    assert given(read_changes(alpha, since=page.next)) == [second, first]


def test_a_change_that_is_taken_back_is_none(pair: tuple[Hub, HeldAgency]) -> None:
    alpha = pair[1].client
    place = read_changes(alpha).next
    with pytest.raises(ZeroDivisionError), elsewhere() as broken:
        broken(rows()[0])
        raise ZeroDivisionError
    assert read_changes(alpha, since=place) == Changes([], place, False)


def test_more_under_way_than_a_place_names_hide_nothing() -> None:
    under_way = tuple(range(100, 100 + 2 * MOST_OPEN, 2))
    beyond = under_way[-1] + 2
    listed = ",".join(map(str, (*under_way, beyond, beyond + 2)))
    cut = Ended.of_snapshot(f"100:900:{listed}")
    assert cut == Ended(100, beyond, under_way)
    assert Ended.parse(str(cut)) == cut
    assert Ended.of_snapshot("7:9:7") == Ended(7, 9, (7,))
    place = Place("x" * 16, cut, cut, (2**60, 2**60))
    assert Place.parse(str(place)) == place


def test_it_reads_by_its_index_however_much_others_changed(pair: tuple[Hub, HeldAgency]) -> None:
    alpha = pair[1]
    place = read_changes(alpha.client).next
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_delivery (envelope_id, iss, recipient_id, index, agreement_version_id, state, reference,"
            " answer, changed) SELECT envelope_id, 'xz-other', 'r' || n, 0, agreement_version_id, state, 'R' || n, '', 0"
            " FROM (SELECT * FROM sharing_delivery LIMIT 1) AS one, generate_series(1, 5000) AS n"
        )
        cursor.execute("ANALYZE sharing_delivery")
    with elsewhere() as quick:
        quick(rows()[0])
    with CaptureQueriesContext(connection) as queries:
        assert given(read_changes(alpha.client, since=place)) == rows()[:1]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[1]['sql']}")
        plan = str(cursor.fetchall())
    assert "delivery_changed" in plan and "Seq Scan" not in plan, plan


def test_after_a_restore_a_place_is_refused_and_everything_comes_again(
    hub: Hub, four: Four, settings: Settings
) -> None:
    kept = hub.deliver(four.alpha, four.bravo)
    place = read_changes(four.alpha.client).next
    # The numbers of a server that was far ahead.
    Delivery.objects.update(changed=2**60)
    backup = Backup(hub)
    backup.restore(settings, hub.deliver(four.alpha, four.bravo).md)
    with pytest.raises(FeedRestartedError):
        read_changes(four.alpha.client, since=place)
    again = read_changes(four.alpha.client)
    assert [item["envelope_id"] for item in again.items] == [kept.md]
    with under_login_of("sequencer"):
        begin_epoch("another", now=hub.now)
    with pytest.raises(FeedRestartedError):
        read_changes(four.alpha.client, since=again.next)


def ask(caller: Caller, query: str = "", **headers: str) -> Answer:
    return caller.get(f"deliveries{query}", **headers)


def test_over_http_it_is_a_page_with_a_strong_tag_and_unchanged_without_news(
    pair: tuple[Hub, HeldAgency],
) -> None:
    hub, alpha = pair
    caller = Caller(hub.api_key(alpha))
    whole = ask(caller).json()
    assert [(set(item), item["state"], item["recipient"]) for item in whole["items"]] == [
        (FACTS, "available", "xb-bravo")
    ] * 3
    two = ask(caller, "?limit=2").json()
    one = ask(caller, f"?changed_since={two['next']}").json()
    assert (two["items"] + one["items"], two["more"], one["more"]) == (whole["items"], True, False)
    quiet = ask(caller, f"?changed_since={one['next']}")
    assert quiet.json() == {"items": [], "next": one["next"], "more": False}
    assert quiet["ETag"].startswith('"')
    asked = {"HTTP_IF_NONE_MATCH": quiet["ETag"]}
    assert ask(caller, f"?changed_since={one['next']}", **asked).status_code == 304
    with elsewhere() as quick:
        quick(rows()[1])
    news = ask(caller, f"?changed_since={one['next']}", **asked)
    assert [item["told_at"] is not None for item in news.json()["items"]] == [True]


def test_over_http_a_cursor_serves_its_own_agency_and_epoch_however_late(
    callers: Callers, settings: Settings
) -> None:
    hub, four = callers.hub, callers.four
    hub.deliver(four.alpha, four.bravo)
    following = ask(callers.alpha).json()["next"]
    settings.CLOCK_OFFSET_SECONDS = 8 * 86400
    assert ask(callers.alpha, f"?changed_since={following}").status_code == 200
    refused = {
        "of another agency": (ask(callers.charlie, f"?changed_since={following}"), 422),
        "made up": (ask(callers.alpha, "?changed_since=eA.eA"), 422),
    }
    for kind, (answer, status) in refused.items():
        assert (answer.status_code, slug(answer)) == (status, "cursor-refused"), kind
    begin_epoch("another", now=hub.now)
    restarted = ask(callers.alpha, f"?changed_since={following}")
    assert (restarted.status_code, slug(restarted)) == (410, "feed-restarted")


def test_only_the_originator_is_told_and_only_by_its_scopes(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.deliver(four.alpha, four.bravo)
    for other in (callers.bravo, callers.delta):
        assert ask(other).json() == {"items": [], "next": "", "more": False}
    for scope in (Capability.ENVELOPE_SUBMIT, Capability.ENVELOPE_READ):
        assert len(ask(Caller(hub.api_key(four.alpha, scope))).json()["items"]) == 1
    assert ask(Caller(hub.api_key(four.alpha, Capability.STATEMENT_SUBMIT))).status_code == 403
    assert ask(Caller("Api-Key nobody.nothing")).status_code == 401
