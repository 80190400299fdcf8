# SPDX-License-Identifier: Apache-2.0
"""Replacing the ledger's key: the old key names the new one, both sign that note, and partners learn the new key from it.

Signatures of the old key stay valid up to the size named there; later ones do not count.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.db import transaction

from accord.envelope.encoding import object_digest
from accord.envelope.private import LedgerKey
from accord.envelope.tree.handovers import Handover
from ledger.audit import record_event
from ledger.errors import KeyHandedOverError, KeyNotPinnedError
from ledger.halting import ACTOR
from ledger.leadership import lead
from ledger.models import HUB_LEVEL, KeyHandover
from ledger.pins import pinned_keys
from ledger.state import read_state

HANDOVER_TYP = "accord-ledger-handover"


def require_signing_key(key: LedgerKey) -> None:
    """Raise `KeyNotPinnedError`, or `KeyHandedOverError` for a key that another one follows."""
    if key.vkey not in {pinned.text for pinned in pinned_keys()}:
        raise KeyNotPinnedError
    if KeyHandover.objects.filter(old=key.vkey).exists():
        raise KeyHandedOverError


def hand_key_over(old: LedgerKey, new: LedgerKey, folder: Path, *, now: datetime) -> KeyHandover:
    """Sign by both keys that `new` signs from the next checkpoint on; every sequencer is shut out meanwhile.

    Raises `NotLeadingError` while one leads, and as `require_signing_key` for `old`.
    """
    require_signing_key(old)
    with lead(folder) as leadership, transaction.atomic():
        leadership.require_current()
        signed = read_state(folder)
        handover = Handover(old.verifier, new.verifier, signed.size if signed else 0)
        note = sign_by_both(handover, [old, new])
        record_event(
            "ledger.key_replaced",
            actor=ACTOR,
            agency=HUB_LEVEL,
            subject="ledger",
            detail={"old": old.vkey, "new": new.vkey, "size": handover.size},
            entry=object_digest(HANDOVER_TYP, note.encode()),
            now=now,
        )
        return KeyHandover.objects.create(old=old.vkey, new=new.vkey, note=note, at=now)


def sign_by_both(handover: Handover, keys: Sequence[LedgerKey]) -> str:
    """Return the note of a handover, with one signature line by each key."""
    lines = [key.sign_note(handover.text).removeprefix(f"{handover.text}\n") for key in keys]
    return f"{handover.text}\n{''.join(lines)}"
