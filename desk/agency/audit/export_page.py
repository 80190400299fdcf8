# SPDX-License-Identifier: Apache-2.0
"""The audit as a file: CSV in UTF-8, times with their zone, nothing that a spreadsheet would run. Exports are audited.

The file is requested by POST, so that following a link exports nothing. Rows are streamed; events newer than the
export's own event are not in it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from callers import clock
from callers.connections import let_go_of_connection
from callers.errors import InputError
from desk.agency.audit.events import Event, in_words
from desk.agency.audit.trail import Question, colleagues_of, events_for, read_question
from desk.web.downloads import CSV, csv_lines, streamed
from desk.web.frame import signed_in
from ledger.audit import record_event
from officers.models import Officer

MOST_ROWS: Final = 100_000
PART_ROWS: Final = 2_000
COLUMNS: Final = (
    *("time", "time_utc", "who", "actor", "act", "act_code"),
    *("item", "item_id", "reason", "detail", "log_digest"),
)


def export(request: HttpRequest) -> HttpResponseBase:
    """Export all that the question finds, at most `MOST_ROWS`; raises InputError beyond that."""
    officer = signed_in(request)
    return export_audit(officer, read_question(request.POST, colleagues_of(officer)), now=clock.now())


def export_audit(officer: Officer, question: Question, *, now: datetime) -> HttpResponseBase:
    """Return the answer to a question as a file, and audit the export. Raises InputError beyond `MOST_ROWS`."""
    colleagues = colleagues_of(officer)
    with transaction.atomic():
        newest = events_for(officer, question).values_list("seq", flat=True).first() or 0
        count = events_for(officer, question)[: MOST_ROWS + 1].count()
        if count > MOST_ROWS:
            raise InputError("until", _("That is more than 100,000 entries; export a shorter period."))
        record_event(
            "audit.exported",
            actor=officer.audit_name,
            agency=officer.agency_id or "",
            subject="audit",
            detail={"count": count, **question.as_pairs()},
            now=now,
        )
    zone = timezone.get_current_timezone()
    name = f"audit-{officer.agency_id or 'hub'}-{now.astimezone(zone):%Y%m%d-%H%M}.csv"
    return streamed(csv_lines(COLUMNS, _rows(officer, question, colleagues, newest, zone)), CSV, name)


def _rows(
    officer: Officer, question: Question, colleagues: dict[str, str], newest: int, zone: Any
) -> Iterator[tuple[object, ...]]:
    last = newest + 1
    while True:
        part = list(events_for(officer, question).filter(seq__lt=last)[:PART_ROWS])
        shown = in_words(officer, part, colleagues)
        let_go_of_connection()
        yield from (_cells(event, zone) for event in shown)
        if len(part) < PART_ROWS:
            return
        last = part[-1].seq


def _cells(row: Event, zone: Any) -> tuple[object, ...]:
    event = row.event
    return (
        event.at.astimezone(zone).isoformat(timespec="seconds"),
        event.at.astimezone(UTC).isoformat(timespec="seconds"),
        row.who,
        event.actor,
        row.act,
        event.act,
        row.item,
        event.subject,
        row.reason,
        row.detail,
        event.od,
    )
