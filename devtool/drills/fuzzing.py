# SPDX-License-Identifier: Apache-2.0
"""`./dev drill fuzz`: every parser under libFuzzer; none may crash, hang or grow memory.

Inputs are divided among the parsers. Each runs in a process of its own, as many at once as there are processors, and prints one
JSON line. The drill fails for an exception that is no refusal, an accepted input that is not the same when written and read
again, more than ten seconds for one input, or more than `MAX_GROWN_MIB` of memory gained between a fifth of the inputs and the
last. An input that fails stays in `.dev/fuzz/PARSER/`.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devtool.environments import ROOT, inherited
from devtool.errors import DevtoolError

DEFAULT_INPUTS = 10_000_000
# libFuzzer keeps each input that found something new, some thousand of them; a leak of 100 octets an input exceeds this.
MAX_GROWN_MIB = 32
FOLDER = ROOT / ".dev" / "fuzz"


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 only if every parser held."""
    options = _options(arguments)
    try:
        from devtool.drills.fuzz_targets import TARGETS
    except ImportError as missing:
        raise DevtoolError(f"The fuzzer cannot be loaded: {missing}.") from missing
    names = options.parser or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        raise DevtoolError(f"There is no parser `{unknown[0]}`.", f"There are: {', '.join(TARGETS)}")
    each = max(1, -(-options.inputs // len(names)))
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(lambda name: _fuzz(name, each, options.seed), names))
    failed = [name for name, held in zip(names, outcomes, strict=True) if not held]
    total = {"parsers": len(names), "inputs": each * len(names), "seed": options.seed, "failed": failed}
    print(json.dumps(total))
    return 1 if failed else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev drill fuzz", description="Feed every parser.")
    parser.add_argument("--inputs", type=int, default=DEFAULT_INPUTS, help="in all; ten million")
    parser.add_argument("--parser", action="append", help="only this one; repeatable")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="to repeat a run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="parsers at once")
    options = parser.parse_args(arguments)
    if options.inputs < 1 or options.jobs < 1:
        parser.error("--inputs and --jobs are 1 or more")
    return options


def _fuzz(name: str, inputs: int, seed: int) -> bool:
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "devtool.drills.fuzz_child", name, str(inputs), str(seed), str(folder)]
    with (folder / "log").open("wb") as log:
        env = {**inherited(os.environ), "PYTHONPATH": str(ROOT)}
        subprocess.run(
            command, cwd=ROOT, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False
        )
    return _judge(name, folder)


def _judge(name: str, folder: Path) -> bool:
    report = folder / "report.json"
    if not report.exists():
        found = ", ".join(path.name for path in folder.glob("*-*") if path.is_file())
        print(json.dumps({"parser": name, "failed": found or "no report", "folder": str(folder)}), flush=True)
        print("\n".join(_last_lines(folder / "log")), file=sys.stderr)
        return False
    figures = json.loads(report.read_text())
    grown = figures["rss_grown_mib"] > MAX_GROWN_MIB
    print(json.dumps(figures | ({"failed": f"grown over {MAX_GROWN_MIB} MiB"} if grown else {})), flush=True)
    return not grown


def _last_lines(log: Path) -> Iterable[str]:
    return log.read_text(errors="replace").splitlines()[-25:]
