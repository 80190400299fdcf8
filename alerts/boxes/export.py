# SPDX-License-Identifier: Apache-2.0
"""Export of alerts as a list shows them: at most `MOST_ALERTS`, without those marked RED, and audited.

The rows are chosen by id when the officer asks; each part is then fetched through what the officer may see. The audit says
which alerts an export held, by the beginnings of their digests: a long export is several events.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accord.envelope.vocabulary import RED
from alerts.boxes.inbox import InboxFilters, InboxRow, find_received, inbox_rows, with_agencies
from alerts.boxes.outbox import OutboxFilters, OutboxRow, find_sent, outbox_rows
from alerts.boxes.search import Query, search_alerts
from alerts.models import Alert, ReceivedAlert
from callers.errors import InputError
from ledger.audit import record_event
from officers.models import Officer

MOST_ALERTS: Final = 5_000
PART_ROWS: Final = 100
EXPORTED: Final = "alert.exported"
NAMED_IN_AN_EVENT: Final = 200
"""Alerts that one event of the audit names; its detail has room for 4096 octets."""
_MARK_CHARS: Final = 8

Form = Literal["csv", "jsonl"]
FORMS: Final[tuple[Form, ...]] = ("csv", "jsonl")


@dataclass(frozen=True)
class Chosen:
    """Rows of a list by id, newest first, and their digests; `red` counts those marked RED, which are left out."""

    received: Sequence[Any] = ()
    sent: Sequence[Any] = ()
    red: int = 0
    mds: Sequence[str] = ()

    @property
    def count(self) -> int:
        return len(self.received) + len(self.sent)


def choose_received(officer: Officer, filters: InboxFilters, *, now: datetime) -> Chosen:
    """Choose what the inbox shows under these filters; raises InputError beyond `MOST_ALERTS`."""
    received, mds, red = _ids_of(find_received(officer, filters, now=now), "-number")
    return Chosen(received=received, red=red, mds=mds)


def choose_sent(officer: Officer, filters: OutboxFilters) -> Chosen:
    """Choose what the outbox shows under these filters; raises InputError beyond `MOST_ALERTS`."""
    sent, mds, red = _ids_of(find_sent(officer, filters), "-released_at", "-pk")
    return Chosen(sent=sent, red=red, mds=mds)


def choose_hits(officer: Officer, query: Query, *, before: str = "", now: datetime) -> Chosen:
    """Choose one page of a search, which is audited as a search too; raises as `search_alerts`."""
    result = search_alerts(officer, query, before=before, now=now)
    received = {row.received.pk: row.received.md for row in result.received if row.received.tlp != RED}
    sent = {row.alert.pk: row.alert.md for row in result.sent if row.alert.tlp != RED}
    red = result.hits - len(received) - len(sent)
    return Chosen([*received], [*sent], red, [*received.values(), *sent.values()])


@transaction.atomic
def export_alerts(
    officer: Officer,
    chosen: Chosen,
    *,
    of: str,
    filters: Mapping[str, str],
    form: Form,
    now: datetime,
) -> Iterator[list[InboxRow | OutboxRow]]:
    """Return the rows in parts; the export is audited before the first. `of` names the list."""
    facts = {**filters, "list": of, "format": form, "count": chosen.count, "red_left_out": chosen.red}
    parts = _named_in_events(chosen.mds)
    for n, marks in enumerate(parts, 1):
        record_event(
            EXPORTED,
            actor=officer.audit_name,
            agency=officer.agency_id or "",
            subject="alerts",
            detail={**facts, "alerts": marks, **({"part": n, "parts": len(parts)} if len(parts) > 1 else {})},
            now=now,
        )
    return _parts(officer, chosen, now)


def export_mark(md: str) -> str:
    """Return the beginning of a digest by which the audit of an export names the alert."""
    return md[:_MARK_CHARS]


def _named_in_events(mds: Sequence[str]) -> list[list[str]]:
    """Return the marks of exported alerts, by event; one event without marks where nothing was exported."""
    marks = [export_mark(md) for md in mds]
    return [marks[at : at + NAMED_IN_AN_EVENT] for at in range(0, len(marks), NAMED_IN_AN_EVENT)] or [[]]


def _ids_of(rows: QuerySet[Any], *order: str) -> tuple[list[Any], list[str], int]:
    found = list(rows.exclude(tlp=RED).order_by(*order).values_list("pk", "md")[: MOST_ALERTS + 1])
    if len(found) > MOST_ALERTS:
        problem = _("That is more than %(most)s alerts; set filters and export fewer.")
        raise InputError("box", problem % {"most": f"{MOST_ALERTS:,}"})
    return [pk for pk, _md in found], [md for _pk, md in found], rows.filter(tlp=RED).count()


def _parts(officer: Officer, chosen: Chosen, now: datetime) -> Iterator[list[InboxRow | OutboxRow]]:
    for ids in _cut(chosen.received):
        received = with_agencies(ReceivedAlert.objects.visible_to(officer).filter(pk__in=ids))
        yield [*inbox_rows(officer, list(received.order_by("-number")), now=now)]
    for ids in _cut(chosen.sent):
        sent = Alert.objects.visible_to(officer).filter(pk__in=ids)
        yield [*outbox_rows(officer, list(sent.order_by("-released_at", "-pk")), now=now)]


def _cut(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[at : at + PART_ROWS] for at in range(0, len(ids), PART_ROWS))
