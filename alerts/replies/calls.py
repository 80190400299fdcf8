# SPDX-License-Identifier: Apache-2.0
"""Notes of telephone calls about an alert: "called the duty desk at 14:05, spoke to ...".

- A note is neither an acknowledgement nor an answer, and nobody else learns of it.
- Once an answer is overdue, a note stops its escalation: at who owes it any call to the asker, at who asked the call to each
  agency that owes it. An interim answer makes earlier notes count no more (`alerts.replies.reminding`).
- Of an alert marked RED only that and when somebody called is noted: a text would have more readers than the alert.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import lock_alert, lock_received
from alerts.document.characters import hidden_characters
from alerts.models import Alert, ReceivedAlert
from alerts.red_readers import is_red
from alerts.rows.calls import CallNote, CallNoteQuerySet
from alerts.states import SENT
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.models import Officer
from peers.sent import deliveries_of
from vault.sealed_store import REVISION, SealedStore

TEXT_CHARS: Final = 1_000
SHOWN: Final = 50
"""Limit of notes of one alert that are shown, newest first."""
TEXTS: Final = SealedStore[str]("callnote", str.encode, bytes.decode)
_NAMES: Final = ("peer__name", "noted_by__full_name", "noted_by__unit")


@dataclass(frozen=True)
class Call:
    """Call to an agency about an alert, noted by an officer. `text` None: it is damaged."""

    agency: str
    name: str
    called_at: datetime
    noted_at: datetime
    noted_by: str
    text: str | None = field(default=None, repr=False)


def note_call(
    officer: Officer,
    about: Alert | ReceivedAlert,
    *,
    agency: str = "",
    called_at: datetime,
    text: str,
    now: datetime,
) -> CallNote:
    """Note a call about a received alert to its sender, or about a sent one to `agency`, one of its recipients.

    Raises AbsentError, InputError (`agency`, `called_at`, `text`).
    """
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    with transaction.atomic():
        if isinstance(about, ReceivedAlert):
            received = lock_received(officer, about)
            note = CallNote(received=received, agency=received.agency, peer=received.issuer)
            tlp, since = received.tlp, received.received_at
        else:
            alert = lock_alert(officer, about)
            if alert.state not in SENT or alert.released_at is None:
                raise AbsentError
            note = CallNote(alert=alert, agency=alert.agency, peer_id=_recipient(alert, agency))
            tlp, since = alert.tlp, alert.released_at
        if not since.replace(second=0, microsecond=0) <= called_at <= now:
            raise InputError("called_at", _("Called at: enter a time since it was sent, up to now."))
        note.called_at, note.noted_by, note.noted_at = called_at, officer, now
        note.sealed = TEXTS.seal(note.agency_id, note.pk, _checked(text, tlp))
        note.save(force_insert=True)
        record_event(
            "alert.call_noted",
            actor=officer.audit_name,
            agency=note.agency_id,
            subject=str(about.pk) if isinstance(about, Alert) else received.md,
            detail={"agency": note.peer_id},
            now=now,
        )
    return note


def calls_about(officer: Officer, about: Alert | ReceivedAlert) -> list[Call]:
    """Return the calls that were noted about this version of an alert, the last call first."""
    rows = CallNote.objects.visible_to(officer, about).select_related("peer", "noted_by")
    notes = list(rows.only("called_at", "noted_at", "sealed", *_NAMES)[:SHOWN])
    texts = TEXTS.open_many(officer.agency_id or "", [(row.pk, REVISION, row.sealed) for row in notes])
    return [_call(row, text) for row, text in zip(notes, texts, strict=True)]


def last_calls(
    officer: Officer, *, received: Iterable[ReceivedAlert] = (), alerts: Iterable[Alert] = ()
) -> dict[tuple[UUID, str], Call]:
    """Return the last call about each of these alerts to each agency, without its text, by the alert's id and the agency's."""
    rows = CallNote.objects.visible_to(officer)
    of_received, of_sent = rows.filter(received__in=list(received)), rows.filter(alert__in=list(alerts))
    newest = (of_received | of_sent).select_related("peer", "noted_by").defer("sealed")
    found: dict[tuple[UUID, str], Call] = {}
    for row in newest.order_by("called_at", "id"):
        key = row.received_id or row.alert_id
        assert key is not None
        found[key, row.peer_id] = _call(row, None)
    return found


def calls_to_asker(received: ReceivedAlert) -> CallNoteQuerySet:
    """Select the calls that stop the escalation of an overdue answer."""
    since = received.interim_at
    calls = CallNote.objects.filter(received=received)
    return calls if since is None else calls.filter(noted_at__gt=since)


def agencies_called(alert: Alert) -> set[str]:
    """Return the recipients of an own question that were called about it."""
    return set(CallNote.objects.filter(alert=alert).order_by().values_list("peer_id", flat=True))


def _recipient(alert: Alert, agency: str) -> str:
    if not deliveries_of(alert.agency_id).filter(md=alert.md, recipient=agency).exists():
        raise InputError("agency", _("Agency: choose one that this was sent to."))
    return agency


def _checked(text: str, tlp: str) -> str:
    said = text.strip()
    if is_red(tlp):
        if said:
            raise InputError(
                "text", _("Note: leave it empty for RED; others than its named officers would read it.")
            )
        return ""
    if not said or len(said) > TEXT_CHARS or hidden_characters(said, lines=True):
        raise InputError(
            "text", _("Note: say in up to 1,000 characters whom you spoke to and what they said.")
        )
    return said


def _call(row: CallNote, text: str | None) -> Call:
    return Call(row.peer_id, row.peer.name, row.called_at, row.noted_at, row.noted_by.display_name, text)
