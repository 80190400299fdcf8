# SPDX-License-Identifier: Apache-2.0
"""`./dev evaluate FOLDER`: the science core compared with reference files, each bar with its value, the verdict last."""

from collections.abc import Callable
from pathlib import Path

from devtool.errors import DevtoolError
from devtool.evaluation.findings import MalformedError, Part, Table

PATTERNS = ("substances-*.csv", "spectra-*.msp", "profiles-*.csv")
MET = "met"
MISSED = "MISSED"


def evaluate(folder: Path) -> int:
    """Print the table; return 0 if every bar is met, 1 if one is missed or a file is malformed."""
    files = _files(folder)
    parts: list[Part] = []
    malformed: list[str] = []
    for pattern, paths in files.items():
        if not paths:
            print(f"Not measured: there is no {pattern}.\n", flush=True)
        for path in paths:
            try:
                measured = MEASURES[pattern](path)
            except MalformedError as exc:
                malformed.append(str(exc))
                print(f"Malformed: {exc}\n", flush=True)
                continue
            for part in measured:
                _print_part(part)
            parts += measured
    absent = [pattern for pattern, paths in files.items() if not paths]
    absent += [what for part in parts for what in part.not_measured]
    return _print_verdict(parts, malformed, absent)


def _files(folder: Path) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise DevtoolError(f"{folder} is no folder.", "Name one that holds reference files.")
    files = {pattern: sorted(folder.glob(pattern)) for pattern in PATTERNS}
    if not any(files.values()):
        raise DevtoolError(
            f"{folder} holds nothing to measure.", f"One of these at least: {', '.join(PATTERNS)}"
        )
    return files


def _substances(path: Path) -> list[Part]:
    from devtool.evaluation.analogues import evaluate_analogues
    from devtool.evaluation.classes import evaluate_classes
    from devtool.evaluation.listed import evaluate_listings
    from devtool.evaluation.notations import evaluate_notations
    from devtool.evaluation.shipped import shipped_rows, shipped_rules
    from devtool.evaluation.substances import read_rows

    rows = read_rows(path)
    listed = evaluate_listings(path, rows)
    found = [listed] if listed else []
    if not rows[0].labels:
        return found
    ruleset = shipped_rules()
    return [
        evaluate_classes(path, rows, ruleset),
        *found,
        evaluate_notations(path, rows, ruleset),
        evaluate_analogues(path, rows, shipped_rows(), ruleset),
    ]


def _spectra(path: Path) -> list[Part]:
    from devtool.evaluation.spectra import evaluate_spectra

    return [evaluate_spectra(path)]


def _profiles(path: Path) -> list[Part]:
    from devtool.evaluation.profiles import evaluate_profiles

    return [evaluate_profiles(path)]


MEASURES: dict[str, Callable[[Path], list[Part]]] = dict(
    zip(PATTERNS, (_substances, _spectra, _profiles), strict=True)
)


def _print_part(part: Part) -> None:
    print(part.title)
    for table in part.tables:
        print()
        _print_table(table)
    if part.notes:
        print()
    for note in part.notes:
        print(f"  {note}")
    print()
    rows = tuple((bar.what, bar.value, bar.asked, MET if bar.met else MISSED) for bar in part.bars)
    _print_table(Table(("bar", "value", "asked", ""), rows))
    print(flush=True)


def _print_table(table: Table) -> None:
    widths = [max(map(len, column)) for column in zip(table.heads, *table.rows, strict=True)]
    for row in (table.heads, tuple("-" * width for width in widths), *table.rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_verdict(parts: list[Part], malformed: list[str], absent: list[str]) -> int:
    bars = [bar for part in parts for bar in part.bars]
    missed = [bar.what for bar in bars if not bar.met]
    said = []
    if malformed:
        said.append(f"not in the reference format: {'; '.join(malformed)}.")
    if missed:
        said.append(f"{len(missed)} of {len(bars)} bars are missed: {'; '.join(missed)}.")
    elif bars:
        said.append(f"all {len(bars)} bars are met.")
    if absent:
        said.append(f"Not measured: {', '.join(absent)}.")
    print(f"Verdict: {' '.join(said)}")
    return 1 if missed or malformed else 0
