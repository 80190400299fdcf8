# SPDX-License-Identifier: Apache-2.0
"""A separate process reads untrusted structures: its answers are typed, and its death harms nobody."""

import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from substances.errors import InputRefusedError, WorkerLostError
from substances.sandbox import framing, jobs, sandboxed
from substances.sandbox import pool as children
from substances.sandbox.pool import POOL, Child, WorkerPool
from substances.structures.reading import Structure
from substances.structures.shapes import Mark

ROOT = Path(__file__).resolve().parents[2]
FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"


@pytest.fixture(scope="module", autouse=True)
def _own_pool() -> Iterator[None]:
    """Stop the children of other tests, and those of these at the end."""
    POOL.end_all()
    yield
    POOL.end_all()


@pytest.fixture
def pid() -> int:
    """The pool's one child: the one that the test before has left, if it left one."""
    if len(POOL.pids()) > 1:
        POOL.end_all()
    sandboxed.parent_of("CC")
    (pid,) = POOL.pids()
    return pid


@pytest.fixture(scope="module")
def ready() -> Iterator[tuple[Child, dict[str, Any]]]:
    """A child of no pool, and its first report."""
    child = Child()
    yield child, child.wait_until_ready()
    child.end()


def test_a_structure_comes_back_as_what_it_is() -> None:
    structure = sandboxed.read_structure(f"{FENTANYL}.Cl")
    assert isinstance(structure, Structure)
    assert (structure.parent_smiles, structure.formula) == (FENTANYL, "C22H29ClN2O")
    assert sandboxed.parent_of(f"{FENTANYL}.Cl") == FENTANYL
    assert len(sandboxed.fingerprints_of(FENTANYL).a) == len(sandboxed.fingerprints_of(FENTANYL).b) == 256
    assert sandboxed.common_scaffold(FENTANYL, "CC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1").is_complete
    assert sandboxed.compare_identifiers(structure, formula="C22H28N2O")[0].code == "of_the_base"
    assert sandboxed.draw(FENTANYL, marks=[Mark((0, 1), "core", "1")], title="x").startswith("<svg")


def test_a_refusal_is_raised_again_with_its_code_and_place() -> None:
    with pytest.raises(InputRefusedError) as refused:
        sandboxed.read_structure("CC(C)(C)(C)C")
    assert (refused.value.field, refused.value.code) == ("structure", "impossible_valence")
    assert refused.value.where == "atom 2"


def test_what_is_too_long_is_refused_before_it_is_copied() -> None:
    octets = bytes(framing.MAX_ASKED_BYTES + 1)
    tracemalloc.start()
    try:
        with pytest.raises(InputRefusedError) as refused:
            sandboxed.read_library("file.msp", octets)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.code == "too_long"
    assert peak < 2**20


def test_every_job_is_loaded_prepared_and_locked_in(ready: tuple[Child, dict[str, Any]]) -> None:
    told = ready[1]
    assert (told["unloaded"], told["unprepared"], told["locked"]) == ([], [], True)


def test_the_result_of_every_job_has_a_type_that_travels() -> None:
    assert [name for name in jobs.JOBS if jobs.result_type(name) is None] == []


