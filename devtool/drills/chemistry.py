# SPDX-License-Identifier: Apache-2.0
"""`./dev drill structures`: ten thousand hostile structures and spectra, each read as the desk reads it.

Every input is made from well-formed ones by a number that reproduces it, and goes to the sandbox process that reads strangers'
files. Accepted inputs are used: parent, drawing, fingerprints, rules. The drill fails for a lost answer, more than a second for
one answer, or more memory in the reading process than `MAX_PEAK_MIB`. The input stays in `.dev/fuzz/structures/`.
"""

import argparse
import json
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from devtool.drills import chemistry_seeds as seeds
from devtool.drills.chemistry_mutator import mutated, regrown
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from substances.control.results import Query
from substances.errors import InputRefusedError, WorkerLostError
from substances.sandbox import sandboxed
from substances.sandbox.pool import MAX_CHILDREN, POOL

ON: Final = date(2026, 1, 1)
DEFAULT_INPUTS: Final = 10_000
MAX_SECONDS: Final = 1.0
LOOKS: Final = 3
MAX_PEAK_MIB: Final = 600
FOLDER: Final = ROOT / ".dev" / "fuzz" / "structures"


Ask = Callable[..., Any]
"""Calls a function with its arguments, and measures the time."""


@dataclass(frozen=True)
class Reader:
    """`make` returns the input of a number; `use` does with it what the desk would."""

    name: str
    make: Callable[[int], Any]
    use: Callable[[Any, Ask], None]


@dataclass
class Outcome:
    """The results of one reader's inputs. Times in seconds."""

    reader: str
    times: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    peak_mib: float = 0.0
    failed: list[int] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return the figures for one line of the report."""
        ordered = sorted(self.times)
        return {
            "reader": self.reader,
            "inputs": len(ordered),
            "accepted": self.ends["accepted"],
            "refused": self.ends["refused"],
            "p99_ms": round(1000 * ordered[int(0.99 * (len(ordered) - 1))], 1),
            "slowest_ms": round(1000 * ordered[-1], 1),
            "peak_mib": round(self.peak_mib),
            "failed": self.failed,
        }


def use_structure(text: str, ask: Ask) -> None:
    """Read, draw, compare and judge by every rule."""
    structure = ask(sandboxed.read_structure, text)
    ask(sandboxed.draw, structure.smiles)
    ask(sandboxed.fingerprints_of, structure.parent_smiles)
    ask(sandboxed.run, "screen", Query(smiles=text), ON)
    if ask(sandboxed.parent_of, structure.parent_smiles) != structure.parent_smiles:
        raise WorkerLostError("the parent of a parent is another one")


def use_spectra(named: tuple[str, bytes], ask: Ask) -> None:
    """Read the spectra."""
    ask(sandboxed.run, "read_spectra", *named)


def _structures(texts: Callable[[], Sequence[str]]) -> Callable[[int], str]:
    return lambda number: mutated(texts(), number)


def _spectra(suffix: str) -> Callable[[int], tuple[str, bytes]]:
    def make(number: int) -> tuple[str, bytes]:
        texts = [data.decode() for name, data in seeds.spectra() if name.endswith(suffix)]
        return f"x{suffix}", mutated(texts, number).encode("utf-8", "surrogatepass")

    return make


READERS: Final = {
    reader.name: reader
    for reader in (
        Reader("smiles", _structures(seeds.smiles), use_structure),
        Reader("graph", lambda number: regrown(seeds.smiles(), number), use_structure),
        Reader("inchi", _structures(seeds.inchis), use_structure),
        Reader("mol", _structures(seeds.blocks), use_structure),
        *(
            Reader(kind, _spectra(f".{kind}"), use_spectra)
            for kind in ("msp", "mgf", "mzML", "jdx", "txt", "csv")
        ),
    )
}


def feed(reader: Reader, numbers: Iterable[int]) -> Outcome:
    """Feed every numbered input once; keep those that fail."""
    outcome = Outcome(reader.name)
    for number in numbers:
        given = reader.make(number)
        end, took = _timed(reader, given)
        for _ in range(LOOKS):
            # A second run distinguishes a slow input from a busy machine.
            if took > MAX_SECONDS and end != "lost":
                end, took = _timed(reader, given)
        outcome.times.append(took)
        outcome.ends[end] += 1
        if number % 100 == 0:
            outcome.peak_mib = max(outcome.peak_mib, peak_mib())
        if end == "lost" or took > MAX_SECONDS:
            outcome.failed.append(number)
            _keep(reader, number, given)
    return outcome


def _timed(reader: Reader, given: Any) -> tuple[str, float]:
    """Return how it ended, and the seconds of its slowest answer."""
    slowest = 0.0

    def ask(function: Callable[..., Any], *args: Any) -> Any:
        nonlocal slowest
        began = time.perf_counter()
        try:
            return function(*args)
        finally:
            slowest = max(slowest, time.perf_counter() - began)

    try:
        reader.use(given, ask)
    except InputRefusedError:
        return "refused", slowest
    except WorkerLostError:
        return "lost", slowest
    return "accepted", slowest


def _keep(reader: Reader, number: int, given: Any) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    octets = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given[1]
    (FOLDER / f"{reader.name}-{number}").write_bytes(octets)


def peak_mib() -> float:
    """Return the most memory that a living reading process has used."""
    return max((_peak_of(pid) for pid in POOL.pids()), default=0.0)


def _peak_of(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 only if every reader held."""
    options = _options(arguments)
    shutil.rmtree(FOLDER, ignore_errors=True)
    names = options.reader or list(READERS)
    each = max(1, -(-options.inputs // len(names)))
    sandboxed.parent_of("C")

    def one(name: str) -> Outcome:
        outcome = feed(READERS[name], range(options.seed, options.seed + each))
        print(json.dumps(outcome.figures()), flush=True)
        return outcome

    with ThreadPoolExecutor(min(options.jobs, MAX_CHILDREN)) as pool:
        outcomes = list(pool.map(one, names))
    peak = max(peak_mib(), *(outcome.peak_mib for outcome in outcomes))
    failed = [outcome.reader for outcome in outcomes if outcome.failed] + ["memory"] * (peak > MAX_PEAK_MIB)
    total = {"inputs": each * len(names), "seed": options.seed, "peak_mib": round(peak), "failed": failed}
    print(json.dumps(total))
    return 1 if failed else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev drill structures", description="Feed the readers of chemistry."
    )
    parser.add_argument("--inputs", type=int, default=DEFAULT_INPUTS, help="in all; ten thousand")
    parser.add_argument("--reader", action="append", help=f"only this one; repeatable: {', '.join(READERS)}")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="to repeat a run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="inputs at once")
    options = parser.parse_args(arguments)
    if options.inputs < 1 or options.jobs < 1:
        parser.error("--inputs and --jobs are 1 or more")
    unknown = [name for name in options.reader or [] if name not in READERS]
    if unknown:
        raise DevtoolError(f"There is no reader `{unknown[0]}`.", f"There are: {', '.join(READERS)}")
    return options
