# SPDX-License-Identifier: Apache-2.0
"""The keys of peers as one agency's desk trusts them: by root signatures and receipts from the agency's own pins.

Rows of the database are no proof. Each stored keyset of a peer is verified by the one before it, its log time by a
receipt under a checkpoint that the pinned ledger key signed; the pinned root must be one of the chain's, and no version
seen before may be missing. A peer of whom anything fails is unknown here, and stands in `refused` with the cause. Revocations
are verified alike; one that the book has and the rows lack still counts, and the peer stands in `hidden`.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.conf import settings

from accord.envelope import keysets as envelope
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, VerificationError
from accord.envelope.statements.checks import revocation_of, verify_logged_revoke
from accord.envelope.tree.receipts import Receipt
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Keyset, Revocation
from alerts.peers.pins import Book, Pin, Revoked, read_book, summed_up
from ledger import proofs
from ledger.pins import pinned_keys
from peers.models import Agency
from vault.errors import SealBrokenError

PINS_ALTERED: Final = "pins-altered"
REVOCATION_MISSING: Final = "revocation-missing"
REMEMBERED: Final = 2048
"""Chains, and places in the log, that this process remembers having verified; both are bound to the octets."""

Place = tuple[int, int]
"""Log time, in seconds, and index of the leaf."""
Items = tuple[tuple[bytes, str, Place], ...]
"""Objects as they are verified: octets, digest, place in the log."""
KEYSET: Final = "keyset"
REVOKE: Final = "revoke"
_places: OrderedDict[tuple[str, str], Place] = OrderedDict()


class VerifiedDirectory(DatabaseKeyDirectory):
    """A `KeyDirectory` for one agency, at one moment."""

    def __init__(self, reader: str, now: datetime) -> None:
        super().__init__(now)
        self.reader = reader
        self.refused: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self._book: Book | None = None

    @property
    def alarms(self) -> dict[str, str]:
        """What failed, by peer."""
        return self.hidden | self.refused

    @property
    def known(self) -> list[str]:
        """The peers with a pinned root whose keys were read and trusted."""
        pins = self.book.pins
        return [peer for peer, chain in self._histories.items() if chain and peer in pins and pins[peer].root]

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
        keysets = list(Keyset.objects.filter(agency_id__in=wanted).order_by("version", "accepted_at"))
        revokes = list(Revocation.objects.filter(agency_id__in=wanted).order_by("accepted_at"))
        proved = _Proved.of({KEYSET: keysets, REVOKE: revokes})
        for agency in wanted:
            own = [row for row in keysets if row.agency_id == agency]
            said = [row for row in revokes if row.agency_id == agency]
            self._histories[agency] = self._trusted(agency, own, said, proved)
            self._newest[agency] = envelope.newest_in_force(self._histories[agency], self._now)

    def _trusted(
        self, agency: str, keysets: Sequence[Keyset], revokes: Sequence[Revocation], proved: "_Proved"
    ) -> tuple[envelope.Keyset, ...]:
        self._revokes[agency] = []
        try:
            if self.book.revision < 0:
                raise VerificationError(Failure.KEYSET_ROOT, PINS_ALTERED, (agency,))
            items = proved.items(agency, keysets)
            chain = verify_chain(agency, items)
            self._check_pin(agency, chain)
            words = verify_revokes(agency, items, proved.items(agency, revokes))
        except EnvelopeError as failure:
            if isinstance(failure, MalformedError):
                self._unreadable.add(agency)
            self.refused[agency] = PINS_ALTERED if self.book.revision < 0 else str(failure.code)
            return ()
        self._revokes[agency] = [*words, *self._missing(agency, words)]
        return chain

    def _missing(self, agency: str, words: Sequence[envelope.Revocation]) -> list[envelope.Revocation]:
        """The revocations that the book has and that no word of the rows stands for."""
        shown = {word.kid: word for word in _kept_form(words)}
        kept = self.book.pins.get(agency, Pin()).revoked
        missing = [word for word in kept if word.kid not in shown or not shown[word.kid].covers(word)]
        if missing:
            self.hidden[agency] = REVOCATION_MISSING
        return [
            envelope.Revocation(agency, word.kid, word.since, None, "", word.log_time, word.index)
            for word in missing
        ]

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
        revoked = summed_up((*pin.revoked, *_kept_form(self._revokes[agency])))
        return replace(pin, root=root, version=max(pin.version, keyset.version), revoked=revoked)


def directory_of(agency: Agency, now: datetime) -> DatabaseKeyDirectory:
    """Whose keys count for an agency; one that holds its own keys verifies in its own system, not here."""
    return VerifiedDirectory(agency.pk, now) if agency.is_hosted else DatabaseKeyDirectory(now)


@lru_cache(maxsize=REMEMBERED)
def verify_chain(agency: str, items: Items) -> tuple[envelope.Keyset, ...]:
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


@lru_cache(maxsize=REMEMBERED)
def verify_revokes(agency: str, chain: Items, words: Items) -> tuple[envelope.Revocation, ...]:
    """Each `revoke` by the agency's chain, given as `verify_chain` takes it. Raises the envelope's errors."""
    keysets, found = verify_chain(agency, chain), []
    for octets, od, (log_time, index) in words:
        said = verify_logged_revoke(octets, keysets, log_time=log_time)
        if said.od != od:
            raise VerificationError(Failure.RECEIPT, agencies=(agency,))
        found.append(revocation_of(said, log_time, index))
    return tuple(found)


def _kept_form(words: Iterable[envelope.Revocation]) -> tuple[Revoked, ...]:
    return summed_up(
        Revoked(word.kid, word.since, word.log_time, -1 if word.index is None else word.index)
        for word in words
    )


@dataclass(frozen=True)
class _Proved:
    """The places of objects with a receipt that holds, by digest; of those with one that does not, the cause."""

    places: Mapping[str, Place]
    failed: Mapping[str, str]

    @classmethod
    def of(cls, rows: Mapping[str, Sequence[Keyset] | Sequence[Revocation]]) -> "_Proved":
        """Of these rows by kind; those that the ledger has not logged are in neither."""
        vkey = settings.LEDGER_VKEY
        said = {row.od: (kind, row.agency_id) for kind, some in rows.items() for row in some}
        unseen = [od for od in said if (vkey, od) not in _places]
        failed: dict[str, str] = {}
        if unseen:
            keys = pinned_keys()
            for od, answer in proofs.receipts_for(unseen).items():
                kind, agency = said[od]
                try:
                    receipt = Receipt.parse(answer)
                    at = receipt.verify(d=od, keys=keys, k=kind, a=agency)
                except EnvelopeError as failure:
                    failed[od] = str(failure.code)
                else:
                    _remember(vkey, od, (at, receipt.index))
        return cls({od: _places[vkey, od] for od in said if (vkey, od) in _places}, failed)

    def items(self, agency: str, rows: Sequence[Keyset] | Sequence[Revocation]) -> Items:
        """Octets, digest and place of each that is logged; raises VerificationError for a receipt that does not hold."""
        for row in rows:
            if row.od in self.failed:
                raise VerificationError(Failure.RECEIPT, self.failed[row.od], (agency,))
        return tuple((bytes(row.jws), row.od, self.places[row.od]) for row in rows if row.od in self.places)


def _remember(vkey: str, od: str, place: Place) -> None:
    _places[vkey, od] = place
    while len(_places) > REMEMBERED:
        _places.popitem(last=False)
