# SPDX-License-Identifier: Apache-2.0
"""A wrong clock of the machine: reading goes on, sending names the fault, ids keep their order."""

import time

import pytest

from accord.cli.sentences import sentence_of
from accord.client.errors import ClockError
from accord.client.session import uuid7_at
from accord.client.waiting import wait_for
from accord.envelope.encoding import uuid7
from accord.following.follower import MAX_CLOCK_BEHIND_SECS, trusted_now
from tests.client.conftest import PartnerWorld, alert_to

HOUR = 3600


def test_a_clock_an_hour_slow_neither_stops_sending_nor_reading(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo")
    sent = world.client_with("xa-alpha", off_by=-HOUR).submit(alert_to("xb-bravo"), wait_secs=10)
    bravo = world.client_with("xb-bravo", off_by=-HOUR)
    assert bravo.open(sent.md).marks == ()
    assert bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10).log_time is not None


def test_a_clock_an_hour_fast_reads_and_is_told_why_it_cannot_send(world: PartnerWorld) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    bravo = world.client_with("xb-bravo", off_by=HOUR)
    assert bravo.open(sent.md).marks == ()
    checkpoint = bravo.state().checkpoint
    assert checkpoint is not None
    assert checkpoint.kept_at <= time.time() + 300

    fast = world.client_with("xa-alpha", off_by=HOUR)
    with pytest.raises(ClockError) as caught:
        fast.submit(alert_to("xb-bravo"))
    assert caught.value.ahead_secs == pytest.approx(HOUR, abs=300)
    assert "minutes ahead of the hub's: set it right, send anew" in sentence_of(caught.value)
    assert fast.clock_ahead_secs() == pytest.approx(HOUR, abs=120)
    fast.close()
    assert fast.clock_ahead_secs() == pytest.approx(HOUR, abs=120)
    assert world.client("xa-alpha").clock_ahead_secs() is None
    assert world.place("xa-alpha").spool.ids() == []
    later = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    assert world.client_with("xb-bravo", off_by=0).open(later.md).md == later.md


def test_late_is_what_was_first_opened_after_its_end(world: PartnerWorld) -> None:
    alpha, bravo, _ = world.partners("xa-alpha", "xb-bravo", "xc-charlie")
    end = int(time.time()) + HOUR
    sent = alpha.submit(alert_to("xb-bravo", "xc-charlie", exp=end), wait_secs=10)
    assert bravo.open(sent.md).marks == ()

    in_time = world.client_with("xb-bravo", off_by=2 * HOUR)
    opened = in_time.open(sent.md)
    verified = in_time.verify(opened.slice_octets, opened.blobs).opened
    assert verified is not None
    assert (opened.marks, verified.marks) == ((), ())
    too_late = world.client_with("xc-charlie", off_by=2 * HOUR)
    assert [too_late.open(sent.md).marks for _ in range(2)] == [("late",)] * 2


@pytest.mark.parametrize(
    ("clock", "newest", "now"),
    [(1000, 0, 1000), (1000, 900, 1000), (1000, 1003, 1003), (1000, 10**9, 1000 + MAX_CLOCK_BEHIND_SECS)],
)
def test_the_ledger_pulls_a_slow_clock_along_by_two_hours_at_most(clock: int, newest: int, now: int) -> None:
    assert trusted_now(clock, newest) == now


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    ids = [uuid7_at(1_800_000_000_000 + n, bytes([255 - n]) * 10) for n in range(20)]
    assert ids == sorted(ids)
    assert [uuid7(text, "id") for text in ids] == ids
    assert uuid7_at(0, bytes(10)) == "00000000-0000-7000-8000-000000000000"


def test_waiting_asks_once_at_least_and_pauses_no_longer_than_it_may() -> None:
    pauses: list[float] = []
    assert wait_for(lambda: None, wait_secs=0, sleep=pauses.append) is None
    assert pauses == []
    assert wait_for(lambda: None, wait_secs=5, sleep=pauses.append) is None
    assert sum(pauses) == pytest.approx(5)
    assert max(pauses) <= 2
    answers = iter([None, None, "here"])
    assert wait_for(lambda: next(answers), wait_secs=5, sleep=lambda seconds: None) == "here"
