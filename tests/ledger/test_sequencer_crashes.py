# SPDX-License-Identifier: Apache-2.0
"""Crashes between two steps, and state that does not fit the ledger."""

from pathlib import Path

import pytest

from ledger import state
from ledger.errors import (
    LedgerDamagedError,
    StateAheadError,
    StateBehindError,
    StateChangedError,
    StateError,
    StateForkError,
    StateMissingError,
    StateUnreadableError,
)
from ledger.leadership import lead
from ledger.models import Checkpoint, Leaf
from ledger.proofs import latest_checkpoint, receipt_for
from tests.ledger.bench import Bench, CrashError, crash, crash_before_state_file
from tests.ledger.tampering import tamper


def test_after_a_crash_before_the_state_file_the_same_leaves_are_signed(bench: Bench) -> None:
    bench.log(3)
    ods = bench.append(2)
    crash_before_state_file(bench)
    assert Leaf.objects.count() == 5
    assert receipt_for(ods[0]) is None
    later = bench.append(1)
    assert [entry.od for entry in bench.batch().covered] == ods
    assert [entry.od for entry in bench.batch().covered] == later
    assert bench.verify().signed_leaves == 6


def test_after_a_crash_before_the_checkpoint_the_same_size_and_root_are_signed(bench: Bench) -> None:
    bench.log(3)
    ods = bench.append(2)
    with pytest.raises(CrashError):
        bench.batch(crash)
    signed = state.read_state(bench.folder)
    assert signed is not None
    assert signed.size == 5
    assert Checkpoint.objects.count() == 1
    bench.append(1)
    batch = bench.batch()
    assert [entry.od for entry in batch.covered] == ods
    newest = latest_checkpoint()
    assert newest is not None
    assert (newest.size, bytes(newest.root)) == (signed.size, signed.root)
    assert state.read_state(bench.folder) == signed
    assert bench.batch().size == 6
    assert bench.verify().checkpoints == 3


def test_a_crash_on_the_very_first_leaf_is_survived(bench: Bench) -> None:
    bench.append(1)
    with pytest.raises(CrashError):
        bench.batch(crash)
    assert bench.batch().size == 1
    assert bench.verify().signed_leaves == 1


def test_what_a_crash_left_in_the_leaf_file_is_dropped(bench: Bench) -> None:
    bench.log(3)
    with (bench.folder / state.LEAF_FILE).open("ab") as file:
        file.write(b'{"d":"half a li')
    bench.log(2)
    assert bench.verify().leaves == 5


def test_a_state_file_missing_beside_leaves_is_refused(bench: Bench) -> None:
    bench.log(3)
    (bench.folder / state.STATE_FILE).unlink()
    bench.append()
    with pytest.raises(StateMissingError) as refusal:
        bench.batch()
    assert "manage.py adopt_ledger" in str(refusal.value)
    assert Leaf.objects.count() == 3


def test_an_empty_state_folder_beside_leaves_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.log(3)
    bench.folder = tmp_path / "another volume"
    with pytest.raises(StateMissingError):
        bench.batch()
    assert not (bench.folder / state.STATE_FILE).exists()


def test_a_state_file_ahead_of_the_ledger_is_refused(bench: Bench) -> None:
    bench.log(3)
    bench.log(2)
    tamper("DELETE FROM ledger_leaf WHERE index >= 3", "DELETE FROM ledger_checkpoint WHERE size > 3")
    with pytest.raises(StateAheadError) as refusal:
        bench.batch()
    assert (refusal.value.state_size, refusal.value.ledger_size) == (5, 3)
    assert "manage.py adopt_ledger" in str(refusal.value)


def test_a_state_file_behind_the_newest_checkpoint_is_refused(bench: Bench) -> None:
    bench.log(3)
    old = (bench.folder / state.STATE_FILE).read_bytes()
    bench.log(2)
    (bench.folder / state.STATE_FILE).write_bytes(old)
    with pytest.raises(StateBehindError):
        bench.batch()


def test_other_leaves_than_were_signed_are_refused(bench: Bench) -> None:
    bench.log(3)
    tamper("UPDATE ledger_leaf SET hash = sha256('another') WHERE index = 2")
    bench.append()
    with pytest.raises(StateForkError):
        bench.batch()
    assert Checkpoint.objects.count() == 1


def test_a_node_that_is_missing_is_named_before_anything_is_signed(bench: Bench) -> None:
    bench.log(4)
    tamper("DELETE FROM ledger_node WHERE level = 2")
    bench.append()
    with pytest.raises(LedgerDamagedError) as damage:
        bench.batch()
    assert [str(finding) for finding in damage.value.findings] == ["node 2/0: deleted"]
    assert Checkpoint.objects.count() == 1


def test_a_state_file_that_somebody_else_wrote_is_refused(bench: Bench) -> None:
    with lead(bench.folder) as leadership:
        bench.append()
        bench.batch(leadership=leadership)
        old = (bench.folder / state.STATE_FILE).read_bytes()
        bench.append()
        bench.batch(leadership=leadership)
        (bench.folder / state.STATE_FILE).write_bytes(old)
        with pytest.raises(StateChangedError):
            bench.batch(leadership=leadership)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no members"),
        pytest.param(b'{"v":2,"size":0,"root":"","leaf_octets":0}', id="another version"),
        pytest.param(b'{"v":1,"size":0,"root":"AAAA","leaf_octets":0}', id="a short root"),
        pytest.param(b" " * 2000, id="too long"),
    ],
)
def test_a_damaged_state_file_is_refused(bench: Bench, content: bytes) -> None:
    bench.log(3)
    (bench.folder / state.STATE_FILE).write_bytes(content)
    with pytest.raises(StateUnreadableError):
        bench.batch()


def test_a_leaf_file_that_lost_signed_leaves_is_refused(bench: Bench) -> None:
    bench.log(3)
    leaf_file = bench.folder / state.LEAF_FILE
    leaf_file.write_bytes(leaf_file.read_bytes()[:-5])
    bench.append()
    with pytest.raises(StateUnreadableError):
        bench.batch()
    assert Checkpoint.objects.count() == 1


def test_every_refusal_names_the_way_out(tmp_path: Path) -> None:
    assert "manage.py adopt_ledger" in str(StateError(tmp_path, "something"))
