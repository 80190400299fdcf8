# SPDX-License-Identifier: Apache-2.0
"""Ports that following needs from its user: a memory and keys. Calls come by `accord.calls`, time as an argument.

The command implements them with one file and a key ring, a desk with indexed rows and its vault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from accord.envelope.blobs import BlobFacts
from accord.envelope.content import OpenedAlert
from accord.envelope.statements.entitlement import SubjectFacts
from accord.envelope.statements.form import CheckpointRef, SubjectRef
from accord.envelope.verifying import VerifiedSlice
from accord.following.records import (
    CheckpointRecord,
    FeedPlace,
    KeysetRecord,
    RevocationRecord,
    StatementRecord,
)

Clock = Callable[[], int]
"""Returns seconds since 1970 (UTC) at each call; following itself takes one moment as a number."""
Seen = Callable[[str, str], str | None]
"""Returns the md met before under an issuer's jti, or None."""


class KeysetMemory(Protocol):
    """Keysets and revocations that were verified before, by agency."""

    def pin_of(self, agency: str) -> str | None:
        """Return the fingerprint of an agency's pinned root."""
        ...

    def keysets(self, agency: str) -> Sequence[KeysetRecord]:
        """Return its stored keysets, oldest version first; they only grow while one root is pinned."""
        ...

    def keep_keyset(self, agency: str, record: KeysetRecord) -> None:
        """Store it, once. Two of one version may both be stored, where a recovery was cancelled."""
        ...

    def revocations(self, agency: str) -> Sequence[RevocationRecord]:
        """Return its stored revocations, in the order in which they were stored."""
        ...

    def keep_revocation(self, agency: str, record: RevocationRecord) -> None:
        """Store it, once."""
        ...


class LogMemory(Protocol):
    """The ledger as seen before."""

    def ledger_keys(self) -> Sequence[str]:
        """Return the pinned keys of the ledger."""
        ...

    def handovers(self) -> Sequence[str]:
        """Return the signed notes by which the ledger's key was replaced."""
        ...

    def keep_handovers(self, notes: Sequence[str]) -> None:
        """Store them, in this order, after those that are stored."""
        ...

    def newest_checkpoint(self) -> CheckpointRecord | None:
        """Return the largest checkpoint that was compared."""
        ...

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        """Store it, if its tree is larger than the stored one's."""
        ...

    def uncompared(self) -> Sequence[str]:
        """Return the checkpoints under which something was opened offline."""
        ...

    def keep_uncompared(self, note: str) -> None:
        """Store it until it is compared."""
        ...

    def drop_uncompared(self, note: str) -> None:
        """Delete it after it was compared, and is one tree with the stored one."""
        ...

    def log_time_of(self, d: str) -> int | None:
        """Return the smallest log time proved for an object."""
        ...

    def newest_log_time(self) -> int:
        """Return the largest log time proved for any object; 0 before the first."""
        ...

    def keep_log_time(self, d: str, log_time: int) -> None:
        """Store it, if it is smaller than the stored one."""
        ...


class DirectoryMemory(KeysetMemory, LogMemory, Protocol):
    """The memory needed to follow the keys of agencies."""


class Memory(DirectoryMemory, Protocol):
    """One agency's memory of what it verified. Each question names its rows: by agency, digest, or issuer and id.

    - Everything stored was verified, and is stored once.
    - An implementation must not trust rows that somebody else can have changed.
    - Questions are frequent: an implementation caches expensive answers for the act.
    """

    def statement(self, od: str) -> StatementRecord | None:
        """Return one statement of another agency."""
        ...

    def statements_about(self, k: str, subjects: Collection[str]) -> Iterable[StatementRecord]:
        """Return statements of one kind about any of these objects, in the order in which they were stored."""
        ...

    def keep_statement(self, record: StatementRecord) -> None:
        """Store it, once; it replaces a record without its signers."""
        ...

    def subject_of(self, d: str) -> SubjectFacts | None:
        """Return the known facts of a statement's subject: sent from here, stated by others, or in the feed."""
        ...

    def seen(self, iss: str, jti: str) -> str | None:
        """Return the md that was opened under an issuer's jti."""
        ...

    def keep_seen(self, iss: str, jti: str, md: str) -> None:
        """Store that this id of this issuer means this envelope, for ever."""
        ...

    def place(self) -> FeedPlace:
        """Return the place up to which the feed was taken in."""
        ...

    def keep_place(self, place: FeedPlace) -> None:
        """Store it, if it is further; ignore one of another epoch than the stored one's."""
        ...

    def begin_anew(self, refused: FeedPlace, epoch: str) -> None:
        """Restart the feed from its beginning, where it no longer has the stored place, which is this one."""
        ...

    def write(self) -> None:
        """Make everything stored so far permanent, whatever becomes of the act."""
        ...


_Actor_contra = TypeVar("_Actor_contra", contravariant=True)


class Keys(Protocol[_Actor_contra]):
    """The private keys of one agency: acts that need them, by an actor and for a reason; never a key itself."""

    def open_slice(
        self,
        verified: VerifiedSlice,
        blobs: Sequence[BlobFacts],
        *,
        actor: _Actor_contra,
        reason: str,
        seen: Seen,
        now: int,
    ) -> OpenedAlert:
        """Open a verified slice; raise OpeningError."""
        ...

    def sign_statement(
        self,
        k: str,
        sub: SubjectRef | None,
        body: Mapping[str, Any],
        *,
        actor: _Actor_contra,
        reason: str,
        cp: CheckpointRef | None,
        now: int,
        exp: int | None = None,
    ) -> bytes:
        """Return a statement of an allowed kind, under a fresh id, as it goes over the wire; raise SealingError."""
        ...
