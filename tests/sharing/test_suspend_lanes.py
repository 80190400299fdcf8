# SPDX-License-Identifier: Apache-2.0
"""Suspension: new flow stops, waiting envelopes are held, none is lost, and resuming delivers in order without doubles."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from callers.capabilities import Role
from callers.directory import AgencyStatus
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent
from sharing.agreements import requeue_held, resume_lanes, suspend_lanes, suspended_lanes
from sharing.deliveries import expire_held
from sharing.errors import AgreementError, FlowSuspendedError, PolicyDeniedError
from sharing.models import Delivery, FeedHeld, FeedItem, FeedRequeue
from tests.builders import HeldAgency, Hub, client_with
from tests.entries import change_entry
from tests.sharing.conftest import Four


def feed_of(agency: HeldAgency) -> list[tuple[int, str]]:
    return list(FeedItem.objects.filter(recipient=agency.id).order_by("number").values_list("number", "d"))


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))


@pytest.fixture
def suspend(hub: Hub, four: Four) -> Callable[[], None]:
    def act() -> None:
        suspend_lanes(four.bravo.manager, hub.agreement("G1"), ["science"], now=hub.now)

    return act


@pytest.fixture
def resume(hub: Hub, four: Four) -> Callable[[], int]:
    return lambda: resume_lanes(four.bravo.manager, hub.agreement("G1"), ["science"], now=hub.now)


def test_what_is_not_numbered_yet_is_held_without_a_number(
    hub: Hub, four: Four, suspend: Callable[[], None]
) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, four.charlie, sender=four.alpha))
    suspend()
    hub.sequence()
    assert feed_of(four.bravo) == []
    assert [number for number, _ in feed_of(four.charlie)] == [1]
    assert states() == ["available", "held"]


def test_resuming_delivers_what_was_held_in_order_and_once(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], int]
) -> None:
    before = hub.deliver(four.alpha, four.bravo)
    held = [hub.alert_to(four.bravo, sender=four.alpha) for _ in range(3)]
    for sealed in held:
        hub.carry(four.alpha, sealed)
    suspend()
    hub.sequence()
    assert resume() == 3
    after = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, after)
    for _ in range(3):
        hub.sequence()
    order = [before, *held, after]
    assert feed_of(four.bravo) == [(number, sealed.md) for number, sealed in enumerate(order, start=1)]
    assert not FeedHeld.objects.exists()
    assert not FeedRequeue.objects.exists()


def test_what_is_suspended_again_before_its_turn_is_held_again(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], int]
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
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], int]
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
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], int]
) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    suspend()
    hub.sequence()
    hub.later(days=30, seconds=-1)
    assert expire_held(now=hub.now, limit=100) == 0
    hub.later(seconds=1)
    assert expire_held(now=hub.now, limit=100) == 1
    assert states() == ["expired"]
    assert resume() == 0


def test_a_requeued_delivery_past_its_end_gets_no_number(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], int]
) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    suspend()
    hub.sequence()
    hub.later(days=30)
    resume()
    hub.sequence()
    assert (states(), feed_of(four.bravo)) == (["expired"], [])


def test_what_was_withdrawn_while_it_was_held_is_never_delivered(
    hub: Hub, four: Four, suspend: Callable[[], None], resume: Callable[[], int]
) -> None:
    sealed = hub.alert_to(four.bravo, four.charlie, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    suspend()
    hub.sequence()
    hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    resume()
    hub.sequence()
    assert feed_of(four.bravo) == []
    assert [number for number, _ in feed_of(four.charlie)] == [1, 2]
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


def test_who_suspended_what_is_shown_and_audited(hub: Hub, four: Four, suspend: Callable[[], None]) -> None:
    suspend()
    (row,) = suspended_lanes(hub.agreement("G1"))
    assert (row.lane, row.agency_id, row.suspended_at) == ("science", "xb-bravo", hub.now)
    event = AuditEvent.objects.get(act="lane.suspended")
    assert (event.agency, event.subject, event.detail) == ("xb-bravo", "agreement:G1", {"lanes": ["science"]})


def test_suspending_twice_changes_nothing(hub: Hub, four: Four, suspend: Callable[[], None]) -> None:
    suspend()
    suspend()
    assert len(suspended_lanes(hub.agreement("G1"))) == 1


def test_a_lane_that_was_agreed_to_survive_cannot_be_suspended(hub: Hub, four: Four) -> None:
    hub.make_agreement("G3", four.alpha, four.delta, survive_lanes=["science"])
    with pytest.raises(AgreementError) as refused:
        suspend_lanes(four.delta.manager, hub.agreement("G3"), ["trade", "science"], now=hub.now)
    assert refused.value.field == "lanes"
    assert not suspended_lanes(hub.agreement("G3"))


@pytest.mark.parametrize("lanes", [[], ["weather"]])
def test_only_lanes_of_the_agreement_can_be_suspended(hub: Hub, four: Four, lanes: list[str]) -> None:
    with pytest.raises(AgreementError) as refused:
        suspend_lanes(four.bravo.manager, hub.agreement("G1"), lanes, now=hub.now)
    assert refused.value.field == "lanes"


def test_nobody_resumes_what_the_other_side_suspended(
    hub: Hub, four: Four, suspend: Callable[[], None]
) -> None:
    suspend()
    with pytest.raises(AgreementError) as refused:
        resume_lanes(four.alpha.manager, hub.agreement("G1"), ["science"], now=hub.now)
    assert refused.value.problem == "not suspended by your agency"


def test_to_an_outsider_there_is_no_agreement(hub: Hub, four: Four) -> None:
    for act in (suspend_lanes, resume_lanes):
        with pytest.raises(AbsentError):
            act(four.delta.manager, hub.agreement("G1"), ["science"], now=hub.now)


def test_only_who_manages_the_agency_suspends(hub: Hub, four: Four) -> None:
    releaser = client_with(four.bravo.id, Role.RELEASER)
    with pytest.raises(NotPermittedError):
        suspend_lanes(releaser, hub.agreement("G1"), ["science"], now=hub.now)
    admin = client_with(four.bravo.id, Role.AGENCY_ADMIN)
    assert suspend_lanes(admin, hub.agreement("G1"), ["science"], now=hub.now + timedelta(seconds=1))
