# SPDX-License-Identifier: Apache-2.0
"""Drafts: every save is a sealed revision based on an earlier one. A save based on an outdated one returns both texts.

A save never screens the substance for its control status: that would be one screening a save, and none of them audited.
A result computed at an earlier submission stays while it still holds.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from alerts.access import agency_of, lock_alert, today_of
from alerts.document.check import check_document
from alerts.document.defaults import follow_choices, new_fields
from alerts.document.fields import EMPTY, FIELDS
from alerts.document.files import AttachmentFile, AttachmentNote, accept_file
from alerts.document.questions import QUESTION_CODES
from alerts.document.rules import Circumstances
from alerts.document.structures import identifies, normalise_structure
from alerts.document.validators import is_acceptable
from alerts.document.values import read_values
from alerts.drafting.registry import without_stale
from alerts.drafting.revisions import DraftContent, add_revision, read_revision
from alerts.errors import RevisionConflictError
from alerts.models import Alert, AlertRevision, DraftAttachment
from alerts.projections.cards import card_of, seal_alert_card
from alerts.projections.tokens import file_digest
from alerts.red_readers import is_limited, is_red
from alerts.review.tlp_ceiling import above_ceiling_text
from alerts.states import Move, check_move
from callers.actors import Actor, ApiClient
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.markings import LEVELS, is_within
from callers.rows import one_of
from ledger.audit import record_event
from officers.models import Officer
from vault import services

FILES_TABLE = "draftattachment"
CLEAR_COLUMNS = ("status", "pri", "lane", "tlp")


def create_draft(
    author: Actor,
    *,
    data: Mapping[str, Any] | None = None,
    alert_type: str | None = None,
    computed: Mapping[str, Any] | None = None,
    floor: str = "",
    now: datetime,
) -> Alert:
    """Create a draft with the defaults of its kind and the fields of `data`; an API key may do this too.

    `computed` are members that the hub itself worked out; nobody can send them as `data`. `floor` is the marking of the
    draft's source, the loosest that the draft may have.
    """
    require(author, Capability.DRAFT_WRITE if isinstance(author, ApiClient) else Capability.ALERT_WRITE)
    agency = agency_of(author)
    values = normalise_structure(read_values(data or {}), {})
    today = today_of(author, now)
    fields = new_fields(values, alert_type, today=today) | dict(computed or {})
    with transaction.atomic():
        alert = Alert(
            agency=agency, created_by=author.audit_name, floor=floor, created_at=now, changed_at=now
        )
        alert.author = author if isinstance(author, Officer) else None
        alert.key_line = author.line if isinstance(author, ApiClient) else ""
        alert.save(force_insert=True)
        _save_content(author, alert, data=fields, kept=(), attachments=(), now=now)
        _record("alert.drafted", author, alert, now)
    return alert


def add_revision_of(
    writer: Officer,
    alert: Alert,
    *,
    data: Mapping[str, Any],
    kept: tuple[str, ...],
    files: Iterable[AttachmentFile],
    now: datetime,
) -> AlertRevision:
    """Save fields and files that were sent before as the first revision of a new alert. Inside a transaction."""
    notes = []
    for n, file in enumerate(files):
        row = _sealed_file(alert, file.data, now)
        row.n = n
        row.save(force_insert=True)
        notes.append(_note_of(row, file.filename, file.media_type, file.data))
    return _save_content(writer, alert, data=data, kept=kept, attachments=tuple(notes), now=now)


def read_draft(officer: Officer, alert: Alert) -> DraftContent:
    """Open the newest revision for an officer who may see the alert."""
    row = one_of(Alert.objects.visible_to(officer).filter(pk=alert.pk))
    if row is None:
        raise AbsentError
    return read_revision(row)


def save_revision(
    author: Officer,
    alert: Alert,
    *,
    data: Mapping[str, Any],
    base: int,
    kept: Iterable[str] | None = None,
    now: datetime,
) -> AlertRevision:
    """Save changed fields, based on revision `base`; fields that are not named stay as they were there.

    Raises `RevisionConflictError` when somebody saved in between, `MoveRefusedError` outside draft. A save without changes
    makes no revision. `mine` of the conflict is the newest text with this author's changes in it: what others changed in
    other fields stays.
    """
    require(author, Capability.ALERT_WRITE)
    values = read_values(data)
    if identifies(values):
        values = normalise_structure(values, _data_before(author, alert, base))
    with transaction.atomic():
        return _save_values(author, _lock_for_edit(author, alert), values, base, kept, now)


def _save_values(
    author: Officer,
    locked: Alert,
    values: Mapping[str, Any],
    base: int,
    kept: Iterable[str] | None,
    now: datetime,
) -> AlertRevision:
    before = read_known_revision(author, locked, base)
    follows = follow_choices(before.data, values, today=today_of(author, now))
    newest = before if base == locked.current else read_revision(locked)
    if is_same_text(before, newest):
        before, base = newest, newest.number
    mine = _own_text({**before.data, **follows, **values}, before, newest)
    mine = without_stale(mine, newest.data)
    keep = newest.kept if kept is None else tuple(sorted(QUESTION_CODES & set(kept)))
    if mine == newest.data and keep == newest.kept and _shows(values, newest):
        return locked.revisions.get(number=newest.number)
    if base != locked.current:
        raise conflict_between(newest, mine)
    _refuse_to_lose_sight(author, locked, mine)
    return _save_content(author, locked, data=mine, kept=keep, attachments=newest.attachments, now=now)


def save_computed(
    author: Officer, locked: Alert, content: DraftContent, computed: Mapping[str, Any], *, now: datetime
) -> DraftContent:
    """Save computed fields as a revision of their own, if they differ from the newest one. The caller holds the lock.

    The revision's author stays the one who wrote the text: an officer who submits it has written nothing.
    """
    if all(content.data.get(name) == value for name, value in computed.items()):
        return content
    data = {**content.data, **computed}
    _save_content(
        author,
        locked,
        data=data,
        kept=content.kept,
        attachments=content.attachments,
        now=now,
        writer=content.author,
    )
    return read_revision(locked)


def is_same_text(seen: DraftContent, newest: DraftContent) -> bool:
    """Tell whether two revisions differ in nothing but computed fields, so that who saw one has read the other."""
    names = [name for name, entry in FIELDS.items() if not entry.computed]
    return (seen.kept, seen.attachments) == (newest.kept, newest.attachments) and all(
        seen.data.get(name) == newest.data.get(name) for name in names
    )


def attach_file(
    author: Officer, alert: Alert, *, base: int, filename: str, data: bytes, now: datetime
) -> AlertRevision:
    """Add a file, sealed, as a new revision. Raises `AttachmentRefusedError` over a limit."""
    require(author, Capability.ALERT_WRITE)

    def lock() -> tuple[Alert, DraftContent]:
        return _lock_newest(author, alert, base)

    return add_file(author, alert, lock, filename=filename, data=data, now=now)


def add_file(
    author: Actor,
    alert: Alert,
    lock: Callable[[], tuple[Alert, DraftContent]],
    *,
    filename: str,
    data: bytes,
    now: datetime,
) -> AlertRevision:
    """Add a file as `attach_file` does; `lock` returns the locked alert with its newest content, or raises."""
    accept_file(filename, data, ())
    file = _sealed_file(alert, data, now)
    with transaction.atomic():
        locked, newest = lock()
        accepted = accept_file(filename, data, newest.attachments)
        file.n = _next_number(locked)
        file.save(force_insert=True)
        note = _note_of(file, accepted.filename, accepted.media_type, data)
        files = (*newest.attachments, note)
        return _save_content(author, locked, data=newest.data, kept=newest.kept, attachments=files, now=now)


@transaction.atomic
def remove_attachment(author: Officer, alert: Alert, *, base: int, n: int, now: datetime) -> AlertRevision:
    """Remove a file from the draft and delete its bytes."""
    locked, newest = _lock_newest(author, alert, base)
    files = tuple(note for note in newest.attachments if note.n != n)
    if files == newest.attachments:
        raise AbsentError
    locked.attachments.filter(n=n).delete()
    return _save_content(author, locked, data=newest.data, kept=newest.kept, attachments=files, now=now)


def read_attachment(officer: Officer, alert: Alert, *, n: int) -> AttachmentFile:
    """Open a file of the newest revision in memory."""
    note = next((note for note in read_draft(officer, alert).attachments if note.n == n), None)
    if note is None:
        raise AbsentError
    return open_files(alert, [note])[0]


def open_files(alert: Alert, notes: Iterable[AttachmentNote]) -> list[AttachmentFile]:
    """Open the files that a revision lists; raises `AbsentError` when one is not the file that was listed."""
    wanted = list(notes)
    rows = {row.n: row for row in alert.attachments.filter(n__in=[note.n for note in wanted])}
    return [_open_file(alert, rows.get(note.n), note) for note in wanted]


@transaction.atomic
def discard_draft(author: Officer, alert: Alert, *, now: datetime) -> Alert:
    """End a draft: no list shows it, its files are deleted, its revisions stay sealed."""
    require(author, Capability.ALERT_WRITE)
    locked = lock_alert(author, alert)
    locked.state = check_move(locked, Move.DISCARD)
    locked.card, locked.changed_at = None, now
    locked.attachments.all().delete()
    locked.save()
    _record("alert.discarded", author, locked, now)
    return locked


def _sealed_file(alert: Alert, data: bytes, now: datetime) -> DraftAttachment:
    """Return the row of a file, sealed, without its number and not saved."""
    file = DraftAttachment(alert=alert, size=len(data), added_at=now)
    file.sealed = services.seal_row(alert.agency_id, FILES_TABLE, str(file.pk), 1, data)
    file.digest = services.row_digest(file.sealed)
    return file


def _note_of(file: DraftAttachment, filename: str, media_type: str, data: bytes) -> AttachmentNote:
    return AttachmentNote(file.n, filename, media_type, len(data), file.digest, file_digest(data))


def _open_file(alert: Alert, row: DraftAttachment | None, note: AttachmentNote) -> AttachmentFile:
    if row is None or services.row_digest(bytes(row.sealed)) != note.digest:
        raise AbsentError
    data = services.open_row(alert.agency_id, FILES_TABLE, str(row.pk), 1, bytes(row.sealed))
    return AttachmentFile(note.filename, note.media_type, data)


def _lock_for_edit(author: Officer, alert: Alert) -> Alert:
    require(author, Capability.ALERT_WRITE)
    locked = lock_alert(author, alert)
    check_move(locked, Move.EDIT)
    return locked


def _data_before(author: Officer, alert: Alert, base: int) -> Mapping[str, Any]:
    """Return the fields of the revision that a form was based on, before anything is locked; none for an absent alert."""
    row = one_of(Alert.objects.visible_to(author).filter(pk=alert.pk))
    return {} if row is None else read_known_revision(author, row, base).data


def _lock_newest(author: Officer, alert: Alert, base: int) -> tuple[Alert, DraftContent]:
    """Lock an alert for a change to its files; return it with its content, whose text must still be that of revision `base`."""
    locked = _lock_for_edit(author, alert)
    newest = read_revision(locked)
    if base != locked.current:
        seen = read_known_revision(author, locked, base)
        if not is_same_text(seen, newest):
            raise conflict_between(newest, seen.data)
    return locked, newest


def read_known_revision(actor: Actor, alert: Alert, base: int) -> DraftContent:
    """Open the revision that a form was based on; raises AbsentError if there is none, or above the actor's ceiling.

    A draft that the actor may see now may have been marked more strictly in a colleague's earlier revision.
    """
    if not 1 <= base <= alert.current:
        raise AbsentError
    content = read_revision(alert, base)
    if content.author != actor.audit_name and not _reaches(actor, alert, content.data):
        raise AbsentError
    return content


def _reaches(actor: Actor, alert: Alert, data: Mapping[str, Any]) -> bool:
    """Tell whether the actor may read a colleague's text with these markings; an actor who has written in it may read RED too."""
    marks = _marks(data)
    if not is_within(actor, **marks):
        return False
    is_closed = is_red(marks["tlp"]) and is_limited(actor)
    return not is_closed or alert.revisions.filter(author=actor.audit_name).exists()


