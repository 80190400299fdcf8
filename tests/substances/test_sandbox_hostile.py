# SPDX-License-Identifier: Apache-2.0
"""A child taken over by its input can answer anything: it makes no object, no markup and no long wait."""

import select
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import pytest

from substances import jsonform
from substances.errors import InputRefusedError, SubstanceError, WorkerAwayError, WorkerLostError
from substances.sandbox import jobs, process, sandboxed
from substances.sandbox.pool import Child, WorkerPool
from substances.structures.drawing import lay_out
from substances.structures.reading import read_structure
from substances.structures.shapes import Drawing, Shape, svg_of

ROOT = Path(__file__).resolve().parents[2]
READY = (
    "import os, struct, sys, time\nsay = lambda b: os.write(1, struct.pack('>I', len(b)) + b)\nsay(b'{}')\n"
    "os.read(0, 6)\n"
)
GOOD = {"result": "CC", "used": 0.1}


def _answered(job: str, answer: Any) -> Any:
    return sandboxed._result(job, answer)


def _asked(program: str) -> dict[str, Any]:
    child = Child((sys.executable, "-c", READY + program))
    try:
        return child.ask(b"\0\0\0\2{}", 2.0)
    finally:
        child.end()


def test_the_same_answer_is_taken_when_it_is_well_formed() -> None:
    assert _asked('say(b\'{"result": "CC", "used": 0.1}\'); time.sleep(9)') == GOOD
    assert _answered("parent_of", GOOD) == "CC"


@pytest.mark.parametrize(
    "program",
    [
        "os.write(1, b'\\xff\\xff\\xff\\xff')",
        "say(b'not json')",
        "say(b'[' * 100000)",
        "say(b'[]')",
        'say(b\'{"result": NaN, "used": 1}\')',
        'say(b\'{"result": "CC"}\')',
        'say(b\'{"result": "CC", "used": "long"}\')',
        "os.write(1, b'\\0\\0\\0\\x20{')",
        "sys.exit(3)",
        "time.sleep(60)",
    ],
)
def test_what_is_no_answer_is_a_lost_worker(program: str) -> None:
    began = time.monotonic()
    with pytest.raises(WorkerLostError):
        _asked(program)
    assert time.monotonic() - began < 15


def test_what_cannot_be_loaded_any_more_tells_nothing_of_the_input() -> None:
    def job(text: str) -> str:
        raise ModuleNotFoundError(text)

    asked = {"job": "job", "args": ["CC"], "kwargs": {}, "cpu_secs": 60, "wall_secs": 60}
    assert process._carry_out({"job": job}, asked)["failed"] == "NotLoaded"


def test_an_answer_that_stands_there_unasked_is_not_taken_for_that_of_the_next_question() -> None:
    twice = 'say(b\'{"result": "CC", "used": 0.1}\'); say(b\'{"result": "N", "used": 0.1}\'); time.sleep(9)'
    child = Child((sys.executable, "-c", READY + twice))
    try:
        assert child.ask(b"\0\0\0\2{}", 2.0) == GOOD
        assert select.select([child._out], [], [], 5)[0]
        with pytest.raises(WorkerAwayError):
            child.ask(b"\0\0\0\2{}", 2.0)
    finally:
        child.end()


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        ('{"result": 5, "used": 0.1}', False),
        ('{"refused": "SystemExit", "told": {}, "used": 0.1}', False),
        ('{"failed": "MemoryError", "at": "x.py:1", "used": 0.1}', False),
        ('{"failed": "<b>", "at": "", "used": 0.1}', False),
        ('{"failed": "KeyError", "at": "x.py:1", "used": 0.1}', True),
        (
            '{"refused": "InputRefusedError", "told": {"field": "a", "code": "b", "where": ""}, "used": 0.1}',
            True,
        ),
    ],
)
def test_a_child_that_answers_in_another_form_is_never_asked_again(
    monkeypatch: pytest.MonkeyPatch, answer: str, is_kept: bool
) -> None:
    program = READY + f"say({answer.encode()!r}); time.sleep(30)"
    pool = WorkerPool(size=1, command=(sys.executable, "-c", program))
    monkeypatch.setattr(sandboxed, "POOL", pool)
    pool.prepare()
    (pid,) = pool.pids()
    try:
        with pytest.raises(SubstanceError):
            sandboxed.parent_of("CC")
        assert (pid in pool.pids()) is is_kept
    finally:
        pool.end_all()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"result": 5},
        {"result": None},
        {"result": ["CC"]},
        {"refused": "InputRefusedError", "told": {"field": "structure", "code": "x"}},
        {"refused": "InputRefusedError", "told": {"field": "structure", "code": "<b>", "where": ""}},
        {"refused": "InputRefusedError", "told": {"field": "a", "code": "x", "where": "<script>"}},
        {"refused": "SystemExit", "told": {"code": 0}},
        {"refused": ["InputRefusedError"], "told": None},
        {"failed": "<script>", "at": 5},
        {"failed": {"a": 1}},
    ],
)
def test_an_answer_of_another_form_raises_nothing_of_its_own_choice(answer: dict[str, Any]) -> None:
    with pytest.raises(WorkerLostError) as lost:
        _answered("parent_of", answer)
    assert "<" not in str(lost.value)


