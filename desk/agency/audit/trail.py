# SPDX-License-Identifier: Apache-2.0
"""An auditor's question and the events that answer it, for the pages, the export and JSON."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date

from callers.markings import LEVELS
from desk.agency.audit.act_kinds import KINDS, POWER_ACTS
from desk.agency.audit.audited_alerts import find_audited, subjects_marked
from desk.agency.audit.words import ACTS
from ledger.models import AuditEvent
from officers.models import Officer

EARLIEST: Final = date(2000, 1, 1)
LONGEST_ITEM: Final = 120


@dataclass(frozen=True)
class Question:
    """The auditor's question; empty parts do not filter. Days are whole days in the reader's zone."""

    officer: str = ""
    act: str = ""
    item: str = ""
    days: Mapping[str, date | None] = field(default_factory=dict)
    powers: bool = False
    """Whether to show only changes of power."""
    kind: str = ""
    """One of `KINDS`: several acts at once."""
    tlp: str = ""
    """Marking of the alert that an act was about."""

    @property
    def is_narrow(self) -> bool:
        return bool(self.as_pairs())

    def as_pairs(self) -> dict[str, str]:
        """Set parts, as in the address of the page and the form of the export."""
        pairs = {
            "officer": self.officer,
            "kind": self.kind,
            "act": self.act,
            "tlp": self.tlp,
            "item": self.item,
        }
        pairs["powers"] = "yes" if self.powers else ""
        pairs |= {name: day.isoformat() if day else "" for name, day in self.days.items()}
        return {name: value for name, value in pairs.items() if value}

    def address(self, cursor: str = "") -> str:
        return "?" + urlencode(self.as_pairs() | ({"cursor": cursor} if cursor else {}))


def read_question(query: QueryDict, colleagues: Mapping[str, str]) -> Question:
    """Read a question from an address or a form; values that are not offered are ignored."""
    return Question(
        officer=_offered(query, "officer", colleagues),
        act=_offered(query, "act", ACTS),
        kind=_offered(query, "kind", KINDS),
        tlp=_offered(query, "tlp", LEVELS),
        item=" ".join(query.get("item", "").split())[:LONGEST_ITEM],
        days={name: _day(query.get(name, "")) for name in ("since", "until")},
        powers=query.get("powers") == "yes",
    )


def _offered(query: QueryDict, name: str, offered: Container[str]) -> str:
    value = query.get(name, "")
    return value if value in offered else ""


def colleagues_of(officer: Officer) -> dict[str, str]:
    """Return names by public id."""
    rows = (
        Officer.objects.visible_to(officer).order_by("full_name", "pk").only("public_id", "full_name", "unit")
    )
    return {row.public_id: row.display_name for row in rows}


def events_for(officer: Officer, question: Question) -> QuerySet[AuditEvent]:
    """Select the events that the officer may see and the question asks for, newest first."""
    found = AuditEvent.objects.visible_to(officer)
    if question.officer:
        found = found.filter(actor=f"officer:{question.officer}")
    if question.powers:
        found = found.filter(act__in=POWER_ACTS)
    if question.kind:
        found = found.filter(act__in=KINDS[question.kind])
    if question.act:
        found = found.filter(act=question.act)
    if question.tlp:
        found = found.filter(subjects_marked(officer, question.tlp))
    if question.item:
        found = found.filter(events_about(officer, question.item))
    since, until = _within(question.days["since"], question.days["until"], timezone.localdate())
    if since:
        found = found.filter(at__gte=_start_of(since))
    if until:
        found = found.filter(at__lt=_start_of(until + timedelta(days=1)))
    return found.order_by("-seq")


def events_about(officer: Officer, item: str) -> Q:
    """Return the condition for events about an item: an alert by its reference, log entry, id or digest, else a subject as the log has it."""
    alert = find_audited(officer, item)
    return alert.events if alert else Q(subject=item)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _within(since: date | None, until: date | None, today: date) -> tuple[date | None, date | None]:
    """Limit the days to between the first possible event and tomorrow."""
    first = None if since is None else min(max(since, EARLIEST), today + timedelta(days=1))
    last = None if until is None or until >= today else max(until, EARLIEST)
    return first, last


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
