# SPDX-License-Identifier: Apache-2.0
"""Notices that a standing commitment of the own agency is due: by when is all the mail says, no partner and no kind is named."""

from datetime import datetime

from django.db import transaction

from accord.moments import moment_of
from callers.capabilities import Capability
from callers.task_calls import call_task
from notices.key_endings import BETWEEN, moment_text
from notices.models import Notification
from notices.queueing import queue_plain_notices, readers_of, save_notices
from notices.states import Occasion


def remind_to_give(agency_id: str, commitment: str, due: datetime, *, now: datetime) -> None:
    """Queue, in the caller's transaction, one mail to each author and whoever is on the duty list; all readers where that is nobody."""
    readers = readers_of([agency_id])
    told = [row for row in readers if row.duty_rank is not None or Capability.ALERT_WRITE in row.capabilities]
    subject = BETWEEN.join((commitment, str(int(due.timestamp()))))
    save_notices(queue_plain_notices(subject, Occasion.COMMITMENT_DUE, told or readers, now=now))
    transaction.on_commit(lambda: call_task("notices.send"))


def due_text(notice: Notification) -> str:
    """Return when it is due, in the officer's zone."""
    return moment_text(moment_of(int(notice.subject.rpartition(BETWEEN)[2])), notice.officer)
