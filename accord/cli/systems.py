# SPDX-License-Identifier: Apache-2.0
"""The API keys of the agency's systems, at the terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from accord.cli.showing import moment, plain, print_json, print_table
from accord.client.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accord.calls.credentials import CredentialAnswer
    from accord.cli.workplace import Workplace


def systems(place: Workplace) -> None:
    """List the keys, or have one issued or ended."""
    options = place.options
    if options.action and not options.which:
        raise RequestError("Name it: accord systems issue NAME --scope SCOPE, or accord systems end PREFIX")
    with place.client() as client:
        if options.action == "issue":
            issued = client.issue_system(
                options.which, scopes=options.scope, networks=options.network, days=options.days
            )
            place.tell(
                _facts(issued) | {"key": issued.key},
                f"Shown this once; it ends {moment(issued.until)}:",
                issued.key or "",
            )
        elif options.action == "end":
            ended = client.end_system(options.which)
            place.tell(_facts(ended), f"{plain(ended.client)} ({ended.prefix}) has ended.")
        else:
            _list(place, client.systems())


def _list(place: Workplace, found: Sequence[CredentialAnswer]) -> None:
    if place.options.json:
        print_json([_facts(one) for one in found])
        return
    heads = ("prefix", "system", "may", "from", "until", "ended")
    rows = [
        (
            one.prefix,
            plain(one.client),
            ", ".join(one.scopes),
            ", ".join(one.networks) or "anywhere",
            moment(one.until),
            moment(one.revoked_at) if one.revoked_at else "-",
        )
        for one in found
    ]
    print_table(heads, rows, empty="No API key was issued yet.")


def _facts(answer: CredentialAnswer) -> dict[str, object]:
    return {name: value for name, value in asdict(answer).items() if name != "key"}
