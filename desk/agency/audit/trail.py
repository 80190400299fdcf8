# SPDX-License-Identifier: Apache-2.0
"""An auditor's question, and each event in words, for both the page and the export."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from alerts.models import Alert, ReceivedAlert
from desk.agency.audit.words import ACTS, reason_words
from desk.agency.officers.page import roles_text
from ledger.models import AuditEvent
from officers.models import Officer, PowerChange
from officers.policy import LABELS

POWER_ACTS: Final = frozenset(
    {"officer.disabled", "officer.enabled", "officer.enrolled", "officer.factors_reset", "officer.invited"}
    | {
        "officer.invitation_accepted",
        "officer.password_reset",
        "officer.roles_changed",
        "policy.bound",
        "policy.changed",
    }
    | {"power.agreed", "power.applied", "power.asked", "power.dropped", "power.stopped"}
    | {"reopening.taken", "reopening.asked", "reopening.refused"}
    | {"apikey.issued", "apikey.revoked", "apikey.rotated"}
    | {"credential.ended", "credential.issued", "credential.replaced"}
    | {"deskkey.issued", "deskkey.revoked", "deskkey.rotated", "database.restored", "restore.reviewed"}
)
"""Acts that change who may do what in an agency: the auditor's one list of changes of power."""
EARLIEST: Final = date(2000, 1, 1)
LONGEST_ITEM: Final = 120
_REFERENCE: Final = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


@dataclass(frozen=True)
class Question:
    """The auditor's question; empty parts do not filter. Days are whole days in the reader's zone."""

    officer: str = ""
    act: str = ""
    item: str = ""
    days: Mapping[str, date | None] = field(default_factory=dict)
    powers: bool = False
    """Whether to show only changes of power."""

    @property
    def is_narrow(self) -> bool:
        return bool(self.officer or self.act or self.item or self.powers or any(self.days.values()))

    def as_pairs(self) -> dict[str, str]:
        """Set parts, as in the address of the page and the form of the export."""
        pairs = {"officer": self.officer, "act": self.act, "item": self.item}
        pairs["powers"] = "yes" if self.powers else ""
        pairs |= {name: day.isoformat() if day else "" for name, day in self.days.items()}
        return {name: value for name, value in pairs.items() if value}

    def address(self, cursor: str = "") -> str:
        return "?" + urlencode(self.as_pairs() | ({"cursor": cursor} if cursor else {}))


@dataclass(frozen=True)
class Event:
    """Audit event in words. `item` is what it is about, as people know it; `subject` as the log has it."""

    event: AuditEvent
    who: str
    note: str
    act: str | Promise
    item: str
    reason: str
    detail: str

    @property
    def subject(self) -> str:
        return self.event.subject


def read_question(query: QueryDict, colleagues: Mapping[str, str]) -> Question:
    """Read a question from an address or a form; values that are not offered are ignored."""
    officer, act = query.get("officer", ""), query.get("act", "")
    return Question(
        officer=officer if officer in colleagues else "",
        act=act if act in ACTS else "",
        item=" ".join(query.get("item", "").split())[:LONGEST_ITEM],
        days={name: _day(query.get(name, "")) for name in ("since", "until")},
        powers=query.get("powers") == "yes",
    )


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
    if question.act:
        found = found.filter(act=question.act)
    if question.item:
        found = found.filter(subject__in=subjects_of(officer, question.item))
    since, until = _within(question.days["since"], question.days["until"], timezone.localdate())
    if since:
        found = found.filter(at__gte=_start_of(since))
    if until:
        found = found.filter(at__lt=_start_of(until + timedelta(days=1)))
    return found.order_by("-seq")


