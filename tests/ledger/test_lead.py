# SPDX-License-Identifier: Apache-2.0
"""Leadership: one sequencer writes, the next waits, a replaced one stops."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from queue import Queue

import pytest
from django.db import OperationalError, connection
from django.db.models import F

from ledger.errors import NotLeadingError, StaleLeaderError
from ledger.leadership import lead
from ledger.models import Checkpoint, Leaf, SequencerLease
from tests.ledger.bench import Bench, CrashError, crash

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_retry]
LIMIT_SECONDS = 60

MakeBench = Callable[[str], Bench]


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[threading.Thread]:
    """Run `work` beside the test on a database connection of its own; its exception fails the test."""
    failures: Queue[BaseException] = Queue()

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            failures.put(error)
        finally:
            connection.close()

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    yield thread
    thread.join(LIMIT_SECONDS)
    assert not thread.is_alive()
    if not failures.empty():
        raise failures.get()


def refuse(bench: Bench) -> None:
    with pytest.raises(NotLeadingError), lead(bench.folder):
        pass


def test_each_leader_raises_the_epoch(bench: Bench) -> None:
    for epoch in (1, 2, 3):
        with lead(bench.folder) as leadership:
            assert leadership.epoch == epoch


def test_a_second_leader_in_the_same_folder_or_another_is_refused(make_bench: MakeBench) -> None:
    one, other = make_bench("one"), make_bench("other")
    with lead(one.folder):
        for bench in (one, other):
            with in_thread(partial(refuse, bench)):
                pass


def test_a_standby_waits_until_the_leader_ends(bench: Bench) -> None:
    tried, leader_ended, led = threading.Event(), threading.Event(), threading.Event()

    def retry() -> bool:
        tried.set()
        return leader_ended.wait(LIMIT_SECONDS)

    def stand_by() -> None:
        with lead(bench.folder, retry=retry) as leadership:
            led.set()
            bench.batch(leadership=leadership)

    bench.append(2)
    with ExitStack() as leader:
        leader.enter_context(lead(bench.folder))
        with in_thread(stand_by):
            assert tried.wait(LIMIT_SECONDS)
            assert not led.is_set()
            leader.close()
            leader_ended.set()
    assert led.is_set()
    assert Leaf.objects.count() == 2


def test_a_standby_that_gives_up_holds_nothing_back(bench: Bench) -> None:
    def give_up() -> None:
        with pytest.raises(NotLeadingError), lead(bench.folder, retry=lambda: False):
            pass

    with lead(bench.folder), in_thread(give_up):
        pass
    with lead(bench.folder) as leadership:
        assert leadership.epoch == 2


def test_a_replaced_leader_writes_nothing(bench: Bench) -> None:
    bench.append()
    with lead(bench.folder) as leadership:
        SequencerLease.objects.update(epoch=F("epoch") + 1)
        with pytest.raises(StaleLeaderError) as stale:
            bench.batch(leadership=leadership)
    assert (stale.value.epoch, stale.value.newest) == (1, 2)
    assert not Leaf.objects.exists()


def test_a_leader_replaced_in_mid_batch_publishes_nothing(bench: Bench) -> None:
    with lead(bench.folder) as leadership:
        bench.append()
        with pytest.raises(CrashError):
            bench.batch(crash, leadership=leadership)
        SequencerLease.objects.update(epoch=F("epoch") + 1)
        with pytest.raises(StaleLeaderError):
            bench.batch(leadership=leadership)
    assert not Checkpoint.objects.exists()
    bench.batch()
    assert Checkpoint.objects.count() == 1


def test_a_leader_that_lost_its_connection_is_stopped_by_its_successor(make_bench: MakeBench) -> None:
    old, new = make_bench("old"), make_bench("new")
    with lead(old.folder) as leadership:
        cut_connection()
        with in_thread(new.batch):
            pass
        old.append()
        with pytest.raises(StaleLeaderError):
            old.batch(leadership=leadership)
    assert not Leaf.objects.exists()


def test_a_leader_without_its_connection_still_holds_its_folder(bench: Bench) -> None:
    with lead(bench.folder):
        cut_connection()
        with in_thread(partial(refuse, bench)):
            pass


def cut_connection() -> None:
    """Have the server end this session, as a restart or a lost network would; the next use opens another."""
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()


def test_a_batch_on_its_own_is_refused_while_another_leads(bench: Bench) -> None:
    def batch() -> None:
        with pytest.raises(NotLeadingError):
            bench.batch()

    bench.append()
    with lead(bench.folder), in_thread(batch):
        pass
    assert not Leaf.objects.exists()
