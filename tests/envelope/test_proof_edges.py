# SPDX-License-Identifier: Apache-2.0
"""Proofs and notes at their limits: hashes of another length, numbers just outside, base64 with plus signs."""

import base64

import pytest

from accord.envelope.errors import MalformedError, NoteError, ProofError
from accord.envelope.tree.merkle import (
    EMPTY_ROOT,
    consistency_path,
    consistency_ranges,
    inclusion_path,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from accord.envelope.tree.notes import Checkpoint, VerifierKey, key_id_of
from accord.envelope.tree.receipts import MAX_PATH_LENGTH, LeafEntry, Receipt

LEAVES = [leaf_hash(bytes([number])) for number in range(9)]


def consistent(first: int, second: int, path: list[bytes], old: bytes | None = None) -> None:
    verify_consistency(
        first=first,
        second=second,
        path=path,
        first_root=root_of(LEAVES[:first]) if old is None else old,
        second_root=root_of(LEAVES[:second]),
    )


def shifted(one: bytes, other: bytes) -> tuple[bytes, bytes]:
    """Move the last octet of `one` to the front of `other`, so that together they are the same octets."""
    return one[:-1], one[-1:] + other


def test_octets_cannot_be_moved_from_one_hash_of_a_proof_to_the_next() -> None:
    path = consistency_path(LEAVES[:7], 3)
    consistent(3, 7, path)
    with pytest.raises(ProofError):
        consistent(3, 7, [*shifted(path[0], path[1]), *path[2:]])


def test_octets_cannot_be_moved_from_the_old_root_into_the_proof() -> None:
    path = consistency_path(LEAVES[:4], 2)
    consistent(2, 4, path)
    root, first = shifted(root_of(LEAVES[:2]), path[0])
    with pytest.raises(ProofError):
        consistent(2, 4, [first, *path[1:]], root)


def test_a_root_has_32_octets_even_where_nothing_is_hashed() -> None:
    for second_root in (b"", bytes(31), bytes(33)):
        with pytest.raises(ProofError):
            verify_consistency(first=0, second=5, path=[], first_root=EMPTY_ROOT, second_root=second_root)
    verify_consistency(first=0, second=5, path=[], first_root=EMPTY_ROOT, second_root=bytes(32))
    with pytest.raises(ProofError):
        verify_consistency(first=5, second=5, path=[], first_root=b"a", second_root=b"a")


@pytest.mark.parametrize("size", range(1, 10))
def test_a_proof_is_as_long_as_the_tree_demands(size: int) -> None:
    for first in range(1, size + 1):
        path = consistency_path(LEAVES[:size], first)
        consistent(first, size, path)
        assert len(path) == len(consistency_ranges(first, size))
        for wrong in (path[:-1], path[1:], [*path, LEAVES[0]], [LEAVES[0], *path]):
            if wrong != path:
                with pytest.raises(ProofError):
                    consistent(first, size, wrong)
    for index in range(size):
        path = inclusion_path(LEAVES[:size], index)
        root = root_of(LEAVES[:size])
        verify_inclusion(leaf=LEAVES[index], index=index, size=size, path=path, root=root)
        for wrong in (path[:-1], path[1:], [*path, LEAVES[0]], [LEAVES[0], *path]):
            if wrong != path:
                with pytest.raises(ProofError):
                    verify_inclusion(leaf=LEAVES[index], index=index, size=size, path=wrong, root=root)


def test_sizes_and_places_outside_the_tree_are_refused() -> None:
    for first, second in ((-1, 2), (3, 2)):
        with pytest.raises(ProofError):
            consistency_ranges(first, second)
        with pytest.raises(ProofError):
            verify_consistency(
                first=first, second=second, path=[], first_root=LEAVES[0], second_root=LEAVES[0]
            )
    for index, size in ((-1, 1), (1, 1), (0, 0)):
        with pytest.raises(ProofError):
            verify_inclusion(leaf=LEAVES[0], index=index, size=size, path=[], root=LEAVES[0])


# Receipts as proof text.


def proof(path: int = 0) -> str:
    leaf = LeafEntry("A" * 43, "x", 7)
    return Receipt(leaf, 0, tuple(LEAVES[:1] * path), "note\n\n\u2014 n AAAAAAAA\n").tlog_proof()


def test_a_proof_text_holds_up_to_64_hashes() -> None:
    for count in (0, 1, MAX_PATH_LENGTH - 1, MAX_PATH_LENGTH):
        assert len(Receipt.parse_tlog_proof(proof(count)).path) == count
    with pytest.raises(MalformedError):
        Receipt.parse_tlog_proof(proof(MAX_PATH_LENGTH + 1))


def test_a_proof_text_has_header_leaf_index_and_note() -> None:
    header, extra, index = proof().partition("\n\n")[0].split("\n")
    for head in ("", header, f"{header}\n{extra}", f"{extra}\n{index}", f"{header}\n{index}\n{extra}",
                 f"x{header}\n{extra}\n{index}", f"{header}\n{extra[1:]}\n{index}"):  # fmt: skip
        with pytest.raises((MalformedError, NoteError)):
            Receipt.parse_tlog_proof(f"{head}\n\nnote")
    with pytest.raises(MalformedError):
        Receipt.parse_tlog_proof(f"{header}\n{extra}\n{index}")


def test_a_receipt_holds_up_to_64_hashes() -> None:
    whole = Receipt.parse_tlog_proof(proof(MAX_PATH_LENGTH)).as_json()
    assert len(Receipt.parse(whole).path) == MAX_PATH_LENGTH
    with pytest.raises(MalformedError):
        Receipt.parse(whole | {"path": [*whole["path"], whole["path"][0]]})


# Verifier keys and checkpoints.


def vkey(name: str, public: bytes, *, alg: bytes = b"\x01") -> str:
    encoded = base64.b64encode(alg + public).decode()
    return f"{name}+{key_id_of(name, public).hex()}+{encoded}"


def public_with_plus_signs() -> bytes:
    """The first public key, counting up, that is a point and has plus signs in its base64."""
    for number in range(2, 10_000):
        public = b"\xfb\xef" + b"\xfb\xef\xbe" * 9 + number.to_bytes(3, "little")
        try:
            VerifierKey.parse(vkey("a", public))
        except NoteError:
            continue
        return public
    raise AssertionError("no such point")


def test_plus_signs_in_the_base64_of_a_verifier_key_are_no_separators() -> None:
    text = vkey("ledger.example/log", public_with_plus_signs())
    assert text.rpartition("ledger.example/log")[2].count("+") > 3
    assert VerifierKey.parse(text).text == text


def test_a_verifier_key_is_ed25519_and_nothing_longer() -> None:
    public = public_with_plus_signs()
    for text in (vkey("a", public, alg=b"\x02"), vkey("a", public + b"\x00"), vkey("a", public[:-1])):
        with pytest.raises(NoteError):
            VerifierKey.parse(text)


def test_a_checkpoint_counts_up_to_the_largest_integer() -> None:
    root = base64.b64encode(LEAVES[0]).decode()
    assert Checkpoint.parse(f"o\n{2**53 - 1}\n{root}\n").size == 2**53 - 1
    for size in (str(2**53), "01", "-1", "+1", " 1", "", "1e3", "\u0661"):
        with pytest.raises(NoteError):
            Checkpoint.parse(f"o\n{size}\n{root}\n")
