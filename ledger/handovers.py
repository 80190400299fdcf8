# SPDX-License-Identifier: Apache-2.0
"""Hand-overs of the ledger's key as they stand: the notes, and the keys that count by them."""

from accord.envelope.tree.handovers import keys_after
from accord.envelope.tree.notes import VerifierKey
from ledger.models import KeyHandover
from ledger.pins import pinned_keys


def handover_notes() -> list[str]:
    """Every note by which the ledger's key was replaced, oldest first."""
    return list(KeyHandover.objects.values_list("note", flat=True))


def counting_keys() -> list[VerifierKey]:
    """The pinned keys, each with the size up to which it signs. Raises `NoteError` for a note that does not hold."""
    pinned = {key.text for key in pinned_keys()}
    return [key for key in keys_after(pinned_keys(), handover_notes()) if key.text in pinned]
