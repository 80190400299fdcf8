# SPDX-License-Identifier: Apache-2.0
"""An alert marked above an officer's ceiling is absent at every address: by name, by number, and by count.

One officer with every role of the laboratory may see TLP:CLEAR only; everything that the laboratory has is stricter.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.http.response import HttpResponseBase

from alerts.drafting.templates import create_template
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.rows.saved import DraftTemplate
from alerts.sending.withdrawal import withdraw_alert
from notices.queueing import build_notices, save_notices
from notices.states import Occasion
from officers.models import AgencyPolicy, Officer
from sharing.models import Envelope, Statement
from tests.bound_rows import rewrite
from tests.pages.desk_world import CONTENT
from tests.security.address_parameters import good_request, things_of
from tests.security.answer_parsing import body_of
from tests.security.routes import Route, routes_of
from tests.security.test_matrix import ABSENT, Cell, kind_of
from tests.security.world import LAB, READERS, Caller, SecurityWorld, undone

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]
DESK: Final = "hub.urls.desk"
ASKED: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
ABOVE: Final = frozenset(
    {"draft", "submitted", "validated", "sent", "flash", "withdrawn", "received", "opened", "taken back"}
    | {"reference", "md", "statement", "notice", "template", "stored structure"}
    | {"sample sent", "sample received", "question sent", "question received", "answer received"}
    | {"rule sent", "rule received"}
)
"""Things that are alerts above the ceiling, or reveal something of one."""
PUBLIC: Final = "api/v1/ledger/"
"""The log, which every agency of the hub reads: digests without a name."""
VOLATILE: Final = re.compile(
    rb'(name="csrfmiddlewaretoken" value="[^"]*"|nonce(=|-)"?[A-Za-z0-9_+/=-]+|"form_token":\s*"[^"]*"'
    rb"|&quot;challenge&quot;: &quot;[^&]*&quot;|<time[^>]*>[^<]*</time>"
    rb"|\d+ (second|minute)s? ago|\d{4}-\d\d-\d\dT\d\d:\d\d(:[0-9.]+)?(Z|\+00:00)?)"
)


@pytest.fixture(scope="module")
def limited(world: SecurityWorld) -> Caller:
    """An officer with every role, each of which sees TLP:CLEAR only."""
    roles = sorted(READERS)
    limit(world, dict.fromkeys(roles, "CLEAR"))
    # No ceiling hides danger to life, so nothing here may be one.
    for rows in (Alert.objects.all(), ReceivedAlert.objects.all(), Envelope.objects.all()):
        rows.filter(pri="flash").update(lane="science")
    officer = world.desk.hub.make_officer(world.desk.lab, *roles, name="Limited Everything")
    return world._officer(Officer.objects.get(pk=officer.pk), "every role")


def limit(world: SecurityWorld, ceilings: dict[str, str]) -> None:
    rewrite(AgencyPolicy.objects.filter(pk=LAB), role_ceilings=ceilings)
    for officer in (*world.people.values(), *world.desk.officers.values()):
        officer.refresh_from_db()


def marks_of_hidden() -> frozenset[bytes]:
    """Return every text that would reveal one of the alerts."""
    own = Alert.objects.filter(agency_id=LAB)
    received = ReceivedAlert.objects.filter(agency_id=LAB)
    marks = {CONTENT}
    for rows in (own, received):
        for row in rows.values_list("pk", "md", "jti"):
            marks |= {str(value) for value in row if value}
    marks |= set(received.values_list("reference", flat=True))
    marks |= {str(pk) for pk in DraftTemplate.objects.filter(agency_id=LAB).values_list("pk", flat=True)}
    mds = {md for rows in (own, received) for md in rows.values_list("md", flat=True) if md}
    said = Statement.objects.filter(sub_d__in=mds)
    marks |= set(said.values_list("od", flat=True))
    return frozenset(mark.encode() for mark in marks)


def cells_of(world: SecurityWorld, caller: Caller) -> Iterator[Cell]:
    for route in routes_of(DESK):
        if route.is_open or route.route.startswith(PUBLIC):
            continue
        things = tuple(things_of(world, route).items())
        for verb in ASKED:
            if route.answers(verb) and _may(caller, route, verb):
                yield Cell(caller, route, verb, things)


def _may(caller: Caller, route: Route, verb: str) -> bool:
    wanted = route.wanted(verb)
    return wanted is not None and bool(not wanted or wanted & (caller.capabilities or frozenset()))


def answer_to(world: SecurityWorld, cell: Cell) -> HttpResponseBase:
    request = {} if cell.verb == "GET" else good_request(world, cell.route)
    with undone():
        return cell.caller.client().generic(cell.verb, cell.path, **request)


def sent_in(world: SecurityWorld, cell: Cell) -> bytes:
    """Return the caller's own words, which an answer may repeat."""
    body = b"" if cell.verb == "GET" else good_request(world, cell.route).get("data", b"")
    return cell.path.encode() + bytes(body)


