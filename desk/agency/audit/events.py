# SPDX-License-Identifier: Apache-2.0
"""Events of the audit in words: who, what, about what and why, with names in place of ids."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accord.moments import moment_of
from alerts.document.choices import PRIORITIES
from alerts.receiving.signature_state import utc_text
from callers.closed_lists import Lane
from desk.agency.audit.audited_alerts import AuditedAlert, alerts_named
from desk.agency.audit.words import ACTS, reason_words
from desk.agency.officers.page import roles_text
from ledger.models import AuditEvent
from officers.models import Officer, PowerChange
from officers.policy import LABELS
from peers.models import Agency

LONGEST_AGENCY_ID: Final = 23
SUBJECTS: Final[Mapping[str, Promise]] = {
    "alerts": gettext_lazy("lists of alerts"),
    "audit": gettext_lazy("the audit"),
    "cases": gettext_lazy("cases"),
    "database": gettext_lazy("the database"),
    "desk": gettext_lazy("this desk"),
    "ledger": gettext_lazy("the log"),
    "science": gettext_lazy("the science core"),
}
"""Subjects of events that are neither a person nor a thing with a name of its own."""
KINDS_OF_SUBJECTS: Final[Mapping[str, Promise]] = {
    "agreement": gettext_lazy("agreement %(name)s"),
    "apikey": gettext_lazy("API key %(name)s"),
    "deskkey": gettext_lazy("key for the desk %(name)s"),
    "policy": gettext_lazy("policy of %(name)s"),
}

MEMBERS: Final[Mapping[str, Promise | str]] = {
    "agencies": gettext_lazy("Agencies"),
    "agency": gettext_lazy("Agency"),
    "alerts": gettext_lazy("Alerts"),
    "answers": gettext_lazy("Answers to"),
    "cause": gettext_lazy("Cause"),
    "client": gettext_lazy("Program"),
    "code": gettext_lazy("Code"),
    "count": pgettext_lazy("how many", "Number"),
    "expires": gettext_lazy("Until"),
    "hits": gettext_lazy("Found"),
    "keep": gettext_lazy("Kept until"),
    "lane": gettext_lazy("Lane"),
    "lead": gettext_lazy("Lead"),
    "name": gettext_lazy("Name"),
    "note": gettext_lazy("Note"),
    "peer": gettext_lazy("Partner"),
    "pri": gettext_lazy("Speed"),
    "recipients": gettext_lazy("Recipients"),
    "ref": gettext_lazy("Agreement"),
    "scopes": gettext_lazy("May"),
    "since": gettext_lazy("Since"),
    "structures": gettext_lazy("Structures"),
    "tlp": "TLP",
    "to": gettext_lazy("To"),
    "until": gettext_lazy("Until"),
    "version": gettext_lazy("Version"),
}
"""Members of an event's facts that a person reads; the export has all of them."""
PROCESSES: Final[Mapping[str, Promise]] = {
    **dict.fromkeys(("desk", "desk-worker", "power-changes"), gettext_lazy("This desk")),
    **dict.fromkeys(("install", "installer", "migrate"), gettext_lazy("A command on this machine")),
    "mailer": gettext_lazy("This desk's mail"),
    "sequencer": gettext_lazy("The log's sequencer"),
}
"""Processes by what people know of them; another one has its own name."""
_PROFILE: Final[Mapping[str, Promise]] = {
    "full_name": gettext_lazy("Name"),
    "language": gettext_lazy("Language"),
    "quiet_from": gettext_lazy("Quiet from"),
    "quiet_until": gettext_lazy("Quiet until"),
    "routine_mail": gettext_lazy("Mail about routine alerts"),
    "timezone": gettext_lazy("Time zone"),
    "unit": gettext_lazy("Unit"),
}
"""Values of an officer's own profile and mail."""
_CLOSED: Final[Mapping[str, Mapping[Any, Any]]] = {"lane": dict(Lane.choices), "pri": dict(PRIORITIES)}
_TIMES: Final = frozenset({"expires", "keep", "since", "until"})