def _refuse_to_lose_sight(author: Actor, locked: Alert, data: Mapping[str, Any]) -> None:
    """Raise InputError (`tlp`) for a marking under which the author could no longer see a draft that is not only their own."""
    is_own = locked.floor == "" and not locked.revisions.exclude(author=author.audit_name).exists()
    if not is_own and data.get("tlp") in LEVELS and not is_within(author, **_marks(data)):
        raise InputError("tlp", above_ceiling_text(author))


def _marks(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(data.get(name) or "") for name in ("tlp", "pri", "lane")}


def _own_text(typed: dict[str, Any], before: DraftContent, newest: DraftContent) -> dict[str, Any]:
    """Return the newest text with the changes that were typed on an older revision.

    Without any change, return the text that was typed, which the conflict shows beside the newest one.
    """
    changed = {name: value for name, value in typed.items() if value != before.data.get(name)}
    return {**newest.data, **changed} if changed else typed


def _shows(values: Mapping[str, Any], newest: DraftContent) -> bool:
    """Tell whether a form with these values shows the newest text, so that its author may continue from there."""
    return all(newest.data.get(name) == value for name, value in values.items())


def conflict_between(newest: DraftContent, mine: Mapping[str, Any]) -> RevisionConflictError:
    """Return the error that carries both texts and names the fields that differ."""
    differing = tuple(
        name
        for name, entry in FIELDS.items()
        if not entry.computed and newest.data.get(name) != mine.get(name)
    )
    return RevisionConflictError(
        number=newest.number, theirs=dict(newest.data), mine=dict(mine), differing=differing
    )


