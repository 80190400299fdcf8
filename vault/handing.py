# SPDX-License-Identifier: Apache-2.0
"""Handing over what opens the history of an agency that has left a desk, and its use at the new desk.

- Private keys are not handed over. The content key of each envelope is sealed again, here, to the newest key of the
  keyset in force, which names another holder.
- Nobody chooses that key, and nothing is handed over before that keyset is in the log.
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
from vault.models import Arrival, Departure, HandedEntry
from vault.own_keys import own_directory
from vault.wrapped_keys import HeldDecryptionKeys

KEY_ELSEWHERE: Final = "sealed to a key that another desk has"
MAX_ENTRY_CHARS: Final = 8192


def has_left(agency_id: str) -> bool:
    """Tell whether the agency is leaving or has left this desk, so that nothing is sent for it; true for an altered row, too."""
    row = Departure.objects.filter(pk=agency_id).first()
    return row is not None and (row.agreed_at is not None or not row.is_bound)


def is_gone(agency_id: str) -> bool:
    """Tell whether the agency has left and its private keys were destroyed here."""
    return Departure.objects.filter(pk=agency_id, destroyed_at__isnull=False).exists()


def is_awaited(agency_id: str, *, now: datetime) -> bool:
    """Tell whether the agency comes here from another desk, and the keyset in force does not name this one's keys yet."""
    comes = Arrival.objects.filter(pk=agency_id).exists()
    return comes and keyset_elsewhere(agency_id, now=now) is not None


def keyset_elsewhere(agency_id: str, *, now: datetime) -> Keyset | None:
    """Return the keyset in force, as verified, where it names another holder of the keys than this desk; else None."""
    keyset = own_directory(agency_id, now).keyset(agency_id)
    return keyset if keyset is not None and _is_elsewhere(keyset) else None


def key_elsewhere(agency_id: str, *, now: datetime) -> PublicKey:
    """Return the PQ1 key to which the agency's history is sealed; raises NotElsewhereError while this desk holds the keys."""
    keyset = keyset_elsewhere(agency_id, now=now)
    row = newest_encryption_key(keyset, PQ1, int(now.timestamp())) if keyset and has_left(agency_id) else None
    if row is None or row.kid in HeldDecryptionKeys(agency_id):
        raise NotElsewhereError
    return row.key


def seal_again(agency_id: str, unverified: UnverifiedSlice, to: PublicKey) -> str:
    """Seal the content key of the agency's own slice to `to`; raises OpeningError where the key that opens it is not here."""
    entry = unverified.jwe.entries[0]
    key = HeldDecryptionKeys(agency_id).get(entry.kid)
    if key is None:
        raise OpeningError(Failure.KEY_MISSING)
    return hand_over(entry, key=key, to=to)


def read_handed(text: str) -> Entry:
    """Read an entry that was handed over; raises MalformedError."""
    value = parse_json(text.encode("ascii", "replace"), limit=MAX_ENTRY_CHARS, where="entry")
    try:
        (entry,) = read_entries([value], PQ1)
    except EnvelopeError:
        (entry,) = read_entries([value], EC1)
    return entry


def keep_handed_entry(agency_id: str, md: str, entry: Entry) -> None:
    """Keep the entry that opens an envelope, unless there is one; in the caller's transaction."""
    keep_bound([HandedEntry(agency_id=agency_id, md=md, entry=entry.text)])


def entry_for(
    agency_id: str, unverified: UnverifiedSlice, peers: KeyDirectory, keys: HeldDecryptionKeys
) -> Entry | None:
    """Return the handed entry of a slice that is sealed to a former key of the agency; None where its own key is here.

    Raises OpeningError with `KEY_ELSEWHERE` where neither is here and another desk has or had the key: the agency
    receives the alert there. A row that was altered outside the program is ignored.
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
