# SPDX-License-Identifier: Apache-2.0
"""Notices that an answer waits: a reminder, then one officer of the duty list after another; and the one to who asked.

- A row's subject is the question, when its answer is due, and the stage, so that each officer is told once of each stage.
- The mail says until or since when, in the officer's zone, and nothing of the question.
- Of an alert marked RED its named officers are told as of any other; the duty list hears that such an item waits, and no more.
- Officers above whose ceiling the question is marked are passed over.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from accord.envelope.vocabulary import RED
from accord.moments import moment_of
from callers.capabilities import Capability
from callers.markings import is_within
from callers.task_calls import call_task
from notices.alert_facts import AlertFacts
from notices.key_endings import BETWEEN, moment_text
from notices.models import Notification
from notices.queueing import (
    build_by_name,
    build_notices,
    listeners_of,
    named_among,
    on_duty,
    readers_of,
    save_notices,
)
from notices.states import ANSWER_OCCASIONS, TOLD, Cause, Occasion
from officers.models import Officer


class Stage(StrEnum):
    """Stage of an answer that waits, as a row's subject ends."""

    BEFORE = "before"
    LATE = "late"


OCCASIONS: Final = {Stage.BEFORE: Occasion.ANSWER_DUE, Stage.LATE: Occasion.ANSWER_OVERDUE}


def remind_to_answer(agency_id: str, about: AlertFacts, due: datetime, *, now: datetime) -> None:
    """Remind, in the caller's transaction, who can answer: authors, and readers on the duty list."""
    _tell_who_answers(agency_id, about, due, Stage.BEFORE, now)


def tell_of_late_answer(agency_id: str, about: AlertFacts, due: datetime, *, now: datetime) -> None:
    """Tell, in the caller's transaction, whom `remind_to_answer` reminds that the answer is overdue."""
    _tell_who_answers(agency_id, about, due, Stage.LATE, now)


def escalate_answer(agency_id: str, about: AlertFacts, due: datetime, *, now: datetime) -> bool:
    """Tell, in the caller's transaction, the first of the duty list who was not told yet; return whether another is left.

    Where nobody is on duty, every reader is told at once, so that somebody is.
    """
    readers = _within(readers_of([agency_id]), about)
    told = Notification.objects.filter(
        recipient=agency_id, about=about.md, subject=_subject(about, due, Stage.LATE)
    )
    known = set(told.values_list("officer_id", flat=True))
    named = named_among(readers, about) if about.tlp == RED else []
    left = [row for row in on_duty(readers) if row.pk not in known and row not in named]
    _tell([*named, *left[:1]] if named or on_duty(readers) else readers, about, due, Stage.LATE, now)
    return len(left) > 1


def tell_who_asked(
    author: UUID | None, agency_id: str, about: AlertFacts, missing: int, *, now: datetime
) -> None:
    """Tell, in the caller's transaction, the author and the duty list how many agencies have not answered in time.

    Of a question marked RED, those whom it names for its answers.
    """
    readers = _within(readers_of([agency_id]), about)
    told = [row for row in readers if row.duty_rank is not None or row.pk == author]
    if about.tlp == RED:
        told = named_among(readers, about)
    subject = BETWEEN.join((about.md, str(missing)))
    _save(
        build_notices(replace(about, reference=""), Occasion.ANSWERS_MISSING, told, subject=subject, now=now)
    )


def settle_waiting_answer(agency_id: str, mds: Collection[str], *, is_answered: bool) -> None:
    """Withhold notices of answers that still wait to be sent once one was given; release them where it was withdrawn."""
    waiting = Notification.objects.filter(recipient=agency_id, about__in=mds, occasion__in=ANSWER_OCCASIONS)
    if is_answered:
        waiting.exclude(state__in=TOLD).update(withheld=Cause.SETTLED)
    else:
        waiting.filter(withheld=Cause.SETTLED).update(withheld="")


def due_text(notice: Notification) -> str:
    """Return when the answer is due, in the officer's zone."""
    _md, due, _stage = notice.subject.split(BETWEEN)
    return moment_text(moment_of(int(due)), notice.officer)


def count_of(notice: Notification) -> int:
    """Return how many agencies have not answered in time."""
    return int(notice.subject.rpartition(BETWEEN)[2])


def _tell_who_answers(agency_id: str, about: AlertFacts, due: datetime, stage: Stage, now: datetime) -> None:
    readers = _within(readers_of([agency_id]), about)
    if about.tlp == RED:
        told = listeners_of(readers, about)
    else:
        told = [
            row for row in readers if row.duty_rank is not None or Capability.ALERT_WRITE in row.capabilities
        ]
    _tell(told or readers, about, due, stage, now)


def _tell(officers: Iterable[Officer], about: AlertFacts, due: datetime, stage: Stage, now: datetime) -> None:
    _save(build_by_name(about, OCCASIONS[stage], officers, subject=_subject(about, due, stage), now=now))


def _save(notices: list[Notification]) -> None:
    if notices:
        save_notices(notices)
        call_task("notices.send")


def _subject(about: AlertFacts, due: datetime, stage: Stage) -> str:
    """Return a subject; at most 64 characters."""
    return BETWEEN.join((about.md, str(int(due.timestamp())), stage))


def _within(officers: Iterable[Officer], about: AlertFacts) -> list[Officer]:
    return [row for row in officers if is_within(row, tlp=about.tlp, pri=about.pri, lane=about.lane)]
