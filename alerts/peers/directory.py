# SPDX-License-Identifier: Apache-2.0
"""The keys of peers as one agency's desk trusts them: by root signatures and receipts from the agency's own pins.

Rows of the database are no proof. Each stored keyset of a peer is verified by the one before it, its log time by a
receipt under a checkpoint that the pinned ledger key signed; the pinned root must be one of the chain's, and no version
seen before may be missing. A peer of whom anything fails is unknown here, and stands in `refused` with the cause.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.conf import settings

from accord.envelope import keysets as envelope
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, VerificationError
from accord.envelope.tree.receipts import Receipt
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Agency, Keyset
from agencies.vault.errors import SealBrokenError
from alerts.peers.pins import Book, Pin, read_book
from ledger import proofs
from ledger.pins import pinned_keys

PINS_ALTERED: Final = "pins-altered"
REMEMBERED: Final = 2048
"""Chains, and places in the log, that this process remembers having verified; both are bound to the octets."""

Place = tuple[int, int]
"""Log time, in seconds, and index of the leaf."""
_places: OrderedDict[tuple[str, str], Place] = OrderedDict()


class VerifiedDirectory(DatabaseKeyDirectory):
    """A `KeyDirectory` for one agency, at one moment."""

    def __init__(self, reader: str, now: datetime) -> None:
        super().__init__(now)
        self.reader = reader
        self.refused: dict[str, str] = {}
        self._book: Book | None = None

    @property
    def book(self) -> Book:
        """The reader's pins; empty where the book does not open, and then every peer is refused."""
        if self._book is None:
            try:
                self._book = read_book(self.reader)
            except SealBrokenError:
                self._book = Book(self.reader, revision=-1)
        return self._book

    def preload(self, agencies: Iterable[str]) -> None:
        """Reads and verifies the whole chain of each agency: two queries, the book's, and four for receipts not yet seen."""
        wanted = [agency for agency in set(agencies) if agency not in self._newest]
        if not wanted:
            return
        rows = list(Keyset.objects.filter(agency_id__in=wanted).order_by("version", "accepted_at"))
        places, unproved = _proved_places(rows)
        self._revokes |= self._logged_revokes(wanted)
        for agency in wanted:
            own = [row for row in rows if row.agency_id == agency]
            self._histories[agency] = self._trusted(agency, own, places, unproved)
            self._newest[agency] = envelope.newest_in_force(self._histories[agency], self._now)

    def _trusted(
        self, agency: str, rows: Sequence[Keyset], places: Mapping[str, Place], unproved: Mapping[str, str]
    ) -> tuple[envelope.Keyset, ...]:
        try:
            if self.book.revision < 0:
                raise VerificationError(Failure.KEYSET_ROOT, PINS_ALTERED, (agency,))
            for row in rows:
                if row.od in unproved:
                    raise VerificationError(Failure.RECEIPT, unproved[row.od], (agency,))
            items = tuple((bytes(row.jws), row.od, places[row.od]) for row in rows if row.od in places)
            chain = verify_chain(agency, items)
            self._check_pin(agency, chain)
        except EnvelopeError as failure:
            if isinstance(failure, MalformedError):
                self._unreadable.add(agency)
            self.refused[agency] = PINS_ALTERED if self.book.revision < 0 else str(failure.code)
            return ()
        return chain

    def _check_pin(self, agency: str, chain: Sequence[envelope.Keyset]) -> None:
        pin = self.book.pins.get(agency)
        if pin is None or not pin.root:
            return
        if all(keyset.root_fingerprint != pin.root for keyset in chain):
            raise VerificationError(Failure.KEYSET_ROOT, agencies=(agency,))
        newest = envelope.newest_in_force(chain, self._now)
        if newest is None or newest.version < pin.version:
            raise VerificationError(Failure.KEYSET_CHAIN, "an older version than seen before", (agency,))

    def seen(self, agency: str) -> Pin | None:
        """The agency's pin as it is to be kept after what was seen now: a version never goes down, a root stays."""
        keyset, pin = self.keyset(agency), self.book.pins.get(agency, Pin())
        if keyset is None:
            return None
        root = pin.root or keyset.root_fingerprint
        return replace(pin, root=root, version=max(pin.version, keyset.version))


def directory_of(agency: Agency, now: datetime) -> DatabaseKeyDirectory:
    """Whose keys count for an agency; one that holds its own keys verifies in its own system, not here."""
    return VerifiedDirectory(agency.pk, now) if agency.is_hosted else DatabaseKeyDirectory(now)


@lru_cache(maxsize=REMEMBERED)
def verify_chain(agency: str, items: tuple[tuple[bytes, str, Place], ...]) -> tuple[envelope.Keyset, ...]:
    """Each keyset (octets, digest, proved place) by the one it follows, the first by its own root.

    The caller compares the roots with its pin. Raises the envelope's errors.
    """
    verified: dict[str, envelope.Keyset] = {}
    for octets, od, (log_time, index) in items:
        said = envelope.read_keyset(octets)
        previous = verified.get(said.prev or "")
        if said.agency != agency or said.od != od or (previous is None) == bool(verified):
            raise VerificationError(Failure.KEYSET_CHAIN, agencies=(agency,))
        root = previous.root_fingerprint if previous else said.root_fingerprint
        keyset = envelope.verify_keyset(
            octets, pinned=root, previous=previous, strict=True, log_time=log_time
        )
        verified[od] = replace(keyset, log_index=index)
    return tuple(verified.values())


def _proved_places(rows: Sequence[Keyset]) -> tuple[dict[str, Place], dict[str, str]]:
    """The places of keysets with a receipt that holds, by digest; the others that the ledger's rows claim, with why."""
    vkey = settings.LEDGER_VKEY
    unseen = [row for row in rows if (vkey, row.od) not in _places]
    failed: dict[str, str] = {}
    if unseen:
        keys, agencies = pinned_keys(), {row.od: row.agency_id for row in unseen}
        for od, said in proofs.receipts_for(agencies).items():
            try:
                receipt = Receipt.parse(said)
                at = receipt.verify(d=od, keys=keys, k="keyset", a=agencies[od])
            except EnvelopeError as failure:
                failed[od] = str(failure.code)
            else:
                _remember(vkey, od, (at, receipt.index))
    known = {row.od: _places[vkey, row.od] for row in rows if (vkey, row.od) in _places}
    return known, failed


def _remember(vkey: str, od: str, place: Place) -> None:
    _places[vkey, od] = place
    while len(_places) > REMEMBERED:
        _places.popitem(last=False)
