# SPDX-License-Identifier: Apache-2.0
"""Update of the pins after something was sent to peers or opened: first seen, highest version, revocations."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from accord.envelope.errors import SealingError, SealRefusal
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pins import Book, Pin, change_book, summed_up
from vault.services import Pin as SealingPin


def pins_of(directory: VerifiedDirectory, peers: Collection[str]) -> dict[str, SealingPin]:
    """Return the pins to seal by; raises SealingError for peers whose keys are not trusted or not compared."""
    directory.preload([directory.reader, *peers])
    held = [
        peer
        for peer in sorted({directory.reader, *peers})
        if peer in directory.refused or (peer != directory.reader and not may_seal(directory, peer))
    ]
    if held:
        raise SealingError(SealRefusal.NO_KEY, agencies=held)
    found = {peer: directory.keyset(peer) for peer in peers}
    return {
        peer: SealingPin(keyset.root_fingerprint, directory.book.pins[peer].version)
        for peer, keyset in found.items()
        if keyset is not None
    }


def may_seal(directory: VerifiedDirectory, peer: str) -> bool:
    """Tell whether content may be sealed to the peer: two officers have compared its root."""
    return directory.book.pins.get(peer, Pin()).may_seal


def keep_seen(directory: VerifiedDirectory, peers: Collection[str], *, now: datetime) -> None:
    """Note each peer's highest version and revocations, a new peer as first seen; also for the own agency."""
    names = {directory.reader, *peers}
    directory.preload(names)
    seen = {peer: pin for peer in names if (pin := directory.seen(peer)) is not None}
    if all(directory.book.pins.get(peer) == pin for peer, pin in seen.items()):
        return

    def change(book: Book) -> Book:
        for peer, pin in seen.items():
            known = book.pins.get(peer, pin)
            root, version = known.root or pin.root, max(known.version, pin.version)
            revoked = summed_up((*known.revoked, *(pin.revoked if pin.root == root else ())))
            kept = replace(known, root=root, version=version, revoked=revoked)
            book = book.with_pin(peer, kept)
        return book

    directory.use_book(change_book(directory.reader, change, now=now))


def keep_known(directory: VerifiedDirectory, *, now: datetime) -> None:
    """Note what this directory has verified of peers with a pinned root; it adds no peer."""
    keep_seen(directory, directory.known, now=now)
