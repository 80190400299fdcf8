# SPDX-License-Identifier: Apache-2.0
"""Children are stopped with all that they started; leftovers of a killed parent are found by number and start time."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from devtool.checking import imagined_world
from devtool.errors import DevtoolError, ServiceError
from devtool.processes import Child, followers_of, identity, run_to_end, wait_until
from devtool.secretstore import load_or_draw_secrets
from devtool.statefolder import StateFolder

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
WITH_CHILD = (
    "import subprocess, sys, time; "
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(p.pid, flush=True); time.sleep(600)"
)


@pytest.fixture
def start(tmp_path: Path) -> Callable[[str], Child]:
    def _start(code: str) -> Child:
        environment = {"PATH": os.environ["PATH"]}
        child = Child("sample", [sys.executable, "-c", code], environment, tmp_path / "log", grace_seconds=1)
        child.start()
        return child

    return _start


def test_stop_ends_a_child_that_ignores_the_request(start: Callable[[str], Child]) -> None:
    child = start(STUBBORN)
    wait_until(lambda: "up" in child.tail(), "start", timeout_seconds=90, children=[child])
    child.stop()
    assert identity(child.pid) is None


def test_stop_ends_what_the_child_started(start: Callable[[str], Child]) -> None:
    child = start(WITH_CHILD)
    wait_until(lambda: child.tail().isdecimal(), "start", timeout_seconds=90, children=[child])
    grandchild = int(child.tail())
    child.stop()
    wait_until(lambda: identity(grandchild) is None, "end of the grandchild", timeout_seconds=90)


def test_what_a_child_has_started_is_found_by_its_group(start: Callable[[str], Child]) -> None:
    child = start(WITH_CHILD)
    wait_until(lambda: child.tail().isdecimal(), "start", timeout_seconds=90, children=[child])
    grandchild = int(child.tail())
    assert followers_of(child.pid) == [grandchild]
    os.kill(grandchild, signal.SIGKILL)
    wait_until(lambda: followers_of(child.pid) == [], "end of the grandchild", timeout_seconds=90)
    child.stop()


def test_waiting_for_a_child_that_ended_says_so_with_its_last_words(start: Callable[[str], Child]) -> None:
    child = start("print('the reason'); raise SystemExit(3)")
    with pytest.raises(ServiceError) as failure:
        wait_until(lambda: False, "sample", timeout_seconds=90, children=[child])
    assert "sample ended early" in failure.value.what
    assert "the reason" in failure.value.what


def test_a_program_run_to_its_end_gives_status_and_output() -> None:
    done = run_to_end(
        [sys.executable, "-c", "print('hello'); raise SystemExit(4)"], {"PATH": os.environ["PATH"]}
    )
    assert (done.returncode, done.stdout) == (4, "hello\n")


def test_leftovers_of_a_killed_run_are_ended(start: Callable[[str], Child], tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    child = start("import time; time.sleep(600)")
    state.make()
    state.announce(imagined_world(), [child])
    state.end_leftovers()
    wait_until(lambda: not child.alive, "end of the leftover", timeout_seconds=90)


def test_a_foreign_process_that_got_the_number_is_left_alone(
    start: Callable[[str], Child], tmp_path: Path
) -> None:
    state = StateFolder(tmp_path)
    child = start("import time; time.sleep(600)")
    state.make()
    state.announce(imagined_world(), [child])
    told = tmp_path / "running.json"
    told.write_text(told.read_text().replace(f'"identity": "{identity(child.pid)}"', '"identity": "1"'))
    state.end_leftovers()
    assert child.alive
    child.kill()


def test_a_second_hub_on_the_same_folder_is_told_where_the_first_is(tmp_path: Path) -> None:
    first, second = StateFolder(tmp_path), StateFolder(tmp_path)
    with first.locked():
        first.announce(imagined_world(), [])
        assert second.in_use
        with pytest.raises(DevtoolError) as refusal, second.locked():
            pass
        assert refusal.value.what == "A hub is already running here: http://127.0.0.1:8000"
    assert not second.in_use


def test_without_a_running_hub_there_is_no_environment_to_print(tmp_path: Path) -> None:
    with pytest.raises(DevtoolError) as refusal:
        StateFolder(tmp_path).running_world()
    assert refusal.value.what == "No hub is running here."


def test_reset_removes_data_and_keeps_what_is_installed(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.make()
    (tmp_path / "installed-run").write_text("1 2")
    (state.mail).mkdir()
    (state.mail / "000001.eml").write_text("x")
    assert set(state.remove_data()) == {"mail", "ledger", "desk-ledger", "demo"}
    assert [path.name for path in tmp_path.iterdir()] == ["installed-run"]


def test_half_a_world_is_forgotten_and_the_secrets_stay(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.make()
    drawn = load_or_draw_secrets(state.secrets_file)
    state.note_prepared("migrate")
    (state.pg).mkdir()
    state.forget_world()
    assert not state.pg.exists()
    assert not state.is_prepared("migrate")
    assert load_or_draw_secrets(state.secrets_file) == drawn


def test_an_interrupt_while_a_program_runs_ends_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def interrupt_once_it_runs() -> None:
        wait_until(lambda: told.exists() and told.read_text() != "", "start", timeout_seconds=90)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, interrupt)
    threading.Thread(target=interrupt_once_it_runs).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_to_end([sys.executable, "-c", code], {"PATH": os.environ["PATH"]})
    finally:
        signal.signal(signal.SIGALRM, before)
    assert identity(int(told.read_text())) is None