@pytest.mark.parametrize("change", ["more", "fewer", "other"])
def test_a_structure_with_other_fields_is_none(change: str) -> None:
    plain = jsonform.to_plain(read_structure("CCO"))
    assert _answered("read_structure", {"result": plain}) == read_structure("CCO")
    other = {
        "more": {**plain, "__class__": "x"},
        "fewer": {name: value for name, value in plain.items() if name != "inchi"},
        "other": {**plain, "heavy_atoms": "3"},
    }[change]
    with pytest.raises(WorkerLostError, match="another type"):
        _answered("read_structure", {"result": other})


@pytest.mark.parametrize(
    "shape",
    [
        Shape("bond", 'M 0,0"/><script>'),
        Shape("glyph", "M 0,0 url(x)"),
        Shape("label", text="<b>"),
        Shape("label", text="a" * 13),
        Shape("halo", tone="core", x=1e9),
        Shape("halo", tone="core", x=float("nan")),
        Shape("halo", tone='core" onload="x'),  # type: ignore[arg-type]
        Shape("wedge", "M 0,0", element='N"'),
        Shape("script", "M 0,0"),  # type: ignore[arg-type]
    ],
)
def test_a_shape_that_is_more_than_a_shape_is_never_written(shape: Shape) -> None:
    with pytest.raises(InputRefusedError, match="unsafe"):
        svg_of(Drawing(10, 10, (shape,)))


def test_a_drawing_of_a_million_shapes_is_never_written() -> None:
    drawing = lay_out("CC")
    assert svg_of(drawing)
    with pytest.raises(InputRefusedError, match="unsafe"):
        svg_of(replace(drawing, shapes=drawing.shapes * 10_000))


def test_what_travels_comes_back_equal() -> None:
    structure = read_structure("C[C@H](N)Cc1ccccc1.Cl")
    plain = jsonform.load(jsonform.dump(jsonform.to_plain(structure)))
    assert jsonform.of_type(type(structure), plain) == structure
    assert plain == {**asdict(structure), "components": list(structure.components), "notices": []}


ACTS: Final = (
    "open('/etc/hostname').read()",
    "open('/tmp/never', 'w')",
    "socket.socket()",
    "os.fork()",
    "os.execv('/bin/true', ['true'])",
    "subprocess.run(['/bin/true'])",
    "os.kill(os.getppid(), 15)",
    "os.listdir('/')",
    "os.unlink('/tmp/never')",
    "os.pipe()",
    "libc.ptrace(0, 0, 0, 0) == -1 and exec('raise PermissionError')",
)
LOCKED_IN: Final = """
import ctypes, os, platform, socket, subprocess, sys
from substances.sandbox import confinement
libc = ctypes.CDLL(None, use_errno=True)
locked = confinement.lock()
done = []
for act in {acts!r}:
    try:
        exec(act)
        done.append(act)
    except (OSError, ImportError):
        pass
tgkill = {{'x86_64': 234, 'aarch64': 131}}[platform.machine()]
killed = libc.syscall(tgkill, {victim}, {victim}, 9), ctypes.get_errno()
os.write(1, repr((locked, done, killed, sum(range(10)))).encode())
os._exit(0)
"""


def test_a_process_that_is_locked_in_reaches_nothing_and_ends_no_other_of_its_user() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as victim:
        try:
            program = LOCKED_IN.format(acts=ACTS, victim=victim.pid)
            ended = subprocess.run(
                [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
            )
            assert ended.stdout == "(True, [], (-1, 1), 45)"
            assert victim.poll() is None
        finally:
            victim.kill()


def test_a_process_that_is_locked_in_can_still_abort_itself() -> None:
    program = "import os\nfrom substances.sandbox import confinement\nconfinement.lock()\nos.abort()"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode < 0


def test_no_refusal_of_the_table_is_anything_but_a_fault_of_input() -> None:
    for name in jobs.REFUSALS:
        kind = jobs.refusal_type(name)
        assert kind is not None
        assert kind.__name__ == name
