# SPDX-License-Identifier: Apache-2.0
"""Rules for every address of the desk, read from the addresses themselves: light pages, writes done once."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.page_queries import reads_of, without_checks
from tests.security.address_parameters import good_request, things_of
from tests.security.answer_parsing import body_of
from tests.security.database_diff import Database, Difference, rows_written
from tests.security.planted_science import OPENED
from tests.security.routes import Route, routes_of
from tests.security.test_field_flood import WritingAddress, caller_for, writing_addresses
from tests.security.world import SecurityWorld, Thing, undone

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
QUERIES_AT_MOST: Final = 21
"""One of them counts what waits, for the menu."""
OF_AN_ALERT_AT_MOST: Final = 20
OCTETS_AT_MOST: Final = 150 * 1024
"""The limit for a page, its style sheets and its scripts, uncompressed, for a browser that has none of them."""
CHECKS_AT_MOST: Final = 30
OPENS: Final = '"alerts_heldenvelope"'
SENT: Final = "outbox/<uuid:alert_id>/"
RECEIVED: Final = "inbox/<uuid:alert_id>/"
SENT_KINDS: Final = ("question sent", "rule sent", "flash", "sample sent", "withdrawn")
JUDGES: Final = {f"{SENT} {kind}" for kind in SENT_KINDS} | {
    SENT,
    f"{SENT}profile/",
    "",
    "inbox/",
    "queue/<uuid:alert_id>/",
}
"""A sent alert is opened from its sealed revision instead, but others' statements about it (reviews, a retract) are
judged anew each time. The start page judges the alerts in its list; a review verifies the keys of each recipient."""
ALSO: Final = {
    RECEIVED: OPENED,
    SENT: SENT_KINDS,
}
"""Kinds that show other sections on the same page."""
LINKED: Final = re.compile(rb'(?:href|src)="/static/([^"]+\.(?:css|js))"')
PAGES_AT_LEAST: Final = 100
KEY: Final = "once-and-no-more"
REUSED: Final = "urn:accord:problem:idempotency-key-reused"
ENDS_THE_SESSION: Final = "api/v1/account/sessions/<uuid:session_id>"
ANSWERED_ANEW: Final = frozenset(
    {
        *(ENDS_THE_SESSION, "api/v1/caller/rotate", "api/v1/api-keys/self/rotate"),
        "api/v1/reciprocity/<str:agency_id>/compare",
    }
)
"""A key is replaced anew each time until its successor is used, so that a lost answer does no harm; a comparison writes nothing."""
WRITES_AT_LEAST: Final = 30
AGAIN: Final = frozenset(
    {
        *(
            "ledger_auditevent",
            "ledger_entry",
            "ledger_pendingentry",
            "agencies_challenge",
            "agencies_instance",
        ),
        "peers_deliveriesplace",
    }
)
"""Another read of content is audited again, a challenge is drawn anew, and a holder that reports itself again is seen
again: no such answer is kept. In tests the desk's worker asks for deliveries whenever a page reads them."""


def test_every_page_takes_few_queries_and_weighs_little(
    world: SecurityWorld, silent: None, tell: Any
) -> None:
    queries, checks, octets = {}, {}, {}
    for name, visit in visits(world):
        with undone(), CaptureQueriesContext(connection) as asked:
            answer = visit()
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            queries[name], checks[name] = counted(reads_of(asked), judges=name in JUDGES)
            octets[name] = weight_of(body_of(answer))
    assert {name: count for name, count in queries.items() if count > QUERIES_AT_MOST} == {}
    of_alerts = {name: count for name, count in queries.items() if name.startswith((SENT, RECEIVED))}
    assert {name: count for name, count in of_alerts.items() if count > OF_AN_ALERT_AT_MOST} == {}
    assert {name: count for name, count in checks.items() if count > CHECKS_AT_MOST} == {}
    assert {name: size for name, size in octets.items() if size > OCTETS_AT_MOST} == {}
    assert len(queries) >= PAGES_AT_LEAST, sorted(queries)
    tell(
        "pages", pages=len(queries), most_queries=max(queries.values()), most_checks=max(checks.values()),
        most_octets=max(octets.values()),
    )  # fmt: skip


def visits(world: SecurityWorld) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield every page, pages that look different once more for each kind, and every answer to a form."""
    for route in (one for one in routes_of("hub.urls.desk") if one.is_page and one.answers("GET")):
        things = things_of(world, route)
        yield route.route, visit_of(world, route, things)
        for kind in ALSO.get(route.route, ()):
            yield f"{route.route} {kind}", visit_of(world, route, {"alert_id": world.things[kind]})
    for door in writing_addresses(world):
        if door.route.is_page:
            yield f"{door.verb} {door.route.route}", partial(send, world, door)


def visit_of(world: SecurityWorld, route: Route, things: Mapping[str, Thing]) -> Callable[[], Any]:
    client = caller_for(world, route, "GET", list(things.values())).client()
    return partial(client.get, route.path({name: thing.value for name, thing in things.items()}))


def counted(reads: Sequence[str], *, judges: bool = False) -> tuple[int, int]:
    """Count a page's own reads, and apart from them the checks of an opening or judging page; others have no checks."""
    if not judges and not any(OPENS in sql for sql in reads):
        return len(reads), 0
    own = len(without_checks(reads))
    return own, len(reads) - own


def weight_of(page: bytes) -> int:
    return len(page) + sum(asset_size(name.decode()) for name in set(LINKED.findall(page)))


@cache
def asset_size(name: str) -> int:
    path = finders.find(name)
    assert isinstance(path, str), name
    return Path(path).stat().st_size


def send(world: SecurityWorld, door: WritingAddress, query: str = "") -> Any:
    request = good_request(world, door.route)
    headers = {**request["headers"], "idempotency-key": KEY}
    return door.caller.client().generic(door.verb, door.path + query, **request | {"headers": headers})


def test_every_write_under_a_key_is_done_once(world: SecurityWorld, silent: None, tell: Any) -> None:
    taken, wrong, world_as_built = 0, [], Database.now()
    for door in (
        one for one in writing_addresses(world) if one.route.is_rest and one.route.route not in ANSWERED_ANEW
    ):
        with undone():
            written = rows_written()
            first = send(world, door)
            if first.status_code >= 300:
                continue
            taken += 1
            before, written = world_as_built.after(written), rows_written()
            again = send(world, door)
            done = Difference.between(before, before.after(written))
            other = send(world, door, "?another=1")
        tables = {place[0] for place in (*done.updated, *done.inserted, *done.deleted)} - AGAIN
        if again.status_code != first.status_code or tables:
            wrong.append(f"{door}: again {again.status_code} for {first.status_code}, wrote {sorted(tables)}")
        if other.status_code != 422 or other.json()["type"] != REUSED:
            wrong.append(f"{door}: another request under the key: {other.status_code}")
    assert wrong == [], "\n".join(wrong)
    assert taken >= WRITES_AT_LEAST, taken
    tell("writes", taken=taken)
