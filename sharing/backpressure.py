# SPDX-License-Identifier: Apache-2.0
"""Here is how intake gives way when the sequencer is alive but behind.

A sequencer that is down stops nobody: entries wait in the ledger's queue until it is back.
"""

from datetime import datetime, timedelta
from typing import Final

from sharing.errors import LaggingError
from sharing.models import FeedMark, FeedPending
from sharing.policy import FLASH

ALIVE_WITHIN: Final = timedelta(seconds=5)
LAG_LIMIT: Final = timedelta(seconds=1)
RETRY_AFTER_SECS: Final = 1


def sequencer_silence(now: datetime) -> timedelta | None:
    """How long nothing was heard of the sequencer; None if it was never heard."""
    beat = FeedMark.objects.values_list("beat", flat=True).first()
    return None if beat is None else max(now - beat, timedelta(0))


def require_room(pri: str, now: datetime) -> None:
    """Raises `LaggingError` while the oldest unnumbered entry is older than a second; flash always passes."""
    if pri == FLASH:
        return
    silence = sequencer_silence(now)
    if silence is None or silence > ALIVE_WITHIN:
        return
    oldest = FeedPending.objects.order_by("queued_at").values_list("queued_at", flat=True).first()
    if oldest is not None and now - oldest > LAG_LIMIT:
        raise LaggingError(RETRY_AFTER_SECS)
