# SPDX-License-Identifier: Apache-2.0
"""Notices to key officers that the keys of a peer failed a check; once a day for each peer."""

from datetime import datetime

from django.db import transaction

from callers.doorbell import ring
from notices.queueing import key_officers_of, queue_plain_notices, save_notices
from notices.states import Occasion


def tell_of_refused_peer(agency: str, peer: str, *, now: datetime) -> None:
    """Queues it in the caller's transaction."""
    subject = f"{peer} {now:%Y-%m-%d}"
    officers = key_officers_of([agency])
    save_notices(queue_plain_notices(subject, Occasion.PEER_REFUSED, officers, now=now))
    transaction.on_commit(lambda: ring("notices.send"))
