# SPDX-License-Identifier: Apache-2.0
"""`./dev listings import`: show what a newer text would change in the list, and with --write write it."""

import argparse
import functools
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO

from devtool.errors import DevtoolError
from devtool.listings import opsin
from devtool.listings.held import LISTINGS, replace_list
from devtool.listings.importing import Order, Plan, Tools, plan_import
from devtool.listings.reporting import report
from devtool.listings.resolving import read_table
from devtool.listings.texts import TextRefusedError
from substances.control.listings import MAX_BYTES


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the words after `./dev listings`."""
    parser = argparse.ArgumentParser(prog="./dev listings")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("import", help="bring a newer text of an instrument into the list")
    add.add_argument("file", type=Path, help="the gathered text, one CSV row an entry (docs/listings.md)")
    add.add_argument("--jurisdiction", type=_jurisdiction, required=True, help="whose law it is, as US")
    add.add_argument("--as-of", type=_day, required=True, help="the day for which the text tells the law")
    add.add_argument("--link", required=True, help="where the text stands")
    add.add_argument("--credit", default="", help="what its licence asks to be said")
    add.add_argument("--table", type=Path, help="a public table of names and structures, as one more way")
    add.add_argument(
        "--exclusions",
        choices=("keep", "end"),
        default="",
        help="what becomes of exclusions that it does not name",
    )
    add.add_argument("--gone", type=int, help="how many rows end or go, asked for where they are many")
    add.add_argument("--write", action="store_true", help="write the list; without it nothing is written")
    return parser


def run_listings(arguments: list[str]) -> int:
    """Run the verb, on the list that comes with the code."""
    options = build_parser().parse_args(arguments)
    order = Order(
        jurisdiction=options.jurisdiction,
        as_of=options.as_of,
        link=options.link,
        credit=options.credit,
        exclusions=options.exclusions,
        today=datetime.now(tz=UTC).date(),
    )
    table = read_table(options.table) if options.table else {}
    return import_file(
        options.file, order, tools_of_this_machine(table), write=options.write, gone=options.gone
    )


def tools_of_this_machine(table: Mapping[str, Iterable[str]]) -> Tools:
    """Return OPSIN where it is installed, and the given table."""
    if version := opsin.version():
        return Tools(opsin=version, read_names=opsin.read_names, table=table)
    return Tools(table=table)


def import_file(
    file: Path,
    order: Order,
    tools: Tools,
    *,
    write: bool,
    gone: int | None = None,
    into: Path = LISTINGS,
    out: TextIO | None = None,
) -> int:
    """Show what the file would change in the list, and write it on request. Raises DevtoolError."""
    say = functools.partial(print, file=out or sys.stdout)
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    try:
        plan = plan_import(data, into.read_bytes().decode("utf-8"), order, tools)
    except TextRefusedError as error:
        raise DevtoolError(
            f"{file.name} is refused; faults: {len(error.faults)}. Nothing was written.",
            "\n".join(f"  {fault.line()}" for fault in error.faults),
        ) from None
    for line in report(plan, order, tools):
        say(line)
    if not write:
        say(f"Nothing was written. Add --write to write {into.name}.")
        return 0
    _demand_decided(plan, gone)
    replace_list(into, before=plan.before, after=plan.after)
    say(f"Written: {into.name}. Read the difference with git before you commit it.")
    return 0


def _demand_decided(plan: Plan, gone: int | None) -> None:
    """Refuse while a person has not decided about exclusions, or about many rows that would go."""
    if count := plan.exclusions_to_decide:
        raise DevtoolError(
            f"The file does not name exclusions that the list holds: {count}, shown above. Nothing was written.",
            'Add those that are law to the file (a note that begins with "named exclusion"), or say '
            "--exclusions keep or --exclusions end.",
        )
    if plan.many_go and gone != plan.going:
        raise DevtoolError(
            f"The file does not name many rows that the list holds: {plan.going}, shown above. Nothing was written.",
            f"Is the file whole? If they are law no more, say --gone {plan.going}.",
        )


def _jurisdiction(text: str) -> str:
    if re.fullmatch(r"[A-Z]{2}", text):
        return text
    raise argparse.ArgumentTypeError("two capital letters, as US")


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError("a day, as 2026-09-21") from None