def test_neither_the_import_nor_the_use_loads_the_toolkit() -> None:
    program = (
        "import datetime, sys; from substances.control import safe; from substances.control.results import Query;"
        "from substances.sandbox import sandboxed; print('rdkit' in sys.modules, 'numpy' in sys.modules);"
        f"sandboxed.read_structure({FENTANYL!r}); sandboxed.draw('CC'); sandboxed.fingerprints_of('CC');"
        "safe.screen(Query(smiles='CCO'), on=datetime.date(2026, 1, 1));"
        "print('rdkit' in sys.modules, 'numpy' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["False"] * 4


def test_a_child_that_is_killed_is_one_lost_answer_and_no_more(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    killer = threading.Timer(0.5, os.kill, (pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(WorkerLostError):
        sandboxed.parent_of("CC")
    killer.join()
    assert sandboxed.parent_of("CC.Cl") == "CC"


def test_a_child_that_died_while_idle_is_not_missed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    _until(lambda: Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z")
    assert sandboxed.parent_of("CC") == "CC"


def test_a_child_that_hangs_is_killed_when_its_time_is_over(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(WorkerLostError, match="late"):
        sandboxed.run("parent_of", "CC", limit_secs=0.01)
    assert time.monotonic() - began < 10
    assert not _is_running(pid)


def test_a_job_that_computes_for_too_long_is_ended_and_has_a_successor_before_anybody_asks(pid: int) -> None:
    with pytest.raises(WorkerLostError):
        sandboxed.run("lay_out", "c1ccccc1" * 40, limit_secs=0.01)
    (next_pid,) = POOL.pids()
    assert next_pid != pid and _is_running(next_pid)
    assert sandboxed.parent_of("CC") == "CC"


def test_a_failure_of_a_job_is_told_without_a_word_of_the_input() -> None:
    with pytest.raises(WorkerLostError) as lost:
        sandboxed.run("parent_of", 5)
    assert "FormError" in str(lost.value)
    with pytest.raises(KeyError):
        sandboxed.run("os.system", "true")


def test_too_long_an_input_is_refused_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("substances.sandbox.framing.MAX_ASKED_BYTES", 1000)
    with pytest.raises(InputRefusedError, match="too_long"):
        sandboxed.read_structure("C" * 2000)


def test_eight_threads_share_two_children() -> None:
    texts = [f"{'C' * number}O.Cl" for number in range(1, 81)]
    with ThreadPoolExecutor(8) as pool:
        parents = list(pool.map(sandboxed.parent_of, texts))
    assert parents == [text.removesuffix(".Cl") for text in texts]
    assert 1 <= len(POOL.pids()) <= children.MAX_CHILDREN


def test_whoever_waits_too_long_for_a_child_is_told() -> None:
    pool = WorkerPool(size=1)
    child = pool.take(1)
    try:
        with pytest.raises(WorkerLostError, match="busy"):
            pool.take(0.05)
    finally:
        pool.give_back(child, fit=True)
        pool.end_all()


def test_a_child_is_replaced_after_its_share_of_jobs(pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "MAX_CALLS", 3)
    _until(lambda: sandboxed.parent_of("CC") == "CC" and POOL.pids() != {pid})
    assert len(POOL.pids()) == 1
    assert not _is_running(pid)


def test_a_child_can_be_prepared_before_anybody_asks() -> None:
    POOL.end_all()
    began = time.monotonic()
    sandboxed.prepare()
    sandboxed.prepare()
    assert time.monotonic() - began < 1
    (pid,) = POOL.pids()
    assert sandboxed.parent_of("CC") == "CC"
    assert POOL.pids() == {pid}


@pytest.mark.parametrize(
    "command", [("/nonexistent/program",), (sys.executable, "-c", "raise SystemExit(3)")]
)
def test_a_child_that_cannot_start_is_one_lost_answer_each_time(command: tuple[str, ...]) -> None:
    pool = WorkerPool(size=1, command=command)
    for _ in range(3):
        with pytest.raises(WorkerLostError, match="not started"):
            _ask(pool)
    pool.end_all()


def _ask(pool: WorkerPool) -> None:
    child = pool.take(1)
    fit = False
    try:
        child.ask(b"", 1)
        fit = True
    finally:
        pool.give_back(child, fit=fit)


def test_a_forked_process_keeps_children_of_its_own(pid: int) -> None:
    read, write = os.pipe()
    forked = os.fork()
    if forked == 0:
        told = b"none"
        try:
            told = repr((sandboxed.parent_of("CCO"), POOL.pids() & {pid})).encode()
        finally:
            os.write(write, told)
            POOL.end_all()
            os._exit(0)
    os.close(write)
    os.waitpid(forked, 0)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"('CCO', set())"
    assert sandboxed.parent_of("CCN") == "CCN"
    assert POOL.pids() == {pid}


def test_children_die_with_their_parent_idle_or_at_a_job() -> None:
    """A killed parent cannot end its children, one of which may be in the middle of a job."""
    program = (
        "import sys, threading; from substances.sandbox import sandboxed; from substances.sandbox.pool import POOL\n"
        "idle, busy = POOL.take(60), POOL.take(60); [one.wait_until_ready() for one in (idle, busy)]\n"
        "POOL.give_back(busy, fit=True)\n"
        "threading.Thread(target=sandboxed.run, args=('lay_out', 'c1ccccc1' * 40), daemon=True).start()\n"
        "print(idle.pid, busy.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2 and all(map(_is_running, pids))
        parent.kill()
        parent.wait()
        _until(lambda: not any(map(_is_running, pids)))


def test_the_child_knows_nothing_of_the_parents_environment_and_files(
    ready: tuple[Child, dict[str, Any]],
) -> None:
    folder = Path(f"/proc/{ready[0].pid}")
    try:
        environment = (folder / "environ").read_bytes().split(b"\0")
        descriptors = {int(path.name) for path in (folder / "fd").iterdir()}
    except PermissionError:
        # Only root may look into the process, which is just as good.
        return
    names = {entry.split(b"=")[0].decode() for entry in environment if entry}
    assert names <= set(children._ENVIRONMENT)
    assert descriptors == {0, 1, 2, 3}


def test_the_child_may_not_take_all_memory(ready: tuple[Child, dict[str, Any]]) -> None:
    limits = Path(f"/proc/{ready[0].pid}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in limits[1:]}
    assert int(soft["Max address space"]) <= 640 * 2**20
    assert (soft["Max core file size"], soft["Max file size"], soft["Max open files"]) == ("0", "0", "1")
    assert int(soft["Max cpu time"]) <= 900
    assert Path(f"/proc/{ready[0].pid}/oom_score_adj").read_text().strip() == "1000"


def _is_running(pid: int) -> bool:
    """Tell if a process exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
