# SPDX-License-Identifier: Apache-2.0
"""Handovers: the ledger's key names the key that signs after it.

A handover is a signed note of four lines: its kind, the old verifier key, the new one, and the size of the tree up to which the
old key signed. Both keys sign it: a reader who pins one learns the other. From then on a checkpoint beyond that size by the old
key does not count. Neither note can be mistaken for a checkpoint or the reverse, by lines that the other cannot have. Source:
docs/spec/envelope.md, "Replacing the ledger's key".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from accord.envelope.errors import NoteError
from accord.envelope.tree.notes import VerifierKey, parse_note, parse_tree_number, verify_note

HEADER: Final = "accord-ledger-handover/1"


@dataclass(frozen=True)
class Handover:
    """`old` signed the tree up to `size` leaves; `new`, of the same name, signs from there on."""

    old: VerifierKey
    new: VerifierKey
    size: int

    @property
    def text(self) -> str:
        """The lines that both keys sign."""
        return f"{HEADER}\n{self.old.text}\n{self.new.text}\n{self.size}\n"


def verify_handover(note: str) -> Handover:
    """Read a handover and check that both its keys signed it; the caller checks whether either is pinned.

    Raises `NoteError`.
    """
    parsed = parse_note(note)
    lines = parsed.text.split("\n")
    if len(lines) != 5 or lines[0] != HEADER or lines[4] != "":
        raise NoteError("not a hand-over of a ledger's key")
    handover = Handover(VerifierKey.parse(lines[1]), VerifierKey.parse(lines[2]), parse_tree_number(lines[3]))
    if handover.old.name != handover.new.name or handover.old.public == handover.new.public:
        raise NoteError("a hand-over is between two keys of one name")
    for key in (handover.old, handover.new):
        verify_note(parsed, [key])
    return handover


def keys_after(pinned: Iterable[VerifierKey], notes: Sequence[str]) -> list[VerifierKey]:
    """Return the pinned keys and those that handovers lead to from them, each with the size up to which it signs.

    A note that leads to no pinned key is ignored. Raises `NoteError` for one that is malformed or not signed by both its keys,
    and where one key was handed over twice.
    """
    waiting = [verify_handover(note) for note in notes]
    if len({handover.old for handover in waiting}) < len(waiting):
        raise NoteError("a ledger's key was handed over twice")
    known = {key.text: key for key in pinned}
    while found := [one for one in waiting if one.old.text in known or one.new.text in known]:
        for handover in found:
            known.setdefault(handover.new.text, handover.new)
            known[handover.old.text] = replace(handover.old, last_size=handover.size)
        waiting = [one for one in waiting if one not in found]
    return list(known.values())
