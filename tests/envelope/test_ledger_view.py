# SPDX-License-Identifier: Apache-2.0
"""A verifier's view of the ledger: what it asks, what it keeps, and what an opened slice says of both."""

from dataclasses import replace

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.verifying import (
    Comparison,
    KeptCheckpoint,
    compare_checkpoints,
    keep_checkpoint,
    verify_receipt,
)
from tests.envelope.world import ALERT, NOW, MemoryLedger, World


def od(n: int) -> str:
    return f"{n:042d}A"


def forked(ledger: MemoryLedger, size: int) -> MemoryLedger:
    """Another history of `size` entries under the ledger's key."""
    fork = MemoryLedger()
    fork.key = ledger.key
    for n in range(size):
        fork.log(od(100 + n), NOW + 60 * n)
    return fork


@pytest.fixture
def ledger() -> MemoryLedger:
    """A ledger with five entries, one a minute."""
    made = MemoryLedger()
    for n in range(5):
        made.log(od(n), NOW + 60 * n)
    return made


def test_whoever_is_asked_hears_both_sizes(ledger: MemoryLedger) -> None:
    asked: list[tuple[int, int]] = []
    early = KeptCheckpoint(ledger.checkpoint(3), NOW)
    view = ledger.view(kept=early, consistency=lambda *sizes: asked.append(sizes))
    assert not verify_receipt(ledger.receipt(4), od(4), view).compared
    assert asked == [(3, 5)]


def test_entry_under_the_kept_checkpoint_may_be_of_any_age(ledger: MemoryLedger) -> None:
    view = ledger.view(kept=KeptCheckpoint(ledger.checkpoint(), NOW + 10**6), consistency=ledger.consistency)
    assert verify_receipt(ledger.receipt(4), od(4), view).log_time == NOW + 240


def test_a_fast_clock_does_not_refuse_everything_later(ledger: MemoryLedger) -> None:
    checkpoint = ledger.checkpoint()
    for now, kept_at in ((NOW + 10**6, NOW + 300), (NOW + 7, NOW + 7)):
        kept = keep_checkpoint(checkpoint, now=now, newest_log_time=NOW)
        assert kept == KeptCheckpoint(checkpoint, kept_at)


def test_two_trees_are_compared_once_somebody_can_be_asked_and_the_empty_one_at_once(
    ledger: MemoryLedger,
) -> None:
    one, other = ledger.checkpoint(2), ledger.checkpoint()
    assert compare_checkpoints(ledger.checkpoint(0), other, None) is Comparison.EXTENDED
    assert compare_checkpoints(one, other, None) is Comparison.NOT_ASKED
    assert compare_checkpoints(other, one, ledger.consistency) is Comparison.EXTENDED


def test_slice_is_marked_when_the_log_was_not_compared(scene: World) -> None:
    bravo, ledger = scene.others[0], scene.ledger
    ledger.log(od(1))
    early = KeptCheckpoint(ledger.checkpoint(1), NOW)
    octets = scene.slice_of(scene.intake(scene.seal()), bravo.id)
    opened = scene.open(octets, bravo, ledger=ledger.view(kept=early))
    assert (opened.alert, opened.log_compared) == (ALERT, False)
    compared = ledger.view(kept=early, consistency=ledger.consistency)
    assert scene.open(octets, bravo, ledger=compared).log_compared
    assert scene.verify(octets, bravo.id).checkpoint == ledger.checkpoint()
    fork = forked(ledger, 4)
    other = KeptCheckpoint(fork.checkpoint(), NOW)
    with pytest.raises(VerificationError) as refused:
        scene.open(octets, bravo, ledger=replace(compared, kept=other, consistency=fork.consistency))
    assert refused.value.failure is Failure.LEDGER_FORK
