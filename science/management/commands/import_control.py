# SPDX-License-Identifier: Apache-2.0
"""Preview of what a file of rules, listings or precursors would change; with --apply it is put in use for the hub."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callers import clock
from callers.command_refusals import refusals_in_words
from officers.operating import acting_officer, add_acting_officer
from science.law.importing import MAX_BYTES, Examined, apply_import, examine_import
from science.law.rule_words import fault_text
from substances.control.diffs import ChangedItem, Difference
from substances.errors import WorkerLostError
from substances.models import ControlKind


class Command(BaseCommand):
    help = (
        "Examine a file of class rules (YAML), listings or precursors (CSV): faults with their places, what differs "
        "from what is in use, and how many stored structures of each hosted agency would be newly caught. "
        "Nothing changes without --apply."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", choices=ControlKind.values, help="default: told by the file itself")
        parser.add_argument(
            "--apply", action="store_true", help="put it in use, for every agency of this hub"
        )
        add_acting_officer(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        keeper, now = acting_officer(options["by"]), clock.now()
        kind = ControlKind(options["kind"]) if options["kind"] else None
        with refusals_in_words():
            try:
                examined = examine_import(keeper, _octets(options["file"]), kind=kind, now=now)
            except WorkerLostError:
                raise CommandError(
                    "The process that reads such files was lost; nothing was examined."
                ) from None
            if examined.faults:
                raise CommandError("\n".join(_faults(options["file"], examined)))
            for line in _report(examined):
                self.stdout.write(line)
            if not options["apply"]:
                self.stdout.write("Nothing was changed. Add --apply to put it in use.")
                return
            row = apply_import(keeper, examined, source=options["file"].name, now=clock.now())
        self.stdout.write(
            f"In use: {row.kind} version {row.number}, {row.digest}. "
            "The desk-worker judges the stored structures now."
        )


def _octets(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None


def _faults(path: Path, examined: Examined) -> Iterator[str]:
    yield f"{path.name} cannot be used; faults: {len(examined.faults)}."
    for fault in examined.faults:
        yield f"  {fault.path or 'file'}: {fault_text(fault)}"


def _report(examined: Examined) -> Iterator[str]:
    what = (
        f"{examined.size} {examined.kind}" if examined.kind != ControlKind.RULES else f"{examined.size} rules"
    )
    yield f"Sound: {what}, {examined.digest}; examples run: {examined.examples_run}."
    if examined.difference is not None:
        yield from _differences(examined.difference)
    for row in examined.previews:
        if not row.opens:
            yield f"Not looked at, as it does not open now: {row.agency_id}."
            continue
        unfit = (
            "" if row.fits else "; rules that it adopted do not fit the new ones, it stays with what it has"
        )
        yield f"Newly caught at {row.agency_id}: {row.caught} of {row.looked_at} structures{unfit}."


def _differences(found: Difference) -> Iterator[str]:
    if found.is_empty:
        yield "Nothing differs from what is in use."
    for name in found.added:
        yield f"+ {name}"
    for name in found.removed:
        yield f"- {name}"
    for item in (*found.changed, *found.groups):
        yield from _changed(item)


def _changed(item: ChangedItem) -> Iterator[str]:
    yield f"~ {item.name}"
    for change in item.changes:
        yield f"    {change.path}: {change.before or '(nothing)'} -> {change.after or '(nothing)'}"
