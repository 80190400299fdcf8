# SPDX-License-Identifier: Apache-2.0
"""Look-ups at the terminal: participating agencies, and own contact details."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from accord.cli.showing import plain, print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.errors import RequestError

_NO_COUNTRY: Final = "XX"
_PINS: Final = {True: "yes", False: "ANOTHER ROOT", None: "no"}


def agencies(place: Workplace) -> None:
    """List the participating agencies, and whose root is pinned here."""
    with place.client() as client:
        found = client.agencies()
    if place.options.json:
        print_json([asdict(agency) for agency in found])
        return
    heads = ("agency", "name", "country", "keys held by", "state", "pinned", "duty desk")
    rows = [
        (
            row.id,
            row.name,
            _country(row.country),
            row.custody,
            row.status,
            _PINS[row.pinned],
            row.duty_phone or "-",
        )
        for row in found
    ]
    print_table(heads, rows, empty="Nobody takes part yet.")


def _country(code: str) -> str:
    return "-" if code == _NO_COUNTRY else code


def entry(place: Workplace) -> None:
    """Show the own agency's contact details, or state them."""
    options = place.options
    with place.client() as client:
        if options.action == "set":
            if not options.zone:
                raise RequestError("Name the time zone too: accord entry set --zone Europe/Vienna")
            shown = client.state_entry(
                telephone=options.telephone, zone=options.zone, contacts=options.contact
            )
        else:
            shown = client.entry()
    place.tell(
        {"agency": shown.agency, "telephone": shown.telephone, "timezone": shown.timezone}
        | {"contacts": list(shown.contacts)},
        f"{plain(shown.agency)}: telephone {plain(shown.telephone) or '-'}, time zone {plain(shown.timezone)}",
        f"Contact points: {plain(', '.join(shown.contacts)) or '-'}",
    )
