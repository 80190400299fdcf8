# SPDX-License-Identifier: Apache-2.0
"""A worker that dies loses no notice; at most the one that it was sending is in doubt."""

from datetime import timedelta

import pytest

from notices.leasing import LEASE, Lease, LeaseLostError, lease_batch, return_leases
from notices.models import Notification
from notices.queueing import build_notices, save_notices
from notices.states import MOVES, NotificationState, Occasion
from tests.notices.conftest import NoticeWorld


def test_two_workers_never_hold_the_same_row(notice_world: NoticeWorld) -> None:
    notice_world.queue()
    first = lease_batch(now=notice_world.hub.now, limit=2)
    second = lease_batch(now=notice_world.hub.now, limit=2)
    assert len(first.rows) == 2
    assert len(second.rows) == 1
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}


def test_a_lease_that_ran_out_leaves_its_first_unrecorded_row_in_doubt(notice_world: NoticeWorld) -> None:
    notice_world.queue()
    lease = lease_batch(now=notice_world.hub.now)
    lease.record(lease.rows[0], NotificationState.SENT, sent_at=notice_world.hub.now)
    notice_world.hub.later(seconds=LEASE.total_seconds() + 1)
    assert return_leases(now=notice_world.hub.now) == 2
    states = [Notification.objects.get(pk=row.pk).state for row in lease.rows]
    assert states == [NotificationState.SENT, NotificationState.UNCERTAIN, NotificationState.QUEUED]


def flood(notice_world: NoticeWorld, count: int) -> None:
    """Save `count` old notices of repudiated alerts for one officer."""
    (officer, *_), about = notice_world.readers, notice_world.queue().about
    Notification.objects.all().delete()
    for number in range(count):
        subject = f"{number:043d}"
        save_notices(
            build_notices(about, Occasion.REPUDIATED, [officer], subject=subject, now=notice_world.hub.now)
        )


def occasions(lease: Lease) -> list[tuple[str, str]]:
    return [(row.occasion, row.pri) for row in lease.rows]


def test_news_does_not_wait_behind_a_flood_and_flash_goes_first(notice_world: NoticeWorld) -> None:
    flood(notice_world, 20)
    notice_world.hub.later(minutes=1)
    notice_world.queue(pri="urgent")
    notice_world.hub.later(minutes=1)
    notice_world.queue(pri="flash")
    found = occasions(lease_batch(now=notice_world.hub.now, limit=10))
    assert found == [
        *[("alert", "flash")] * 3,
        *[("alert", "urgent")] * 3,
        *[("repudiated", "routine")] * 4,
    ]


def test_a_fifth_of_each_lease_goes_by_age_so_that_the_flood_moves_on(notice_world: NoticeWorld) -> None:
    flood(notice_world, 20)
    notice_world.hub.later(minutes=1)
    for _ in range(4):
        notice_world.queue(pri="flash")
    found = occasions(lease_batch(now=notice_world.hub.now, limit=10))
    assert found == [("alert", "flash")] * 8 + [("repudiated", "routine")] * 2


def test_nothing_starves_while_flash_goes_on(notice_world: NoticeWorld) -> None:
    flood(notice_world, 4)
    for _ in range(4):
        notice_world.hub.later(seconds=1)
        notice_world.queue(pri="flash")
    taken = [occasions(lease_batch(now=notice_world.hub.now, limit=5)) for _ in range(2)]
    assert [sum(what == "repudiated" for what, _ in batch) for batch in taken] == [1, 1]


def test_a_lease_in_time_is_left_alone(notice_world: NoticeWorld) -> None:
    notice_world.queue()
    lease_batch(now=notice_world.hub.now)
    assert return_leases(now=notice_world.hub.now + LEASE) == 0


def test_a_worker_whose_lease_was_taken_back_records_nothing(notice_world: NoticeWorld) -> None:
    notice_world.queue()
    lease = lease_batch(now=notice_world.hub.now)
    return_leases(now=notice_world.hub.now + LEASE + timedelta(seconds=1))
    with pytest.raises(LeaseLostError):
        lease.record(lease.rows[0], NotificationState.SENT)
    with pytest.raises(LeaseLostError):
        lease.keep(notice_world.hub.now + LEASE)


def test_a_long_batch_keeps_its_lease(notice_world: NoticeWorld) -> None:
    notice_world.queue()
    lease = lease_batch(now=notice_world.hub.now)
    lease.keep(notice_world.hub.now + LEASE - timedelta(seconds=5))
    assert return_leases(now=notice_world.hub.now + LEASE + timedelta(seconds=1)) == 0


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(NotificationState)
    assert all(target in MOVES for targets in MOVES.values() for target in targets)
