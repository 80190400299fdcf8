# SPDX-License-Identifier: Apache-2.0
"""Proofs, notes, receipts and hand-overs for each check that follows others: no other check refuses them."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from accord.envelope.encoding import b64u
from accord.envelope.errors import MalformedError, NoteError, ProofError, TooLargeError
from accord.envelope.private import LedgerKey
from accord.envelope.tree.handovers import Handover, keys_after, verify_handover
from accord.envelope.tree.merkle import (
    EMPTY_ROOT,
    consistency_path,
    consistency_ranges,
    inclusion_path,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from accord.envelope.tree.notes import (
    Checkpoint,
    VerifierKey,
    key_id_of,
    parse_note,
    signature_line,
    verify_note,
)
from accord.envelope.tree.receipts import MAX_RECEIPT_SIZE_BYTES, LeafEntry, Receipt

LEAVES = [leaf_hash(bytes([number])) for number in range(7)]


ROOT = root_of(LEAVES)


KEY = LedgerKey.generate("ledger.example/log")


def test_an_index_outside_the_tree_is_refused_on_both_sides() -> None:
    for index in (-1, 7, -7):
        with pytest.raises(ProofError, match="outside"):
            inclusion_ranges(index, 7)
        with pytest.raises(ProofError, match="outside"):
            verify_inclusion(leaf=LEAVES[0], index=index, size=7, path=[], root=ROOT)


def test_trees_do_not_shrink() -> None:
    for first, second in ((-1, 7), (8, 7), (-1, -1)):
        with pytest.raises(ProofError, match="larger"):
            consistency_ranges(first, second)
        with pytest.raises(ProofError, match="larger"):
            verify_consistency(
                first=first, second=second, path=[LEAVES[0]], first_root=ROOT, second_root=ROOT
            )
    # The proof is of one root with itself, backwards: only the order of sizes refuses it.
    with pytest.raises(ProofError, match="larger"):
        verify_consistency(first=2, second=1, path=[], first_root=ROOT, second_root=ROOT)


def test_a_proof_that_goes_on_above_the_root_is_too_long() -> None:
    path = inclusion_path(LEAVES, 3)
    above = node_hash(ROOT, LEAVES[0])
    for root in (ROOT, above, node_hash(LEAVES[0], ROOT)):
        with pytest.raises(ProofError, match="too long"):
            verify_inclusion(leaf=LEAVES[3], index=3, size=7, path=[*path, LEAVES[0]], root=root)
    proof = consistency_path(LEAVES, 3)
    for side in (above, node_hash(LEAVES[0], ROOT)):
        with pytest.raises(ProofError, match="too long"):
            verify_consistency(
                first=3, second=7, path=[*proof, LEAVES[0]], first_root=root_of(LEAVES[:3]), second_root=side
            )


def test_equal_and_empty_trees_need_no_proof() -> None:
    verify_consistency(first=7, second=7, path=[], first_root=ROOT, second_root=ROOT)
    verify_consistency(first=0, second=7, path=[], first_root=EMPTY_ROOT, second_root=ROOT)
    for first, first_root in ((7, ROOT), (0, EMPTY_ROOT)):
        with pytest.raises(ProofError, match="too long"):
            verify_consistency(
                first=first, second=7, path=[LEAVES[0]], first_root=first_root, second_root=ROOT
            )
    with pytest.raises(ProofError, match="empty tree"):
        verify_consistency(first=0, second=7, path=[], first_root=ROOT, second_root=ROOT)
    with pytest.raises(ProofError, match="two roots"):
        verify_consistency(first=7, second=7, path=[], first_root=LEAVES[0], second_root=ROOT)


def test_a_proof_between_two_sizes_is_not_empty() -> None:
    with pytest.raises(ProofError, match="too short"):
        verify_consistency(first=3, second=7, path=[], first_root=root_of(LEAVES[:3]), second_root=ROOT)


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33)])
def test_hashes_have_thirty_two_octets(wrong: bytes) -> None:
    """A longer one could contain two others, and be split again by the next node."""
    with pytest.raises(ProofError, match="32 octets"):
        root_of([wrong])
    with pytest.raises(ProofError, match="32 octets"):
        verify_inclusion(leaf=wrong, index=0, size=1, path=[], root=wrong)
    for leaf, path, root in (
        (wrong, [LEAVES[1]], ROOT),
        (LEAVES[0], [wrong], ROOT),
        (LEAVES[0], [LEAVES[1]], wrong),
    ):
        with pytest.raises(ProofError, match="32 octets"):
            verify_inclusion(leaf=leaf, index=0, size=2, path=path, root=root)
    for first_root, second_root in ((wrong, ROOT), (LEAVES[0], wrong)):
        with pytest.raises(ProofError, match="32 octets"):
            verify_consistency(
                first=1, second=2, path=[LEAVES[1]], first_root=first_root, second_root=second_root
            )
    with pytest.raises(ProofError, match="32 octets"):
        verify_consistency(first=1, second=1, path=[], first_root=wrong, second_root=wrong)
    with pytest.raises(ProofError, match="32 octets"):
        verify_consistency(first=1, second=2, path=[wrong], first_root=LEAVES[0], second_root=ROOT)


# Notes.


def vkey(name: str, octets: bytes, key_id: bytes | None = None) -> str:
    public = octets[1:]
    given = key_id_of(name, public) if key_id is None else key_id
    return f"{name}+{given.hex()}+{base64.b64encode(octets).decode()}"


GOOD_PUBLIC = KEY.verifier.public


WRONG_VKEYS = {
    "another algorithm": (vkey("ledger", b"\x02" + GOOD_PUBLIC), "not Ed25519"),
    "an octet more": (vkey("ledger", b"\x01" + GOOD_PUBLIC + b"\x00"), "not Ed25519"),
    "an octet less": (vkey("ledger", b"\x01" + GOOD_PUBLIC[:-1]), "not Ed25519"),
    "no name": (vkey("", b"\x01" + GOOD_PUBLIC), "key name"),
    "a name with a space": (vkey("the ledger", b"\x01" + GOOD_PUBLIC), "key name"),
    "another id": (vkey("ledger", b"\x01" + GOOD_PUBLIC, bytes(4)), "id is not"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_VKEYS.values(), ids=WRONG_VKEYS.keys())
def test_a_verifier_key_is_refused_for_its_own_fault(text: str, said: str) -> None:
    with pytest.raises(NoteError, match=said):
        VerifierKey.parse(text)


@pytest.mark.parametrize("control", ["\x00", "\t", "\r", "\x1f"])
def test_a_note_holds_no_control_characters(control: str) -> None:
    """The note is well signed, but would be shown differently from the signed text."""
    with pytest.raises(NoteError, match="control"):
        verify_note(KEY.sign_note(f"te{control}xt\n"), [KEY.verifier])


def test_a_note_is_text_a_blank_line_and_signature_lines_that_begin_with_a_dash() -> None:
    note = KEY.sign_note("text\n")
    line = note.rpartition("\n\n")[2]
    assert parse_note(note).text == "text\n"
    for wrong, said in (
        ("text\n" + line, "no signature lines"), (note[:-1], "no signature lines"), ("", "no signature lines"),
        ("text\n\n" + signature_line(KEY.name, KEY.verifier.key_id, b""), "too short"),
        (note.replace("\u2014 ", ""), "signature line"), (note.replace("\u2014 ", "\u2013 "), "signature line"),
    ):  # fmt: skip
        with pytest.raises(NoteError, match=said):
            parse_note(wrong)


def test_a_checkpoint_ends_with_its_third_line() -> None:
    text = Checkpoint("ledger.example/log", 7, ROOT).text
    assert Checkpoint.parse(text.replace("7", str(2**53 - 1), 1)).size == 2**53 - 1
    for wrong in (text[:-1], text + "more", text + "\n", text[:-1] + "more\n"):
        with pytest.raises(NoteError):
            Checkpoint.parse(wrong)


# Receipts.

ENTRY = LeafEntry("A" * 43, "x", 5)


def receipt() -> Receipt:
    hashes = [leaf_hash(ENTRY.encode()), *LEAVES]
    note = KEY.sign_note(Checkpoint(KEY.name, len(hashes), root_of(hashes)).text)
    return Receipt(ENTRY, 0, tuple(inclusion_path(hashes, 0)), note)


def test_a_receipt_blown_up_with_spaces_is_refused() -> None:
    octets = b'{"leaf":' + ENTRY.encode() + b',"index":0,"path":[],"checkpoint":""}'
    assert Receipt.parse_bytes(octets.ljust(MAX_RECEIPT_SIZE_BYTES)).leaf == ENTRY
    with pytest.raises(TooLargeError):
        Receipt.parse_bytes(octets.ljust(MAX_RECEIPT_SIZE_BYTES + 1))


CHANGED_TEXTS: dict[str, Callable[[str], str]] = {
    "no blank line": lambda text: text.replace("\n\n", "\n"),
    "no index": lambda text: "\n".join(text.partition("\n\n")[0].split("\n")[:2]) + "\n\n",
    "no lines": lambda text: "c2sp.org/tlog-proof@v1\n\n",
    "another header": lambda text: text.replace("@v1", "@v2"),
    "a path without end": lambda text: text.replace(
        "\n\n", "\n" + "\n".join([base64.b64encode(bytes(32)).decode()] * 62) + "\n\n", 1
    ),
    "a leaf under another name": lambda text: text.replace("extra ", "leaf "),
    "a leaf without a name": lambda text: text.replace("extra ", ""),
    "an index without a name": lambda text: text.replace("index ", ""),
}


@pytest.mark.parametrize("change", CHANGED_TEXTS.values(), ids=CHANGED_TEXTS.keys())
def test_the_text_of_a_receipt_has_one_form(change: Callable[[str], str]) -> None:
    text = receipt().tlog_proof()
    assert Receipt.parse_tlog_proof(text) == receipt()
    with pytest.raises(MalformedError):
        Receipt.parse_tlog_proof(change(text))


def test_the_text_of_a_receipt_may_have_the_longest_path() -> None:
    long = Receipt(ENTRY, 0, tuple([bytes(32)] * 64), "x")
    assert Receipt.parse_tlog_proof(long.tlog_proof()) == Receipt.parse(long.as_json()) == long
    assert b64u(bytes(32)) in long.as_json()["path"]


# Verifier keys and checkpoints.


def public_with_plus_signs() -> bytes:
    """The first public key, counting up, that is a point and has plus signs in its base64."""
    for number in range(2, 10_000):
        public = b"\xfb\xef" + b"\xfb\xef\xbe" * 9 + number.to_bytes(3, "little")
        try:
            VerifierKey.parse(vkey("a", b"\x01" + public))
        except NoteError:
            continue
        return public
    raise AssertionError("no such point")


def test_plus_signs_in_the_base64_of_a_verifier_key_are_no_separators() -> None:
    text = vkey("ledger.example/log", b"\x01" + public_with_plus_signs())
    assert text.rpartition("ledger.example/log")[2].count("+") > 3
    assert VerifierKey.parse(text).text == text


def test_a_hand_over_that_both_keys_signed_reads_as_it_was_written() -> None:
    old, new, other = (LedgerKey.generate("hub.example/ledger") for _ in range(3))
    said = Handover(old.verifier, new.verifier, 1077)

    def signed(text: str, to: LedgerKey = new) -> str:
        return f"{text}\n" + "".join(key.sign_note(text).removeprefix(f"{text}\n") for key in (old, to))

    assert verify_handover(signed(said.text)) == said
    again = signed(Handover(old.verifier, other.verifier, 1077).text, other)
    with pytest.raises(NoteError, match="twice"):
        keys_after([old.verifier], [signed(said.text), again])
    for wrong in (f"{said.text}more\n", f"{said.text}\n", f"{said.text[:-1]}\nmore\n"):
        with pytest.raises(NoteError):
            verify_handover(signed(wrong))