def test_no_address_names_what_is_above_the_ceiling(
    world: SecurityWorld, limited: Caller, silent: None, tell: Any
) -> None:
    marks, wrong, count = marks_of_hidden(), [], 0
    for cell in cells_of(world, limited):
        answer = answer_to(world, cell)
        count += 1
        said = sent_in(world, cell)
        found = sorted(mark for mark in marks if mark in body_of(answer) and mark not in said)
        if found:
            wrong.append(f"{cell.verb} {cell.route.route} names {found[:3]}")
        if any(thing.kind in ABOVE for _, thing in cell.things) and kind_of(cell, answer) != ABSENT:
            wrong.append(f"{cell.verb} {cell.route.route} answers {answer.status_code} about what is hidden")
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong)
    tell("ceilings", addresses=count, marks=len(marks))


def test_no_address_counts_what_is_above_the_ceiling(
    world: SecurityWorld, limited: Caller, silent: None, tell: Any
) -> None:
    """The officer's answers stay the same to the letter when more comes that is above the ceiling."""
    lists = [
        cell
        for cell in cells_of(world, limited)
        if cell.verb == "GET" and not any(thing.kind in ABOVE for _, thing in cell.things)
    ]
    known = Alert.objects.filter(agency_id=LAB).count()
    with undone():
        # Waiting submissions are sent first: they change counts for everybody.
        world.desk.hub.later(minutes=1)
        world.desk.settle()
        before = [settled(answer_to(world, cell)) for cell in lists]
        more_of_everything(world)
        assert Alert.objects.filter(agency_id=LAB).count() >= known + 5
        after = [settled(answer_to(world, cell)) for cell in lists]
    wrong = [
        f"{cell.route.route}: {told_apart(one, other)}"
        for cell, one, other in zip(lists, before, after, strict=True)
        if one != other
    ]
    assert not wrong, "\n".join(wrong)
    tell("counts under a ceiling", addresses=len(lists))


def settled(answer: HttpResponseBase) -> bytes:
    """Return the body without the parts that are new in every answer."""
    return VOLATILE.sub(b"", body_of(answer))


def told_apart(one: bytes, other: bytes) -> str:
    at = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"{one[max(0, at - 60) : at + 60]!r} became {other[max(0, at - 60) : at + 60]!r}"


def more_of_everything(world: SecurityWorld) -> None:
    """Add one more of each: drafts, waiting, sent, withdrawn, received, a template, notices."""
    desk, ceilings = world.desk, AgencyPolicy.objects.get(pk=LAB).role_ceilings
    limit(world, {})
    held = {"tlp": "AMBER"}
    desk.submit(world._own_draft(**held))
    desk.validate(desk.submit(world._own_draft(**held)))
    desk.send(world._own_draft(**held))
    withdrawn = desk.send(world._own_draft(**held))
    withdraw_alert(desk.benno, withdrawn, code="error", now=desk.tick())
    received = world._incoming()
    open_alert(desk.benno, received, reason="on_duty", now=desk.tick())
    create_template(world.people["author"], world._own_draft(**held), name="Form two", now=desk.tick())
    save_notices(build_notices(received.about, Occasion.ALERT, world.people.values(), now=desk.tick()))
    limit(world, ceilings)
