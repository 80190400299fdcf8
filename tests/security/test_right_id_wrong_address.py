# SPDX-License-Identifier: Apache-2.0
"""An own id at the address of another kind of thing is as absent there as an id that never existed."""

import uuid
from typing import Any

import pytest

from tests.security.address_parameters import good_request, things_of
from tests.security.answer_parsing import body_of
from tests.security.planted_science import OPENED
from tests.security.routes import VERBS, every_route
from tests.security.test_field_flood import caller_for
from tests.security.world import SecurityWorld, Thing, undone

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
ALERTS = frozenset({"draft", "submitted", "validated", "queued", "sent", "flash", "withdrawn"})
RECEIVED = frozenset({"received", "opened", "taken back", "next version"})
OF_EVERY_KIND = frozenset(
    {"audit/alerts/<str:item>/", "api/v1/about/<uuid:subject_id>/notes"}
    | {f"about/<uuid:subject_id>/{what}/" for what in ("note", "case", "task")}
)
"""Addresses at which alerts of several kinds are present: the audit of an own draft, and casework on a sent or a received alert."""
TRIED = ("draft", "sent", "received", "notice", "template")


def _is_other(thing: Thing, other: Thing) -> bool:
    families = (
        ALERTS | {"sample sent", "question sent", "rule sent"},
        RECEIVED | {kind for kind in (thing.kind, other.kind) if kind in OPENED},
    )
    same = thing.kind == other.kind or any({thing.kind, other.kind} <= family for family in families)
    return isinstance(other.value, uuid.UUID) and not same


def test_an_id_of_one_kind_is_absent_at_the_address_of_another(world: SecurityWorld, silent: None) -> None:
    wrong: list[str] = []
    asked = 0
    for route in every_route():
        things = things_of(world, route)
        ids = [name for name, thing in things.items() if isinstance(thing.value, uuid.UUID)]
        if route.is_open or not ids or route.route in OF_EVERY_KIND:
            continue
        tried = (world.things[kind] for kind in TRIED)
        others = {thing.value: thing for thing in tried if _is_other(things[ids[0]], thing)}
        for verb in VERBS:
            if not route.answers(verb) or verb in {"HEAD", "OPTIONS", "TRACE"}:
                continue
            caller = caller_for(world, route, verb, list(things.values()))
            absent = _answer(world, route, verb, caller, things, things[ids[0]].absent)
            for value, other in others.items():
                asked += 1
                if _answer(world, route, verb, caller, things, value) != absent:
                    wrong.append(f"{verb} {route.route} with the id of a {other.kind}")
    assert wrong == [] and asked > 100


def _answer(
    world: SecurityWorld, route: Any, verb: str, caller: Any, things: Any, value: object
) -> tuple[int, bytes]:
    values = {name: thing.value for name, thing in things.items()}
    name = next(name for name, thing in things.items() if isinstance(thing.value, uuid.UUID))
    request = {} if verb == "GET" else good_request(world, route)
    with undone():
        answer = caller.client().generic(verb, route.path({**values, name: value}), **request)
    return answer.status_code, body_of(answer)
