# SPDX-License-Identifier: Apache-2.0
"""Changes of an import, in lines for a terminal: counts first, then every row that differs."""

from collections import Counter
from collections.abc import Iterator

from devtool.listings.comparing import Changed
from devtool.listings.held import Line
from devtool.listings.importing import Order, Plan, Tools

MAX_SHOWN: int = 160


def report(plan: Plan, order: Order, tools: Tools) -> Iterator[str]:
    """Yield every line. Long cells are cut."""
    found = plan.comparison
    yield f"{order.jurisdiction}, text of {order.as_of}: {plan.rows} rows of {', '.join(plan.days)}."
    yield (
        f"As before: {found.same}. Changed: {len(found.changed)}. Added: {len(found.added)}. Gone: {len(found.gone)}. "
        f"Without a structure: {len(plan.unresolved)}."
    )
    if not tools.opsin:
        yield (
            "OPSIN is not installed: systematic names were not read, so a new entry whose name no record knows is "
            "found by its name alone. Debian: apt-get install libopsin-java, and a Java runtime."
        )
    for line in found.added:
        yield f"+ {_named(line)} [{line.kind}; structure: {line.cells['structure'] or 'none'}]"
    for line, fate in zip(found.gone, plan.fates, strict=True):
        yield f"- {_named(line)} [{line.kind}; {fate}]"
    for changed in found.changed:
        yield from _changed(changed)
    for line in plan.unresolved:
        yield f"? {_named(line)}: no structure, found by its name alone"
    for told in plan.told:
        yield f"! {told.words}"
    if found.kept:
        yield f"Classes that the file does not name stay: {len(found.kept)}. Take away by hand what is law no more."
        for line in found.kept:
            yield f"= {_named(line)}"
    yield from _provenance(plan, order)


def _provenance(plan: Plan, order: Order) -> Iterator[str]:
    for line in plan.sources:
        yield f"New source {line.cells['item']}: {_cut(line.cells['name'])}, {line.cells['seen']}"
    for instrument, day in plan.days.items():
        if day != order.as_of.isoformat():
            yield f"Held already, a text of {day}: {instrument}"
    for instrument, day in plan.covered.items():
        yield f"Complete to {day}: {instrument}"
    for told, count in Counter(plan.fates).items():
        yield f"Of the rows that are gone, {count}: {told}."


def _changed(changed: Changed) -> Iterator[str]:
    yield f"~ {_named(changed.after)}"
    for column, before, after in changed.cells:
        yield f"    {column}: {_cut(before) or '(nothing)'} -> {_cut(after) or '(nothing)'}"


def _named(line: Line) -> str:
    place = line.cells["item"] or line.cells["schedule"]
    return " ".join(part for part in (line.cells["instrument"][:40], place, _cut(line.cells["name"])) if part)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
