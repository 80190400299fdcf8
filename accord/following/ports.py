# SPDX-License-Identifier: Apache-2.0
"""What following asks of whoever follows: a memory and keys. Calls come by `accord.calls`, time as an argument.

The command answers from one file and a key ring, a desk from rows by index and from its vault.
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
"""Seconds since 1970 (UTC), each time it is asked; following itself takes one moment as a number."""
Seen = Callable[[str, str], str | None]
"""The md met before under an issuer's jti, or None."""


class KeysetMemory(Protocol):
    """Keysets and revocations that were verified before, by agency."""

    def pin_of(self, agency: str) -> str | None:
        """The fingerprint of an agency's pinned root."""
        ...

    def keysets(self, agency: str) -> Sequence[KeysetRecord]:
        """Its kept keysets, oldest version first; they only grow while one root is pinned."""
        ...

    def keep_keyset(self, agency: str, record: KeysetRecord) -> None:
        """Keep it, once. Two of one version may stand side by side, where a recovery was cancelled."""
        ...

    def revocations(self, agency: str) -> Sequence[RevocationRecord]:
        """Its kept revocations, in the order in which they were kept."""
        ...

    def keep_revocation(self, agency: str, record: RevocationRecord) -> None:
        """Keep it, once."""
        ...


class LogMemory(Protocol):
    """The ledger as it was seen before."""

    def ledger_keys(self) -> Sequence[str]:
        """The pinned keys of the ledger."""
        ...

    def handovers(self) -> Sequence[str]:
        """The signed notes by which the ledger's key was replaced."""
        ...

    def keep_handovers(self, notes: Sequence[str]) -> None:
        """Keep them, in this order, after those that are kept."""
        ...

    def newest_checkpoint(self) -> CheckpointRecord | None:
        """The largest one that was compared."""
        ...

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        """Keep it, where its tree is larger than the kept one's."""
        ...

    def uncompared(self) -> Sequence[str]:
        """The checkpoints under which something was opened without a network."""
        ...

    def keep_uncompared(self, note: str) -> None:
        """Keep it until it was compared."""
        ...

    def drop_uncompared(self, note: str) -> None:
        """It was compared, and is one tree with the kept one."""
        ...

    def log_time_of(self, d: str) -> int | None:
        """The smallest log time proved for an object."""
        ...

    def newest_log_time(self) -> int:
        """The largest log time proved for any object; 0 before the first."""
        ...

    def keep_log_time(self, d: str, log_time: int) -> None:
        """Keep it, where it is smaller than the kept one."""
        ...


class DirectoryMemory(KeysetMemory, LogMemory, Protocol):
    """What it takes to follow the keys of agencies."""


class Memory(DirectoryMemory, Protocol):
    """What one agency has verified before. Each question names its rows: by agency, digest, or issuer and id.

    What is kept was verified; what stands already is kept once. Nothing of it may be believed where somebody else
    can have changed it. Questions are asked often: what costs a query is remembered for the act.
    """

    def statement(self, od: str) -> StatementRecord | None:
        """One statement of another agency."""
        ...

    def statements_about(self, k: str, subjects: Collection[str]) -> Iterable[StatementRecord]:
        """Those of one kind about any of these objects, in the order in which they were kept."""
        ...

    def keep_statement(self, record: StatementRecord) -> None:
        """Keep it, once; it replaces a record that does not say by which keys it was signed."""
        ...

    def subject_of(self, d: str) -> SubjectFacts | None:
        """What is known of an object that a statement may be about: sent from here, said by others, or in the feed."""
        ...

    def seen(self, iss: str, jti: str) -> str | None:
        """The md that was opened under an issuer's jti."""
        ...

    def keep_seen(self, iss: str, jti: str, md: str) -> None:
        """This id of this issuer means this envelope, for ever."""
        ...

    def place(self) -> FeedPlace:
        """Up to where the feed was taken in."""
        ...

    def keep_place(self, place: FeedPlace) -> None:
        """Keep it, where it is further; one of another epoch than the kept one says nothing."""
        ...

    def begin_anew(self, refused: FeedPlace, epoch: str) -> None:
        """The feed no longer has the kept place, which is this one: it is read from its beginning."""
        ...

    def write(self) -> None:
        """From now on what was kept stands, whatever becomes of the act."""
        ...


_Actor_contra = TypeVar("_Actor_contra", contravariant=True)


class Keys(Protocol[_Actor_contra]):
    """The private keys of one agency: acts that need them, by somebody and for a reason; never a key."""

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
        """Open what was verified; raises OpeningError."""
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
    ) -> bytes:
        """A statement of a kind that may be signed, under a fresh id, as it goes over the wire; raises SealingError."""
        ...
