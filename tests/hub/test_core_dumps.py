# SPDX-License-Identifier: Apache-2.0
"""Every process that holds keys leaves no core file behind; the real processes are asked."""

from collections.abc import Iterator
from pathlib import Path

from tests.conftest import HubProcesses


def descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from descendants(int(child))


def core_limits(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in lines if line.startswith("Max core file size")).split()[4:6]


def test_no_process_of_the_hub_that_holds_keys_may_dump_core(hub_processes: HubProcesses) -> None:
    desk, worker, sequencer = hub_processes.desk(), hub_processes.desk_worker(), hub_processes.sequencer()
    # The web server's own process only starts workers, which load the hub.
    loaded = [*descendants(desk.pid), worker.pid, *descendants(worker.pid), sequencer.pid]
    assert len(loaded) > 3
    assert {pid: core_limits(pid) for pid in loaded} == {pid: ["0", "0"] for pid in loaded}
