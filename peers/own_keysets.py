# SPDX-License-Identifier: Apache-2.0
"""End times of the keysets of this desk's own agencies, as each has verified its own over the exchange's API."""

from datetime import datetime

from django.db.models import F

from accord.envelope.keysets import read_keyset
from accord.moments import moment_of
from peers.models import PeerKeyset


def own_keysets_until() -> dict[str, datetime]:
    """Return the end of each agency's newest kept keyset; agencies without one, or with an altered row, are left out."""
    newest = PeerKeyset.objects.filter(peer=F("reader")).order_by("reader", "-version", "-pk")
    return {row.reader: _until(row) for row in newest.distinct("reader") if row.is_bound}


def _until(row: PeerKeyset) -> datetime:
    return moment_of(read_keyset(row.jws.encode()).exp)
