# SPDX-License-Identifier: Apache-2.0
"""The sandbox process: `python -P -m substances.sandbox.process`, requests on its input, answers on its output, nothing else open.

- Before it reads anything it limits itself: memory, processor time, no core file, no file written.
- Once loaded it locks itself in (`substances.sandbox.confinement`).
- A job that exceeds its processor time ends the process, and so does the end of its input. While a job runs, a timer ends the
  process even if the asking process is gone.
"""

import inspect
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any, Final, get_type_hints

from substances import jsonform
from substances.errors import SubstanceError
from substances.sandbox import confinement, framing, jobs, pacing

MAX_ADDRESS_BYTES: Final = 640 * 2**20
"""Once loaded it uses 250 MiB of address space; the largest file that is read, 80 MiB more."""
MAX_CPU_SECS: Final = 900
IDLE_SECS: Final = 900.0


def main() -> None:
    """Serve until the input ends or no request came for a quarter of an hour."""
    answers = _take_pipes()
    _limit()
    functions = {name: _loaded(job.function) for name, job in jobs.JOBS.items()}
    unprepared = [name for name in jobs.PREPARATIONS if not _prepared(name)]
    unloaded = [name for name, function in functions.items() if function is None]
    locked = confinement.lock()
    pacing.allow_death()
    _say(answers, {"locked": locked, "unloaded": unloaded, "unprepared": unprepared})
    while (asked := _next_request()) is not None:
        _say(answers, {**_carry_out(functions, asked), "used": _used_secs()})


def _take_pipes() -> int:
    """Move the answers' pipe to a descriptor of its own; discard what any library prints, since it may repeat input."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers


def _limit() -> None:
    """Set the resource limits; when a container runs out of memory, this process is killed first, not the desk."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")
    for kind, limit in (
        (resource.RLIMIT_AS, MAX_ADDRESS_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_SECS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def _loaded(name: str) -> Callable[..., Any] | None:
    """Return None where the function cannot be loaded: the other jobs run all the same."""
    try:
        function: Callable[..., Any] = jobs.named(name)
        get_type_hints(function)
    except Exception:  # noqa: BLE001 -- any fault of a module concerns its own job alone
        return None
    return function


def _prepared(name: str) -> bool:
    try:
        jobs.named(name)()
    except Exception:  # noqa: BLE001 -- as above
        return False
    return True


def _next_request() -> dict[str, Any] | None:
    try:
        octets = framing.receive(0, time.monotonic() + IDLE_SECS, limit=framing.MAX_ASKED_BYTES)
    except framing.PipeError:
        return None
    asked: dict[str, Any] = jsonform.load(octets)
    return asked


def _say(answers: int, answer: Mapping[str, Any]) -> None:
    octets = jsonform.dump(answer)
    if len(octets) > framing.MAX_ANSWER_BYTES:
        octets = jsonform.dump({"failed": "TooLong", "at": "", "used": _used_secs()})
    framing.send(answers, framing.framed(octets), time.monotonic() + IDLE_SECS)


def _carry_out(
    functions: Mapping[str, Callable[..., Any] | None], asked: Mapping[str, Any]
) -> dict[str, Any]:
    function = functions.get(asked["job"])
    if function is None:
        return {"failed": "NotLoaded", "at": ""}
    _set_timers(float(asked["cpu_secs"]), float(asked["wall_secs"]))
    try:
        args, kwargs = _arguments(function, asked)
        return {"result": jsonform.to_plain(function(*args, **kwargs))}
    except SubstanceError as refusal:
        return _refusal(refusal)
    except ImportError as missing:
        # What was not loaded before the process locked itself in cannot be loaded now: nothing is known about the input.
        return {"failed": "NotLoaded", "at": _place(missing)}
    except Exception as failure:  # noqa: BLE001 -- told without its text, which may repeat the input
        return {"failed": type(failure).__name__, "at": _place(failure)}
    finally:
        _set_timers(0, 0)


def _used_secs() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _set_timers(cpu_secs: float, wall_secs: float) -> None:
    """Set timers whose signals keep their default action: they end the process, whatever it is doing."""
    signal.setitimer(signal.ITIMER_PROF, cpu_secs)
    signal.setitimer(signal.ITIMER_REAL, wall_secs)


def _arguments(function: Callable[..., Any], asked: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    args = [
        jsonform.of_type(hints[name], plain)
        for name, plain in zip(names[: len(asked["args"])], asked["args"], strict=True)
    ]
    return args, {name: jsonform.of_type(hints[name], plain) for name, plain in asked["kwargs"].items()}


def _refusal(refusal: SubstanceError) -> dict[str, Any]:
    name = type(refusal).__name__
    if name not in jobs.REFUSALS:
        return {"failed": name, "at": _place(refusal)}
    told = {field.name: jsonform.to_plain(getattr(refusal, field.name)) for field in fields(refusal)}  # type: ignore[arg-type]
    return {"refused": name, "told": told}


def _place(failure: BaseException) -> str:
    """Return the file and line where it was raised."""
    frames = traceback.extract_tb(failure.__traceback__)
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


if __name__ == "__main__":
    with suppress(BrokenPipeError, framing.PipeError):
        main()
    os._exit(0)
