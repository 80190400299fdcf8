# SPDX-License-Identifier: Apache-2.0
"""The ledger moves each hour, also when nothing happens.

Whoever reads it compares checkpoints by size: one that stands still because nothing was handed in looks like one whose newer part
is kept back, a revocation perhaps. So an hour without any other entry is an entry of its own, and a log that shows nothing newer
for a day is one to be asked about.
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
    """Record that the ledger has stood still for an hour, which moves it; whether it had."""
    newest = latest_checkpoint()
    if newest is not None and now - newest.at < STANDS_AT_MOST:
        return False
    record_event(HOUR_LOGGED, actor=actor, agency="", subject="ledger", now=now)
    return True
