# SPDX-License-Identifier: Apache-2.0
"""The authorisation matrix: every caller x every address x every verb, from the URL configuration itself.

Expected answers follow from the declared capability alone, and, if an address names an object, from its owner.

The world is a hosted desk's. For an agency's own desk only the differences are asked again: the keeper's pages, the
first start, unlocking, settings, links that are handed over, and own alerts marked RED. Backups are commands and have
no address.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle, product
from pathlib import Path
from typing import Any, Final

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from pytest_django import Settings

from accord.envelope.vocabulary import RED
from alerts.models import Alert
from callers import clock
from callers.directory import Custody
from desk.web import frame
from devtool.environments import ROOT
from hub.locked_desk import BEGIN, STAY
from hub.roles import ROLES
from hub.urls import desk as desk_urls
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.locked_desk import locked_desk
from tests.security.address_parameters import good_request, things_of, unnamed
from tests.security.answer_parsing import body_of
from tests.security.routes import (
    AT_HOSTED_DESKS_ALONE,
    AT_OWN_DESKS_ALONE,
    DESK,
    EXCHANGE,
    OWN_DESK_MATTERS,
    VERBS,
    Route,
    every_route,
    is_known,
    is_reached,
    routes_of,
    undeclared,
)
from tests.security.world import GONE, LAB, OFFICER_ROLES, STRANGER, Caller, SecurityWorld, Thing, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]
VOLATILE: Final = {"X-Request-Id", "Date"}

STRONGEST: Final = ("releaser of xa-lab", "every role of xb-health", "key all scopes of xb-health")

REFUSED_BY_CONTENT: Final = {("confirm/", "POST")}
"""The request for a proof of identity, answered without one."""

SIGN_IN, WHO, MAY_NOT, NO_VERB, ABSENT, THROUGH = "sign in", "401", "403", "405", "absent", "through"


@dataclass(frozen=True)
class Cell:
    """One question to the hub. The address names the laboratory's things, or absent ones if `is_absent`."""

    caller: Caller
    route: Route
    verb: str
    things: tuple[tuple[str, Thing], ...]
    is_absent: bool = False
    is_own_desk: bool = False

    def __str__(self) -> str:
        what = "what never was" if self.is_absent else "what the laboratory owns"
        return f"{self.verb} {self.route.route} by {self.caller.name}, naming {what}"

    @property
    def path(self) -> str:
        return self.route.path(
            {name: thing.absent if self.is_absent else thing.value for name, thing in self.things}
        )


def expected(cell: Cell) -> str:
    """Return the kind of answer that follows from the half and the declared capability."""
    if not is_known(cell.route, key="", cookie=cell.caller.cookie):
        # A caller with a session is at the desk, which has no address of the exchange.
        return ABSENT
    if cell.route.is_open:
        # The sign-in page redirects signed-in officers, whatever the verb.
        sent_on = cell.route.name == "login" and cell.caller.has_session and cell.caller.role != GONE
        return THROUGH if cell.route.answers(cell.verb) or sent_on else NO_VERB
    if door := _at_the_door(cell):
        return door
    if cell.route.route in (AT_HOSTED_DESKS_ALONE if cell.is_own_desk else AT_OWN_DESKS_ALONE):
        return ABSENT
    if (cell.route.route, cell.verb) in REFUSED_BY_CONTENT:
        return MAY_NOT
    if cell.verb == "OPTIONS":
        # A REST view describes itself; it looks at no object.
        return THROUGH
    if any(cell.is_absent or not cell.caller.sees(thing) for _, thing in cell.things):
        return ABSENT
    return THROUGH


def _as_known(caller: Caller, route: Route) -> Caller:
    """Return the caller, without capabilities if its key belongs to the other half."""
    if is_known(route, key=caller.key, cookie=""):
        return caller
    return replace(caller, capabilities=None)


def _at_the_door(cell: Cell) -> str:
    caller, route = _as_known(cell.caller, cell.route), cell.route
    wanted = route.wanted(cell.verb)
    if route.is_page:
        if not caller.has_session or caller.role == GONE:
            return SIGN_IN
        if not route.answers(cell.verb):
            return NO_VERB
        return MAY_NOT if wanted and not wanted & (caller.capabilities or frozenset()) else ""
    if caller.capabilities is None:
        return WHO
    if wanted is None and not (caller.has_key or caller.has_session):
        return WHO
    if wanted is None:
        return MAY_NOT if route.answers(cell.verb) else NO_VERB
    if wanted and not wanted & caller.capabilities:
        return MAY_NOT if caller.has_key or (caller.has_session and caller.role != GONE) else WHO
    return "" if route.answers(cell.verb) else NO_VERB


