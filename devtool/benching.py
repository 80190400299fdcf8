# SPDX-License-Identifier: Apache-2.0
"""`./dev bench`: one file per benchmark; those that say `NEEDS_HUB = True` get a scratch hub, started once for all."""

import ast
import io
import os
import subprocess
import sys
from pathlib import Path

from demo.ticks import Ticks
from devtool.environments import ROOT, inherited
from devtool.errors import DevtoolError

FOLDER = ROOT / "benchmarks"
SIZES = ("BENCH_CATCH_UP", "BENCH_KEYSETS", "BENCH_REOFFER")
"""Variables of the caller's environment that reach a benchmark too: they set its size."""


def run_benchmarks(names: list[str]) -> int:
    """Run the verb; return 0 only if every benchmark ended well."""
    chosen = [FOLDER / f"{name}.py" for name in names] or available()
    for path in chosen:
        if path not in available():
            known = ", ".join(path.stem for path in available())
            raise DevtoolError(f"There is no benchmark `{path.stem}`.", f"There are: {known}")
    alone = [path for path in chosen if not needs_hub(path)]
    on_a_hub = [path for path in chosen if needs_hub(path)]
    statuses = [_run(path, {**inherited(os.environ), "PYTHONPATH": str(ROOT)}) for path in alone]
    if on_a_hub:
        statuses += _run_on_scratch_hub(on_a_hub)
    return max(statuses, default=0)


def available() -> list[Path]:
    """Return all benchmarks, by name."""
    return sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))


def needs_hub(path: Path) -> bool:
    """Tell whether the file says `NEEDS_HUB = True` at its top level."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node) == "NEEDS_HUB = True":
            return True
    return False


def _run_on_scratch_hub(paths: list[Path]) -> list[int]:
    from devtool.running import scratch_hub

    # Standard output is reserved for the figures.
    steps = io.TextIOWrapper(sys.stderr.buffer, encoding=sys.stderr.encoding, write_through=True)
    with scratch_hub(Ticks(steps)) as hub:
        return [_run(path, hub.bench_environment()) for path in paths]


def _run(path: Path, env: dict[str, str]) -> int:
    sys.stdout.flush()
    command = [sys.executable, "-m", f"benchmarks.{path.stem}"]
    sizes = {name: os.environ[name] for name in SIZES if name in os.environ}
    return abs(subprocess.run(command, env={**env, **sizes}, cwd=ROOT, check=False).returncode)
