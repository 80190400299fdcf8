# SPDX-License-Identifier: Apache-2.0
"""Notices about a release onward in an emergency, to the duty list and the auditors of each agency that it concerns: who released
the alert, who received it, who wrote it.
"""

from datetime import datetime

from django.db import transaction

from callers.capabilities import Capability
from callers.task_calls import call_task
from notices.queueing import queue_plain_notices, save_notices
from notices.states import Occasion
from officers.duty import on_duty
from officers.releasers import officers_who


def tell_of_emergency(agency: str, d: str, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that an alert was released in an emergency, once for each release."""
    people = {
        officer.pk: officer for officer in (*on_duty(agency), *officers_who(Capability.AUDIT_READ, [agency]))
    }
    save_notices(queue_plain_notices(d, Occasion.EMERGENCY, people.values(), now=now))
    transaction.on_commit(lambda: call_task("notices.send"))
