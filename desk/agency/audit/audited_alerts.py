# SPDX-License-Identifier: Apache-2.0
"""Alerts as the audit names them: under one reference or id, whatever name an event has for them.

An auditor may not read alerts, so rows are not fetched through `visible_to` here: they are those of the auditor's own agency,
and of each only its names and its marking are taken, which the signed manifest shows in clear.
"""

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from alerts.boxes.export import EXPORTED, export_mark
from alerts.models import Alert, ReceivedAlert
from officers.models import Officer

_REFERENCE: Final = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LOG_ENTRY: Final = re.compile(r"[0-9]{1,12}")
REPLY_DRAFTED: Final = "reply.drafted"


@dataclass(frozen=True)
class AuditedAlert:
    """One alert. `name` is how officers know it: the reference of what was received, else the digest, else the id."""

    id: str
    jti: str
    md: str
    reference: str
    tlp: str

    @property
    def name(self) -> str:
        return self.reference or self.md or self.id

    @property
    def is_own(self) -> bool:
        return not self.reference

    @property
    def key(self) -> str:
        """Return what its page is found by."""
        return self.reference or self.id

    @property
    def events(self) -> Q:
        """Return the condition for its events, under each of its names, exports that held it and replies to it included."""
        about = Q(subject__in={self.id, self.jti, self.md} - {""})
        if self.md:
            about |= Q(act=EXPORTED, detail__alerts__contains=[export_mark(self.md)])
        if self.reference:
            about |= Q(act=REPLY_DRAFTED, detail__answers=self.reference)
        return about


def find_audited(officer: Officer, item: str) -> AuditedAlert | None:
    """Return the alert of the own agency that a reference, an id, a digest or the number of its log entry names, else None."""
    received, own = _rows_of(officer)
    if _REFERENCE.fullmatch(item.upper()):
        named = Q(reference=item.upper())
        return next(map(_as_received, received.filter(named).order_by("-number")[:1]), None)
    if _DIGEST.fullmatch(item):
        named = Q(md=item)
    elif _LOG_ENTRY.fullmatch(item):
        named = Q(log_index=int(item))
    elif (key := uuid_of(item)) is not None:
        named = Q(pk=key) | Q(jti=str(key))
    else:
        return None
    found = next(map(_as_received, received.filter(named).order_by("-number")[:1]), None)
    return found or next(map(_as_own, own.filter(named)[:1]), None)


def alerts_named(officer: Officer, subjects: Collection[str]) -> dict[str, AuditedAlert]:
    """Return the alerts that these subjects of events name, by subject, in two queries at most."""
    digests = {name for name in subjects if _DIGEST.fullmatch(name)}
    ids = {key for name in subjects if (key := uuid_of(name)) is not None}
    if not digests and not ids:
        return {}
    received, own = _rows_of(officer)
    named = Q(md__in=digests) | Q(pk__in=ids) | Q(jti__in=[str(key) for key in ids])
    found = [*map(_as_own, own.filter(named)), *map(_as_received, received.filter(named))]
    return {name: row for row in found for name in (row.id, row.jti, row.md) if name in subjects}


def subjects_marked(officer: Officer, tlp: str) -> Q:
    """Return the condition for events about an alert of the own agency with this marking."""
    received, own = (rows.filter(tlp=tlp) for rows in _rows_of(officer))
    ids = own.annotate(own_id=Cast("pk", CharField())).values("own_id")
    return (
        Q(subject__in=received.values("md"))
        | Q(subject__in=own.exclude(md="").values("md"))
        | Q(subject__in=ids)
    )


def uuid_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _rows_of(officer: Officer) -> tuple[QuerySet[ReceivedAlert], QuerySet[Alert]]:
    agency = officer.agency_id or ""
    return (
        ReceivedAlert.objects.filter(agency_id=agency).only("id", "jti", "md", "reference", "tlp"),
        Alert.objects.filter(agency_id=agency).only("id", "jti", "md", "tlp"),
    )


def _as_received(row: ReceivedAlert) -> AuditedAlert:
    return AuditedAlert(str(row.pk), row.jti, row.md, row.reference, row.tlp)


def _as_own(row: Alert) -> AuditedAlert:
    return AuditedAlert(str(row.pk), row.jti, row.md, "", row.tlp)
