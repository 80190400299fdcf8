# SPDX-License-Identifier: Apache-2.0
"""Take in the own history at the terminal, object by object."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from accord.cli.asking import agree
from accord.cli.showing import moment, plain, print_json
from accord.cli.workplace import Workplace
from accord.client.adopting import NotOwn, OwnObject
from accord.client.errors import StrangerError

STAY: Final = (
    "%d objects in your agency's name stay unknown here. What nobody in your agency has sent means that its keys are in "
    "other hands; what to do then says: accord submissions --check"
)


def adopt(place: Workplace) -> None:
    """Show what this home does not know, ask about each object, and take in the agency's own ones."""
    with place.client() as client:
        history = client.own_history()
        taken = tuple(item for item in history.found if _is_ours(place, item))
        client.adopt(taken)
    left = tuple(item for item in history.found if item not in taken)
    if place.options.json:
        print_json(
            {name: [asdict(item) for item in items] for name, items in (("taken", taken), ("left", left))}
            | {"doubtful": [asdict(item) for item in history.doubtful]}
        )
    else:
        _show(taken, left, history.doubtful)
    if left or history.doubtful:
        raise StrangerError(STAY % (len(left) + len(history.doubtful)))


def _is_ours(place: Workplace, item: OwnObject) -> bool:
    if place.options.yes:
        return not item.is_repudiated
    return agree(f"{_described(item)}\nDid your agency send it?")


def _described(item: OwnObject) -> str:
    record = item.record
    to = f" to {plain(', '.join(record.to))}" if record.to else ""
    about = f" about {record.about}" if record.about else ""
    lines = [f"{record.kind} {record.d}{to}{about}, logged {moment(record.logged_at)}"]
    if item.title is not None:
        lines.append(f"  {plain(item.title)}")
    lines.append(f"  signed with {' '.join(item.signers)}")
    if item.predates_known:
        lines.append(
            "  This home knows what was logged later: a copy of it does not explain this one, another home may."
        )
    if item.is_repudiated:
        lines.append("  A key that signed it was revoked since.")
    return "\n".join(lines)


def _show(taken: tuple[OwnObject, ...], left: tuple[OwnObject, ...], doubtful: tuple[NotOwn, ...]) -> None:
    if not (taken or left or doubtful):
        print("This home knows all that your agency has sent.")
    for head, items in (("taken in", taken), ("left", left)):
        for item in items:
            print(f"{head}: {_described(item)}")
    for other in doubtful:
        print(f"not verified: {other.d}: {plain(other.why)}")
