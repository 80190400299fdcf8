# SPDX-License-Identifier: Apache-2.0
"""The overdue board at the terminal: what this agency owes others, and what they owe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from accord.cli.receiving import print_unknown
from accord.cli.showing import moment, print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.inbox import require_no_alarm
from accord.client.overdue import Owed

_HEADS = ("due", "owed", "speed", "agency", "called", "reference", "md")
_MINUTE, _HOUR, _DAY = 60, 3600, 24 * 3600


def overdue(place: Workplace) -> None:
    """List what is overdue both ways, and name what could not be verified."""
    coming = place.options.coming
    with place.client() as client:
        found = client.overdue(coming=coming)
    if place.options.json:
        print_json(asdict(found))
    else:
        past = "" if coming else " that is overdue"
        _print_side(place, "We owe", found.we_owe, empty=f"Your agency owes nothing{past}.")
        print()
        _print_side(place, "They owe", found.they_owe, empty=f"Nobody owes your agency anything{past}.")
        print_unknown(found.unknown)
    require_no_alarm(found.doubts)


def _print_side(place: Workplace, head: str, owed: Sequence[Owed], *, empty: str) -> None:
    print(f"{head}: {len(owed)}")
    now = place.clock()
    print_table(_HEADS, [_row(one, now) for one in owed], empty=empty)
    for one in owed:
        for md in one.unopened:
            print(f"! {one.agency} has sent {md}, which was not opened here yet and may be the answer.")


def _row(one: Owed, now: int) -> tuple[object, ...]:
    if one.is_overdue:
        due = f"since {moment(one.due)} ({_span(now - one.due)} late)"
    else:
        due = f"by {moment(one.due)} ({_span(one.due - now)} left)"
    return (due, one.what, one.pri or "-", one.agency, moment(one.called_at), one.ref or "-", one.d)


def _span(secs: int) -> str:
    """Return a span as people say it, by its two largest units."""
    days, rest = divmod(max(0, secs), _DAY)
    hours, minutes = rest // _HOUR, rest % _HOUR // _MINUTE
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
