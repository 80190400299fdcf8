# SPDX-License-Identifier: Apache-2.0
"""Receipts: the proof that the ledger holds one object's digest, and since when.

- A receipt that verifies ties an object digest to one leaf, the leaf to its index under a checkpoint, and the checkpoint to a
  pinned key of the ledger; the leaf's *log time* is then the ledger's word.
- Left out: whether two checkpoints belong to one tree (`merkle.verify_consistency`), and what a log time means for a key (the
  key rule).

A leaf is canonical JSON `{d, k, t}`: object digest, kind, log time; `keyset` and `revoke` leaves also name their agency in `a`.
A receipt is exactly `{leaf, index, path, checkpoint}`; the same content travels as C2SP *tlog-proof* text, whose `extra` line
is the leaf. A wrong shape raises `MalformedError` or `NoteError`, a receipt that does not hold `ProofError` or `NoteError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accord.envelope import encoding
from accord.envelope.errors import Failure, MalformedError, ProofError
from accord.envelope.tree import merkle, notes

PLAIN_KIND = "x"
KINDS_OF_AGENCY = ("keyset", "revoke")
MAX_LEAF_SIZE_BYTES = 256
MAX_RECEIPT_SIZE_BYTES = notes.MAX_NOTE_SIZE_BYTES + 8 * 1024
MAX_PATH_LENGTH = 64

_PLAIN_MEMBERS = frozenset({"d", "k", "t"})
_AGENCY_MEMBERS = _PLAIN_MEMBERS | {"a"}
_RECEIPT_MEMBERS = frozenset({"leaf", "index", "path", "checkpoint"})
_PROOF_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class LeafEntry:
    """The content of one leaf: digest `d` (base64url), kind `k`, log time `t` in seconds, agency `a` or None."""

    d: str
    k: str
    t: int
    a: str | None = None

    @classmethod
    def parse(cls, data: bytes) -> "LeafEntry":
        """Read the octets of a leaf, which must be canonical. Raises `MalformedError`."""
        entry = cls.from_json(encoding.parse_json(data, limit=MAX_LEAF_SIZE_BYTES, where="leaf"))
        if entry.encode() != data:
            raise MalformedError("leaf is not canonical")
        return entry

    @classmethod
    def from_json(cls, value: object) -> "LeafEntry":
        """Read a leaf's object: exactly `d`, `k`, `t`, and `a` for the kinds of an agency."""
        names = _AGENCY_MEMBERS if isinstance(value, dict) and "a" in value else _PLAIN_MEMBERS
        leaf = encoding.members(value, names, "leaf")
        kinds = KINDS_OF_AGENCY if "a" in names else (PLAIN_KIND,)
        return cls(
            d=encoding.digest(leaf["d"], "leaf d"),
            k=encoding.one_of(leaf["k"], kinds, "leaf k"),
            t=encoding.timestamp(leaf["t"], "leaf t"),
            a=encoding.agency_id(leaf["a"], "leaf a") if "a" in names else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the leaf's object, to be encoded or put into a receipt."""
        leaf: dict[str, Any] = {"d": self.d, "k": self.k, "t": self.t}
        return leaf if self.a is None else leaf | {"a": self.a}

    def encode(self) -> bytes:
        """Return the canonical octets that the tree hashes."""
        return encoding.canonical(self.as_json())


@dataclass(frozen=True)
class Receipt:
    """A receipt as parsed; nothing in it counts before `verify`."""

    leaf: LeafEntry
    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    @classmethod
    def parse(cls, value: object) -> "Receipt":
        """Read a receipt's object: exactly `leaf`, `index`, `path`, `checkpoint`. Raises `MalformedError`."""
        receipt = encoding.members(value, _RECEIPT_MEMBERS, "receipt")
        return cls(
            leaf=LeafEntry.from_json(receipt["leaf"]),
            index=encoding.integer(receipt["index"], "receipt index"),
            path=_parse_path(receipt["path"]),
            checkpoint=encoding.text(receipt["checkpoint"], "receipt checkpoint"),
        )

    @classmethod
    def parse_bytes(cls, data: bytes) -> "Receipt":
        """Read a receipt from its JSON octets. Raises `MalformedError`."""
        return cls.parse(encoding.parse_json(data, limit=MAX_RECEIPT_SIZE_BYTES, where="receipt"))

    @classmethod
    def parse_tlog_proof(cls, text: str) -> "Receipt":
        """Read C2SP tlog-proof text whose `extra` is the leaf. Raises `MalformedError` or `NoteError`."""
        head, separator, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not separator or len(lines) < 3 or len(lines) - 3 > MAX_PATH_LENGTH or lines[0] != _PROOF_HEADER:
            raise MalformedError("tlog-proof")
        extra, index = _after("extra ", lines[1]), _after("index ", lines[2])
        return cls(
            leaf=LeafEntry.parse(notes.decode_base64(extra)),
            index=notes.parse_tree_number(index),
            path=tuple(notes.decode_base64(line) for line in lines[3:]),
            checkpoint=checkpoint,
        )

    def index_at(self, log_time: int) -> int | None:
        """Return the index of its leaf, if that has this log time; another receipt may have proved a smaller one."""
        return self.index if self.leaf.t == log_time else None

    def as_json(self) -> dict[str, Any]:
        """Return the receipt's object."""
        return {
            "leaf": self.leaf.as_json(),
            "index": self.index,
            "path": [encoding.b64u(sibling) for sibling in self.path],
            "checkpoint": self.checkpoint,
        }

    def tlog_proof(self) -> str:
        """Return the receipt as C2SP tlog-proof text."""
        extra = notes.encode_base64(self.leaf.encode())
        siblings = [notes.encode_base64(sibling) for sibling in self.path]
        head = [_PROOF_HEADER, f"extra {extra}", f"index {self.index}", *siblings]
        return "\n".join(head) + "\n\n" + self.checkpoint

    def verify(
        self, *, d: str, keys: Sequence[notes.VerifierKey], k: str = PLAIN_KIND, a: str | None = None
    ) -> int:
        """Check that the ledger of `keys` holds digest `d` as kind `k` (of agency `a`); return its log time.

        The log time is in seconds. Raises `ProofError` or `NoteError`.
        """
        return self.verify_under(self.checkpoint_under(keys), d=d, k=k, a=a)

    def verify_under(
        self, checkpoint: notes.Checkpoint, *, d: str, k: str = PLAIN_KIND, a: str | None = None
    ) -> int:
        """Verify as `verify` does, under a checkpoint from `checkpoint_under`, whose signature was checked once."""
        if (self.leaf.d, self.leaf.k, self.leaf.a) != (d, k, a):
            raise ProofError("the receipt is about another object", Failure.RECEIPT)
        merkle.verify_inclusion(
            leaf=merkle.leaf_hash(self.leaf.encode()),
            index=self.index,
            size=checkpoint.size,
            path=self.path,
            root=checkpoint.root,
        )
        return self.leaf.t

    def checkpoint_under(self, keys: Sequence[notes.VerifierKey]) -> notes.Checkpoint:
        """Return the checkpoint after checking a pinned key's signature. Raises `NoteError`."""
        return notes.verify_checkpoint(self.checkpoint, keys)


def _parse_path(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MAX_PATH_LENGTH:
        raise MalformedError("receipt path")
    return tuple(encoding.unb64u(sibling, size=32, where="receipt path") for sibling in value)


def _after(prefix: str, line: str) -> str:
    if not line.startswith(prefix):
        raise MalformedError("tlog-proof")
    return line.removeprefix(prefix)
