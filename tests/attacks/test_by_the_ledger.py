# SPDX-License-Identifier: Apache-2.0
"""Attacks by the operator of the ledger, who holds its signing key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.statements.form import CheckpointRef
from accord.envelope.tree.notes import Checkpoint
from accord.envelope.verifying import KeptCheckpoint, compare_checkpoints, verify_receipt
from tests.envelope.receiving import slice_failure
from tests.envelope.test_ledger_view import forked, od
from tests.envelope.world import ALERT, NOW, MemoryLedger, World


@pytest.fixture
def ledger() -> MemoryLedger:
    """Five entries, one a minute."""
    made = MemoryLedger()
    for n in range(5):
        made.log(od(n), NOW + 60 * n)
    return made


@pytest.mark.parametrize("size", [2, 5, 9])
def test_splitting_the_view(scene: World, size: int) -> None:
    """Bravo, which has kept a checkpoint, is shown another history, signed by the same key: nothing of it opens."""
    bravo = scene.others[0]
    for n in range(4):
        scene.ledger.log(od(n))
    carried = scene.intake(scene.seal())
    true = scene.slice_of(carried, bravo.id)
    kept = KeptCheckpoint(scene.ledger.checkpoint(), NOW)
    assert scene.open(true, bravo, ledger=scene.ledger.view(kept=kept)).alert == ALERT

    other = forked(scene.ledger, size - 1)
    false = scene.slice_of(carried, bravo.id, receipts=[other.log(carried.md)])
    view = scene.ledger.view(kept=kept, consistency=other.consistency)
    assert slice_failure(scene, false, bravo, ledger=view) is Failure.LEDGER_FORK


def test_showing_peers_different_histories(ledger: MemoryLedger) -> None:
    """Two agencies were shown two trees: the `cp` in a peer's statement reveals it."""
    fork = forked(ledger, 7)
    told = CheckpointRef(7, b64u(fork.checkpoint().root))
    peers = Checkpoint(ledger.key.name, told.n, unb64u(told.root))
    for proof in (fork.consistency, ledger.consistency):
        with pytest.raises(VerificationError) as refused:
            compare_checkpoints(ledger.checkpoint(), peers, proof)
        assert refused.value.failure is Failure.LEDGER_FORK


def test_backdating_an_entry(ledger: MemoryLedger) -> None:
    """A new entry gets a log time before one that a verifier has kept, or a receipt's time is rewritten."""
    kept = KeptCheckpoint(ledger.checkpoint(), NOW + 10_000)
    late = ledger.log(od(9), NOW + 240)
    with pytest.raises(VerificationError) as refused:
        verify_receipt(late, od(9), ledger.view(kept=kept, consistency=ledger.consistency))
    assert refused.value.failure is Failure.LEDGER_TIME
    rewritten = replace(late, leaf=replace(late.leaf, t=NOW - 60))
    with pytest.raises(VerificationError) as refused:
        verify_receipt(rewritten, od(9), ledger.view())
    assert refused.value.failure is Failure.PROOF


def test_logging_one_object_twice(ledger: MemoryLedger) -> None:
    """A second leaf with a later time would make a valid signature look revoked: the smallest proved time counts."""
    first, second = ledger.log(od(8), NOW), ledger.log(od(8), NOW + 9_000)
    proved = verify_receipt(first, od(8), ledger.view()).log_time
    again = verify_receipt(second, od(8), ledger.view(known_log_times={od(8): proved}))
    assert again.log_time == proved == NOW


def test_dropping_a_leaf_that_was_receipted(ledger: MemoryLedger) -> None:
    """The operator removes an entry with a receipt: no later tree extends the one that had it."""
    kept = KeptCheckpoint(ledger.checkpoint(), NOW)
    receipt = ledger.receipt(4)
    shortened = MemoryLedger()
    shortened.key = ledger.key
    for n in (0, 1, 3, 4, 5, 6):
        shortened.log(od(n), NOW + 60 * n)
    view = ledger.view(kept=kept, consistency=shortened.consistency)
    with pytest.raises(VerificationError) as refused:
        verify_receipt(shortened.receipt(3), od(4), view)
    assert refused.value.failure is Failure.LEDGER_FORK
    assert verify_receipt(receipt, od(4), ledger.view(kept=kept)).log_time == NOW + 240
