# SPDX-License-Identifier: Apache-2.0
"""A list as a file: CSV for a spreadsheet, or one JSON object for each line, as in the list's JSON.

The file is requested by POST, so that following a link exports nothing. Times have the reader's own zone. What is
marked RED is left out, and the file's name says so.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rest_framework.utils.encoders import JSONEncoder

from alerts.boxes.export import FORMS, Chosen, Form, choose_hits, choose_received, choose_sent, export_alerts
from alerts.boxes.inbox import InboxRow
from alerts.boxes.outbox import OutboxRow, outbox_filters
from alerts.boxes.search_links import open_search
from alerts.projections.cards import Card
from alerts.rows.saved import SavedBox
from callers import clock
from callers.connections import let_go_of_connection
from callers.errors import InputError
from desk.alerts import serializers
from desk.alerts.boxes.page import inbox_filters, offered_filters
from desk.web.downloads import CSV, csv_lines, streamed
from desk.web.filters import read_filters
from desk.web.frame import signed_in
from officers.models import Officer

JSONL: Final = "application/jsonl; charset=utf-8"
SEARCH: Final = "search"
COLUMNS: Final = (
    *("list", "title", "kind", "substances", "countries", "from", "to", "tlp", "lane", "speed", "mode"),
    *("state", "reference", "id", "digest", "version", "sent", "acknowledge_by", "first_opened"),
    *("acknowledged", "withdrawn", "recipients", "told", "opened", "acknowledgements", "overdue"),
)
RECEIVED, SENT = "received", "sent"
Row = InboxRow | OutboxRow


def export(request: HttpRequest) -> HttpResponseBase:
    """Export the list that the form names, with the form's filters; raises InputError."""
    officer, now, given = signed_in(request), clock.now(), request.POST
    of, form = given.get("box", ""), _form_of(given.get("format", ""))
    filters: dict[str, str] = {}
    if of == SEARCH:
        query, before = open_search(officer, given.get("s", ""), now=now)
        chosen = choose_hits(officer, query, before=before, now=now)
    elif of in (SavedBox.INBOX, SavedBox.OUTBOX):
        named = read_filters(given, offered_filters(officer, of))
        filters = named.chosen
        chosen = (
            choose_received(officer, inbox_filters(named.values), now=now)
            if of == SavedBox.INBOX
            else choose_sent(officer, outbox_filters(named.values))
        )
    else:
        raise InputError("box", _("Choose one of the list."))
    return export_list(officer, chosen, of=of, filters=filters, form=form, now=now)


def export_list(
    officer: Officer, chosen: Chosen, *, of: str, filters: Mapping[str, str], form: Form, now: datetime
) -> HttpResponseBase:
    """Return the chosen rows of the list `of` as a file, and audit the export."""
    parts = export_alerts(officer, chosen, of=of, filters=filters, form=form, now=now)
    zone = timezone.get_current_timezone()
    name = f"alerts-{of}-without-red-{now.astimezone(zone):%Y%m%d-%H%M}.{form}"
    rows = _as_read_here(parts, _cells if form == "csv" else _object)
    if form == "csv":
        return streamed(csv_lines(COLUMNS, rows), CSV, name)
    return streamed(rows, JSONL, name)


def _form_of(text: str) -> Form:
    for form in FORMS:
        if text == form:
            return form
    raise InputError("format", _("Choose one of the list."))


def _as_read_here(parts: Iterator[list[Row]], shown: Any) -> Iterator[Any]:
    """Yield each row in the language and zone of the request, which is over when the rows are sent."""
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def lines() -> Iterator[list[Any]]:
        while True:
            with translation.override(language), timezone.override(zone):
                part = next(parts, None)
                if part is None:
                    return
                done = [shown(row) for row in part]
            let_go_of_connection()
            yield done

    return (line for part in lines() for line in part)


def _object(row: Row) -> str:
    """Return one line of JSON: the list's own serializer, and which list."""
    if isinstance(row, InboxRow):
        said = {"list": RECEIVED, **serializers.ListedReceivedOut(row).data}
    else:
        said = {"list": SENT, **serializers.ListedAlertOut(row).data}
    return json.dumps(said, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":")) + "\n"


def _cells(row: Row) -> tuple[object, ...]:
    return _received_cells(row) if isinstance(row, InboxRow) else _sent_cells(row)


def _received_cells(row: InboxRow) -> tuple[object, ...]:
    alert = row.received
    return (
        *(RECEIVED, *_card_cells(row.card), alert.issuer_id, alert.agency_id),
        *(alert.tlp, alert.lane, alert.pri, alert.status, row.state),
        *(alert.reference, alert.jti, alert.md, alert.version),
        *_times(alert.logged_at, alert.ack_by, alert.first_opened_at, alert.acknowledged_at),
        *(*_times(alert.withdrawn_at), "", "", "", "", ""),
    )


def _sent_cells(row: OutboxRow) -> tuple[object, ...]:
    alert = row.alert
    return (
        *(SENT, *_card_cells(row.card), alert.agency_id, " ".join(row.to)),
        *(alert.tlp, alert.lane, alert.pri, alert.status, alert.state),
        *("", alert.jti, alert.md, alert.version),
        *(*_times(alert.released_at), "", "", ""),
        *(*_times(alert.withdrawn_at), row.total, row.told, row.opened, row.acknowledged, row.overdue),
    )


def _card_cells(card: Card | None) -> tuple[str, ...]:
    shown = card or Card()
    return (shown.title, shown.alert_type, "; ".join(shown.substances), " ".join(shown.countries))


def _times(*moments: datetime | None) -> Sequence[str]:
    return [timezone.localtime(at).isoformat(timespec="seconds") if at else "" for at in moments]