@dataclass(frozen=True)
class Names:
    """Names of officers and agencies by id, and alerts by the subject that names them."""

    officers: Mapping[str, str] = field(default_factory=dict)
    keepers: Mapping[str, str] = field(default_factory=dict)
    agencies: Mapping[str, str] = field(default_factory=dict)
    alerts: Mapping[str, AuditedAlert] = field(default_factory=dict)


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
    alert: AuditedAlert | None = None

    @property
    def subject(self) -> str:
        return self.event.subject

    @property
    def is_code(self) -> bool:
        """Tell whether the item is a digest or an id, which a page shortens."""
        return self.item in ((self.alert.md, self.alert.id) if self.alert else (self.subject,))


def in_words(officer: Officer, events: Iterable[AuditEvent], colleagues: Mapping[str, str]) -> list[Event]:
    """Return events in words, for a page or a part of an export; four queries for any number of events."""
    rows = list(events)
    alerts = alerts_named(officer, {row.subject for row in rows})
    names = Names(colleagues, _keeper_names(rows, colleagues), _agency_names(officer, rows), alerts)
    return [_in_words(row, names) for row in rows]


def person_of(
    actor: str, colleagues: Mapping[str, str], keepers: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Return the name of who acted, and a note on who that is where it is no colleague."""
    kind, _colon, name = actor.partition(":")
    if kind == "officer" and name in colleagues:
        return colleagues[name], ""
    if kind == "officer":
        known = (keepers or {}).get(name)
        return (known, _("Keeper of this desk")) if known else (_("Keeper of this desk"), name)
    if kind == "system":
        return str(PROCESSES.get(name, name)), _("a process of this desk")
    if kind == "client":
        return name.partition("/")[2] or name, _("a system of the agency")
    return name, ""


def _keeper_names(events: Iterable[AuditEvent], colleagues: Mapping[str, str]) -> dict[str, str]:
    """Return the names of this desk's keepers where the events mention an officer who is no colleague."""
    said = {text for event in events for text in (event.actor, *_texts(event)) if text.startswith("officer:")}
    if {text.removeprefix("officer:") for text in said} <= colleagues.keys():
        return {}
    return {keeper.public_id: keeper.display_name for keeper in Officer.objects.keepers_to_tell()}


def _agency_names(officer: Officer, events: Iterable[AuditEvent]) -> dict[str, str]:
    """Return the names of the agencies that the events mention."""
    said = {text for event in events for text in _texts(event)}
    ids = {text.rpartition(":")[2] for text in said if len(text) <= LONGEST_AGENCY_ID + len("agency:")}
    if not ids:
        return {}
    return dict(Agency.objects.visible_to(officer).filter(pk__in=ids).values_list("pk", "name"))


def _texts(event: AuditEvent) -> Iterator[str]:
    yield event.subject
    for value in event.detail.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each


def _in_words(event: AuditEvent, names: Names) -> Event:
    who, note = person_of(event.actor, names.officers, names.keepers)
    alert = names.alerts.get(event.subject)
    return Event(
        event=event,
        who=who,
        note=note,
        act=ACTS.get(event.act, event.act),
        item=alert.name if alert else _item_text(event.subject, names),
        reason=reason_words(event.reason),
        detail=_detail_text(event.act, _without_names_of(alert, event.detail), names),
        alert=alert,
    )


def _without_names_of(alert: AuditedAlert | None, detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts without other names of the alert, which stands beside them by one."""
    known = (alert.id, alert.jti, alert.md) if alert else ()
    return {name: value for name, value in detail.items() if value not in known}


def _item_text(subject: str, names: Names) -> str:
    kind, colon, name = subject.partition(":")
    if not colon:
        return str(SUBJECTS.get(subject, names.agencies.get(subject, subject)))
    if kind == "officer":
        return person_of(subject, names.officers, names.keepers)[0]
    if kind == "agency":
        return names.agencies.get(name, name)
    if kind in KINDS_OF_SUBJECTS:
        return str(KINDS_OF_SUBJECTS[kind]) % {"name": names.agencies.get(name, name)}
    return subject


def _detail_text(act: str, detail: Mapping[str, Any], names: Names) -> str:
    """Return old and new values where something changed, else the event's few facts."""
    if act == "policy.bound":
        return "; ".join(
            f"{LABELS[name]}: {_plain(value, names)}" for name, value in detail.items() if name in LABELS
        )
    if act == "policy.changed":
        pairs = [(LABELS[name], pair) for name, pair in detail.items() if name in LABELS]
        return "; ".join(
            f"{label}: {_plain(p['before'], names)} → {_plain(p['after'], names)}" for label, p in pairs
        )
    if act.startswith("power."):
        return _power_text(detail, names)
    if act == "officer.roles_changed":
        return f"{roles_text(detail.get('before', []))} → {roles_text(detail.get('roles', []))}"
    if act in {"officer.profile_changed", "officer.mail_changed", "officer.unit_changed"}:
        before = detail["before"]
        return "; ".join(_profile_text(name, before[name], value) for name, value in detail["after"].items())
    return "; ".join(
        f"{MEMBERS[name]}: {_worded(name, value, names)}"
        for name, value in detail.items()
        if name in MEMBERS and _is_shown(value, names)
    )


def _profile_text(name: str, before: str, after: str) -> str:
    """Return old and new value of a profile or of mail settings; both are stored as texts."""
    values = {"": _("none"), "None": _("none"), "True": _("yes"), "False": _("no")}
    if name == "language":
        values = dict(settings.LANGUAGES) | {"": _("As the agency")}
    elif name == "timezone":
        values = {"": _("As the agency")}
    label = _PROFILE.get(name, name)
    return f"{label}: {values.get(before, before)} → {values.get(after, after)}"


def _worded(name: str, value: Any, names: Names) -> str:
    """Return a fact as a person reads it: the word of a code, a time in UTC."""
    if name in _TIMES:
        return _time_text(value)
    return str(_CLOSED[name].get(value, value)) if name in _CLOSED else _plain(value, names)


def _time_text(value: Any) -> str:
    """Return a time in Unix seconds or in ISO 8601; any other text as it is."""
    try:
        moment = moment_of(value) if isinstance(value, int) else datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{utc_text(moment)} UTC"


def _is_shown(value: Any, names: Names) -> bool:
    """Tell whether a fact is short: a text, a number, or agencies by name."""
    if isinstance(value, list):
        return bool(value) and all(each in names.agencies for each in value)
    return isinstance(value, str | int) and value != ""


def _power_text(detail: Mapping[str, Any], names: Names) -> str:
    """Return the kind of change, its cause, and what it gives or weakens."""
    kinds, causes = dict(PowerChange.Kind.choices), dict(PowerChange.Cause.choices)
    parts = [str(kinds.get(detail.get("kind", ""), "")), str(causes.get(detail.get("cause", ""), ""))]
    if "roles" in detail:
        parts.append(roles_text(detail["roles"]))
    parts += [f"{LABELS[name]}: {_plain(value, names)}" for name, value in detail.items() if name in LABELS]
    return "; ".join(part for part in parts if part)


def _plain(value: Any, names: Names) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {level}" for name, level in value.items()) or _("none")
    if isinstance(value, list):
        return " · ".join(_named(str(each), names) for each in value) or _("none")
    return _named(str(value), names)


def _named(text: str, names: Names) -> str:
    """Return the name behind the id of an officer or an agency; any other text as it is."""
    if text.startswith("officer:"):
        return person_of(text, names.officers, names.keepers)[0]
    return names.agencies.get(text, text)
