# SPDX-License-Identifier: Apache-2.0
"""Casework on the page of an alert."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alerts.models import ReceivedAlert
from alerts.red_readers import is_red
from callers.capabilities import Capability
from casework.access import Subject
from casework.cases import CaseRow, cases_holding, open_cases
from casework.models import Task
from casework.notes import NoteShown, notes_on
from casework.tasks import task_of_answer
from officers.models import Officer

CASES_SHOWN: Final = 10


@dataclass(frozen=True)
class CaseworkShown:
    """Cases that hold an alert and notes on it, as far as the officer may see them; `answer`: who has its question."""

    cases: Sequence[CaseRow]
    notes: Sequence[NoteShown]
    answer: Task | None


def casework_on(officer: Officer, subject: Subject, *, is_open: bool = True) -> CaseworkShown | None:
    """Return what an alert's page shows; None for RED, and for a role without cases.

    `is_open`: a reason was given. Notes may quote the alert, so they wait for it too.
    """
    if Capability.CASE_READ not in officer.capabilities or is_red(subject.tlp, getattr(subject, "floor", "")):
        return None
    held = list(cases_holding(officer, subject)[:CASES_SHOWN])
    asked = isinstance(subject, ReceivedAlert)
    answer = task_of_answer(officer, subject) if asked else None  # type: ignore[arg-type]
    notes = notes_on(officer, subject) if is_open else []
    return CaseworkShown(open_cases(officer, held), notes, answer)
