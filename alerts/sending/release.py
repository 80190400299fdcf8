# SPDX-License-Identifier: Apache-2.0
"""Release of an alert: exactly what was validated is sent, to exactly those recipients, or nothing is.

Content is signed and sealed outside any transaction. Then one transaction locks the alert, compares state,
revision and recipients again, signs the manifest and queues the envelope, which is handed in right after
(`alerts.sending.hand_in`).
"""

import logging
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accord.calls.errors import ClientError, UnreachableError
from accord.envelope.content import Attachment
from accord.envelope.errors import SealingError, SealRefusal, VerificationError
from accord.envelope.manifest import Terms
from accord.envelope.seal import SealedContent
from alerts.access import find_alert, lock_alert, sending_agency_of
from alerts.document.building import build_document, build_terms
from alerts.document.findings import Findings
from alerts.drafting.drafts import open_files
from alerts.drafting.revisions import DraftContent
from alerts.errors import (
    AlertIncompleteError,
    ChangedSinceValidationError,
    SecondPersonNeededError,
    SendingStoppedError,
)
from alerts.models import Alert
from alerts.peers.alarm import raise_alarms
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pin_updates import keep_seen, pins_of
from alerts.problems import words_for
from alerts.receiving.acknowledgement import acknowledge_answered
from alerts.red_readers import names_of
from alerts.refusal_audit import audited_refusal
from alerts.replies.kinds import ANSWER
from alerts.replies.rules import require_consent
from alerts.review.preview import (
    SUITE,
    Judged,
    Preview,
    digest_of_rows,
    findings_of,
    judged_of,
    preview_for_act,
    require_not_held,
)
from alerts.review.second_person import SECOND_LOOK_WITHIN, require_second_person
from alerts.review.validation import read_seen_revision
from alerts.sending.amendment import check_still_amends, reference_of
from alerts.sending.hand_in import Handing, handing_in
from alerts.sending.sending_stopped import require_may_send
from alerts.states import Move, check_move
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from callers.identifiers import RANDOM_SIZE_BYTES, uuid7_at
from callers.rows import one_of
from callers.timezones import moment_text
from ledger.audit import record_event
from officers.models import Officer
from vault import services
from vault.errors import SigningKeysMissingError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Ready:
    """Results of the checks before sealing."""

    content: DraftContent
    preview: Preview
    findings: Findings
    judged: Judged


def release_alert(officer: Officer, alert: Alert, *, revision: int, now: datetime) -> Alert:
    """Sign, seal and hand in; return the alert as sent, with `md`, or as queued while the exchange gives no answer.

    A next version is sent as an update of the one before. Raises `ChangedSinceValidationError` (revision or
    recipients), `SecondPersonNeededError`, `AlertIncompleteError`, `AmendmentRefusedError`, `SendingStoppedError`,
    `HeldElsewhereError`, `ExchangeAwayError`, or `NotTakenError` where the exchange refuses; nothing is sent then.
    """
    require(officer, Capability.ALERT_RELEASE)
    with audited_refusal(Move.RELEASE, officer, alert, now=now):
        require_may_send(officer, sending_agency_of(officer).pk, now=now)
        fresh = _fresh(officer, alert)
        ready = _check_ready(officer, fresh, revision, now)
        peers = VerifiedDirectory(fresh.agency_id, now)
        sealed = _seal(officer, fresh, ready, peers, now)
        with handing_in(officer, now=now) as handing:
            _queue(handing, officer, lock_alert(officer, alert), ready, sealed, peers)
    return find_alert(officer, alert.pk)


@transaction.atomic
def confirm_second_look(officer: Officer, alert: Alert, *, now: datetime) -> Alert:
    """Record that another person has read a flash alert that one person had sent alone.

    Raises `SecondPersonNeededError` for its authors and its sender, whatever the agency's policy.
    """
    require(officer, Capability.ALERT_VALIDATE)
    locked = lock_alert(officer, alert)
    if locked.second_look_by is None or locked.second_look_at is not None:
        raise AbsentError
    verdict = require_second_person(officer, locked, Move.VALIDATE)
    if verdict.alone or officer.pk == locked.released_by_id:
        raise SecondPersonNeededError(Move.VALIDATE)
    locked.second_look_at = now
    locked.save(update_fields=["second_look_at"])
    _record("alert.looked", officer, locked, now)
    return locked


def _fresh(officer: Officer, alert: Alert) -> Alert:
    rows = Alert.objects.visible_to(officer).select_related("agency__desk_policy", "author", "previous")
    row = one_of(rows.filter(pk=alert.pk))
    if row is None:
        raise AbsentError
    return row


def _check_ready(
    officer: Officer, alert: Alert, revision: int, now: datetime, before: _Ready | None = None
) -> _Ready:
    """Compare everything that could have changed since the validation; called before sealing and again after.

    At the second call the alert is locked and nobody is asked again: the answers `before`, for the same revision, are compared
    with what the agency itself has changed since.
    """
    check_move(alert, Move.RELEASE)
    require_second_person(officer, alert, Move.RELEASE)
    content = read_seen_revision(officer, alert, revision)
    require_consent(officer, content)
    if content.digest != alert.validated_digest:
        raise ChangedSinceValidationError("revision")
    if before is not None and before.content.number != content.number:
        raise ChangedSinceValidationError("revision")
    preview = (
        before.preview.held_again() if before else preview_for_act(alert.agency_id, content.data, now=now)
    )
    require_not_held(preview)
    if preview.digest != digest_of_rows(alert.validated_preview or ()):
        raise ChangedSinceValidationError("recipients")
    judged = before.judged if before else judged_of(alert, content)
    findings = findings_of(officer, alert, content, preview, judged=judged, now=now)
    if findings.blocks:
        raise AlertIncompleteError(findings)
    return _Ready(content, preview, findings, judged)


