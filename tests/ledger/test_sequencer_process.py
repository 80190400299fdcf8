# SPDX-License-Identifier: Apache-2.0
"""The real sequencer with a standby, killed under load again and again."""

import os
import random
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import transaction

from accord.envelope.encoding import object_digest
from accord.envelope.tree.merkle import verify_consistency
from accord.envelope.tree.notes import verify_checkpoint
from accord.envelope.tree.receipts import Receipt
from devtool import programs
from devtool.processes import Child, identity, wait_until
from hub.roles import EXCHANGE
from ledger.entries import append_entry
from ledger.models import Checkpoint, Leaf, SequencerLease
from ledger.pins import pinned_keys
from ledger.proofs import consistency, log_times, receipts_for
from ledger.state import STATE_FILE
from ledger.verification import verify_ledger
from tests.conftest import HubProcesses
from tests.ledger.bench import NOW

pytestmark = pytest.mark.no_retry

KILLS = 5
LIMIT_SECONDS = 120


def append(number: int) -> str:
    od = object_digest("load", str(number).encode())
    with transaction.atomic():
        append_entry(od, now=NOW)
    return od


def all_logged(ods: list[str]) -> Callable[[], bool]:
    return lambda: len(log_times(ods)) == len(ods)


@pytest.mark.slow
def test_killed_sequencers_lose_double_reorder_and_fork_nothing(hub_processes: HubProcesses) -> None:
    draw = random.Random(11)  # noqa: S311
    ods: list[str] = []
    receipts: dict[str, object] = {}
    leader, standby = hub_processes.sequencer(), hub_processes.sequencer()
    for _ in range(KILLS):
        kill_after = draw.randint(20, 120)
        for place in range(kill_after + 10):
            ods.append(append(len(ods)))
            if place == kill_after:
                leader.kill()
        wait_until(all_logged(ods), "the standby", timeout_seconds=LIMIT_SECONDS, children=[standby])
        receipts = {
            od: receipt for od, receipt in receipts_for(ods).items() if receipts.get(od, receipt) == receipt
        }
        assert len(receipts) == len(ods)
        leader, standby = standby, hub_processes.sequencer()
    check_ledger(hub_processes, ods)


def check_ledger(hub_processes: HubProcesses, ods: list[str]) -> None:
    keys = pinned_keys()
    sound = verify_ledger(keys, folder=hub_processes.world.ledger_state_dirs[EXCHANGE])
    assert sound.leaves == sound.signed_leaves == len(ods)
    assert list(Leaf.objects.order_by("index").values_list("od", flat=True)) == ods
    for od, receipt in receipts_for(ods).items():
        Receipt.parse(receipt).verify(d=od, keys=keys)
    signed = [verify_checkpoint(row.note, keys) for row in Checkpoint.objects.order_by("size")]
    for first, second in pairwise(signed):
        path = consistency(first.size, second.size)
        assert path is not None
        verify_consistency(
            first=first.size,
            second=second.size,
            path=path,
            first_root=first.root,
            second_root=second.root,
        )


def test_a_stopped_sequencer_leaves_a_sound_ledger_and_names_the_way_out_where_its_state_file_is_lost(
    hub_processes: HubProcesses, tmp_path: Path
) -> None:
    child = hub_processes.sequencer()
    ods = [append(number) for number in range(5)]
    wait_until(all_logged(ods), "the sequencer", timeout_seconds=LIMIT_SECONDS, children=[child])
    child.stop()
    assert child.process is not None
    assert child.process.returncode == 0
    check_ledger(hub_processes, ods)

    (hub_processes.world.ledger_state_dirs[EXCHANGE] / STATE_FILE).unlink()
    refused = programs.sequencer(hub_processes.world, tmp_path)
    refused.start()
    try:
        wait_until(lambda: not refused.alive, "its refusal", timeout_seconds=LIMIT_SECONDS)
        assert refused.process is not None
        assert refused.process.returncode == 1
        assert "manage.py adopt_ledger" in refused.tail()
    finally:
        refused.kill()


def sequencing_child(supervisor: Child) -> int:
    """Return the process that sequences, a child of the one that watches it."""
    children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
    (pid,) = map(int, children)
    return pid


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the child by /proc")
def test_a_leader_that_hangs_is_killed_by_its_parent_and_the_standby_takes_over(
    hub_processes: HubProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQUENCER_SILENT_SECONDS", "2")
    leader, standby = hub_processes.sequencer(), hub_processes.sequencer()
    ods = [append(0)]
    wait_until(all_logged(ods), "the leader", timeout_seconds=LIMIT_SECONDS, children=[leader])
    hung = sequencing_child(leader)
    os.kill(hung, signal.SIGSTOP)
    ods.append(append(1))
    wait_until(all_logged(ods), "the standby", timeout_seconds=LIMIT_SECONDS, children=[leader, standby])
    assert SequencerLease.objects.get().epoch == 2
    assert not Path(f"/proc/{hung}").exists() or sequencing_child(leader) != hung
    wait_until(
        lambda: leader.log.read_text().count("this one waits") >= 1, "it", timeout_seconds=LIMIT_SECONDS
    )
    assert "silent: ended by its parent" in leader.log.read_text()
    check_ledger(hub_processes, ods)
    _a_child_whose_parent_was_killed_ends_itself(standby)


def _a_child_whose_parent_was_killed_ends_itself(supervisor: Child) -> None:
    pid = sequencing_child(supervisor)
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_until(lambda: identity(pid) is None, "its end", timeout_seconds=LIMIT_SECONDS)
