# SPDX-License-Identifier: Apache-2.0
"""From draft to checked: the author submits, a second person validates or gives it back with a reason."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.capabilities import Capability, require
from agencies.errors import InputError, NotPermittedError
from agencies.models import Officer
from agencies.vault import doors
from alerts.amending import check_still_amends
from alerts.cards import ALERT_TABLE
from alerts.drafts import WRITE_COMMAND, conflict_between
from alerts.errors import AlertIncompleteError, ChangedSinceValidationError
from alerts.finding import lock_alert, sending_agency_of
from alerts.models import Alert
from alerts.preview import Preview, findings_of, preview_of
from alerts.refusals import audited_refusal
from alerts.revisions import DraftContent, read_revision
from alerts.second_person import require_second_person, second_persons_for
from alerts.states import Move, check_move
from ledger.audit import record_event
from sharing.notices.release_waiting import tell_second_persons
from sharing.policy import FLASH

MAX_NOTE_CHARS: Final = 1_000
NOTE_REVISION: Final = 1


@transaction.atomic
def submit_alert(author: Officer, alert: Alert, *, revision: int, now: datetime) -> Alert:
    """Hands revision `revision` to the second person; raises `AlertIncompleteError` while anything blocks.

    Of a flash alert those who may release it are told by mail: it may be night.

    Raises `AmendmentRefusedError` where the version that it would replace is no longer the one to act on.
    """
    require(author, Capability.ALERT_WRITE)
    sending_agency_of(author, command=WRITE_COMMAND)
    locked = lock_alert(author, alert)
    locked.state = check_move(locked, Move.SUBMIT)
    check_still_amends(author, locked, now=now)
    content = read_seen_revision(locked, revision)
    preview = preview_of(locked.agency_id, content.data, now=now)
    findings = findings_of(author, locked, content, preview, now=now)
    if findings.blocks:
        raise AlertIncompleteError(findings)
    locked.submitted_at, locked.submitted_by, locked.changed_at = now, author, now
    locked.return_note = None
    locked.save()
    _record("alert.submitted", author, locked, now, hints=len(findings.hints))
    if locked.pri == FLASH:
        tell_second_persons(
            second_persons_for(locked), alert_id=locked.pk, revision=revision, status=locked.status, now=now
        )
    return locked


def validate_alert(
    officer: Officer, alert: Alert, *, revision: int, seen_preview: str | None = None, now: datetime
) -> Alert:
    """A second person has read revision `revision` and who will receive it; both are kept for the release.

    `seen_preview` is the digest of the preview that was shown; raises `ChangedSinceValidationError` when it
    is no longer so.
    """
    require(officer, Capability.ALERT_VALIDATE)
    with audited_refusal(Move.VALIDATE, officer, alert, now=now), transaction.atomic():
        return _validate(officer, lock_alert(officer, alert), revision, seen_preview, now)


@transaction.atomic
def return_alert(officer: Officer, alert: Alert, *, reason: str, now: datetime) -> Alert:
    """Gives an alert back to its author, who reads why; what was validated counts no more."""
    if not {Capability.ALERT_VALIDATE, Capability.ALERT_WRITE} & officer.capabilities:
        raise NotPermittedError(Capability.ALERT_VALIDATE)
    note = reason.strip()
    if not 1 <= len(note) <= MAX_NOTE_CHARS:
        raise InputError("reason", _("Reason: say in up to 1,000 characters what has to change."))
    locked = lock_alert(officer, alert)
    locked.state = check_move(locked, Move.RETURN)
    locked.return_note = doors.seal_row(
        locked.agency_id, ALERT_TABLE, _note_id(locked), NOTE_REVISION, note.encode()
    )
    locked.returned_at, locked.returned_by, locked.changed_at = now, officer, now
    locked.validated_at = locked.validated_by = locked.validated_preview = None
    locked.validated_digest = ""
    locked.save()
    _record("alert.returned", officer, locked, now)
    return locked


def read_return_note(officer: Officer, alert: Alert) -> str:
    """Why the alert was given back; empty when it was not, or has been submitted again."""
    row = Alert.objects.visible_to(officer).get(pk=alert.pk)
    if row.return_note is None:
        return ""
    sealed = bytes(row.return_note)
    return doors.open_row(row.agency_id, ALERT_TABLE, _note_id(row), NOTE_REVISION, sealed).decode()


def read_seen_revision(alert: Alert, revision: int) -> DraftContent:
    """The newest revision, which must be the one the officer saw; else both texts come back."""
    newest = read_revision(alert)
    if revision != newest.number:
        mine = read_revision(alert, revision).data if 1 <= revision < newest.number else {}
        raise conflict_between(newest, mine)
    return newest


def _validate(
    officer: Officer, locked: Alert, revision: int, seen_preview: str | None, now: datetime
) -> Alert:
    locked.state = check_move(locked, Move.VALIDATE)
    require_second_person(officer, locked, Move.VALIDATE)
    check_still_amends(officer, locked, now=now)
    content = read_seen_revision(locked, revision)
    preview = preview_of(locked.agency_id, content.data, now=now)
    _check_still_good(officer, locked, content, preview, seen_preview, now)
    locked.validated_at, locked.validated_by, locked.changed_at = now, officer, now
    locked.validated_digest, locked.validated_preview = content.digest, preview.as_json()
    locked.save()
    _record("alert.validated", officer, locked, now, recipients=list(preview.reachable))
    return locked


def _check_still_good(
    officer: Officer,
    locked: Alert,
    content: DraftContent,
    preview: Preview,
    seen_preview: str | None,
    now: datetime,
) -> None:
    if seen_preview is not None and seen_preview != preview.digest:
        raise ChangedSinceValidationError("recipients")
    findings = findings_of(officer, locked, content, preview, now=now)
    if findings.blocks:
        raise AlertIncompleteError(findings)


def _note_id(alert: Alert) -> str:
    return f"{alert.pk}/return"


def _record(act: str, officer: Officer, alert: Alert, now: datetime, **detail: int | list[str]) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=alert.agency_id,
        subject=str(alert.pk),
        detail=dict(detail) or None,
        now=now,
    )
