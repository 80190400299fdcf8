# SPDX-License-Identifier: Apache-2.0
"""Agreements kept for each agency as the exchange states them, and lanes that an agency suspends itself."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from alerts.agency.agreements import agreement_of, agreements_of
from alerts.errors import ChangedSinceValidationError, ExchangeAwayError, LaneRefusedError
from alerts.peers.agreements import AGREEMENTS_EVERY, follow_agreements_when_due
from alerts.peers.lanes import resume_lanes, suspend_lanes
from alerts.peers.pins import change_book, read_book
from alerts.review.preview import preview_recipients_of
from alerts.sending.release import release_alert
from callers.actors import SystemActor
from callers.capabilities import Role
from callers.errors import AbsentError, NotBoundError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import Officer
from peers.agreements import kept_agreements
from peers.models import PeerAgreement, PeerCircle, SeenAgreements
from sharing.models import Envelope, LaneSuspension
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
    assert (standing.ref, standing.others) == ("G1", ("Agency xe-drugs", "Health Authority"))
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
    "a suspension taken out": "UPDATE peers_peeragreement SET said = jsonb_set(said, '{suspended}', '[]')",
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
    desks.hub.agreement("G1").suspensions.create(
        lane="trade", agency_id=desks.own.id, suspended_at=desks.hub.now
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


# --- own suspensions ---------------------------------------------------------------------------------------------


def test_a_suspension_is_told_to_the_exchange_and_audited_with_its_officer(
    desks: Desks, admin: Officer
) -> None:
    suspend_lanes(admin, "G1", ["science", "trade"], now=desks.hub.now)
    standing = LaneSuspension.objects.filter(agency=desks.lab.id, lifted_at__isnull=True)
    assert set(standing.values_list("lane", flat=True)) == {"science", "trade"}
    stops = read_book(desks.lab.id).stopped
    assert [(stop.ref, stop.lane, stop.by) for stop in stops] == [
        ("G1", "science", admin.audit_name),
        ("G1", "trade", admin.audit_name),
    ]
    mine = AuditEvent.objects.filter(act="lane.suspended", actor=admin.audit_name, agency=desks.lab.id)
    assert [event.detail for event in mine.order_by("seq")] == [{"lanes": ["science"]}, {"lanes": ["trade"]}]
    assert verdict(desks, desks.health.id) == (False, "lane-suspended")
    assert verdict(desks, desks.health.id, lane="enforcement") == (True, "")

    resume_lanes(admin, "G1", ["science", "trade"], now=desks.hub.later(minutes=1))
    assert not standing.exists() and not read_book(desks.lab.id).stopped
    assert verdict(desks, desks.health.id) == (True, "")
    assert AuditEvent.objects.filter(act="lane.resumed", actor=admin.audit_name).count() == 2


def test_our_suspension_holds_though_the_exchange_forgets_it(desks: Desks, admin: Officer) -> None:
    suspend_lanes(admin, "G1", ["science"], now=desks.hub.now)
    LaneSuspension.objects.all().delete()
    follow(desks)
    (lane,) = [row for row in agreement_of(admin, "G1", now=desks.hub.now).lanes if row.code == "science"]
    assert lane.is_stopped_by_own and [stop.agency for stop in lane.stopped] == [desks.lab.id]
    assert verdict(desks, desks.health.id) == (False, "lane-suspended")
    resume_lanes(admin, "G1", ["science"], now=desks.hub.now)
    assert verdict(desks, desks.health.id) == (True, "")


def test_a_suspension_after_the_check_stops_the_release(desks: Desks, admin: Officer) -> None:
    alert = desks.validated(recipients=[desks.health.id])
    suspend_lanes(admin, "G1", ["science"], now=desks.hub.now)
    LaneSuspension.objects.all().delete()
    with pytest.raises(ChangedSinceValidationError):
        release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.later(minutes=1))
    assert not Envelope.objects.exists()


def test_another_agreement_opens_the_lane_only_where_the_desk_knows_it(
    desks: Desks, admin: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    suspend_lanes(admin, "G1", ["science"], now=desks.hub.now)
    LaneSuspension.objects.all().delete()
    exchange_as_asked.lies = changed("/api/v1/previews", lambda item: item["args"].update(ref="G2"))
    assert verdict(desks, desks.health.id) == (False, "lane-suspended"), "there is no G2"
    exchange_as_asked.lies = None
    desks.hub.make_agreement("G2", desks.lab.id, desks.health.id, lanes=["trade"])
    exchange_as_asked.lies = changed("/api/v1/previews", lambda item: item["args"].update(ref="G2"))
    assert verdict(desks, desks.health.id) == (False, "lane-suspended"), "it does not cover the lane"
    exchange_as_asked.lies = None
    desks.hub.make_agreement("G3", desks.lab.id, desks.health.id, lanes=["science"])
    desks.hub.agreement("G1").suspensions.create(
        lane="science", agency_id=desks.lab.id, suspended_at=desks.hub.now
    )
    assert verdict(desks, desks.health.id) == (True, "")


def test_flash_that_was_agreed_to_survive_still_flows(desks: Desks, admin: Officer) -> None:
    desks.hub.make_agreement("G1", desks.lab.id, desks.health.id, desks.own.id, survive_flash=True)
    suspend_lanes(admin, "G1", ["public_health"], now=desks.hub.now)
    life = {"lane": "public_health", "purpose": "public_health", "pri": "flash"}
    assert verdict(desks, desks.health.id, **life) == (True, "")
    assert verdict(desks, desks.health.id, **life | {"pri": "routine"}) == (False, "lane-suspended")


def test_while_the_exchange_is_away_nothing_is_suspended_or_resumed(
    desks: Desks, admin: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    with pytest.raises(ExchangeAwayError):
        suspend_lanes(admin, "G1", ["science"], now=desks.hub.now)
    assert not read_book(desks.lab.id).stopped and not LaneSuspension.objects.exists()
    exchange_as_asked.is_away = False
    suspend_lanes(admin, "G1", ["science"], now=desks.hub.now)
    exchange_as_asked.is_away = True
    with pytest.raises(ExchangeAwayError):
        resume_lanes(admin, "G1", ["science"], now=desks.hub.now)
    assert [stop.lane for stop in read_book(desks.lab.id).stopped] == ["science"]


def test_only_an_admin_of_a_party_stops_what_can_be_stopped(desks: Desks, admin: Officer) -> None:
    now = desks.hub.now
    with pytest.raises(NotPermittedError):
        suspend_lanes(desks.lab.releaser, "G1", ["science"], now=now)
    outsider = desks.hub.make_officer(desks.stranger.agency, Role.AGENCY_ADMIN)
    for officer, ref in ((outsider, "G1"), (admin, "G0")):
        with pytest.raises(AbsentError):
            suspend_lanes(officer, ref, ["science"], now=now)
    desks.hub.make_agreement(
        "G1", desks.lab.id, desks.health.id, lanes=["science", "trade"], survive_lanes=["trade"]
    )
    for lanes in (["enforcement"], ["trade"], []):
        with pytest.raises(LaneRefusedError):
            suspend_lanes(admin, "G1", lanes, now=now)
    with pytest.raises(LaneRefusedError):
        resume_lanes(admin, "G1", ["science"], now=now)


def test_a_book_without_its_row_lets_nothing_go(desks: Desks, admin: Officer) -> None:
    """Own suspensions are in the sealed book: deleting it opens no lane."""
    desks.released()
    suspend_lanes(admin, "G1", ["science"], now=desks.hub.now)
    LaneSuspension.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_pinbook WHERE agency_id = 'xa-lab'")
    assert not verdict(desks, desks.health.id)[0]


def test_the_book_keeps_what_was_stopped_beside_the_pins(desks: Desks, admin: Officer) -> None:
    suspend_lanes(admin, "G1", ["science"], now=desks.hub.now)
    before = read_book(desks.lab.id)
    change_book(
        desks.lab.id, lambda book: book.with_pin("xz-else", before.pins[desks.own.id]), now=desks.hub.now
    )
    assert read_book(desks.lab.id).stopped == before.stopped
