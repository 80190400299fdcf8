# SPDX-License-Identifier: Apache-2.0
"""No secret is in /proc/PID/environ or the command line of a running process of the hub."""

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.conftest import HubProcesses

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def _processes_of(group: int) -> list[Path]:
    """Every process of a group, with the children of the first one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                found.append(folder)
        except (OSError, IndexError, ValueError):
            continue
    return found


def test_no_process_shows_a_secret(hub_processes: HubProcesses) -> None:
    world = hub_processes.world
    drawn = asdict(world.secrets)
    secrets = {name: value for name, value in drawn.items() if isinstance(value, str)}
    for name in ("login_passwords", "broker_passwords"):
        secrets |= {f"{name}: {login}": password for login, password in drawn[name].items()}
    secrets["key_encryption_ring"] = secrets["key_encryption_ring"].partition(":")[2]
    children = [
        hub_processes.sequencer(),
        hub_processes.mailer(),
        hub_processes.exchange_worker(),
        hub_processes.desk_worker(),
    ]
    children += [hub_processes.exchange(), hub_processes.desk()]
    for child in children:
        processes = _processes_of(child.pid)
        assert processes, child.name
        for process in processes:
            shown = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            assert shown
            assert [name for name, value in secrets.items() if value.encode() in shown] == [], child.name
