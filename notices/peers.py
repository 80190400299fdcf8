# SPDX-License-Identifier: Apache-2.0
"""Notices to key officers about a peer: its keys failed a check, or the exchange names another telephone number. One a day each."""

from datetime import datetime

from django.db import transaction

from callers.task_calls import call_task
from notices.queueing import key_officers_of, queue_plain_notices, save_notices
from notices.states import Occasion


def tell_of_refused_peer(agency: str, peer: str, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that the peer's keys failed a check."""
    _tell(agency, peer, Occasion.PEER_REFUSED, now)


def tell_of_other_telephone(agency: str, peer: str, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that the exchange names another telephone number."""
    _tell(agency, peer, Occasion.PEER_TELEPHONE, now)


def _tell(agency: str, peer: str, occasion: Occasion, now: datetime) -> None:
    officers = key_officers_of([agency])
    save_notices(queue_plain_notices(f"{peer} {now:%Y-%m-%d}", occasion, officers, now=now))
    transaction.on_commit(lambda: call_task("notices.send"))