def _next_number(alert: Alert) -> int:
    last = alert.attachments.order_by("-n").values_list("n", flat=True).first()
    return 0 if last is None else last + 1


def _save_content(
    author: Actor,
    alert: Alert,
    *,
    data: Mapping[str, Any],
    kept: tuple[str, ...],
    attachments: tuple[AttachmentNote, ...],
    now: datetime,
    writer: str = "",
) -> AlertRevision:
    """Save a revision and what lists show of it; `writer` is the author of the text, where that is not the actor."""
    revision = add_revision(
        alert, author=writer or author.audit_name, data=data, kept=kept, attachments=attachments, now=now
    )
    found = check_document(data, known=Circumstances(today_of(author, now), now=now))
    still_empty = {name for name in found.errors if data.get(name) in EMPTY} | set(found.hints)
    alert.card = seal_alert_card(alert, card_of(data, hints=len(still_empty)))
    for name in CLEAR_COLUMNS:
        if is_acceptable(FIELDS[name], data.get(name)):
            setattr(alert, name, data[name])
    alert.changed_at = now
    alert.save()
    return revision


def _record(act: str, actor: Actor, alert: Alert, now: datetime) -> None:
    record_event(act, actor=actor.audit_name, agency=alert.agency_id, subject=str(alert.pk), now=now)
