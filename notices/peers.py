# SPDX-License-Identifier: Apache-2.0
"""Notices about a peer.

- To key officers: its keys failed a check, or the exchange names another telephone number. One a day each.
- To admins: it has proposed, answered or left an agreement, suspended or resumed lanes. One for each statement.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from callers.capabilities import Capability
from callers.task_calls import call_task
from notices.queueing import key_officers_of, queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer
from officers.releasers import officers_who


def tell_of_refused_peer(agency: str, peer: str, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that the peer's keys failed a check."""
    _tell(agency, peer, Occasion.PEER_REFUSED, now)


def tell_of_other_telephone(agency: str, peer: str, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that the exchange names another telephone number."""
    _tell(agency, peer, Occasion.PEER_TELEPHONE, now)


def tell_of_agreements(agency: str, od: str, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that a peer has stated something of agreements or lanes, by the digest of that."""
    _queue(od, Occasion.AGREEMENTS_CHANGED, officers_who(Capability.AGENCY_MANAGE, [agency]), now)


def _tell(agency: str, peer: str, occasion: Occasion, now: datetime) -> None:
    _queue(f"{peer} {now:%Y-%m-%d}", occasion, key_officers_of([agency]), now)


def _queue(about: str, occasion: Occasion, officers: Iterable[Officer], now: datetime) -> None:
    save_notices(queue_plain_notices(about, occasion, officers, now=now))
    transaction.on_commit(lambda: call_task("notices.send"))
