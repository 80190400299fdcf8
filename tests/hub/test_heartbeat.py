# SPDX-License-Identifier: Apache-2.0
"""A queue worker that has lost its broker for good ends itself; a worker with a broker goes on, and so does beat."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from devtool.environments import process_environment
from devtool.processes import Child, wait_until
from tests.services import surroundings

WATCH = """
import sys
from pathlib import Path
from hub.liveness import exit_when_stale
print("watching", flush=True)
exit_when_stale(Path(sys.argv[1]), stale_after_secs=float(sys.argv[2]))
"""


def watching(file: Path, stale_after_secs: float) -> subprocess.Popen[bytes]:
    """Start a process that watches the file; return it once it has begun."""
    command = [sys.executable, "-c", WATCH, str(file), str(stale_after_secs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"watching\n"
    return process


def beat(file: Path, *, seconds_ago: float) -> None:
    at = time.time() - seconds_ago
    os.utime(file, (at, at))


def test_it_lives_while_the_heart_beats_and_ends_itself_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    file.touch()
    beat(file, seconds_ago=-3600)
    process = watching(file, 1)
    try:
        assert process.poll() is None
        beat(file, seconds_ago=3600)
        _, said = process.communicate(timeout=180)
        assert process.returncode == 1 and b"no heartbeat for 1 seconds" in said
    finally:
        process.kill()


@pytest.mark.slow
def test_beat_shows_that_it_lives_and_keeps_nothing_on_the_disk(tmp_path: Path) -> None:
    world = replace(surroundings().world, secrets_dir=tmp_path / "secrets")
    folder = tmp_path / "running"
    folder.mkdir()
    environment = {**process_environment("desk-beat", world), "HEARTBEAT_FILE": str(tmp_path / "heartbeat")}
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "hub",
        "beat",
        "--scheduler=hub.beat_scheduler:MemoryScheduler",
    ]
    child = Child("desk-beat", command, env=environment, log=tmp_path / "beat.log", cwd=folder)
    child.start()
    try:
        wait_until((tmp_path / "heartbeat").exists, "beat", timeout_seconds=90, children=[child])
    finally:
        child.stop()
    assert list(folder.iterdir()) == []
