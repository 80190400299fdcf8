# SPDX-License-Identifier: Apache-2.0
"""Receipts and proofs made from the stored tree."""

import random
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accord.envelope.encoding import object_digest
from accord.envelope.tree.merkle import verify_consistency
from accord.envelope.tree.notes import verify_checkpoint
from accord.envelope.tree.receipts import Receipt
from ledger import proofs
from ledger.models import Checkpoint
from tests.ledger.bench import NOW, Bench, CrashError, crash

pytestmark = pytest.mark.django_db


def test_nothing_is_proved_before_a_checkpoint_covers_it(bench: Bench) -> None:
    [od] = bench.append()
    assert proofs.receipt_for(od) is None
    with pytest.raises(CrashError):
        bench.batch(crash)
    assert proofs.receipt_for(od) is None
    assert proofs.log_time(od) is None
    assert proofs.receipt_at(0) is None
    assert proofs.latest_checkpoint() is None
    assert proofs.covered_entries(0, 10) == []
    bench.batch()
    assert proofs.receipt_for(od) is not None


def test_every_receipt_verifies_and_never_changes(bench: Bench) -> None:
    draw = random.Random(7)  # noqa: S311
    first: dict[str, object] = {}
    for _ in range(12):
        for od in bench.log(draw.randint(1, 9)):
            first[od] = proofs.receipt_for(od)
    again = proofs.receipts_for(first)
    assert again == first
    for index, (od, receipt) in enumerate(first.items()):
        parsed = Receipt.parse(receipt)
        assert parsed.index == index
        assert parsed.verify(d=od, keys=bench.keys) == proofs.log_time(od) == proofs.log_times(first)[od]
        assert proofs.receipt_at(index) == parsed


def test_a_receipt_stands_under_the_first_checkpoint_that_covers_it(bench: Bench) -> None:
    ods = [bench.log(3)[-1] for _ in range(4)]
    receipts = proofs.receipts_for(ods)
    sizes = [verify_checkpoint(receipts[od]["checkpoint"], bench.keys).size for od in ods]
    assert sizes == [3, 6, 9, 12]


def test_an_unknown_digest_has_no_receipt(bench: Bench) -> None:
    bench.log(2)
    assert proofs.receipt_for(object_digest("test", b"never handed in")) is None
    assert proofs.log_time(object_digest("test", b"never handed in")) is None
    assert proofs.receipts_for([]) == {}
    assert proofs.log_times([]) == {}
    assert proofs.receipt_at(2) is None
    assert proofs.receipt_at(10**30) is None


def test_every_checkpoint_extends_every_earlier_one(bench: Bench) -> None:
    for count in (1, 3, 1, 4, 2):
        bench.log(count)
    signed = [verify_checkpoint(row.note, bench.keys) for row in Checkpoint.objects.order_by("size")]
    for place, second in enumerate(signed):
        for first in signed[: place + 1]:
            path = proofs.consistency(first.size, second.size)
            assert path is not None
            verify_consistency(
                first=first.size,
                second=second.size,
                path=path,
                first_root=first.root,
                second_root=second.root,
            )


def test_no_consistency_is_shown_with_what_was_never_signed(bench: Bench) -> None:
    assert proofs.consistency(0, 0) is None
    bench.log(5)
    assert proofs.consistency(2, 6) is None
    assert proofs.consistency(4, 3) is None
    assert proofs.consistency(0, 5) == []


def test_covered_entries_are_read_from_any_index(bench: Bench) -> None:
    ods = [*bench.log(4), *bench.log(3)]
    assert [entry.od for entry in proofs.covered_entries(2, 3)] == ods[2:5]
    assert [entry.index for entry in proofs.covered_entries(5, 100)] == [5, 6]
    assert proofs.covered_entries(0, 100) == bench.published[0] + bench.published[1]


def test_a_page_of_receipts_takes_a_few_queries(
    bench: Bench, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ods = [od for _ in range(5) for od in bench.log(10)]
    with django_assert_max_num_queries(4):
        assert len(proofs.receipts_for(ods)) == 50


def test_the_oldest_waiting_entry_is_known(bench: Bench) -> None:
    assert proofs.pending_since() is None
    bench.append()
    bench.now += timedelta(seconds=5)
    bench.append()
    assert proofs.pending_since() == NOW
    bench.batch()
    assert proofs.pending_since() is None
