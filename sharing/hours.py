# SPDX-License-Identifier: Apache-2.0
"""Log an entry each hour, even when nothing happens.

Readers compare checkpoints by size. Without this, a log that stands still because nothing was submitted would look like one
whose newer part, perhaps a revocation, is withheld. So an hour without any other entry gets an entry of its own, and a log that
shows nothing newer for a day is suspicious.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from ledger.audit import record_event
from ledger.proofs import latest_checkpoint

HOUR_LOGGED: Final = "ledger.hour_logged"
STANDS_AT_MOST: Final = timedelta(hours=1)


@transaction.atomic
def log_hour(actor: str, *, now: datetime) -> bool:
    """Log an entry if the ledger has stood still for an hour; return whether it had."""
    newest = latest_checkpoint()
    if newest is not None and now - newest.at < STANDS_AT_MOST:
        return False
    record_event(HOUR_LOGGED, actor=actor, agency="", subject="ledger", now=now)
    return True
