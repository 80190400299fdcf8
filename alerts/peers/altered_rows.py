# SPDX-License-Identifier: Apache-2.0
"""Repair of rows that were changed past the program: what an agency keeps is dropped and fetched anew."""

from datetime import datetime

from django.db import transaction

from ledger.audit import record_event
from peers.models import PeerKeyset, PeerRevocation, SeenLedger


@transaction.atomic
def drop_kept_keys(agency_id: str, *, now: datetime) -> int:
    """Drop what the agency keeps of peers' keys and of the ledger; return the number of rows. Its book of pins stays.

    For an operator with a shell on the hub.
    """
    dropped = sum(
        model._default_manager.filter(reader=agency_id).delete()[0]
        for model in (PeerKeyset, PeerRevocation, SeenLedger)
    )
    record_event(
        "peer.keys_dropped",
        actor="system:install",
        agency=agency_id,
        subject=agency_id,
        detail={"rows": dropped},
        now=now,
    )
    return dropped