def kind_of(cell: Cell, answer: Any) -> str:
    """Return the kind of an answer."""
    status = answer.status_code
    location = answer.headers.get("Location", "")
    if cell.route.is_page and status == 302 and location.startswith("/login/"):
        has_left = cell.route.name == "logout" and cell.verb == "POST" and cell.caller.has_session
        return THROUGH if has_left and cell.caller.role != GONE else SIGN_IN
    if status >= 500 and not (status == 503 and cell.route.route in {"readyz", "healthz"}):
        return f"broken {status}"
    if cell.route.is_open and status == 404:
        # A mailed link without a target, or a wrong link, looks the same to everybody.
        return THROUGH
    return {401: WHO, 403: MAY_NOT, 404: ABSENT, 405: NO_VERB}.get(status, THROUGH)


def ask(world: SecurityWorld, cell: Cell) -> Any:
    """Ask one question; return the answer and undo its effects."""
    request = {} if cell.verb in {"GET", "HEAD", "TRACE", "OPTIONS"} else good_request(world, cell.route)
    with undone():
        return cell.caller.client().generic(cell.verb, cell.path, **request)


def shown(answer: HttpResponseBase) -> tuple[Any, ...]:
    """Return everything by which a caller can tell two answers apart."""
    headers = {name: value for name, value in answer.headers.items() if name not in VOLATILE}
    return answer.status_code, body_of(answer), headers, answer.cookies.output()


def cells(world: SecurityWorld, *, rest: bool) -> Iterator[Cell]:
    """Yield a cell for every caller and every method that an address takes.

    - Methods that it does not take, and HEAD and OPTIONS, which follow GET, are tried by nobody and by one of the
      strongest callers in turn.
    - API keys are left out at pages, which do not look at them.
    - The stranger's roles are left out at addresses that name nothing, or that the role may not enter: there they are
      like any agency's roles.
    """
    turns = cycle(STRONGEST)
    for route in every_route():
        if route.is_rest is not rest:
            continue
        things = tuple(things_of(world, route).items())
        for verb in VERBS:
            is_telling, turn = route.answers(verb) and verb not in {"HEAD", "OPTIONS"}, next(turns)
            for caller in world.cast:
                cell = Cell(caller, route, verb, things)
                if not is_reached(route, key=caller.key, cookie=caller.cookie):
                    continue
                if caller.name in {"nobody", turn} or (is_telling and _asks(cell)):
                    yield cell


def _asks(cell: Cell) -> bool:
    if cell.caller.name in STRONGEST:
        return True
    if cell.caller.agency == STRANGER and (
        not cell.things or (not cell.route.is_open and _at_the_door(cell))
    ):
        return False
    return cell.route.is_rest or not cell.caller.key


@pytest.fixture(scope="module")
def clock_at_rest(world: SecurityWorld) -> Iterator[None]:
    """Stop the clock for the module: on a busy machine it takes longer than a proof is fresh or an alert stays open."""
    moment = clock.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave pages undrawn: by then it is decided what is answered. The crawl draws every page for every role."""
    monkeypatch.setattr(frame, "frame_context", lambda request: {})
    monkeypatch.setattr(frame, "render", lambda *_, status: HttpResponse(status=status))


def test_every_address_is_declared_and_says_what_it_names() -> None:
    routes = routes_of(DESK) + routes_of(EXCHANGE)
    assert undeclared(routes) == []
    assert [text for route in routes for text in unnamed(route)] == []


def test_an_address_that_nobody_declared_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's own alarm: a view in the URL configuration without a declared capability."""

    def forgotten(request: HttpRequest, alert_id: str) -> HttpResponse:
        return HttpResponse(alert_id)

    added = [
        path("alerts/<str:alert_id>/export/", forgotten, name="export"),
        path("inbox/", forgotten, name="inbox2"),
    ]
    monkeypatch.setattr(desk_urls, "urlpatterns", [*added, *desk_urls.urlpatterns])
    from django.urls import clear_url_caches

    clear_url_caches()
    try:
        routes = routes_of(DESK)
        assert undeclared(routes) == ["alerts/<str:alert_id>/export/", "inbox/"]
        assert [text for route in routes for text in unnamed(route)] == [
            "alerts/<str:alert_id>/export/: alert_id"
        ]
    finally:
        monkeypatch.undo()
        clear_url_caches()


@pytest.mark.parametrize("rest", [False, True], ids=["pages", "rest"])
def test_matrix_of_callers_addresses_and_verbs(
    world: SecurityWorld, rest: bool, clock_at_rest: None, undrawn: None, silent: None, tell: Any
) -> None:
    tell(f"matrix of {'REST' if rest else 'pages'}", **run_of(world, cells(world, rest=rest)))


