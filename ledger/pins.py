# SPDX-License-Identifier: Apache-2.0
"""The ledger's pinned verifier keys, from the setting `LEDGER_VKEY` (divided by white space, the newest first)."""

from django.conf import settings

from accord.envelope.tree.notes import VerifierKey


def pinned_keys() -> list[VerifierKey]:
    """Return the keys under which this hub's checkpoints count. Raises `NoteError` for a malformed one."""
    return [VerifierKey.parse(text) for text in settings.LEDGER_VKEY.split()]


def current_vkey() -> str:
    """Return the verifier key that signs now, as partners copy it from paper."""
    return str(settings.LEDGER_VKEY.split()[0])
