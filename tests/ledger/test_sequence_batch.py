# SPDX-License-Identifier: Apache-2.0
"""Batches: order, no gaps, log time, the signed checkpoint and the entries reported as covered."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from accord.envelope.encoding import object_digest
from accord.envelope.tree.merkle import root_of
from accord.envelope.tree.notes import verify_checkpoint
from ledger.entries import CoveredEntry, append_entry
from ledger.models import Checkpoint, Leaf, Node, PendingEntry
from ledger.sequencer import sequence_batch
from ledger.state import SignedState, read_state
from tests.ledger.bench import NOW, Bench


def test_entries_become_leaves_in_the_order_of_arrival(bench: Bench) -> None:
    ods = bench.append(7)
    batch = bench.batch()
    assert list(Leaf.objects.order_by("index").values_list("index", "od")) == list(enumerate(ods))
    assert [entry.od for entry in batch.covered] == ods
    assert (batch.size, batch.is_full) == (7, False)
    assert not PendingEntry.objects.exists()


def test_many_batches_leave_no_gap(bench: Bench) -> None:
    ods = [od for count in range(1, 12) for od in bench.log(count)]
    assert list(Leaf.objects.order_by("index").values_list("index", "od")) == list(enumerate(ods))
    assert list(Checkpoint.objects.order_by("size").values_list("number", flat=True)) == list(range(1, 12))
    covered = [entry for published in bench.published for entry in published]
    assert [(entry.index, entry.od) for entry in covered] == list(enumerate(ods))


def test_every_checkpoint_signs_the_root_of_its_leaves(bench: Bench) -> None:
    for count in (1, 2, 5, 1, 8):
        bench.log(count)
    hashes = [bytes(value) for value in Leaf.objects.order_by("index").values_list("hash", flat=True)]
    for row in Checkpoint.objects.all():
        signed = verify_checkpoint(row.note, bench.keys)
        assert (
            (signed.size, signed.root)
            == (row.size, bytes(row.root))
            == (row.size, root_of(hashes[: row.size]))
        )
    assert Node.objects.count() == 17 - bin(17).count("1")


def test_an_empty_ledger_has_a_state_file_before_its_first_leaf(bench: Bench) -> None:
    batch = bench.batch()
    assert read_state(bench.folder) == SignedState()
    assert (batch.size, batch.covered) == (0, [])
    assert not Checkpoint.objects.exists()


def test_a_batch_without_news_signs_nothing_and_still_calls(bench: Bench) -> None:
    bench.log(3)
    before = read_state(bench.folder)
    bench.batch()
    assert bench.published[1:] == [[]]
    assert Checkpoint.objects.count() == 1
    assert read_state(bench.folder) == before


def test_what_is_told_is_told_inside_the_transaction_of_the_checkpoint(bench: Bench) -> None:
    seen: list[tuple[bool, bool, datetime]] = []

    def look(covered: list[CoveredEntry], now: datetime) -> None:
        size = covered[-1].index + 1
        seen.append((Checkpoint.objects.filter(size=size).exists(), connection.in_atomic_block, now))

    bench.append(2)
    bench.batch(look)
    assert seen == [(True, True, bench.now)]


def test_log_time_never_goes_back(bench: Bench) -> None:
    bench.log()
    bench.append()
    bench.batch(after=timedelta(hours=-5))
    bench.append()
    bench.batch(after=timedelta(hours=6))
    first, second, third = Leaf.objects.order_by("index").values_list("t", flat=True)
    assert first == second == int(NOW.timestamp()) + 1
    assert third == int(bench.now.timestamp())


def test_a_ledger_may_be_filled_with_a_past_clock(bench: Bench) -> None:
    bench.now = datetime(2026, 9, 16, 8, 0, tzinfo=NOW.tzinfo)
    for _ in range(3):
        bench.log()
    times = Leaf.objects.order_by("index").values_list("t", flat=True)
    assert list(times) == [1_789_545_601, 1_789_545_602, 1_789_545_603]


def test_a_batch_takes_a_limited_number_and_says_that_more_may_wait(bench: Bench) -> None:
    with transaction.atomic():
        for number in range(5003):
            append_entry(object_digest("many", str(number).encode()), now=NOW)
    batch = bench.batch()
    assert (batch.size, batch.is_full) == (5000, True)
    batch = bench.batch()
    assert (batch.size, batch.is_full) == (5003, False)
    assert bench.verify().leaves == 5003


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_comes_later_and_is_not_lost(bench: Bench) -> None:
    late = object_digest("test", b"late")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "WITH e AS (INSERT INTO ledger_entry (id, od, kind, agency, is_audit, created_at)"
            " VALUES (gen_random_uuid(), %s, 'x', '', false, %s) RETURNING *)"
            " INSERT INTO ledger_pendingentry (entry_id, od, kind, agency, created_at)"
            " SELECT id, od, kind, agency, created_at FROM e",
            [late, NOW],
        )
        early = bench.log(2)
        cursor.execute("COMMIT")
    other.close()
    bench.batch()
    assert list(Leaf.objects.order_by("index").values_list("od", flat=True)) == [*early, late]


@pytest.mark.django_db(transaction=True)
def test_a_batch_inside_a_transaction_is_refused(bench: Bench) -> None:
    bench.append()
    with transaction.atomic(), pytest.raises(RuntimeError):
        sequence_batch(NOW, bench.key, bench.folder, bench.gather)
    assert not Leaf.objects.exists()


def test_the_same_ledger_under_two_folders_has_one_tree(make_bench: Callable[[str], Bench], db: None) -> None:
    bench = make_bench("one")
    bench.log(5)
    root = Checkpoint.objects.get().root
    state = read_state(bench.folder)
    assert state is not None
    assert (state.size, state.root) == (5, bytes(root))
    assert (bench.folder / "leaves.jsonl").read_bytes().count(b"\n") == 5
    assert (bench.folder / "leaves.jsonl").stat().st_size == state.leaf_octets
