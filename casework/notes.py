# SPDX-License-Identifier: Apache-2.0
"""Notes on cases and on alerts. They are never changed: a correction supersedes the earlier note, which stays.

A note on an alert is visible to whoever may see that alert. After the alert's `keep` it stays only while a case holds the
alert, until a person reviews that case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.models import ReceivedAlert
from callers.capabilities import Capability, require
from callers.errors import InputError
from callers.rows import one_of
from casework.access import Subject, check_not_red, checked_text, lock_case
from casework.cases import about_of
from casework.models import Case, CaseItem, Note
from ledger.audit import record_event
from officers.models import Officer
from vault.sealed_store import SealedStore

NOTES: Final = SealedStore[str]("note", str.encode, bytes.decode)
SHOWN: Final = 200


@dataclass(frozen=True)
class NoteShown:
    """Note, opened; `text` is None where it does not open. `is_superseded`: a later note corrects it."""

    note: Note
    text: str | None = field(repr=False)
    is_superseded: bool


def write_note(
    author: Officer, about: Case | Subject, *, text: str, supersedes: UUID | None = None, now: datetime
) -> Note:
    """Write a note on an open case or on an alert. `supersedes`: a note on the same, not corrected yet.

    Raises NotPermittedError, AbsentError, `InputError`.
    """
    require(author, Capability.CASE_READ)
    words, agency = checked_text("text", text), agency_of(author)
    if not isinstance(about, Case):
        check_not_red(about)
    place = {"case": about} if isinstance(about, Case) else about_of(about)
    note = Note(agency=agency, author=author, at=now, **place)
    note.sealed = NOTES.seal(agency.pk, note.pk, words)
    with transaction.atomic():
        if isinstance(about, Case):
            lock_case(author, about)
        if supersedes is not None:
            note.supersedes = _corrected(author, supersedes, place)
        note.save(force_insert=True)
        record_event(
            "case.noted" if isinstance(about, Case) else "alert.noted",
            actor=author.audit_name,
            agency=agency.pk,
            subject=str(about.pk) if isinstance(about, Case) else about.md,
            detail={"note": str(note.pk)},
            now=now,
        )
    return note


def _corrected(author: Officer, note_id: UUID, place: dict[str, Case] | dict[str, Subject]) -> Note:
    rows = Note.objects.visible_to(author).filter(pk=note_id, superseded_by=None, **place)
    found = one_of(rows.select_for_update(of=("self",)))
    if found is None:
        raise InputError("supersedes", _("This note was corrected already. Load the page again."))
    return found


def notes_on(officer: Officer, about: Case | Subject) -> list[NoteShown]:
    """Return the newest notes on a case or an alert, the newest first."""
    if isinstance(about, Case):
        rows = Note.objects.visible_to(officer).filter(case=about)
    else:
        rows = Note.objects.visible_to(officer, about)
    return open_notes(officer, list(rows.select_related("author")[:SHOWN]))


def open_notes(officer: Officer, rows: Sequence[Note]) -> list[NoteShown]:
    texts = NOTES.open_many(officer.agency_id or "", [(row.pk, 1, row.sealed) for row in rows])
    corrected = {row.supersedes_id for row in rows}
    return [NoteShown(row, text, row.pk in corrected) for row, text in zip(rows, texts, strict=True)]


def forget_notes(received: Sequence[ReceivedAlert]) -> None:
    """Delete the notes on these alerts that no case holds."""
    held = CaseItem.objects.filter(received__in=received, removed_at=None).values("received")
    Note.objects.filter(received__in=received).exclude(received__in=held).delete()