def subjects_of(officer: Officer, item: str) -> set[str]:
    """Return every name under which the log has an item of the own agency: a mail's reference, an id, a digest."""
    agency = officer.agency_id
    names = {item}
    if agency is None:
        return names
    if _REFERENCE.fullmatch(item.upper()):
        found = ReceivedAlert.objects.filter(reference=item.upper(), agency_id=agency)
        names |= set(found.values_list("md", flat=True))
    alerts = Alert.objects.filter(agency_id=agency)
    received = ReceivedAlert.objects.filter(agency_id=agency)
    if (key := _uuid(item)) is not None:
        names |= set(alerts.filter(pk=key).values_list("md", flat=True))
        names |= set(received.filter(pk=key).values_list("md", flat=True))
    names |= {str(pk) for pk in alerts.filter(md__in=names - {""}).values_list("pk", flat=True)}
    return names - {""}


def in_words(
    events: Iterable[AuditEvent], colleagues: Mapping[str, str], references: Mapping[str, str]
) -> list[Event]:
    """Return events in words, for a page or a part of an export."""
    return [_in_words(event, colleagues, references) for event in events]


def references_of(officer: Officer, events: Iterable[AuditEvent]) -> dict[str, str]:
    """Return the references by which officers know what the agency received, by digest, in one query."""
    digests = {event.subject for event in events}
    found = ReceivedAlert.objects.filter(md__in=digests, agency_id=officer.agency_id or "")
    return dict(found.values_list("md", "reference"))


def _in_words(event: AuditEvent, colleagues: Mapping[str, str], references: Mapping[str, str]) -> Event:
    kind, _colon, name = event.actor.partition(":")
    return Event(
        event=event,
        who=colleagues.get(name, name) if kind == "officer" else name,
        note=_("a process of this desk") if kind == "system" else "",
        act=ACTS.get(event.act, event.act),
        item=_item_text(event.subject, colleagues, references),
        reason=reason_words(event.reason),
        detail=_detail_text(event.act, event.detail),
    )


def _item_text(subject: str, colleagues: Mapping[str, str], references: Mapping[str, str]) -> str:
    kind, _colon, name = subject.partition(":")
    if kind == "officer":
        return colleagues.get(name, name)
    return references.get(subject, subject)


def _detail_text(act: str, detail: Mapping[str, Any]) -> str:
    """Return old and new values where something changed, else the event's few facts."""
    if act == "policy.bound":
        return "; ".join(
            f"{LABELS[name]}: {_plain(value)}" for name, value in detail.items() if name in LABELS
        )
    if act == "policy.changed":
        pairs = [(LABELS[name], pair) for name, pair in detail.items() if name in LABELS]
        return "; ".join(f"{label}: {_plain(p['before'])} → {_plain(p['after'])}" for label, p in pairs)
    if act.startswith("power."):
        return _power_text(detail)
    if act == "officer.roles_changed":
        return f"{roles_text(detail.get('before', []))} → {roles_text(detail.get('roles', []))}"
    if act in {"officer.profile_changed", "officer.mail_changed", "officer.unit_changed"}:
        return "; ".join(f"{detail['before'][name]} → {value}" for name, value in detail["after"].items())
    scalars = {name: value for name, value in detail.items() if isinstance(value, str | int) and value != ""}
    return "; ".join(f"{name}: {_plain(value)}" for name, value in scalars.items())


def _power_text(detail: Mapping[str, Any]) -> str:
    """Return the kind of change, its cause, and what it gives or weakens."""
    kinds, causes = dict(PowerChange.Kind.choices), dict(PowerChange.Cause.choices)
    parts = [str(kinds.get(detail.get("kind", ""), "")), str(causes.get(detail.get("cause", ""), ""))]
    if "roles" in detail:
        parts.append(roles_text(detail["roles"]))
    parts += [f"{LABELS[name]}: {_plain(value)}" for name, value in detail.items() if name in LABELS]
    return "; ".join(part for part in parts if part)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {level}" for name, level in value.items()) or _("none")
    return ", ".join(map(str, value)) or _("none") if isinstance(value, list) else str(value)


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


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
