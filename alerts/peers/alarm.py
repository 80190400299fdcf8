# SPDX-License-Identifier: Apache-2.0
"""Alarm when a peer's keys fail a check against the agency's own pins: audit, log, a notice to the key officers."""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from callers.actors import Actor
from ledger.audit import record_event
from notices.peers import tell_of_refused_peer

log = logging.getLogger(__name__)


def raise_alarms(actor: Actor, reader: str, alarms: Mapping[str, str], *, now: datetime) -> None:
    """Raise an alarm for each peer whose keys failed; not inside a transaction that may be rolled back."""
    for peer, cause in sorted(alarms.items()):
        log.error("keys of %s failed a check for %s: %s", peer, reader, cause)
        with transaction.atomic():
            record_event(
                "peer.refused",
                actor=actor.audit_name,
                agency=reader,
                subject=peer,
                detail={"cause": cause},
                now=now,
            )
            tell_of_refused_peer(reader, peer, now=now)
