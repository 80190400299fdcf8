# SPDX-License-Identifier: Apache-2.0
"""Warnings about the desk itself that are mailed to its keepers. A warning's key tells whether it was mailed before.

A keeper's page shows more, and at once; a mail is for what gets worse while nobody looks at that page.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from callers.endings import THRESHOLDS
from notices.desk_warnings import certificate_warning, warn_keepers
from peers.progress import CLOCK_WRONG, desk_depth
from vault.certificates import end_of_certificate
from vault.instances import holders_elsewhere

UNREAD_FOR: Final = timedelta(hours=1)
"""A feed that was not read for this long is no passing fault."""


def warn_of_the_desk(*, now: datetime) -> None:
    """Queue a mail to the keepers for each warning that was not mailed yet."""
    warn_keepers([*_certificate(now), *_exchange(now), *_identities()], now=now)


def _certificate(now: datetime) -> Iterator[str]:
    if not settings.TLS_CERTIFICATE_FILE:
        return
    try:
        ends_at = end_of_certificate(Path(settings.TLS_CERTIFICATE_FILE))
    except (OSError, ValueError):
        return
    left = ends_at - now
    passed = [days for days in (0, *THRESHOLDS) if left <= timedelta(days=days)]
    if passed:
        yield certificate_warning(ends_at, passed[0])


def _exchange(now: datetime) -> Iterator[str]:
    depth = desk_depth()
    if depth.asked_at is not None and now - depth.asked_at > UNREAD_FOR:
        yield f"unread:{int(depth.asked_at.timestamp())}"
    if depth.clock_ahead is not None and abs(depth.clock_ahead) > CLOCK_WRONG:
        # A clock that stays wrong is mailed again each week.
        yield f"clock:{now:%G-%V}"


def _identities() -> Iterator[str]:
    yield from (f"identity:{holder.agency_id}:{holder.holder[:8]}" for holder in holders_elsewhere())
