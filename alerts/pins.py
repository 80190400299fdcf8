# SPDX-License-Identifier: Apache-2.0
"""What an agency has seen of its peers: the root it trusts and the highest keyset version, which never go back.

A first contact trusts the fingerprint that the hub's operator entered from paper; from then on the pin counts. It
moves to another root only along keysets that lead there from the pinned one, each verified by the rules of
succession; where they do not, the pin stays and nothing is sealed to that peer.
"""

import logging
from collections.abc import Collection
from datetime import datetime

from accord.envelope import keysets
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Keyset
from agencies.vault.doors import Pin
from alerts.models import PeerPin

log = logging.getLogger(__name__)


def pins_of(agency_id: str, peers: Collection[str], *, now: datetime) -> dict[str, Pin]:
    """The pins that stand for these peers; a peer never met has none."""
    directory = DatabaseKeyDirectory(now)
    directory.preload(peers)
    rows = PeerPin.objects.filter(agency_id=agency_id, peer_id__in=list(peers))
    return {row.peer_id: Pin(_trusted_root(row, directory.keyset(row.peer_id)), row.version) for row in rows}


def keep_pins(agency_id: str, peers: Collection[str], *, now: datetime) -> None:
    """After a sending: what was seen of each peer. A version never goes down, a root moves by succession only."""
    directory = DatabaseKeyDirectory(now)
    directory.preload(peers)
    known = {row.peer_id: row for row in PeerPin.objects.filter(agency_id=agency_id, peer_id__in=list(peers))}
    for peer in peers:
        keyset = directory.keyset(peer)
        if keyset is None:
            continue
        first_seen = PeerPin(
            agency_id=agency_id, peer_id=peer, root_fingerprint=keyset.root_fingerprint, version=0
        )
        pin = known.get(peer) or first_seen
        pin.root_fingerprint = _trusted_root(pin, keyset)
        pin.version, pin.seen_at = max(pin.version, keyset.version), now
        pin.save()


def _trusted_root(pin: PeerPin, newest: keysets.Keyset | None) -> str:
    """The root of the newest keyset if the pinned root leads to it, else the pinned one."""
    if newest is None or newest.root_fingerprint == pin.root_fingerprint:
        return pin.root_fingerprint
    try:
        _verify_succession(pin, newest)
    except EnvelopeError as failure:
        log.warning("the root of %s is not the one pinned by %s: %s", pin.peer_id, pin.agency_id, failure)
        return pin.root_fingerprint
    return newest.root_fingerprint


def _verify_succession(pin: PeerPin, newest: keysets.Keyset) -> None:
    """Each keyset from the last one of the pinned root to the newest one; raises the envelope's errors."""
    first, *later = _keysets_between(pin, newest)
    previous = keysets.verify_keyset(first, pinned=pin.root_fingerprint)
    for octets in later:
        previous = keysets.verify_keyset(octets, pinned=previous.root_fingerprint, previous=previous)


def _keysets_between(pin: PeerPin, newest: keysets.Keyset) -> list[bytes]:
    """As signed, oldest first, by following `prev` back; raises VerificationError where it does not lead there."""
    rows = {row.od: row for row in Keyset.objects.filter(agency_id=pin.peer_id)}
    found: list[bytes] = []
    row = rows.pop(newest.od, None)
    while row is not None:
        found.insert(0, bytes(row.jws))
        if row.root_fingerprint == pin.root_fingerprint:
            return found
        row = rows.pop(row.prev, None) if row.prev else None
    raise VerificationError(Failure.KEYSET_ROOT, agencies=(pin.peer_id,))
