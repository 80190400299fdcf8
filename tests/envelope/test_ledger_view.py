# SPDX-License-Identifier: Apache-2.0
"""A verifier's checks of the ledger: one tree, time that does not run back, its own smallest proof."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.tree.receipts import Receipt
from accord.envelope.verifying import (
    Comparison,
    KeptCheckpoint,
    Ledger,
    compare_checkpoints,
    keep_checkpoint,
    verify_receipt,
)
from tests.envelope.world import ALERT, NOW, MemoryLedger, World


def od(n: int) -> str:
    return f"{n:042d}A"


@pytest.fixture
def ledger() -> MemoryLedger:
    """A ledger with five entries, one a minute."""
    made = MemoryLedger()
    for n in range(5):
        made.log(od(n), NOW + 60 * n)
    return made


def kept(ledger: MemoryLedger, size: int, kept_at: int) -> KeptCheckpoint:
    return KeptCheckpoint(ledger.checkpoint(size), kept_at)


def failure_of(receipt: Receipt, digest: str, view: Ledger) -> Failure:
    with pytest.raises(VerificationError) as refused:
        verify_receipt(receipt, digest, view)
    return refused.value.failure


def test_first_contact_needs_no_comparison(ledger: MemoryLedger) -> None:
    logged = verify_receipt(ledger.receipt(2), od(2), ledger.view())
    assert (logged.log_time, logged.compared, logged.checkpoint.size) == (NOW + 120, True, 5)


def test_another_ledger_is_refused(ledger: MemoryLedger) -> None:
    other = MemoryLedger()
    other.log(od(2))
    assert failure_of(other.receipt(0), od(2), ledger.view()) is Failure.NOTE


def test_receipt_of_another_kind_or_object_is_refused(ledger: MemoryLedger) -> None:
    assert failure_of(ledger.receipt(2), od(3), ledger.view()) is Failure.RECEIPT
    with pytest.raises(EnvelopeError):
        verify_receipt(ledger.receipt(2), od(2), ledger.view(), kind="keyset", agency="xa-alpha")


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_later_checkpoint_extends_the_kept_one(ledger: MemoryLedger, size: int) -> None:
    view = ledger.view(kept=kept(ledger, size, NOW), consistency=ledger.consistency)
    assert verify_receipt(ledger.receipt(4), od(4), view).compared


def test_earlier_checkpoint_is_extended_by_the_kept_one(ledger: MemoryLedger) -> None:
    old = ledger.receipt(4)
    for n in range(5, 9):
        ledger.log(od(n), NOW + 60 * n)
    view = ledger.view(kept=kept(ledger, 9, NOW), consistency=ledger.consistency)
    assert verify_receipt(old, od(4), view).compared


def test_whoever_is_asked_hears_both_sizes(ledger: MemoryLedger) -> None:
    asked: list[tuple[int, int]] = []
    view = ledger.view(kept=kept(ledger, 3, NOW), consistency=lambda *sizes: asked.append(sizes))
    assert not verify_receipt(ledger.receipt(4), od(4), view).compared
    assert asked == [(3, ledger.checkpoint().size)]


def test_without_a_network_it_is_marked(ledger: MemoryLedger) -> None:
    for consistency in (None, lambda first, second: None):
        view = ledger.view(kept=kept(ledger, 3, NOW), consistency=consistency)
        assert not verify_receipt(ledger.receipt(4), od(4), view).compared


def forked(ledger: MemoryLedger, size: int) -> MemoryLedger:
    """Another history of `size` entries under the ledger's key."""
    fork = MemoryLedger()
    fork.key = ledger.key
    for n in range(size):
        fork.log(od(100 + n), NOW + 60 * n)
    return fork


@pytest.mark.parametrize("size", [3, 5, 8])
def test_forked_ledger_opens_nothing(ledger: MemoryLedger, size: int) -> None:
    fork = forked(ledger, size)
    view = ledger.view(kept=kept(ledger, 5, NOW), consistency=fork.consistency)
    receipt = fork.receipt(size - 1)
    assert failure_of(receipt, od(100 + size - 1), view) is Failure.LEDGER_FORK


