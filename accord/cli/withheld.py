# SPDX-License-Identifier: Apache-2.0
"""Alerts that a suspended lane kept from others, at the terminal: withheld, resend."""

from __future__ import annotations

from dataclasses import asdict

from accord.cli.asking import confirm
from accord.cli.showing import moment, print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.results import Withheld

HEADS = ("sent to others", "to", "lane", "kept until", "state", "md")


def withheld(place: Workplace) -> None:
    """List what was withheld from others."""
    with place.client() as client:
        rows = client.withheld()
    _tell(place, rows, empty="Nothing was withheld.")


def resend(place: Workplace) -> None:
    """Send to an agency what was withheld from it."""
    options = place.options
    with place.client() as client:
        which = f"{len(set(options.md))} withheld alerts" if options.md else "all withheld alerts that wait"
        confirm(
            f"Send {which} to {options.to} on {options.lane}? "
            "Each is signed anew, under what is agreed today.",
            said_yes=options.yes,
        )
        rows = client.resend_withheld(options.to, options.lane, mds=options.md)
    _tell(place, rows, empty="Nothing was sent.")


def _tell(place: Workplace, rows: list[Withheld], *, empty: str) -> None:
    if place.options.json:
        print_json([asdict(row) for row in rows])
        return
    cells = [
        (
            moment(row.at),
            row.peer,
            row.lane,
            moment(row.keep),
            f"{row.state}: {row.code}" if row.code else row.state,
            row.md,
        )
        for row in rows
    ]
    print_table(HEADS, cells, empty=empty)
