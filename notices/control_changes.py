# SPDX-License-Identifier: Apache-2.0
"""Notices to officers who watch the law of a change: of one that counts here now, or of one in an alert.

Which jurisdiction and which rule is content: the mail says that something changed, and where to look.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from callers.doorbell import ring
from notices.about import AboutAlert
from notices.queueing import queue_notices, queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer


def tell_of_change(officers: Iterable[Officer], change: UUID, *, now: datetime) -> None:
    """Queues, in the caller's transaction, that rules these officers watch have changed; once for each change."""
    save_notices(queue_plain_notices(str(change), Occasion.CONTROL_CHANGED, officers, now=now))
    transaction.on_commit(lambda: ring("notices.send"))


def tell_of_proposal(officers: Iterable[Officer], about: AboutAlert, *, now: datetime) -> None:
    """Queues, in the caller's transaction, that an alert brought a rule change; once for each alert."""
    save_notices(queue_notices(about, Occasion.RULE_PUBLISHED, officers, now=now))
    transaction.on_commit(lambda: ring("notices.send"))
