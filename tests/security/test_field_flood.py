# SPDX-License-Identifier: Apache-2.0
"""The field flood: every field of every model goes to every address that writes; only declared fields may change.

The flood comes in the body, in the query and in headers and cookies. The whole database is compared before and after,
with the effect of the same request without the flood.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.core.signing import TimestampSigner, b62_encode
from django.utils import timezone

from callers import clock
from officers.login.sessions import SEEN_EVERY
from officers.session_rows import OfficerSession
from tests.security.address_parameters import GOOD, Sent, encoded, good_request, good_values, things_of
from tests.security.database_diff import Database, Difference, beyond, rows_written
from tests.security.flooding import MOMENT, NUMBER, TEXT, flood, flood_values
from tests.security.routes import Route, every_route, is_known, is_reached
from tests.security.world import LAB, STRANGER, Caller, SecurityWorld, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]
WRITING: Final = ("POST", "PUT", "PATCH", "DELETE")
BODY: Final = "body"
QUERY: Final = "query"
HEADERS: Final = "headers and cookies"
CARRIERS: Final = ((BODY,), (QUERY, HEADERS))
"""What carries the flood, one request a row; a row that is refused where the good request is not goes out once more, apart."""
TAKEN_AT_LEAST: Final = 30
"""The number of good requests that this world can make; the others are refused with and without the flood."""
OCTETS: Final = {"api/v1/statements"}
"""Addresses whose body is one signed object: a further member would make it another object."""


@dataclass(frozen=True)
class WritingAddress:
    """An address, a verb that writes, and a caller who may use it."""

    route: Route
    verb: str
    caller: Caller
    path: str

    def __str__(self) -> str:
        return f"{self.verb} {self.route.route} by {self.caller.name}"


def writing_addresses(world: SecurityWorld) -> Iterator[WritingAddress]:
    for route in every_route():
        things = things_of(world, route)
        path = route.path({name: thing.value for name, thing in things.items()})
        for verb in WRITING:
            if route.answers(verb) and not route.is_open:
                yield WritingAddress(route, verb, caller_for(world, route, verb, list(things.values())), path)


def caller_for(world: SecurityWorld, route: Route, verb: str, things: list[Any]) -> Caller:
    """Return a caller of the laboratory who may, else the keeper, else a key."""
    wanted = route.wanted(verb) or frozenset()
    able = [
        caller
        for caller in world.cast
        if is_known(route, key=caller.key, cookie=caller.cookie)
        and is_reached(route, key=caller.key, cookie=caller.cookie)
        and (not wanted or wanted & (caller.capabilities or frozenset()))
    ]
    own = [
        c
        for c in able
        if c.agency == LAB and all(c.sees(thing) for thing in things) and (c.key == "" or route.is_rest)
    ]
    return next(iter([*own, *(c for c in able if c.name == "keeper"), *able]))


def run(
    world: SecurityWorld, door: WritingAddress, before: Database, names: Mapping[str, Any], *carriers: str
) -> tuple[int, Difference]:
    """Send one request; return its status and its effect on the database, which is then undone."""
    request, path = good_request(world, door.route), door.path
    sent = GOOD.get(door.route.route, Sent())
    extra = flood(names, door.route.route, good=sent.data)
    with undone():
        client, written = door.caller.client(), rows_written()
        if BODY in carriers:
            values = {**extra, **good_values(world, sent)}
            is_json = door.route.is_rest and not sent.files
            request = request | encoded(values, sent.files, is_json=is_json)
        if QUERY in carriers:
            path += "?" + urlencode(extra)
        if HEADERS in carriers:
            named = {f"X-{name.replace('_', '-')}": str(value) for name, value in extra.items()}
            named["cookie"] = "; ".join(
                f"{name}={quote(str(value))}" for name, value in _cookies(door, extra).items()
            )
            request = request | {"headers": request["headers"] | named}
        status = client.generic(door.verb, path, **request).status_code
        return status, Difference.between(before, before.after(written))


def _cookies(door: WritingAddress, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {**extra, settings.SESSION_COOKIE_NAME: door.caller.cookie}


def test_flood_of_every_field_into_every_writing_address(
    world: SecurityWorld, silent: None, tell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, names = list(writing_addresses(world)), flood_values(world)
    # Sessions were last seen a while ago, so that each request, not only the first, notes that they were seen.
    OfficerSession.objects.update(seen_at=timezone.now() - 2 * SEEN_EVERY)
    before, count, refused, found = Database.now(), 0, [], []
    for door in every:
        # All runs of one address have the same moment, so that they differ only by the request.
        moment = timezone.now()
        monkeypatch.setattr(clock, "now", partial(timezone.localtime, moment, UTC))
        signed_at = partial(b62_encode, int(moment.timestamp()))
        monkeypatch.setattr(TimestampSigner, "timestamp", staticmethod(signed_at))
        good = partial(run, world, door, before, names)
        status, usual = good()
        if status >= 400:
            refused.append(f"{door}: {status}")
        for row in CARRIERS[door.route.route in OCTETS :]:
            for carriers, answered, flooded in _apart(good, row, status):
                count += len(carriers)
                more = _faults(answered, flooded, usual, good)
                found += [f"{door}, flood in {' and '.join(carriers)}: {text}" for text in more]
    assert found == [], "\n".join(found[:60])
    taken = len(every) - len(refused)
    assert taken >= TAKEN_AT_LEAST, f"{taken} good requests were taken; refused: " + "\n".join(refused)
    tell("flood", requests=count, addresses=len(every), good_requests_taken=taken, fields=len(names))


Run = Callable[..., tuple[int, Difference]]


def _apart(
    good: Run, carriers: tuple[str, ...], status: int
) -> Iterator[tuple[tuple[str, ...], int, Difference]]:
    """Yield the flooded request and its effect; each carrier's own where one may have hidden what the other does."""
    answered, flooded = good(*carriers)
    if answered < 400 or status >= 400 or len(carriers) == 1:
        yield carriers, answered, flooded
        return
    for carrier in carriers:
        yield (carrier,), *good(carrier)


def _faults(answered: int, flooded: Difference, usual: Difference, good: Run) -> list[str]:
    if answered >= 400:
        # A page of refusal has a form, whose token goes into the session.
        flooded = flooded.without("django_session")
    found = [str(answered)] if answered >= 500 else []
    if beyond(flooded, usual, usual):
        # Moments, random ids and sealed bytes differ between two good requests, too.
        found += beyond(flooded, usual, good()[1])
    said = flooded.says()
    return found + [word for word in (TEXT, str(NUMBER), MOMENT[:10], STRANGER) if word in said]
