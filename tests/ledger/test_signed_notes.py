# SPDX-License-Identifier: Apache-2.0
"""Signed notes and checkpoints: the published example, and every form that must be refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from accord.envelope.errors import NoteError
from accord.envelope.private import LedgerKey
from accord.envelope.tree.merkle import leaf_hash
from accord.envelope.tree.notes import (
    MAX_NOTE_SIZE_BYTES,
    Checkpoint,
    VerifierKey,
    encode_base64,
    key_id_of,
    parse_note,
    signature_line,
    verify_checkpoint,
    verify_note,
)

EXAMPLE = json.loads((Path(__file__).parent.parent / "vectors" / "c2sp_signed_note.json").read_text())
ROOT = leaf_hash(b"one")
ORIGIN = "ledger.example/accord"


def pinned(key: LedgerKey) -> VerifierKey:
    return VerifierKey.parse(key.vkey)


def line_of(note: str) -> str:
    return note.rpartition("\n\n")[2]


@pytest.fixture(scope="module")
def key() -> LedgerKey:
    return LedgerKey.generate(ORIGIN)


@pytest.fixture(scope="module")
def other() -> LedgerKey:
    return LedgerKey.generate("witness.example")


@pytest.fixture
def note(key: LedgerKey) -> str:
    return key.sign_note(Checkpoint(ORIGIN, 1, ROOT).text)


def test_the_published_note_is_signed_by_the_published_key() -> None:
    key = VerifierKey.parse(EXAMPLE["vkey"])
    assert key.text == EXAMPLE["vkey"]
    assert verify_note(EXAMPLE["note"], [key]) == "This is an example message.\n"


def test_the_published_checkpoint_is_read_and_written_alike() -> None:
    text = EXAMPLE["checkpoint_text_example"]
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == text


def test_a_checkpoint_signed_by_its_origin_counts(key: LedgerKey, note: str) -> None:
    assert verify_checkpoint(note, [pinned(key)]) == Checkpoint(ORIGIN, 1, ROOT)


def test_signatures_of_unknown_keys_are_ignored(key: LedgerKey, other: LedgerKey, note: str) -> None:
    cosigned = note + line_of(other.sign_note(Checkpoint(ORIGIN, 1, ROOT).text))
    assert verify_checkpoint(cosigned, [pinned(key)]).size == 1
    forged = note + line_of(other.sign_note("something else\n"))
    assert verify_checkpoint(forged, [pinned(key)]).size == 1


def test_a_bad_signature_of_a_pinned_key_refuses_the_note(
    key: LedgerKey, other: LedgerKey, note: str
) -> None:
    forged = note + line_of(other.sign_note("something else\n"))
    with pytest.raises(NoteError):
        verify_note(forged, [pinned(key), pinned(other)])


def test_a_note_of_unknown_keys_alone_is_refused(other: LedgerKey, note: str) -> None:
    for keys in ([], [pinned(other)]):
        with pytest.raises(NoteError):
            verify_note(note, keys)


def test_a_key_of_the_same_name_is_another_key(note: str) -> None:
    with pytest.raises(NoteError):
        verify_note(note, [pinned(LedgerKey.generate(ORIGIN))])


def test_a_checkpoint_of_another_origin_is_refused(other: LedgerKey) -> None:
    note = other.sign_note(Checkpoint(ORIGIN, 1, ROOT).text)
    assert verify_note(note, [pinned(other)])
    with pytest.raises(NoteError):
        verify_checkpoint(note, [pinned(other)])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{ORIGIN}\n1\n{encode_base64(ROOT)}\nmore\n", id="a fourth line"),
        pytest.param(f"{ORIGIN}\n1\n", id="two lines"),
        pytest.param(f"{ORIGIN}\n1\n{encode_base64(ROOT)}", id="no newline at the end"),
        pytest.param(f"{ORIGIN}\n01\n{encode_base64(ROOT)}\n", id="a leading zero"),
        pytest.param(f"{ORIGIN}\n+1\n{encode_base64(ROOT)}\n", id="a sign"),
        pytest.param(f"{ORIGIN}\n\u0661\n{encode_base64(ROOT)}\n", id="a digit that is not ASCII"),
        pytest.param(f"{ORIGIN}\n9007199254740992\n{encode_base64(ROOT)}\n", id="a size over 2^53 - 1"),
        pytest.param(f"{ORIGIN}\n1\n{encode_base64(ROOT[:31])}\n", id="a short root"),
        pytest.param(f"{ORIGIN}\n1\n{encode_base64(ROOT).rstrip('=')}\n", id="base64 without padding"),
        pytest.param(f"{ORIGIN}\n0\n{encode_base64(ROOT)}\n", id="an empty tree with another root"),
        pytest.param(f"led ger\n1\n{encode_base64(ROOT)}\n", id="a space in the origin"),
        pytest.param(f"\n1\n{encode_base64(ROOT)}\n", id="no origin"),
    ],
)
def test_a_checkpoint_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda note: note.replace("\n1\n", "\n2\n"), id="another size"),
        pytest.param(lambda note: note[:-1], id="no newline at the end"),
        pytest.param(lambda note: note.replace("\u2014 ", "-- "), id="another dash"),
        pytest.param(lambda note: note.replace("\n\n", "\n"), id="no blank line"),
        pytest.param(lambda note: note.replace(ORIGIN + "\n", ORIGIN + "\t\n"), id="a control character"),
        pytest.param(lambda note: "\ud800" + note, id="a lone surrogate"),
        pytest.param(lambda note: note.rstrip("\n")[:-1] + "\n", id="a cut signature"),
        pytest.param(lambda note: note + "\u2014 name\n", id="a line without signature"),
        pytest.param(lambda note: note + "\u2014 name AAAA\n", id="a signature that is a key id"),
        pytest.param(lambda note: note + "\u2014 name AAAAAAB=\n", id="stray bits behind a signature"),
        pytest.param(lambda note: note + "\u2014 na+me AAAAAAA=\n", id="a plus in a key name"),
        pytest.param(lambda note: note + "\u2014 n AAAAAAA=\n" * 64, id="too many signatures"),
        pytest.param(lambda note: note + f"\u2014 n {'A' * 131072}\n", id="too large"),
        pytest.param(lambda note: "", id="nothing"),
    ],
)
def test_a_note_of_another_shape_is_refused(key: LedgerKey, note: str, change: Callable[[str], str]) -> None:
    with pytest.raises(NoteError):
        verify_note(change(note), [pinned(key)])


def test_the_text_of_a_note_may_hold_blank_lines(key: LedgerKey) -> None:
    text = "one\n\ntwo\n"
    note = key.sign_note(text)
    assert parse_note(note).text == text
    assert verify_note(note, [pinned(key)]) == text
    assert verify_note(parse_note(note), [pinned(key)]) == text


def test_a_note_may_be_as_large_as_its_limit(key: LedgerKey) -> None:
    room = MAX_NOTE_SIZE_BYTES - len(key.sign_note("\n").encode())
    assert parse_note(key.sign_note("x" * room + "\n"))
    with pytest.raises(NoteError, match="too large"):
        parse_note(key.sign_note("x" * room + "\n").replace("x", "xx", 1))


@pytest.mark.parametrize(
    "public",
    [
        pytest.param(bytes([1]) + bytes(31), id="the neutral point"),
        pytest.param(bytes(32), id="a point of order four"),
        pytest.param(b"\xff" * 32, id="not canonical"),
        pytest.param(bytes([2]) + bytes(31), id="not on the curve"),
    ],
)
def test_a_verifier_key_under_which_anything_verifies_is_refused(public: bytes) -> None:
    text = f"{ORIGIN}+{key_id_of(ORIGIN, public).hex()}+{encode_base64(bytes([1]) + public)}"
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda name, key_id, encoded: f"{name}+{key_id}", id="no key"),
        pytest.param(lambda name, key_id, encoded: f"other+{key_id}+{encoded}", id="another name"),
        pytest.param(lambda name, key_id, encoded: f"{name}+00000000+{encoded}", id="another key id"),
        pytest.param(lambda name, key_id, encoded: f"{name}+{key_id.upper()}x+{encoded}", id="a long key id"),
        pytest.param(
            lambda name, key_id, encoded: f"{name}+{key_id}+Ag{encoded[2:]}", id="another kind of key"
        ),
        pytest.param(lambda name, key_id, encoded: f"{name}+{key_id}+{encoded[:-4]}", id="a short key"),
        pytest.param(lambda name, key_id, encoded: f" +{key_id}+{encoded}", id="a space for a name"),
        pytest.param(lambda name, key_id, encoded: "", id="nothing"),
    ],
)
def test_a_verifier_key_of_another_shape_is_refused(
    key: LedgerKey, change: Callable[[str, str, str], str]
) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(change(*key.vkey.split("+", 2)))


def test_a_signature_line_is_written_as_the_standard_says() -> None:
    line = line_of(EXAMPLE["note"])
    signature = parse_note(EXAMPLE["note"]).signatures[0]
    assert signature_line(signature.name, signature.key_id, signature.signature) == line