def test_fork_of_the_same_size_is_seen_without_a_network(ledger: MemoryLedger) -> None:
    fork = forked(ledger, 5)
    view = ledger.view(kept=kept(ledger, 5, NOW))
    assert failure_of(fork.receipt(4), od(104), view) is Failure.LEDGER_FORK


def test_proof_that_does_not_hold_is_an_alarm(ledger: MemoryLedger) -> None:
    def wrong(first: int, second: int) -> Sequence[bytes]:
        return [bytes(32) for _ in ledger.consistency(first, second)]

    view = ledger.view(kept=kept(ledger, 3, NOW), consistency=wrong)
    assert failure_of(ledger.receipt(4), od(4), view) is Failure.LEDGER_FORK


def test_later_entry_may_be_five_minutes_older_than_the_kept_checkpoint(ledger: MemoryLedger) -> None:
    logged_at = NOW + 240
    for kept_at, refused in ((logged_at + 300, False), (logged_at + 301, True)):
        view = ledger.view(kept=kept(ledger, 4, kept_at), consistency=ledger.consistency)
        if refused:
            assert failure_of(ledger.receipt(4), od(4), view) is Failure.LEDGER_TIME
        else:
            assert verify_receipt(ledger.receipt(4), od(4), view).log_time == logged_at


def test_entry_under_the_kept_checkpoint_may_be_of_any_age(ledger: MemoryLedger) -> None:
    view = ledger.view(kept=kept(ledger, 5, NOW + 10**6), consistency=ledger.consistency)
    assert verify_receipt(ledger.receipt(4), od(4), view).log_time == NOW + 240


def test_a_fast_clock_does_not_refuse_everything_later(ledger: MemoryLedger) -> None:
    checkpoint = ledger.checkpoint()
    assert keep_checkpoint(checkpoint, now=NOW + 10**6, newest_log_time=NOW).kept_at == NOW + 300
    assert keep_checkpoint(checkpoint, now=NOW + 7, newest_log_time=NOW) == KeptCheckpoint(
        checkpoint, NOW + 7
    )


def test_smallest_log_time_ever_proved_counts(ledger: MemoryLedger) -> None:
    view = ledger.view(known_log_times={od(2): NOW + 30})
    assert verify_receipt(ledger.receipt(2), od(2), view).log_time == NOW + 30


def test_empty_tree_is_extended_by_every_tree(ledger: MemoryLedger) -> None:
    assert compare_checkpoints(ledger.checkpoint(0), ledger.checkpoint(), None) is Comparison.EXTENDED


def test_a_checkpoint_of_another_origin_is_no_part_of_the_kept_log(ledger: MemoryLedger) -> None:
    stranger = replace(ledger.checkpoint(), origin="other.example/log")
    for one, other in ((ledger.checkpoint(), stranger), (stranger, ledger.checkpoint(2))):
        with pytest.raises(VerificationError) as refused:
            compare_checkpoints(one, other, ledger.consistency)
        assert refused.value.failure is Failure.LEDGER_FORK


def test_two_trees_are_compared_once_somebody_can_be_asked(ledger: MemoryLedger) -> None:
    one, other = ledger.checkpoint(2), ledger.checkpoint()
    assert compare_checkpoints(one, other, None) is Comparison.NOT_ASKED
    assert compare_checkpoints(other, one, ledger.consistency) is Comparison.EXTENDED


def test_slice_is_marked_when_the_log_was_not_compared(scene: World) -> None:
    bravo = scene.others[0]
    scene.ledger.log(od(1))
    early = kept(scene.ledger, 1, NOW)
    octets = scene.slice_of(scene.intake(scene.seal()), bravo.id)
    opened = scene.open(octets, bravo, ledger=scene.ledger.view(kept=early))
    assert (opened.alert, opened.log_compared) == (ALERT, False)
    compared = scene.ledger.view(kept=early, consistency=scene.ledger.consistency)
    assert scene.open(octets, bravo, ledger=compared).log_compared
    assert scene.verify(octets, bravo.id).checkpoint == scene.ledger.checkpoint()
    fork = forked(scene.ledger, 4)
    with pytest.raises(VerificationError) as refused:
        scene.open(
            octets, bravo, ledger=replace(compared, kept=kept(fork, 4, NOW), consistency=fork.consistency)
        )
    assert refused.value.failure is Failure.LEDGER_FORK
