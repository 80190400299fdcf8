# SPDX-License-Identifier: Apache-2.0
"""Pages by keyset: forward and back without a gap or a double while rows come and go; limits and cursors of any form."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from alerts.boxes.drafts import list_drafts
from alerts.boxes.inbox import list_due_first, list_received
from alerts.boxes.on_the_way import list_on_the_way
from alerts.boxes.outbox import list_sent
from alerts.boxes.paging import Page
from alerts.boxes.queue import list_waiting
from alerts.models import Alert, ReceivedAlert
from callers.errors import InputError
from tests.alerts.conftest import Desks
from tests.alerts.test_search_alerts import copies
from tests.due_times import due

Read = Callable[..., "Page[object]"]


def readers(desks: Desks) -> dict[str, Read]:
    now = desks.hub.now
    return {
        "inbox": lambda **query: list_received(desks.health.reader, now=now, **query),  # type: ignore[dict-item]
        "outbox": lambda **query: list_sent(desks.lab.reader, now=now, **query),  # type: ignore[dict-item]
        "queue": lambda **query: list_waiting(desks.lab.releaser, **query),  # type: ignore[dict-item]
        "drafts": lambda **query: list_drafts(desks.lab.author, **query),  # type: ignore[dict-item]
        "on_the_way": lambda **query: list_on_the_way(desks.lab.author, now=now, **query),  # type: ignore[dict-item]
    }


def test_forward_and_back_while_rows_come_and_go(desks: Desks) -> None:
    copies(desks.received(), 119)
    read = readers(desks)["inbox"]

    def numbers(page: Page[object]) -> list[int]:
        return [row.received.number for row in page.rows]  # type: ignore[attr-defined]

    first = read(limit=30)
    second = read(limit=30, cursor=first.next)
    assert (numbers(first)[0], numbers(second)[0], numbers(second)[-1]) == (218, 188, 159)
    assert first.previous is None and second.previous == "newer-188"
    assert numbers(read(limit=30, cursor=second.previous)) == numbers(first)
    ReceivedAlert.objects.filter(number__in=[189, 188, 159]).delete()
    third = read(limit=30, cursor=second.next)
    assert numbers(third)[0] == 158, "a place goes on working when its row is gone"
    back = read(limit=30, cursor=third.previous)
    assert numbers(back) == [191, 190, *range(187, 159, -1)], "no gap, no double"
    newer = read(limit=30, cursor=back.previous)
    assert len(numbers(newer)) == 30 and newer.previous is None, "too few newer ones: the list from its top"
    last = read(limit=30, cursor="100")
    assert numbers(last) == [1] and last.next is None
    assert numbers(read(limit=30, cursor="1")) == []


@pytest.mark.parametrize("limit", [4, 7, 10])
def test_what_waits_stands_first_by_due_time_and_no_page_skips_or_repeats_a_row(
    desks: Desks, limit: int
) -> None:
    copies(desks.received(), 24)
    now = desks.hub.now
    rows = ReceivedAlert.objects.filter(agency=desks.health.agency)
    rows.update(acknowledged_at=now)
    numbers = sorted(rows.values_list("number", flat=True), reverse=True)
    # Due in the order 3, 9, 6: an acknowledged question waits on for its answer, and the earlier of two times counts.
    wait = [numbers[3], numbers[9], numbers[6]]
    rows.filter(number=wait[0]).update(acknowledged_at=None, ack_by=now - timedelta(days=1))
    rows.filter(number=wait[1]).update(**due(now + timedelta(hours=1)))
    later = {"ack_by": now + timedelta(hours=9), **due(now + timedelta(hours=2))}
    rows.filter(number=wait[2]).update(acknowledged_at=None, **later)

    def page(cursor: str) -> Page[object]:
        return list_due_first(desks.health.reader, now=now, limit=limit, cursor=cursor)  # type: ignore[return-value]

    def shown(one: Page[object]) -> list[int]:
        return [row.received.number for row in one.rows]  # type: ignore[attr-defined]

    pages = [page("")]
    while pages[-1].next is not None:
        pages.append(page(pages[-1].next))
    expected = [*wait, *(number for number in numbers if number not in wait)]
    assert [number for one in pages for number in shown(one)] == expected
    for earlier, one in pairwise(pages):
        assert one.previous is not None
        assert shown(page(one.previous)) == shown(earlier)
    assert pages[0].previous is None


@pytest.mark.parametrize("cursor", ["x_1", "2026-12-01T00:00:00_1", "newer-", "2026-12-01T00:00:00+00:00_x"])
def test_a_place_by_due_time_that_nobody_gave_is_refused(desks: Desks, cursor: str) -> None:
    with pytest.raises(InputError):
        list_due_first(desks.health.reader, now=desks.hub.now, cursor=cursor)


def test_equal_moments_are_told_apart_by_id(desks: Desks) -> None:
    at = desks.hub.now
    Alert.objects.bulk_create(
        Alert(
            agency=desks.lab.agency, created_by="x", created_at=at, changed_at=at + timedelta(seconds=n // 4)
        )
        for n in range(25)
    )
    read, seen, cursor = readers(desks)["drafts"], [], ""
    while True:
        page = read(limit=3, cursor=cursor)
        seen += [row.alert.pk for row in page.rows]  # type: ignore[attr-defined]
        if page.next is None:
            break
        cursor = page.next
    assert len(seen) == len(set(seen)) == 25
    pages = [page]
    while pages[-1].previous is not None:
        pages.append(read(limit=3, cursor=pages[-1].previous))
    back = [row.alert.pk for page in reversed(pages) for row in page.rows]  # type: ignore[attr-defined]
    assert len(pages) >= 8 and set(back) == set(seen)


def test_limits_and_cursors_that_nobody_gave(desks: Desks) -> None:
    desks.received()
    pk = Alert.objects.get().pk
    cursors = {
        "inbox": (
            "x",
            "-1",
            "1" * 19,
            "1 OR 1=1",
            "٣",
            "newer-",
            "newer-x",
            "newer--1",
            "newer-newer-1",
            "1.5",
        ),
        "outbox": (
            "x",
            f"2026-03-02T12:00:00_{pk}",
            "2026-03-02_x",
            "newer-",
            f"newer-x_{pk}",
            f"_{pk}",
            "_",
        ),
    }
    beyond = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
    cursors["outbox"] += tuple(f"{moment}_{pk}" for moment in beyond)
    cursors |= dict.fromkeys(("queue", "drafts", "on_the_way"), cursors["outbox"])
    for name, read in readers(desks).items():
        for limit in (0, -1, 101, 10**9):
            with pytest.raises(InputError) as refused:
                read(limit=limit)
            assert refused.value.field == "limit"
        for cursor in cursors[name]:
            with pytest.raises(InputError) as refused:
                read(cursor=cursor)
            assert refused.value.field == "cursor", cursor
    moments = ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "2026-03-02T12:00:00-23:59")
    for name in ("outbox", "queue", "drafts", "on_the_way"):
        for moment in moments:
            for prefix in ("", "newer-"):
                readers(desks)[name](cursor=f"{prefix}{moment}_{pk}")


def test_a_cursor_of_another_agency_shows_own_rows_only(desks: Desks) -> None:
    copies(desks.received(), 60)
    cursor = readers(desks)["inbox"]().next
    assert cursor is not None
    assert list_received(desks.stranger.reader, cursor=cursor, now=desks.hub.now).rows == ()
    assert list_received(desks.stranger.reader, cursor=f"newer-{cursor}", now=desks.hub.now).rows == ()


def test_overdue_at_some_recipients_is_said_of_a_sent_alert(desks: Desks) -> None:
    desks.received(recipients=[desks.health.id, desks.own.id], pri="urgent")
    assert [row.overdue for row in list_sent(desks.lab.reader, now=desks.hub.now).rows] == [0]
    late = list_sent(desks.lab.reader, kind="new_substance", pri="urgent", now=desks.hub.later(days=2))
    assert late.rows == () and late.filtered, "its kind is found once it has tokens"
    from alerts.projections.sent_tokens import tokenise_sent

    tokenise_sent(now=desks.hub.now)
    late = list_sent(desks.lab.reader, kind="new_substance", pri="urgent", lane="science", now=desks.hub.now)
    assert [row.overdue for row in late.rows] == [2]
    assert list_sent(desks.lab.reader, kind="harm_cluster", now=desks.hub.now).rows == ()
