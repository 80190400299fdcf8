# SPDX-License-Identifier: Apache-2.0
"""Section 7: the tree, signed checkpoints, receipts, and the checkpoint that a verifier kept."""

from __future__ import annotations

import base64
import re
from binascii import Error as BadBase64
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests.examples.independent.encoding import (
    LARGEST,
    agency,
    array,
    canonical,
    closed,
    integer,
    kid,
    time,
    tobase64,
    unbase64,
)
from tests.examples.independent.jws import is_good
from tests.examples.independent.keys import PublicKey, register
from tests.examples.independent.refusal import Refused, need, said_as

NOTE_LIMIT = 131_072
LEAF_LIMIT = 256
EMPTY = sha256(b"").digest()
_SIGNATURE = re.compile("\u2014 ([^ +]{1,255}) ([A-Za-z0-9+/]+={0,2})")
_VKEY = re.compile(r"([^+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


def leaf_hash(octets: bytes) -> bytes:
    return sha256(b"\x00" + octets).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def root_of(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY
    k = _split(len(hashes))
    return node(root_of(hashes[:k]), root_of(hashes[k:]))


def path_of(hashes: list[bytes], index: int) -> list[bytes]:
    """The inclusion path of a leaf."""
    if len(hashes) < 2:
        return []
    k = _split(len(hashes))
    if index < k:
        return [*path_of(hashes[:k], index), root_of(hashes[k:])]
    return [*path_of(hashes[k:], index - k), root_of(hashes[:k])]


def includes(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Tell whether the path leads from the leaf hash to the root."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while fn > 0 and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(first: int, second: int, path: list[bytes], old: bytes, new: bytes) -> bool:
    """Check consistency by RFC 9162 section 2.1.4.2, and by the page's rules on equal and empty trees."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and old == new and (first > 0 or old == EMPTY)
    if first == 0:
        return not path and old == EMPTY
    if not path:
        return False
    hashes = [old, *path] if first & (first - 1) == 0 else list(path)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = hashes[0]
    for c in hashes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn > 0 and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old and sr == new


@dataclass(frozen=True)
class VerifierKey:
    """A pinned key of a ledger."""

    name: str
    key_id: bytes
    key: PublicKey


@dataclass(frozen=True)
class Checkpoint:
    """The contents of a signed note."""

    origin: str
    size: int
    root: bytes


def _unbase64_standard(text: str) -> bytes:
    try:
        octets = base64.b64decode(text, validate=True)
    except (BadBase64, ValueError) as error:
        raise Refused("note-refused") from error
    need(base64.b64encode(octets).decode("ascii") == text, "note-refused")
    return octets


# White space of names as section 7.2 lists it; str.isspace() is the same.
def _plain_name(name: str) -> bool:
    return not any(letter.isspace() or ord(letter) < 32 or letter == "\x7f" for letter in name)


def verifier_key(text: str) -> VerifierKey:
    """Read a verifier key; refuses a malformed one or one of small order as `note-refused`."""
    with said_as("note-refused"):
        found = _VKEY.fullmatch(text)
        if found is None or not _plain_name(found[1]):
            raise Refused("note-refused")
        octets = _unbase64_standard(found[3])
        need(len(octets) == 33 and octets[0] == 1)
        key_id = sha256(found[1].encode("utf-8") + b"\n" + octets).digest()[:4]
        need(key_id.hex() == found[2])
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": tobase64(octets[1:])}
        return VerifierKey(found[1], key_id, register(jwk, "sign"))


def checkpoint(note: Any, vkeys: list[str]) -> Checkpoint:
    """Check a signed note under the pinned keys."""
    with said_as("note-refused"):
        text, lines = _parts(note)
        said = _checkpoint_text(text)
        _check_signatures(f"{text}\n".encode(), said.origin, lines, [verifier_key(key) for key in vkeys])
    return said


def _parts(note: Any) -> tuple[str, list[str]]:
    """Split a signed note into its text without the last line feed, and its signature lines."""
    need(isinstance(note, str) and len(note.encode("utf-8", "surrogatepass")) <= NOTE_LIMIT)
    need(not any(ord(letter) < 32 and letter != "\n" for letter in note))
    need(not any("\ud800" <= letter <= "\udfff" for letter in note))
    text, blank, tail = note.partition("\n\n")
    lines = tail.split("\n")
    need(blank and lines.pop() == "" and 1 <= len(lines) <= 64)
    return text, lines


def handed_over(notes: list[Any], vkeys: list[str]) -> dict[str, int | None]:
    """Section 7.2: every key that counts once these hand-overs are known, with the last size that it signs."""
    with said_as("note-refused"):
        told = [_handover(note) for note in notes]
        need(len({old for old, _, _ in told}) == len(told))
        keys: dict[str, int | None] = dict.fromkeys(vkeys)
        reached = -1
        while reached != len(keys):
            reached = len(keys)
            for old, new, size in told:
                if old in keys or new in keys:
                    keys[old] = size
                    keys.setdefault(new, None)
    return keys


def _handover(note: Any) -> tuple[str, str, int]:
    text, lines = _parts(note)
    head, *said = text.split("\n")
    need(head == "accord-ledger-handover/1" and len(said) == 3)
    old, new, size = said
    need(re.fullmatch(r"0|[1-9][0-9]{0,15}", size) and int(size) <= LARGEST)
    keys = verifier_key(old), verifier_key(new)
    need(old != new and keys[0].name == keys[1].name)
    for key in keys:
        _check_signatures(f"{text}\n".encode(), key.name, lines, [key])
    return old, new, int(size)


def _checkpoint_text(text: str) -> Checkpoint:
    lines = text.split("\n")
    need(len(lines) == 3 and lines[0])
    need(re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]) and int(lines[1]) <= LARGEST)
    root = _unbase64_standard(lines[2])
    need(len(root) == 32 and (int(lines[1]) > 0 or root == EMPTY))
    return Checkpoint(lines[0], int(lines[1]), root)


def _check_signatures(text: bytes, origin: str, lines: list[str], pinned: list[VerifierKey]) -> None:
    good = False
    for line in lines:
        found = _SIGNATURE.fullmatch(line)
        if found is None or not _plain_name(found[1]):
            raise Refused("note-refused")
        octets = _unbase64_standard(found[2])
        need(len(octets) > 4)
        for vkey in pinned:
            if vkey.name == found[1] and vkey.key_id == octets[:4]:
                need(is_good(vkey.key, octets[4:], text))
                good = good or vkey.name == origin
    need(good)


@dataclass(frozen=True)
class Kept:
    """The checkpoint that a verifier kept of a ledger, and the proof from it to the receipt's checkpoint."""

    origin: str
    size: int
    root: bytes
    kept_at: int
    proof: list[bytes] | None


def leaf_form(value: Any) -> dict[str, Any]:
    """Check the form of a receipt's leaf."""
    need(isinstance(value, dict))
    plain = value.get("k") == "x"
    leaf = closed(value, ("d", "k", "t") if plain else ("a", "d", "k", "t"))
    need(leaf["k"] in ("x", "keyset", "revoke"))
    if not plain:
        agency(leaf["a"])
    kid(leaf["d"])
    time(leaf["t"])
    need(len(canonical(leaf)) <= LEAF_LIMIT, "too-large")
    return leaf


def receipt_form(value: Any) -> dict[str, Any]:
    """Check the form of a receipt; its note is not read yet."""
    receipt = closed(value, ("leaf", "index", "path", "checkpoint"))
    leaf_form(receipt["leaf"])
    integer(receipt["index"])
    for step in array(receipt["path"], 0, 64):
        kid(step)
    need(isinstance(receipt["checkpoint"], str))
    return receipt


def log_time(
    value: Any, od: str, vkeys: list[str], kept: Kept | None, about: tuple[str, str | None] = ("x", None)
) -> tuple[int, bool]:
    """Check a receipt for the object `od` of (kind, agency); return the log time, and True if the log was compared."""
    receipt = receipt_form(value)
    leaf = receipt["leaf"]
    note = checkpoint(receipt["checkpoint"], vkeys)
    need((leaf["d"], leaf["k"], leaf.get("a")) == (od, *about), "receipt-refused")
    path = [unbase64(step, 32) for step in receipt["path"]]
    hashed = leaf_hash(canonical(leaf))
    need(includes(hashed, receipt["index"], note.size, path, note.root), "proof-refused")
    return leaf["t"], kept is None or _compare(kept, note, receipt["index"], leaf["t"])


def _compare(kept: Kept, note: Checkpoint, index: int, time: int) -> bool:
    """Compare with the kept checkpoint (7.4); True if the two were compared."""
    need(kept.origin == note.origin, "ledger-forked")
    need(index < kept.size or time >= kept.kept_at - 300, "ledger-time-refused")
    if kept.size == note.size:
        need(kept.root == note.root, "ledger-forked")
        return True
    if kept.proof is None:
        return False
    ends = sorted([(kept.size, kept.root), (note.size, note.root)])
    (first, old), (second, new) = ends
    need(consistent(first, second, kept.proof, old, new), "ledger-forked")
    return True


def need_one_log(notes: list[str], vkeys: list[str]) -> None:
    """Check that the checkpoints of one slice (7.4) have one origin, and one root at the same size."""
    said = [checkpoint(note, vkeys) for note in notes]
    need(all(one.origin == said[0].origin for one in said), "ledger-forked")
    need(len({one.size for one in said}) == len({(one.size, one.root) for one in said}), "ledger-forked")
