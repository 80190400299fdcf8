# SPDX-License-Identifier: Apache-2.0
"""Recorded handovers of the ledger's key: the notes, and the keys that count by them."""

from accord.envelope.tree.handovers import keys_after
from accord.envelope.tree.notes import VerifierKey
from ledger.models import KeyHandover
from ledger.pins import pinned_keys


def handover_notes() -> list[str]:
    """Return every note by which the ledger's key was replaced, oldest first."""
    return list(KeyHandover.objects.values_list("note", flat=True))


def counting_keys() -> list[VerifierKey]:
    """Return the pinned keys, each with the size up to which it signs. Raises `NoteError` for an invalid note."""
    pinned = {key.text for key in pinned_keys()}
    return [key for key in keys_after(pinned_keys(), handover_notes()) if key.text in pinned]
