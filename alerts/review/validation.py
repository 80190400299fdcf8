# SPDX-License-Identifier: Apache-2.0
"""Review of a draft: the author submits, a second person validates it or gives it back with a reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import lock_alert, sending_agency_of, today_of
from alerts.drafting.drafts import (
    conflict_between,
    is_same_text,
    read_draft,
    read_known_revision,
    save_computed,
)
from alerts.drafting.registry import computed_for
from alerts.drafting.revisions import DraftContent, read_revision
from alerts.errors import AlertIncompleteError, ChangedSinceValidationError
from alerts.models import Alert
from alerts.projections.cards import ALERT_TABLE
from alerts.refusal_audit import audited_refusal
from alerts.replies.rules import is_bare_code
from alerts.review.preview import (
    Judged,
    Preview,
    findings_of,
    judged_of,
    preview_for_act,
    require_not_held,
)
from alerts.review.second_person import require_releaser, require_second_person, second_persons_for
from alerts.sending.amendment import check_still_amends
from alerts.states import Move, check_move
from callers.capabilities import Capability, require
from callers.closed_lists import FLASH
from callers.errors import AbsentError, InputError, NotPermittedError
from callers.rows import one_of
from ledger.audit import record_event
from notices.release_waiting import tell_second_persons
from officers.models import Officer
from vault.sealed_store import REVISION, SealedStore

MAX_NOTE_CHARS: Final = 1_000
RETURN_NOTES: Final = SealedStore[str](ALERT_TABLE, str.encode, bytes.decode, part="return")


def submit_alert(author: Officer, alert: Alert, *, revision: int, now: datetime) -> Alert:
    """Submit revision `revision` to the second person; raises `AlertIncompleteError` while anything blocks.

    Its control status is computed for this day; a new result makes one more revision, but never stops an alert. For a flash
    alert those who may release it are told by mail: it may be night. Raises `AmendmentRefusedError` where the version that it
    would replace is no longer current, `NobodyToReleaseError` where nobody else could check and send it, `ExchangeAwayError`.
    Not inside a transaction.
    """
    require(author, Capability.ALERT_WRITE)
    sending_agency_of(author)
    content = read_draft(author, alert)
    before = _Before(judged_of(alert, content), preview_for_act(alert.agency_id, content.data, now=now))
    computed = computed_for(content.data, alert.agency_id, today_of(author, now))
    with transaction.atomic():
        return _submit(author, lock_alert(author, alert), revision, computed, before, now)


@dataclass(frozen=True)
class _Before:
    """Results for the newest revision from before its alert was locked: of the science core, and of the exchange."""

    judged: Judged
    preview: Preview


def _submit(
    author: Officer, locked: Alert, revision: int, computed: dict[str, Any], before: _Before, now: datetime
) -> Alert:
    locked.state = check_move(locked, Move.SUBMIT)
    check_still_amends(author, locked, now=now)
    content = _judged_revision(author, locked, revision, before.judged)
    content = save_computed(author, locked, content, computed, now=now)
    preview = before.preview.held_again()
    findings = findings_of(author, locked, content, preview, judged=before.judged, now=now)
    if findings.blocks:
        raise AlertIncompleteError(findings)
    locked.is_bare_code = is_bare_code(locked, content)
    require_releaser(locked, submitter=author)
    locked.submitted_at, locked.submitted_by, locked.changed_at = now, author, now
    locked.return_note = None
    locked.save()
    _record("alert.submitted", author, locked, now, hints=len(findings.hints))
    if locked.pri == FLASH:
        tell_second_persons(
            second_persons_for(locked),
            alert_id=locked.pk,
            revision=content.number,
            status=locked.status,
            now=now,
        )
    return locked


def validate_alert(
    officer: Officer, alert: Alert, *, revision: int, seen_preview: str | None = None, now: datetime
) -> Alert:
    """Validate revision `revision` and its preview, as a second person; both are kept for the release.

    `seen_preview` is the digest of the preview that the person saw; raises `ChangedSinceValidationError` when it has changed,
    and `ExchangeAwayError`. Not inside a transaction.
    """
    require(officer, Capability.ALERT_VALIDATE)
    with audited_refusal(Move.VALIDATE, officer, alert, now=now):
        before = _asked_before(officer, alert, now)
        with transaction.atomic():
            return _validate(officer, lock_alert(officer, alert), revision, seen_preview, before, now)


@transaction.atomic
def return_alert(officer: Officer, alert: Alert, *, reason: str, now: datetime) -> Alert:
    """Give an alert back to its author with a reason; its validation no longer counts."""
    if not {Capability.ALERT_VALIDATE, Capability.ALERT_WRITE} & officer.capabilities:
        raise NotPermittedError(Capability.ALERT_VALIDATE)
    note = reason.strip()
    if not 1 <= len(note) <= MAX_NOTE_CHARS:
        raise InputError("reason", _("Reason: say in up to 1,000 characters what has to change."))
    locked = lock_alert(officer, alert)
    locked.state = check_move(locked, Move.RETURN)
    locked.return_note = RETURN_NOTES.seal(locked.agency_id, locked.pk, note)
    locked.returned_at, locked.returned_by, locked.changed_at = now, officer, now
    locked.validated_at = locked.validated_by = locked.validated_preview = None
    locked.validated_digest = ""
    locked.save()
    _record("alert.returned", officer, locked, now)
    return locked


def read_return_note(officer: Officer, alert: Alert) -> str:
    """Return why the alert was given back; empty when it was not, or has been submitted again."""
    row = Alert.objects.visible_to(officer).get(pk=alert.pk)
    if row.return_note is None:
        return ""
    return RETURN_NOTES.open(row.agency_id, row.pk, row.return_note)


def open_return_notes(agency_id: str, alerts: Iterable[Alert]) -> dict[UUID, str]:
    """Return by id why alerts of one agency were given back; a damaged note says so, alerts without one are left out."""
    rows = [(alert.pk, REVISION, alert.return_note) for alert in alerts if alert.return_note]
    notes = RETURN_NOTES.open_many(agency_id, rows)
    damaged = _("The reason is damaged and cannot be read.")
    return {row[0]: damaged if note is None else note for row, note in zip(rows, notes, strict=True)}


def read_seen_revision(officer: Officer, alert: Alert, revision: int) -> DraftContent:
    """Return the newest revision if its text is the one the officer saw; else raise the conflict with both texts."""
    newest = read_revision(alert)
    if revision == newest.number:
        return newest
    if not 1 <= revision < newest.number:
        raise conflict_between(newest, {})
    seen = read_known_revision(officer, alert, revision)
    if not is_same_text(seen, newest):
        raise conflict_between(newest, seen.data)
    return newest


def _asked_before(officer: Officer, alert: Alert, now: datetime) -> _Before:
    """Judge and preview the newest revision before anything is locked."""
    row = one_of(Alert.objects.visible_to(officer).filter(pk=alert.pk))
    if row is None:
        raise AbsentError
    check_move(row, Move.VALIDATE)
    content = read_revision(row)
    return _Before(judged_of(row, content), preview_for_act(row.agency_id, content.data, now=now))


def _judged_revision(officer: Officer, locked: Alert, revision: int, judged: Judged) -> DraftContent:
    """Return the revision that the officer saw, if it is the judged one; else somebody saved in between."""
    content = read_seen_revision(officer, locked, revision)
    if content.number != judged.number:
        raise conflict_between(content, {})
    return content


def _validate(
    officer: Officer,
    locked: Alert,
    revision: int,
    seen_preview: str | None,
    before: _Before,
    now: datetime,
) -> Alert:
    locked.state = check_move(locked, Move.VALIDATE)
    require_second_person(officer, locked, Move.VALIDATE)
    check_still_amends(officer, locked, now=now)
    content = _judged_revision(officer, locked, revision, before.judged)
    preview = before.preview.held_again()
    if seen_preview is not None and seen_preview != preview.digest:
        raise ChangedSinceValidationError("recipients")
    require_not_held(preview)
    findings = findings_of(officer, locked, content, preview, judged=before.judged, now=now)
    if findings.blocks:
        raise AlertIncompleteError(findings)
    locked.validated_at, locked.validated_by, locked.changed_at = now, officer, now
    locked.validated_digest, locked.validated_preview = content.digest, preview.as_json()
    locked.save()
    _record("alert.validated", officer, locked, now, recipients=list(preview.reachable))
    return locked


def _record(act: str, officer: Officer, alert: Alert, now: datetime, **detail: int | list[str]) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=alert.agency_id,
        subject=str(alert.pk),
        detail=dict(detail) or None,
        now=now,
    )
