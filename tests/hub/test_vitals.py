# SPDX-License-Identifier: Apache-2.0
"""A container's health check, run as the compose file runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.roles import ROLES
from hub.vitals import CHECKS, OLDEST_SECS, answers

ROOT = Path(__file__).resolve().parents[2]


def _asked(role: str, **environment: str) -> int:
    environment |= {"PATH": os.environ["PATH"], "HUB_ROLE": role}
    command = [sys.executable, "-m", "hub.vitals"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode


def test_every_lasting_role_has_one() -> None:
    assert set(CHECKS) == {name for name, role in ROLES.items() if not role.owns_tables}


@pytest.mark.parametrize("role", sorted(OLDEST_SECS))
def test_a_role_lives_while_it_touches_its_file(role: str, tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    assert _asked(role, HEARTBEAT_FILE=str(file)) != 0
    file.touch()
    assert _asked(role, HEARTBEAT_FILE=str(file)) == 0
    long_ago = file.stat().st_mtime - OLDEST_SECS[role] - 1
    os.utime(file, (long_ago, long_ago))
    assert _asked(role, HEARTBEAT_FILE=str(file)) == 1


def test_a_sequencer_is_not_well_without_its_database(tmp_path: Path) -> None:
    address = tmp_path / "database_url"
    address.write_text("postgres://nobody:x@127.0.0.1:1/none\n")
    assert _asked("sequencer", DATABASE_URL_FILE=str(address)) != 0


def test_a_desk_that_does_not_answer_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "hub.example")
    with pytest.raises(OSError, match="refused"):
        answers(port=1)
