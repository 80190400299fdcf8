# SPDX-License-Identifier: Apache-2.0
"""A hand-over of the ledger's key counts only if both keys signed it, once, between two keys of one name."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from accord.envelope.errors import NoteError
from accord.envelope.private import LedgerKey
from accord.envelope.tree.handovers import HEADER, Handover, keys_after, verify_handover

NAME = "hub.example/ledger"
OLD, NEW, NEWEST = (LedgerKey.generate(NAME) for _ in range(3))
SIZE = 1077


def signed(text: str, *keys: LedgerKey) -> str:
    """The text signed by each of the keys, in one note."""
    return f"{text}\n" + "".join(key.sign_note(text).removeprefix(f"{text}\n") for key in keys)


def handed(old: LedgerKey, new: LedgerKey, size: int = SIZE) -> str:
    return signed(Handover(old.verifier, new.verifier, size).text, old, new)


def test_a_hand_over_that_both_keys_signed_reads_as_it_was_written() -> None:
    assert verify_handover(handed(OLD, NEW)) == Handover(OLD.verifier, NEW.verifier, SIZE)


OTHER = LedgerKey.generate("other.example/ledger")
TEXT = Handover(OLD.verifier, NEW.verifier, SIZE).text


@pytest.mark.parametrize(
    "note",
    {
        "by the old key alone": lambda: signed(TEXT, OLD),
        "by the new key alone": lambda: signed(TEXT, NEW),
        "to a key of another name": lambda: handed(OLD, OTHER),
        "to itself": lambda: signed(Handover(OLD.verifier, OLD.verifier, SIZE).text, OLD),
        "with a line more": lambda: signed(f"{TEXT}more\n", OLD, NEW),
        "of another kind": lambda: signed(TEXT.replace(HEADER, "accord-ledger-handover/2"), OLD, NEW),
        "with a size that is none": lambda: signed(TEXT.replace(f"\n{SIZE}\n", "\n01\n"), OLD, NEW),
    }.values(),
    ids=["old-alone", "new-alone", "other-name", "to-itself", "line-more", "other-kind", "no-size"],
)
def test_any_other_is_refused(note: Callable[[], str]) -> None:
    with pytest.raises(NoteError):
        verify_handover(note())


def test_whoever_pins_one_key_learns_all_and_up_to_where_each_signs() -> None:
    notes = [handed(NEW, NEWEST, SIZE + 5), handed(OLD, NEW)]
    wanted = {
        replace(OLD.verifier, last_size=SIZE), replace(NEW.verifier, last_size=SIZE + 5), NEWEST.verifier,
    }  # fmt: skip
    for pinned in (OLD, NEW, NEWEST):
        assert set(keys_after([pinned.verifier], notes)) == wanted


def test_a_note_that_leads_to_no_pinned_key_is_passed_over() -> None:
    stranger = LedgerKey.generate(NAME)
    assert keys_after([stranger.verifier], [handed(OLD, NEW)]) == [stranger.verifier]


def test_a_key_is_handed_over_once() -> None:
    with pytest.raises(NoteError, match="twice"):
        keys_after([OLD.verifier], [handed(OLD, NEW), handed(OLD, NEWEST)])
