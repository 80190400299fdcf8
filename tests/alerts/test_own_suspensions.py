# SPDX-License-Identifier: Apache-2.0
"""Lanes that an agency suspends at its desk: signed, held here whatever the exchange says, resumed by the agency alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from alerts.agency.agreements import agreement_of
from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.errors import AgreementRefusedError, NotTakenError, SendingStoppedError
from alerts.models import Alert
from alerts.peers.pins import change_book, read_book
from alerts.review.preview import preview_recipients_of
from alerts.sending.hand_in import send_waiting
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.errors import NotPermittedError
from ledger.models import AuditEvent
from notices.models import Notification
from notices.states import Occasion
from officers.models import Officer
from peers.models import HeldStatement, Outgoing
from sharing.models import Envelope, LaneSuspension, Statement
from tests.alerts.conftest import GOOD, Desks
from tests.desk_calls import the_exchange

pytestmark = pytest.mark.usefixtures("exchange_as_asked")

TERMS = {**GOOD, "lane": "science", "purpose": "prevent", "pri": "routine", "status": "actual"}


@pytest.fixture
def admin(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)


@pytest.fixture
def suspend(desks: Desks, admin: Officer) -> Callable[..., None]:
    """Suspend lanes with the other two parties of G1."""

    def act(*lanes: str) -> None:
        suspend_lanes(admin, peers(desks), lanes or ("science",), now=desks.hub.now)

    return act


@pytest.fixture
def resume(desks: Desks, admin: Officer) -> Callable[..., None]:
    def act(*lanes: str) -> None:
        resume_lanes(admin, peers(desks), lanes or ("science",), now=desks.hub.later(minutes=1))

    return act


def peers(desks: Desks) -> list[str]:
    return [desks.health.id, desks.own.id]


def verdict(desks: Desks, peer: str, **changes: Any) -> tuple[bool, str]:
    data = {**TERMS, "recipients": [peer], **changes}
    (row,) = preview_recipients_of(desks.lab.author, data, now=desks.hub.now).rows
    return row.will, row.code


def stopped(desks: Desks) -> set[tuple[str, str]]:
    return {(stop.peer, stop.lane) for stop in read_book(desks.lab.id).stopped}


def at_the_exchange() -> set[tuple[str, str]]:
    rows = LaneSuspension.objects.filter(agency="xa-lab", lifted_at__isnull=True)
    return set(rows.values_list("peer_id", "lane"))


def names_another_agreement(ref: str) -> Callable[[str, bytes], bytes]:
    """Say in each preview that it rests on the agreement with this ref."""

    def lies(asked: str, octets: bytes) -> bytes:
        if asked != "/api/v1/previews":
            return octets
        answer = json.loads(octets)
        for item in answer["items"]:
            item["args"].update(ref=ref)
        return json.dumps(answer).encode()

    return lies


def test_it_is_signed_by_the_officer_and_held_here_and_at_the_exchange(
    desks: Desks, admin: Officer, suspend: Callable[..., None], resume: Callable[..., None]
) -> None:
    suspend("science", "trade")
    both = {(peer, lane) for peer in peers(desks) for lane in ("science", "trade")}
    assert stopped(desks) == at_the_exchange() == both
    said = Statement.objects.get(k="suspend")
    assert (said.act, said.body["with"]) == (str(admin.public_id), sorted(peers(desks)))
    event = AuditEvent.objects.get(act="lane.suspended")
    assert (event.actor, event.subject) == (admin.audit_name, said.od)
    assert event.detail == {"lanes": ["science", "trade"], "with": sorted(peers(desks))}
    assert verdict(desks, desks.health.id) == (False, "lane-suspended")
    assert verdict(desks, desks.health.id, lane="enforcement") == (True, "")

    resume("science", "trade")
    assert stopped(desks) == at_the_exchange() == set()
    assert verdict(desks, desks.health.id) == (True, "")
    assert AuditEvent.objects.filter(act="lane.resumed", actor=admin.audit_name).count() == 1


def test_it_is_of_the_agencies_that_it_names(desks: Desks, admin: Officer) -> None:
    suspend_lanes(admin, [desks.own.id], ["science"], now=desks.hub.now)
    assert verdict(desks, desks.own.id) == (False, "lane-suspended")
    assert verdict(desks, desks.health.id) == (True, "")
    (row,) = [row for row in agreement_of(admin, "G1", now=desks.hub.now).lanes if row.code == "science"]
    assert (row.own_stops, row.is_open) == (frozenset({desks.own.id}), True)


def test_ours_holds_though_the_exchange_forgets_it(
    desks: Desks, admin: Officer, suspend: Callable[..., None]
) -> None:
    suspend()
    LaneSuspension.objects.all().delete()
    (row,) = [row for row in agreement_of(admin, "G1", now=desks.hub.now).lanes if row.code == "science"]
    assert (row.own_stops, row.is_open) == (frozenset(peers(desks)), False)
    assert verdict(desks, desks.health.id) == (False, "lane-suspended")


def test_ours_holds_and_is_shown_though_its_statement_is_deleted_here(
    desks: Desks, admin: Officer, suspend: Callable[..., None], resume: Callable[..., None]
) -> None:
    suspend()
    HeldStatement.objects.filter(k="suspend").delete()
    (row,) = [row for row in agreement_of(admin, "G1", now=desks.hub.now).lanes if row.code == "science"]
    assert row.own_stops == set(peers(desks))
    assert verdict(desks, desks.health.id) == (False, "lane-suspended")
    resume()
    assert stopped(desks) == at_the_exchange() == set()


def test_one_after_the_check_stops_the_release(desks: Desks, suspend: Callable[..., None]) -> None:
    alert = desks.validated(recipients=[desks.health.id])
    suspend()
    LaneSuspension.objects.all().delete()
    with pytest.raises(SendingStoppedError):
        release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.later(minutes=1))
    assert not Envelope.objects.exists()


def test_another_agreement_opens_the_lane_only_where_it_was_agreed_then_that_it_survives(
    desks: Desks, suspend: Callable[..., None], resume: Callable[..., None]
) -> None:
    desks.hub.make_agreement(
        "G2", desks.lab.id, desks.health.id, lanes=["science"], survive_lanes=["science"]
    )
    suspend()
    assert verdict(desks, desks.health.id) == (True, ""), "G2 carries it"
    resume()
    desks.hub.make_agreement("G2", desks.lab.id, desks.health.id, lanes=["science"])
    suspend()
    LaneSuspension.objects.all().delete()
    for ref in ("G2", "G9"):
        the_exchange.lies = names_another_agreement(ref)
        assert verdict(desks, desks.health.id) == (False, "lane-suspended"), ref
    the_exchange.lies = None


def test_flash_that_was_agreed_to_survive_still_flows(desks: Desks, suspend: Callable[..., None]) -> None:
    desks.hub.make_agreement("G1", desks.lab.id, desks.health.id, desks.own.id, survive_flash=True)
    suspend("public_health")
    life = {"lane": "public_health", "purpose": "public_health", "pri": "flash"}
    assert verdict(desks, desks.health.id, **life) == (True, "")
    assert verdict(desks, desks.health.id, **life | {"pri": "routine"}) == (False, "lane-suspended")


def test_while_the_exchange_is_away_it_holds_here_and_goes_out_later(
    desks: Desks, suspend: Callable[..., None], resume: Callable[..., None]
) -> None:
    the_exchange.is_away = True
    suspend()
    assert {peer for peer, _ in stopped(desks)} == set(peers(desks)) and at_the_exchange() == set()
    the_exchange.behave()
    send_waiting(now=desks.hub.later(minutes=5))
    assert at_the_exchange() == stopped(desks)
    the_exchange.is_away = True
    resume()
    assert stopped(desks) == set() != at_the_exchange()
    the_exchange.behave()
    send_waiting(now=desks.hub.later(minutes=5))
    assert at_the_exchange() == set()


def test_where_the_exchange_refuses_it_all_is_as_before(
    desks: Desks, suspend: Callable[..., None], resume: Callable[..., None]
) -> None:
    refusal = json.dumps(
        {"type": "urn:accord:problem:agreement-refused", "title": "Refused.", "status": 422}
    ).encode()
    the_exchange.answers = lambda path: (422, refusal) if path.endswith("/statements") else None
    with pytest.raises(NotTakenError):
        suspend()
    assert (stopped(desks), HeldStatement.objects.filter(k="suspend").exists()) == (set(), False)
    the_exchange.behave()
    suspend()
    before = stopped(desks)
    the_exchange.answers = lambda path: (422, refusal) if path.endswith("/statements") else None
    with pytest.raises(NotTakenError):
        resume()
    assert stopped(desks) == before != set()
    assert not Outgoing.objects.filter(state="queued").exists()


def test_only_an_admin_stops_what_can_be_stopped(desks: Desks, admin: Officer) -> None:
    now, health = desks.hub.now, [desks.health.id]
    with pytest.raises(NotPermittedError):
        suspend_lanes(desks.lab.releaser, health, ["science"], now=now)
    desks.hub.make_agreement(
        "G1", desks.lab.id, desks.health.id, lanes=["science", "trade"], survive_lanes=["trade"]
    )
    wrong: dict[str, tuple[list[str], list[str]]] = {
        "a lane that is not covered": (health, ["enforcement"]),
        "one that survives": (health, ["trade"]),
        "no lane": (health, []),
        "no agency": ([], ["science"]),
        "an agency without an agreement": ([desks.stranger.id], ["science"]),
        "nobody": (["xz-none"], ["science"]),
    }
    for way, (agencies, lanes) in wrong.items():
        with pytest.raises(AgreementRefusedError):
            suspend_lanes(admin, agencies, lanes, now=now)
        assert stopped(desks) == set(), way
    with pytest.raises(AgreementRefusedError):
        suspend_lanes(admin, health, ["science"], why="weather", now=now)
    with pytest.raises(AgreementRefusedError):
        resume_lanes(admin, health, ["science"], now=now)


def test_a_book_without_its_row_lets_nothing_go(desks: Desks, suspend: Callable[..., None]) -> None:
    """Own suspensions are in the sealed book: deleting it opens no lane."""
    desks.released()
    suspend()
    LaneSuspension.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_pinbook WHERE agency_id = 'xa-lab'")
    assert not verdict(desks, desks.health.id)[0]


def test_the_book_keeps_what_was_stopped_beside_the_pins(desks: Desks, suspend: Callable[..., None]) -> None:
    suspend()
    before = read_book(desks.lab.id)
    change_book(
        desks.lab.id, lambda book: book.with_pin("xz-else", before.pins[desks.own.id]), now=desks.hub.now
    )
    assert read_book(desks.lab.id).stopped == before.stopped


def test_what_waits_for_the_exchange_does_not_leave_into_a_lane_that_was_suspended_since(
    desks: Desks, suspend: Callable[..., None]
) -> None:
    alert = desks.validated()
    the_exchange.is_away = True
    release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.later(minutes=1))
    the_exchange.behave()
    suspend()
    LaneSuspension.objects.all().delete()
    send_waiting(now=desks.hub.later(minutes=5))
    waited = Outgoing.objects.get(k="manifest")
    assert (Alert.objects.get(pk=alert.pk).state, waited.cause) == ("validated", "held-since")
    assert not Envelope.objects.exists()


def test_the_admins_of_the_other_side_are_told_once_by_a_mail_without_content(
    desks: Desks, admin: Officer
) -> None:
    desks.follow()
    desks.hub.submit(desks.own, desks.hub.suspension(desks.own, "xa-lab", why="political"))
    for _ in range(2):
        desks.settle()
    (told,) = Notification.objects.filter(occasion=Occasion.AGREEMENTS_CHANGED)
    assert (told.officer, told.reference) == (admin, "")
    (row,) = [row for row in agreement_of(admin, "G1", now=desks.hub.now).lanes if row.code == "science"]
    (stop,) = row.stopped
    assert (stop.agency, stop.peer, stop.why, stop.is_own) == (desks.own.id, desks.own.id, "political", False)