def run_of(world: SecurityWorld, asked: Iterable[Cell]) -> dict[str, int]:
    """Ask every cell, fail at an unexpected answer, and return counts of the questions."""
    wrong, addresses, told, count = [], set(), 0, 0
    for cell in asked:
        answer, wanted = ask(world, cell), expected(cell)
        count += 1
        addresses.add(cell.route.route)
        if (kind := kind_of(cell, answer)) != wanted:
            wrong.append(f"{cell}: {wanted} expected, {kind} answered")
        elif wanted == ABSENT and cell.things:
            told += 1
            if shown(answer) != shown(ask(world, replace(cell, is_absent=True))):
                wrong.append(f"{cell}: can be told from what never was")
    assert not wrong, f"{len(wrong)} cells, such as\n" + "\n".join(wrong[:400])
    return {
        "cells": count,
        "addresses": len(addresses),
        "callers": len(world.cast),
        "verbs": len(VERBS),
        "foreign_beside_absent": told,
    }


# --- the same world as an agency's own desk -------------------------------------------------------------------------

WRITTEN_BY_ITS_AUTHOR: Final = (
    "draft",
    "submitted",
    "validated",
    "sent",
    "flash",
    "withdrawn",
    "queued",
)
"""The alerts of the laboratory's author, which others may not read once they are marked RED."""
IN_RED_SIGHT: Final = frozenset({"author", "releaser"})
OTHERS_AT_OWN_DESK: Final = frozenset(
    {"nobody", "keeper", "auditor of xa-lab", "agency_admin of xa-lab", *STRONGEST}
)
"""Callers at addresses that differ and name no alert: one for each way of access."""
OWN_ROLES: Final = frozenset(f"{role} of xa-lab" for role in OFFICER_ROLES)


@pytest.fixture
def own_desk(world: SecurityWorld, clock_at_rest: None, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """The laboratory's own desk, where its author's alerts are marked RED."""
    settings.OWN_DESK, settings.FIRST_START_FILE = True, str(tmp_path / "first-start")
    with undone():
        rewrite(Agency.objects.filter(pk=LAB), custody=Custody.AGENCY)
        marked = [str(world.things[kind].value) for kind in WRITTEN_BY_ITS_AUTHOR]
        Alert.objects.filter(pk__in=marked).update(tlp=RED)
        yield


def cells_at_own_desk(world: SecurityWorld) -> Iterator[Cell]:
    """Yield cells that differ: addresses of these alerts, asked by the laboratory's roles, and addresses of the table."""
    for route in every_route():
        things = tuple((name, _limited(thing)) for name, thing in things_of(world, route).items())
        is_red = any(thing.kind in WRITTEN_BY_ITS_AUTHOR for _, thing in things)
        callers = OWN_ROLES if is_red else OTHERS_AT_OWN_DESK if route.differs_at_own_desk else frozenset()
        for verb in VERBS if callers else ():
            if verb in {"HEAD", "OPTIONS"} or not route.answers(verb):
                continue
            for caller in world.cast:
                if caller.name in callers and is_reached(route, key=caller.key, cookie=caller.cookie):
                    yield Cell(caller, route, verb, things, is_own_desk=True)


def _limited(thing: Thing) -> Thing:
    if thing.kind not in WRITTEN_BY_ITS_AUTHOR:
        return thing
    return replace(thing, roles=thing.roles & IN_RED_SIGHT)


def test_at_an_own_desk_what_differs_is_as_declared(
    world: SecurityWorld, own_desk: None, undrawn: None, silent: None, tell: Any
) -> None:
    tell("matrix of an own desk", **run_of(world, cells_at_own_desk(world)))


def test_what_asks_whether_a_desk_is_an_agencys_own_stands_in_the_table() -> None:
    """A new module that asks must name the addresses to run at an own desk too, or none."""
    rooms = {app for role in ROLES.values() for app in role.apps if (ROOT / app).is_dir()} | {"hub"}
    asking = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if "settings.OWN_DESK" in path.read_text(encoding="utf-8")
    }
    assert asking == OWN_DESK_MATTERS.keys()
    known = [route.route for route in routes_of(DESK)]
    idle = [
        beginning
        for beginnings in OWN_DESK_MATTERS.values()
        for beginning in beginnings
        if not any(route.startswith(beginning) for route in known)
    ]
    assert idle == []


def test_a_locked_own_desk_lets_nobody_past_the_page_that_opens_it(
    world: SecurityWorld, own_desk: None, silent: None, tmp_path: Path
) -> None:
    """Every address by the strongest of each kind, with sessions and keys of before: sent to unlocking, or 503."""
    callers = [caller for caller in world.cast if caller.name in OTHERS_AT_OWN_DESK]
    let_in, count = [], 0
    with locked_desk(tmp_path):
        for route in routes_of(DESK):
            if f"/{route.route}".startswith(BEGIN) or f"/{route.route}" in STAY:
                continue
            for caller, verb in product(callers, ("GET", "POST")):
                cell = Cell(caller, route, verb, tuple(things_of(world, route).items()))
                answer = caller.client().generic(verb, cell.path)
                where = answer.headers.get("Location", "")
                is_api = cell.path.startswith("/api/")
                count += 1
                if (answer.status_code, where) != ((503, "") if is_api else (303, "/unlock/")):
                    let_in.append(f"{cell}: {answer.status_code} {where}")
    assert count and not let_in, let_in[:40]
