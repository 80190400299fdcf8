# SPDX-License-Identifier: Apache-2.0
"""Agreements kept for each agency as the exchange states them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from alerts.agency.agreements import agreements_of
from alerts.errors import ExchangeAwayError
from alerts.peers.agreements import AGREEMENTS_EVERY, follow_agreements_when_due
from alerts.review.preview import preview_recipients_of
from callers.actors import SystemActor
from callers.capabilities import Role
from callers.errors import NotBoundError
from ledger.models import AuditEvent
from officers.models import Officer
from peers.agreements import kept_agreements
from peers.models import PeerAgreement, PeerCircle, SeenAgreements
from tests.agreements import record_circle, take_in_agreements
from tests.alerts.conftest import GOOD, Desks
from tests.builders import OPERATOR
from tests.desk_calls import ViewsInPlaceOfSockets

TERMS = {**GOOD, "lane": "science", "purpose": "prevent", "pri": "routine", "status": "actual"}


@pytest.fixture
def admin(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)


def follow(desks: Desks) -> None:
    """Follow the agreements as the desk-worker does once it is due."""
    worker = SystemActor("desk-worker", desks.lab.id)
    follow_agreements_when_due(worker, desks.lab.id, now=desks.hub.later(minutes=1))


def verdict(desks: Desks, peer: str, **changes: Any) -> tuple[bool, str]:
    data = {**TERMS, "recipients": [peer], **changes}
    (row,) = preview_recipients_of(desks.lab.author, data, now=desks.hub.now).rows
    return row.will, row.code


def changed(path: str, change: Callable[[dict[str, Any]], None]) -> Callable[[str, bytes], bytes]:
    """Change each item of the exchange's answer at this path."""

    def lies(asked: str, octets: bytes) -> bytes:
        if asked != path:
            return octets
        answer = json.loads(octets)
        for item in answer["items"]:
            change(item)
        return json.dumps(answer).encode()

    return lies


# --- kept agreements ---------------------------------------------------------------------------------------------


def test_the_worker_asks_so_often_and_pages_read_what_is_kept(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.asked.clear()
    worker = SystemActor("desk-worker", desks.lab.id)
    for seconds in (0, 5, AGREEMENTS_EVERY.seconds):
        now = desks.hub.later(seconds=seconds)
        follow_agreements_when_due(worker, desks.lab.id, now=now)
    assert exchange_as_asked.asked.count("/api/v1/agreements") == 1
    exchange_as_asked.is_away = True
    (standing,) = agreements_of(desks.lab.reader, now=desks.hub.later(days=1))
    assert (standing.ref, standing.others) == (
        "G1",
        (("xe-drugs", "Agency xe-drugs"), ("xb-health", "Health Authority")),
    )
    follow_agreements_when_due(worker, desks.lab.id, now=desks.hub.now)


def test_before_the_first_answer_nothing_is_said_while_the_exchange_is_away(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    for model in (PeerAgreement, PeerCircle, SeenAgreements):
        model._default_manager.all().delete()
    exchange_as_asked.is_away = True
    with pytest.raises(ExchangeAwayError):
        agreements_of(desks.lab.reader, now=desks.hub.now)
    exchange_as_asked.is_away = False
    assert [standing.ref for standing in agreements_of(desks.lab.reader, now=desks.hub.now)] == ["G1"]


ALTERED = {
    "an agreement changed": """UPDATE peers_peeragreement SET said = jsonb_set(said, '{ceiling}', '"RED"')""",
    "an agreement of another agency": """
        UPDATE peers_peeragreement SET reader = 'xa-lab' WHERE reader = 'xb-health';
    """,
    "an agreement deleted": "DELETE FROM peers_peeragreement WHERE reader = 'xa-lab'",
    "a circle deleted": "DELETE FROM peers_peercircle WHERE reader = 'xa-lab'",
    "a member taken out of a circle": """
        UPDATE peers_peercircle SET said = jsonb_set(said, '{members}', '["xa-lab"]')
    """,
    "the digest deleted": "DELETE FROM peers_seenagreements WHERE reader = 'xa-lab'",
    "the digest changed": "UPDATE peers_seenagreements SET digest = ''",
}


@pytest.mark.parametrize("way", ALTERED)
def test_what_was_altered_past_the_program_counts_for_nothing_and_is_fetched_anew(
    desks: Desks, way: str
) -> None:
    record_circle(
        OPERATOR,
        name="Early Look",
        agreement="G1",
        members=[desks.lab.id, desks.health.id],
        now=desks.hub.now,
    )
    take_in_agreements(now=desks.hub.now)
    before = kept_agreements(desks.lab.id)
    with connection.cursor() as cursor:
        if way == "an agreement of another agency":
            cursor.execute("DELETE FROM peers_peeragreement WHERE reader = 'xa-lab'")
        cursor.execute(ALTERED[way])
    with pytest.raises(NotBoundError):
        agreements_of(desks.lab.reader, now=desks.hub.now)
    if way != "the digest deleted":
        # Without the digest a preview asks the exchange again before it judges anything.
        with pytest.raises(NotBoundError):
            verdict(desks, desks.own.id)
    follow(desks)
    after = kept_agreements(desks.lab.id)
    assert before and after and (after.agreements, after.circles) == (before.agreements, before.circles)
    assert AuditEvent.objects.filter(act="agreements.altered", agency=desks.lab.id).count() == 1


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/api/v1/agreements", {"parties": ["xb-health", "xe-drugs"]}),
        ("/api/v1/agreements", {"title": "a\x00b"}),
        ("/api/v1/circles", {"members": []}),
    ],
)
def test_an_answer_that_cannot_be_leaves_what_is_kept(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets, path: str, change: dict[str, Any]
) -> None:
    record_circle(
        OPERATOR,
        name="Early Look",
        agreement="G1",
        members=[desks.lab.id, desks.health.id],
        now=desks.hub.now,
    )
    before = kept_agreements(desks.lab.id)
    exchange_as_asked.lies = changed(path, lambda item: item.update(change))
    follow(desks)
    assert kept_agreements(desks.lab.id) == before