def _seal(
    officer: Officer, alert: Alert, ready: _Ready, peers: VerifiedDirectory, now: datetime
) -> SealedContent:
    recipients = ready.preview.reachable
    files = open_files(alert, ready.content.attachments)
    with sealing_to(officer, peers, recipients, now=now):
        return services.seal_alert(
            officer,
            terms=_terms(alert, ready, now),
            alert=_sent_members(ready),
            suite=SUITE,
            recipients=list(recipients),
            peers=peers,
            pins=pins_of(peers, recipients),
            names=names_of(ready.content.data, recipients),
            attachments=[Attachment(file.filename, file.media_type, file.data) for file in files],
            now=now,
        )


@contextmanager
def sealing_to(
    officer: Officer, peers: VerifiedDirectory, recipients: Sequence[str], *, now: datetime
) -> Generator[None]:
    """Fetch the newest keys, then seal; raises SendingStoppedError in words where that cannot be done."""
    _refresh(peers, recipients, now)
    try:
        yield
    except SealingError as refusal:
        raise SendingStoppedError(_sealing_text(refusal)) from refusal
    except SigningKeysMissingError as missing:
        raise SendingStoppedError(words_for(missing)) from missing
    finally:
        raise_alarms(officer, peers.reader, peers.take_alarms(), now=now)


def _refresh(peers: VerifiedDirectory, recipients: Sequence[str], now: datetime) -> None:
    """Fetch the newest keys, so that nothing is sealed to one that was revoked a moment ago.

    While the exchange is away, the keys verified last are used, unless its log was not seen for too long.
    """
    try:
        peers.refresh([peers.reader, *recipients])
        peers.see_ledger()
    except UnreachableError:
        log.info("the keys of the recipients are those that were verified last")
    except ClientError as trouble:
        text = _(
            "The exchange could not be asked for the newest keys. Nothing was sent; try again in a minute."
        )
        raise SendingStoppedError(text) from trouble
    except VerificationError as failure:
        text = _("The exchange showed another log than before. Nothing was sent; call your key officer.")
        raise SendingStoppedError(text) from failure
    if peers.freshness.is_too_old(now):
        raise SendingStoppedError(_unseen_text(peers.freshness.seen_at))


def _unseen_text(seen_at: datetime | None) -> str:
    if seen_at is None:
        return _("This desk has not seen the exchange's log yet. Nothing was sent; try again in a minute.")
    text = _(
        "The exchange's log has shown nothing newer than %(time)s for a week: a key that was revoked since may go unseen. Nothing was sent. Call whoever runs this desk; send it once the log goes on."
    )
    return text % {"time": moment_text(seen_at)}


def _sent_members(ready: _Ready) -> dict[str, Any]:
    """Return the document as it is signed."""
    return build_document(ready.content.data, left_out=ready.findings.left_out_fields)


def _terms(alert: Alert, ready: _Ready, now: datetime) -> Terms:
    jti = uuid7_at(now, secrets.token_bytes(RANDOM_SIZE_BYTES))
    terms, reference = build_terms(ready.content.data, jti=jti, now=now), reference_of(alert)
    return replace(terms, kind=alert.kind, re=reference) if reference else terms


def _sealing_text(refusal: SealingError) -> str:
    named = ", ".join(refusal.agencies)
    if refusal.reason is SealRefusal.RED_CUSTODY:
        return _("RED goes between keys held by agencies alone; not so: %(agencies)s.") % {"agencies": named}
    if named:
        return _("Keys of %(agencies)s could not be trusted now; call their duty desks.") % {
            "agencies": named
        }
    return _("The alert does not fit an envelope; move text into a file.")


def _queue(
    handing: Handing,
    officer: Officer,
    locked: Alert,
    before: _Ready,
    sealed: SealedContent,
    peers: VerifiedDirectory,
) -> None:
    now = handing.now
    ready = _check_ready(officer, locked, before.content.number, now, before)
    check_still_amends(officer, locked, now=now)
    envelope, recipients = services.sign_manifest(officer, sealed, now=now), list(ready.preview.reachable)
    handing.send(locked, envelope, recipients)
    if require_second_person(officer, locked, Move.RELEASE).alone:
        locked.second_look_by = now + SECOND_LOOK_WITHIN
    locked.state = check_move(locked, Move.RELEASE)
    locked.released_by, locked.changed_at = officer, now
    locked.jti, locked.md, locked.signers = envelope.jti, envelope.md, list(sealed.signers)
    locked.save()
    keep_seen(peers, recipients, now=now)
    if ready.content.data.get("alert_type") == ANSWER:
        acknowledge_answered(handing, locked)
    _record("alert.released", officer, locked, now, md=envelope.md, recipients=recipients)


def _record(act: str, officer: Officer, alert: Alert, now: datetime, **detail: str | list[str]) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=alert.agency_id,
        subject=str(alert.pk),
        detail=dict(detail) or None,
        now=now,
    )
