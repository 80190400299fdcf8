# SPDX-License-Identifier: Apache-2.0
"""Suspension: new flow stops, waiting envelopes are held, none is lost, and resuming delivers in order without doubles."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.errors import VerificationError
from callers.directory import AgencyStatus
from callers.errors import AbsentError
from ledger.models import AuditEvent
from sharing.agreements import requeue_held
from sharing.deliveries import expire_held
from sharing.errors import AgreementError, FlowSuspendedError, PolicyDeniedError
from sharing.models import Delivery, FeedHeld, FeedItem, FeedRequeue, LaneSuspension, Statement
from sharing.statements import find_statement
from tests.agreements import record_circle
from tests.builders import OPERATOR, HeldAgency, Hub
from tests.entries import change_entry
from tests.sharing.conftest import Callers, Four
from tests.sharing.test_previews import TERMS


def feed_of(agency: HeldAgency) -> list[tuple[int, str]]:
    return list(FeedItem.objects.filter(recipient=agency.id).order_by("number").values_list("number", "d"))


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))


@pytest.fixture
def suspend(hub: Hub, four: Four) -> Callable[[], None]:
    def act() -> None:
        hub.suspend(four.bravo, "G1")

    return act


@pytest.fixture
def resume(hub: Hub, four: Four) -> Callable[[], None]:
    def act() -> None:
        hub.resume(four.bravo, "G1")

    return act


def test_what_is_not_numbered_yet_is_held_without_a_number(
    hub: Hub, four: Four, suspend: Callable[[], None]
) -> None:
    sealed = hub.alert_to(four.bravo, four.charlie, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    hub.submit(four.bravo, hub.suspension(four.bravo, "xa-alpha"))
    hub.sequence()
    assert feed_of(four.bravo) == []
    assert sealed.md in dict(feed_of(four.charlie)).values()
    assert states() == ["available", "held"]


def test_resuming_delivers_what_was_held_in_order_and_once(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], None]
) -> None:
    before = hub.deliver(four.alpha, four.bravo)
    held = [hub.alert_to(four.bravo, sender=four.alpha) for _ in range(3)]
    for sealed in held:
        hub.carry(four.alpha, sealed)
    suspend()
    hub.sequence()
    resume()
    assert FeedRequeue.objects.count() == 3
    after = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, after)
    for _ in range(3):
        hub.sequence()
    order = [before, *held, after]
    assert feed_of(four.bravo) == [(number, sealed.md) for number, sealed in enumerate(order, start=1)]
    assert not FeedHeld.objects.exists()
    assert not FeedRequeue.objects.exists()


def test_what_is_suspended_again_before_its_turn_is_held_again(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], None]
) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    suspend()
    hub.sequence()
    resume()
    suspend()
    hub.sequence()
    assert (states(), feed_of(four.bravo)) == (["held"], [])
    resume()
    hub.sequence()
    assert feed_of(four.bravo) == [(1, sealed.md)]


def test_new_envelopes_are_refused_while_the_lane_is_suspended(
    hub: Hub, four: Four, suspend: Callable[[], None]
) -> None:
    suspend()
    with pytest.raises(PolicyDeniedError):
        hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha, lane="trade"))


def test_what_was_numbered_but_never_fetched_waits(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], None]
) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    suspend()
    with pytest.raises(FlowSuspendedError):
        hub.fetch(four.bravo, sealed)
    event = AuditEvent.objects.get(act="slice.refused")
    assert (event.agency, event.subject, event.reason) == ("xb-bravo", sealed.md, "FlowSuspended")
    assert states() == ["available"]
    resume()
    assert hub.fetch(four.bravo, sealed)


def test_what_was_fetched_stays_readable(hub: Hub, four: Four, suspend: Callable[[], None]) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    first = hub.fetch(four.bravo, sealed)
    suspend()
    assert hub.fetch(four.bravo, sealed) == first


def test_a_held_delivery_past_its_end_expires_in_the_sweep(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], None]
) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    suspend()
    hub.sequence()
    hub.later(days=30, seconds=-1)
    assert expire_held(now=hub.now, limit=100) == 0
    hub.later(seconds=1)
    assert expire_held(now=hub.now, limit=100) == 1
    assert states() == ["expired"]
    resume()
    assert not FeedRequeue.objects.exists()


def test_a_requeued_delivery_past_its_end_gets_no_number(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], None]
) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    suspend()
    hub.sequence()
    hub.later(days=30)
    resume()
    hub.sequence()
    assert (states(), feed_of(four.bravo)) == (["expired"], [])


def test_what_was_withdrawn_while_it_was_held_is_never_delivered(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], None]
) -> None:
    sealed = hub.alert_to(four.bravo, four.charlie, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    suspend()
    hub.sequence()
    retraction = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    resume()
    hub.sequence()
    assert feed_of(four.bravo) == []
    assert {sealed.md, retraction.od} <= set(dict(feed_of(four.charlie)).values())
    assert states() == ["available", "expired"]


def test_an_agency_that_the_hub_suspends_gets_what_was_held_when_it_is_back(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    change_entry(four.bravo.id, status=AgencyStatus.SUSPENDED)
    hub.sequence()
    assert states() == ["held"]
    change_entry(four.bravo.id, status=AgencyStatus.ACTIVE)
    assert requeue_held("xb-bravo") == 1
    hub.sequence()
    assert feed_of(four.bravo) == [(1, sealed.md)]


def in_force() -> set[tuple[str, str, str]]:
    rows = LaneSuspension.objects.filter(lifted_at__isnull=True)
    return set(rows.values_list("agency_id", "peer_id", "lane"))


def test_it_is_of_each_lane_and_peer_that_the_statement_names(hub: Hub, four: Four) -> None:
    said = hub.suspension(four.bravo, "xa-alpha", "xc-charlie", lanes=["science", "trade"], why="political")
    hub.submit(four.bravo, said)
    both = {("xb-bravo", peer, lane) for peer in ("xa-alpha", "xc-charlie") for lane in ("science", "trade")}
    assert in_force() == both
    hub.submit(four.bravo, hub.resumption(four.bravo, "xc-charlie", lanes=["trade"]))
    assert in_force() == both - {("xb-bravo", "xc-charlie", "trade")}


def test_it_goes_to_those_whom_it_names_and_to_nobody_else(hub: Hub, four: Four) -> None:
    said = hub.submit(four.bravo, hub.suspension(four.bravo, "xa-alpha"))
    hub.sequence()
    assert feed_of(four.alpha) == [(1, said.od)]
    assert feed_of(four.charlie) == feed_of(four.bravo) == []
    with pytest.raises(AbsentError):
        find_statement(four.charlie.client, said.od)
    event = AuditEvent.objects.get(act="statement.accepted")
    assert (event.agency, event.subject, event.detail["k"]) == ("xb-bravo", said.od, "suspend")


def test_suspending_twice_changes_nothing(hub: Hub, four: Four, suspend: Callable[[], None]) -> None:
    suspend()
    hub.later(minutes=1)
    suspend()
    assert LaneSuspension.objects.count() == 2
    assert set(LaneSuspension.objects.values_list("suspended_at", flat=True)) == {
        hub.now - timedelta(minutes=1)
    }


def test_a_suspension_outlives_the_agreement_and_its_versions(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], None]
) -> None:
    suspend()
    hub.make_agreement("G1", four.alpha, four.bravo, until=hub.now + timedelta(days=1))
    hub.later(days=2)
    hub.make_agreement("G2", four.alpha, four.bravo)
    with pytest.raises(PolicyDeniedError):
        hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.submit(four.bravo, hub.resumption(four.bravo, "xa-alpha"))
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))


REFUSED: dict[str, tuple[Callable[[Hub, Four], bytes], type[Exception]]] = {
    "what is not suspended is resumed": (
        lambda hub, four: hub.resumption(four.bravo, "xa-alpha", lanes=["trade"]),
        AgreementError,
    ),
    "one of two lanes only is suspended": (
        lambda hub, four: hub.resumption(four.bravo, "xa-alpha", lanes=["science", "trade"]),
        AgreementError,
    ),
    "the other side resumes": (lambda hub, four: hub.resumption(four.alpha, "xb-bravo"), AgreementError),
    "with an agency without an agreement": (
        lambda hub, four: hub.suspension(four.bravo, "xd-delta"),
        AbsentError,
    ),
    "with an agency that is not there": (
        lambda hub, four: hub.suspension(four.bravo, "xz-none"),
        AbsentError,
    ),
    "with itself": (lambda hub, four: hub.suspension(four.bravo, "xb-bravo"), VerificationError),
}


@pytest.mark.parametrize("way", REFUSED)
def test_what_is_refused_changes_nothing(hub: Hub, four: Four, suspend: Callable[[], None], way: str) -> None:
    suspend()
    before = in_force()
    made, error = REFUSED[way]
    speaker = four.alpha if way == "the other side resumes" else four.bravo
    with pytest.raises(error):
        hub.submit(speaker, made(hub, four))
    assert (in_force(), Statement.objects.count()) == (before, 1)


def test_nobody_suspends_in_the_name_of_another(hub: Hub, four: Four) -> None:
    with pytest.raises(AbsentError):
        hub.submit(four.charlie, hub.suspension(four.bravo, "xa-alpha"))
    assert in_force() == set()


def test_third_parties_get_the_same_octets_by_as_many_questions_before_during_and_after(
    callers: Callers,
) -> None:
    hub, four = callers.hub, callers.four
    record_circle(
        OPERATOR, name="Look", agreement="G1", members=["xa-alpha", "xb-bravo", "xc-charlie"], now=hub.now
    )
    hub.deliver(four.alpha, four.bravo, four.charlie)

    def answers() -> list[tuple[str, bytes, int]]:
        found = []
        for caller in (callers.charlie, callers.delta):
            for path in ("agreements", "circles", "agencies", "inbox?after=0"):
                with CaptureQueriesContext(connection) as queries:
                    answer = caller.get(path)
                assert answer.status_code == 200
                found.append((path, answer.content, len(queries)))
            with CaptureQueriesContext(connection) as queries:
                answer = caller.post_json("previews", {**TERMS, "recipients": None})
            found.append(("previews", answer.content, len(queries)))
        return found

    answers()
    before = answers()
    hub.submit(four.alpha, hub.suspension(four.alpha, "xb-bravo"))
    hub.sequence()
    assert answers() == before
    hub.submit(four.alpha, hub.resumption(four.alpha, "xb-bravo"))
    hub.sequence()
    assert answers() == before
