# SPDX-License-Identifier: Apache-2.0
"""Notices to officers who watch a jurisdiction's law: a rule has changed here, or an alert brings a change.

Which jurisdiction and which rule is content: the mail says only that something changed, and where to look.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from callers.task_calls import call_task
from notices.alert_facts import AlertFacts
from notices.queueing import build_notices, queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer


def tell_of_change(officers: Iterable[Officer], change: UUID, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that rules which these officers watch have changed; once for each change."""
    save_notices(queue_plain_notices(str(change), Occasion.CONTROL_CHANGED, officers, now=now))
    transaction.on_commit(lambda: call_task("notices.send"))


def tell_of_proposal(officers: Iterable[Officer], about: AlertFacts, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that an alert brought a rule change; once for each alert."""
    save_notices(build_notices(about, Occasion.RULE_PUBLISHED, officers, now=now))
    transaction.on_commit(lambda: call_task("notices.send"))
