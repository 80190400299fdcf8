# SPDX-License-Identifier: Apache-2.0
"""Following of the exchange's directory, for the whole desk: one of its agencies asks for all."""

import logging
from datetime import datetime
from typing import Final

from accord.calls.errors import ClientError
from alerts.peers.telephones import tell_of_telephones
from callers.actors import SystemActor
from peers.entries import are_entries_due, follow_entries
from peers.exchange import calling_agencies
from peers.models import Agency

ROLE: Final = "desk-worker"

log = logging.getLogger(__name__)


def follow_agencies(*, now: datetime) -> None:
    """Follow the directory where that is due, as the first agency that gets an answer. Not inside a transaction.

    While none gets one, the kept entries count.
    """
    if not are_entries_due(now=now):
        return
    for reader in calling_agencies():
        try:
            followed = follow_entries(reader, now=now)
        except ClientError as trouble:
            log.warning("the directory could not be followed as %s: %s", reader, trouble)
        else:
            hosted = Agency.objects.filter(is_hosted=True).values_list("pk", flat=True)
            tell_of_telephones(SystemActor(ROLE), hosted, followed.telephones, now=now)
            return
