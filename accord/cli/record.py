# SPDX-License-Identifier: Apache-2.0
"""The record with another agency at the terminal: record."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path

from accord.cli.showing import print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.errors import RequestError
from accord.reciprocity import Period


def record(place: Workplace) -> None:
    """Count what the own agency and another gave each other, and compare the list with the other side's."""
    options = place.options
    period = Period(_day(options.first, "--from"), _day(options.last, "--to"))
    if period.last < period.first:
        raise RequestError("--to: choose a day that is not before the first.")
    theirs = None if options.compare is None else _read_list(options.compare)
    with place.client() as client:
        found = client.record(options.agency, period)
    ours, alone = found.items, (set[str](), set[str]())
    if theirs is not None:
        alone = set(ours) - theirs, theirs - set(ours)
    if options.json:
        compared = (
            {} if theirs is None else {"ours_alone": sorted(alone[0]), "theirs_alone": sorted(alone[1])}
        )
        print_json(asdict(found) | {"first": options.first, "last": options.last} | compared)
        return
    kinds = sorted({*found.gave, *found.got})
    rows = [(kind, str(found.gave.get(kind, 0)), str(found.got.get(kind, 0))) for kind in kinds]
    if found.withdrawn_gave or found.withdrawn_got:
        rows.append(("withdrawn, not counted", str(found.withdrawn_gave), str(found.withdrawn_got)))
    print_table(("kind", "given", "received"), rows, empty="Nothing was exchanged in this time.")
    print(f"{len(ours)} items, digest {found.digest}")
    if found.unknown:
        print(f"{found.unknown} received could not be verified, and are not counted.")
    if options.list:
        print(*ours, sep="\n")
    if theirs is not None:
        _tell_comparison(*alone)


def _tell_comparison(ours: set[str], theirs: set[str]) -> None:
    if not (ours or theirs):
        print("Both records agree.")
    for title, some in (("counted here alone", ours), ("counted by them alone", theirs)):
        for md in sorted(some):
            print(f"{title}: {md}")


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RequestError(f"{name}: write a day as 2026-12-31.") from None


def _read_list(name: str) -> set[str]:
    try:
        return set(Path(name).read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError) as failed:
        raise RequestError(f"{name} cannot be read as a list of items.") from failed
