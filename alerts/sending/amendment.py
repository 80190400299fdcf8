# SPDX-License-Identifier: Apache-2.0
"""Amendment of a sent alert: a draft of its next version, with the fields of the last one, reviewed like any draft.

There is one draft of a next version at a time: a second officer who amends gets the first one's. The sent version names the
one it replaces, which must still be the newest, in force and neither withdrawn nor expired when the draft is submitted,
validated and released. An expired question takes the version that closes it, as long as its text is kept: what is asked lasts
as long as that.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.document.rules import ASKS_ANEW, CLOSED, read_day
from accord.envelope.errors import EnvelopeError
from accord.envelope.manifest import Reference
from alerts.access import find_alert, lock_alert, today_of
from alerts.document.building import closes_question
from alerts.document.defaults import EXPIRES_AFTER
from alerts.document.fields import FIELDS
from alerts.document.files import AttachmentFile, inert_media_type
from alerts.document.rules import KEPT_AT_LEAST
from alerts.drafting.drafts import attach_file, create_draft, save_revision
from alerts.drafting.revisions import DraftContent, read_revision
from alerts.errors import AmendmentRefusedError, ReceiptPendingError, UnopenableError
from alerts.models import Alert
from alerts.receiving.fetching import fetch_and_open
from alerts.receiving.held_envelopes import held_blob
from alerts.receiving.verification import own_failed_text
from alerts.receiving.versions import UPDATE
from alerts.red_readers import is_limited
from alerts.replies.kinds import REPLY
from alerts.replies.projection import keep_amended
from alerts.replies.rules import check_still_answers
from alerts.rows.replies import Reply
from alerts.sending.sent_signatures import own_signatures
from alerts.states import AlertState, Move, check_move
from callers.capabilities import Capability, require
from callers.markings import strictest
from ledger.audit import record_event
from officers.ceilings import ceiling_of
from officers.models import Officer
from peers.sent import sent_by
from vault import services

AMENDED: Final = "own alert, to be amended"


def amend_alert(author: Officer, alert: Alert, *, question_change: str = "", now: datetime) -> Alert:
    """Draft the next version of a sent alert, or return the draft that exists already.

    `question_change` is what it changes in the question, of `alerts.document.choices.QUESTION_CHANGES`.
    Raises `AmendmentRefusedError`, `MoveRefusedError` for an alert that was never sent, `ReceiptPendingError` before the log
    has it. Not inside a transaction: the files are opened from the envelope that was sent.
    """
    require(author, Capability.ALERT_WRITE)
    row, closes = find_alert(author, alert.pk), question_change == CLOSED
    check_amendable(author, row, closes=closes, now=now)
    if amendment_of(row) is not None:
        return _under_way(author, row)
    content = read_revision(row)
    files = files_sent(author, row, reason=AMENDED, now=now) if content.attachments else []
    with transaction.atomic():
        locked = lock_alert(author, row)
        check_amendable(author, locked, closes=closes, now=now)
        if amendment_of(locked) is not None:
            return _under_way(author, locked)
        return _draft_next(author, locked, content, files, question_change, now)


def _under_way(author: Officer, alert: Alert) -> Alert:
    """Return the next version that somebody has begun; raises `AmendmentRefusedError` where the officer may not see it."""
    seen = amendment_seen(author, alert)
    if seen is None:
        text = _("A colleague writes the next version, under a TLP that your role does not reach.")
        raise AmendmentRefusedError("under-way", text)
    return seen


def amendment_of(alert: Alert) -> Alert | None:
    """Return the next version of an alert: draft, waiting or sent."""
    return Alert.objects.filter(previous=alert).exclude(state=AlertState.DISCARDED).first()


def amendment_seen(officer: Officer, alert: Alert) -> Alert | None:
    """Return the next version of an alert, if the officer may see it."""
    rows = Alert.objects.visible_to(officer).filter(previous=alert)
    return rows.exclude(state=AlertState.DISCARDED).first()


def check_amendable(officer: Officer, alert: Alert, *, closes: bool = False, now: datetime) -> None:
    """Raise `AmendmentRefusedError` unless this sent version may be amended; `closes`: by one that closes its question."""
    if alert.state == AlertState.WITHDRAWN:
        raise AmendmentRefusedError("withdrawn", _("This alert was withdrawn: it takes no new version."))
    check_move(alert, Move.AMEND)
    check_newest(alert)
    if alert.log_index is None:
        raise ReceiptPendingError
    sent = sent_by(alert.agency_id, [alert.md])[alert.md]
    if sent.exp <= now and not (closes and sent.reply_by is not None):
        raise AmendmentRefusedError("expired", _("This alert has expired: write a new one."))
    if not own_signatures(officer, [alert.md], now=now)[alert.md].counts:
        raise AmendmentRefusedError(
            "in-doubt", _("Its signature is in doubt: reaffirm or withdraw it first.")
        )


def check_newest(alert: Alert) -> None:
    """Raise `AmendmentRefusedError` for a version that a later one has replaced."""
    if alert.replaced_at is not None:
        text = _("A newer version has replaced this one. Go on from the newest.")
        raise AmendmentRefusedError("replaced", text)


def check_still_amends(officer: Officer, alert: Alert, *, now: datetime) -> None:
    """Check that a next version's predecessor, or the alert that a reply answers, is still current.

    Locks the version that would be replaced. Raises `AmendmentRefusedError`, `ReplyRefusedError`.
    """
    if alert.previous is not None:
        closes = closes_question(read_revision(alert).data)
        check_amendable(officer, lock_alert(officer, alert.previous), closes=closes, now=now)
    check_still_answers(officer, alert, now=now)


def reference_of(alert: Alert) -> Reference | None:
    """Return the member `re`: the version that an update replaces, the envelope a reply answers; None for an alert."""
    if alert.previous is not None:
        return Reference(alert.previous.jti, alert.previous.md)
    reply = Reply.objects.filter(alert=alert).first() if alert.kind == REPLY else None
    return Reference(reply.re_jti, reply.re_md) if reply else None


def mark_replaced(alert: Alert, *, now: datetime) -> None:
    """Mark the predecessor of the version that was just sent as replaced; the caller holds its lock."""
    if alert.previous_id is not None:
        Alert.objects.filter(pk=alert.previous_id).update(replaced_at=now)


def versions_of(alert: Alert) -> list[Alert]:
    """Return this version and those before it, newest first."""
    chain = [alert]
    while (before := chain[-1].previous) is not None:
        chain.append(before)
    return chain


def versions_asking(versions: Sequence[Alert]) -> dict[str, int]:
    """Return the numbers, by address, of the versions of a question whose answers count; `versions` are newest first."""
    asking: dict[str, int] = {}
    for version in versions:
        asking[version.md] = version.version
        if version.question_change == ASKS_ANEW:
            break
    return asking


def versions_seen(officer: Officer, alert: Alert) -> list[Alert]:
    """Return every sent version that the officer may see, newest first; `alert` is one of them."""
    versions = versions_of(newest_of(alert))
    if ceiling_of(officer) is None and not is_limited(officer):
        return versions
    rows = Alert.objects.visible_to(officer).filter(pk__in=[version.pk for version in versions])
    seen = set(rows.values_list("pk", flat=True))
    return [version for version in versions if version.pk in seen]


def newest_of(alert: Alert) -> Alert:
    """Return the newest version that was sent."""
    newest = alert
    while newest.replaced_at is not None:
        newest = Alert.objects.select_related("agency", "author").get(
            previous=newest, released_at__isnull=False
        )
    return newest


def _draft_next(
    author: Officer,
    previous: Alert,
    content: DraftContent,
    files: list[AttachmentFile],
    question_change: str,
    now: datetime,
) -> Alert:
    data = {name: content.data[name] for name in FIELDS if name in content.data}
    data["question_change"] = question_change or None
    data |= _dates_after(data, today_of(author, now))
    computed = {name: data[name] for name in ("comparison",) if data.get(name)}
    floor = strictest(previous.tlp, previous.floor)
    draft = create_draft(author, data=data, computed=computed, floor=floor, now=now)
    draft.kind, draft.previous, draft.version = UPDATE, previous, previous.version + 1
    draft.save(update_fields=["kind", "previous", "version"])
    keep_amended(previous, draft, now=now)
    for file in files:
        draft.refresh_from_db(fields=["current"])
        attach_file(author, draft, base=draft.current, filename=file.filename, data=file.data, now=now)
    draft.refresh_from_db(fields=["current"])
    if content.kept:
        save_revision(author, draft, data={}, base=draft.current, kept=content.kept, now=now)
    _record(author, previous, draft, now)
    return find_alert(author, draft.pk)


def _dates_after(data: Mapping[str, Any], today: date) -> dict[str, str]:
    """Return new dates where the version before has expired: what closes its question is kept no longer than needed."""
    expiry, kept = read_day(data.get("expiry")), read_day(data.get("review_date"))
    if expiry is None or expiry > today:
        return {}
    kept = max(kept or today, today + KEPT_AT_LEAST + timedelta(days=1))
    return {"expiry": min(today + EXPIRES_AFTER, kept).isoformat(), "review_date": kept.isoformat()}


def files_sent(officer: Officer, alert: Alert, *, reason: str, now: datetime) -> list[AttachmentFile]:
    """Return the files as they were sent, opened for this reason. Raises UnopenableError."""
    files = []
    try:
        opened = fetch_and_open(officer, alert.md, reason=reason, now=now)
        for note in opened.attachments:
            data = services.open_attachment(opened, note.n, held_blob(officer, alert.md, note.n, now=now))
            files.append(AttachmentFile(note.fn, inert_media_type(note.fn, data), data))
    except EnvelopeError as failure:
        raise UnopenableError(own_failed_text(), "") from failure
    return files


def _record(author: Officer, previous: Alert, draft: Alert, now: datetime) -> None:
    record_event(
        "alert.amended",
        actor=author.audit_name,
        agency=previous.agency_id,
        subject=str(previous.pk),
        detail={"draft": str(draft.pk), "version": draft.version},
        now=now,
    )
