# SPDX-License-Identifier: Apache-2.0
"""Keysets and keys in force that end soon, for the operator's page."""

from collections.abc import Iterator
from datetime import datetime

from agencies.directory import DatabaseKeyDirectory
from agencies.models import Keyset
from callers.endings import Ending, endings_in, soonest_first


def endings(*, now: datetime) -> list[Ending]:
    """Return the endings of every agency, soonest first."""
    wanted = list(Keyset.objects.values_list("agency", flat=True).distinct().order_by("agency"))
    directory = DatabaseKeyDirectory(now)
    directory.preload(wanted)
    return soonest_first(ending for agency in wanted for ending in _endings_by(directory, agency, now))


def _endings_by(directory: DatabaseKeyDirectory, agency: str, now: datetime) -> Iterator[Ending]:
    if (keyset := directory.keyset(agency)) is not None:
        yield from endings_in(keyset, directory.kids_revoked_by_word(agency), now)
