# SPDX-License-Identifier: Apache-2.0
"""An agency's calendar: its working days and hours, and its holidays, taken from a list of days.

It shapes what the agency's own forms propose and when its officers are reminded of routine work. A signed time counts as it
stands, whatever the calendar says; an agency without a calendar is taken to work always.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.document.characters import is_hidden
from accord.document.rules import read_day
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.models import AgencyCalendar, Officer
from officers.working_time import WorkingTime
from peers.models import Agency

WORKING_DAYS: Final = (1, 2, 3, 4, 5)
MOST_HOLIDAYS: Final = 400
NAME_CHARS: Final = 80


@dataclass(frozen=True)
class Calendar:
    """Working days (ISO, 1 is Monday), hours in the agency's zone, and holidays: days with their names, in order."""

    working_days: tuple[int, ...] = WORKING_DAYS
    opens: time = time(9)
    closes: time = time(17)
    holidays: tuple[tuple[date, str], ...] = ()


def calendar_of(agency: Agency) -> Calendar | None:
    """Return what an agency has stated; None for one that has stated nothing."""
    row = AgencyCalendar.objects.filter(agency=agency).first()
    if row is None:
        return None
    holidays = tuple((date.fromisoformat(day), name) for day, name in row.holidays)
    return Calendar(tuple(row.working_days), row.opens, row.closes, holidays)


def working_time_of(agency: Agency) -> WorkingTime | None:
    """Return when an agency works; None for one that has no calendar."""
    stated = calendar_of(agency)
    if stated is None:
        return None
    holidays = frozenset(day for day, _name in stated.holidays)
    return WorkingTime(agency.timezone, frozenset(stated.working_days), stated.opens, stated.closes, holidays)


@transaction.atomic
def change_calendar(admin: Officer, wanted: Calendar, *, now: datetime) -> None:
    """State the calendar of the admin's agency. Raises NotPermittedError, InputError (`working_days`, `closes`)."""
    require(admin, Capability.AGENCY_MANAGE)
    agency = Agency.objects.select_for_update().filter(pk=admin.agency_id).first()
    if agency is None:
        raise AbsentError
    if not wanted.working_days or not set(wanted.working_days) <= set(range(1, 8)):
        raise InputError("working_days", _("Working days: choose at least one."))
    if wanted.opens >= wanted.closes:
        raise InputError("closes", _("Until: enter a time after the beginning."))
    values = {
        "working_days": sorted(set(wanted.working_days)),
        "opens": wanted.opens,
        "closes": wanted.closes,
        "holidays": [[day.isoformat(), name] for day, name in wanted.holidays],
    }
    AgencyCalendar.objects.update_or_create(agency=agency, defaults=values)
    record_event(
        "agency.calendar_stated",
        actor=admin.audit_name,
        agency=agency.pk,
        subject=f"agency:{agency.pk}",
        detail={"working_days": values["working_days"], "holidays": len(wanted.holidays)},
        now=now,
    )


def read_holidays(text: str) -> tuple[tuple[date, str], ...]:
    """Return the days of a list, one on a line: `2027-01-01` or `2027-01-01,New Year`; a first line of headings is passed over.

    Raises InputError (`holidays`), which names the line. A day that stands twice keeps its last name.
    """
    found: dict[date, str] = {}
    for number, cells in _lines(text):
        day = read_day(cells[0].strip())
        if day is None:
            if number == 1 and not any(mark.isdigit() for mark in cells[0]):
                continue
            raise _refused(number, _("write a day like 2027-01-31, then a comma and its name."))
        name = ", ".join(cell.strip() for cell in cells[1:] if cell.strip())
        if len(name) > NAME_CHARS or any(map(is_hidden, name)):
            raise _refused(number, _("use up to 80 characters for its name."))
        found[day] = name
        if len(found) > MOST_HOLIDAYS:
            raise _refused(number, _("a calendar holds 400 holidays; leave out what is past."))
    return tuple(sorted(found.items()))


def holidays_text(holidays: Sequence[tuple[date, str]]) -> str:
    """Return the list in the form in which it is read."""
    return "\n".join(f"{day.isoformat()},{name}" if name else day.isoformat() for day, name in holidays)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that hold something, each with its number; a semicolon or tab parts cells as a comma does."""
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
    for number, line in enumerate(lines, 1):
        mark = next((mark for mark in ";\t" if mark in line), ",")
        cells = next(csv.reader([line], delimiter=mark), [])
        if any(cell.strip() for cell in cells):
            yield number, cells


def _refused(number: int, text: str) -> InputError:
    said: Mapping[str, object] = {"n": number, "text": text}
    return InputError("holidays", _("Holidays, line %(n)d: %(text)s") % said)
