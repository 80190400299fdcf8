# SPDX-License-Identifier: Apache-2.0
"""Handing over of what opens the history of an agency that has left a desk, and its use at the desk where the agency is now.

The private keys stay where they are. Of each envelope the content key is sealed again, here, to the newest key of the keyset
in force, which names another holder: nobody chooses the key, and nothing is handed over before that keyset is in the log.
"""

from datetime import datetime
from typing import Final

from accord.envelope.encoding import parse_json
from accord.envelope.errors import EnvelopeError, Failure, OpeningError
from accord.envelope.jwe import Entry, read_entries
from accord.envelope.keys import EC1, PQ1, PublicKey
from accord.envelope.keysets import KeyDirectory, Keyset, newest_encryption_key
from accord.envelope.reseal import hand_over
from accord.envelope.slices import UnverifiedSlice
from callers.binding import keep_bound
from peers.models import Agency
from vault.errors import NotElsewhereError
from vault.keeping import HeldDecryptionKeys
from vault.models import Arrival, Departure, HandedEntry
from vault.standing import own_directory

KEY_ELSEWHERE: Final = "sealed to a key that another desk has"
MAX_ENTRY_CHARS: Final = 8192


def has_left(agency_id: str) -> bool:
    """Tell whether the agency leaves this desk, or has left it: nothing is sent for it. A row that was altered says so, too."""
    row = Departure.objects.filter(pk=agency_id).first()
    return row is not None and (row.agreed_at is not None or not row.is_bound)


def is_gone(agency_id: str) -> bool:
    """Tell whether the agency's private keys were destroyed here because it has left."""
    return Departure.objects.filter(pk=agency_id, destroyed_at__isnull=False).exists()


def is_awaited(agency_id: str, *, now: datetime) -> bool:
    """Tell whether the agency comes here from another desk, and the keyset in force does not name this one's keys yet."""
    comes = Arrival.objects.filter(pk=agency_id).exists()
    return comes and keyset_elsewhere(agency_id, now=now) is not None


def keyset_elsewhere(agency_id: str, *, now: datetime) -> Keyset | None:
    """Return the keyset in force, as it was verified, where it says that somebody else than this desk holds the keys."""
    keyset = own_directory(agency_id, now).keyset(agency_id)
    return keyset if keyset is not None and _is_elsewhere(keyset) else None


def key_elsewhere(agency_id: str, *, now: datetime) -> PublicKey:
    """Return the key to which the agency's history is sealed, of PQ1; raises NotElsewhereError while this desk holds the keys."""
    keyset = keyset_elsewhere(agency_id, now=now)
    row = newest_encryption_key(keyset, PQ1, int(now.timestamp())) if keyset and has_left(agency_id) else None
    if row is None or row.kid in HeldDecryptionKeys(agency_id):
        raise NotElsewhereError
    return row.key


def seal_again(agency_id: str, unverified: UnverifiedSlice, to: PublicKey) -> str:
    """Seal the content key of the agency's own slice to `to`; raises OpeningError where its key is not here."""
    entry = unverified.jwe.entries[0]
    key = HeldDecryptionKeys(agency_id).get(entry.kid)
    if key is None:
        raise OpeningError(Failure.KEY_MISSING)
    return hand_over(entry, key=key, to=to)


def read_handed(text: str) -> Entry:
    """Read one entry as it was handed over; raises MalformedError."""
    value = parse_json(text.encode("ascii", "replace"), limit=MAX_ENTRY_CHARS, where="entry")
    try:
        (entry,) = read_entries([value], PQ1)
    except EnvelopeError:
        (entry,) = read_entries([value], EC1)
    return entry


def keep_handed(agency_id: str, md: str, entry: Entry) -> None:
    """Keep what opens an envelope, once; in the caller's transaction."""
    keep_bound([HandedEntry(agency_id=agency_id, md=md, entry=entry.text)])


def entry_for(
    agency_id: str, unverified: UnverifiedSlice, peers: KeyDirectory, keys: HeldDecryptionKeys
) -> Entry | None:
    """Return the handed entry of a slice that is sealed to a former key of the agency; None where its own key is here.

    Raises OpeningError with `KEY_ELSEWHERE` where neither is, and another desk has the key or had it: the agency receives it
    there. A row that was changed past the program counts for nothing.
    """
    kid = unverified.jwe.entries[0].kid
    if kid in keys:
        return None
    row = HandedEntry.objects.filter(agency_id=agency_id, md=unverified.manifest.md).first()
    if row is not None and row.is_bound:
        return read_handed(row.entry)
    keyset = peers.keyset(agency_id)
    listed = keyset.row(kid) if keyset else None
    if keyset is not None and listed is not None and (listed.st != "current" or _is_elsewhere(keyset)):
        raise OpeningError(Failure.KEY_MISSING, KEY_ELSEWHERE)
    return None


def _is_elsewhere(keyset: Keyset) -> bool:
    """Tell whether the keyset names another holder than this desk."""
    custody = Agency.objects.values_list("custody", flat=True).get(pk=keyset.agency)
    return keyset.custody != custody
