# SPDX-License-Identifier: Apache-2.0
"""The ports of following without a home folder: a memory of dictionaries, and keys that a test holds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accord.calls.answers import FeedEntry
from accord.envelope.blobs import BlobFacts
from accord.envelope.content import OpenedAlert
from accord.envelope.reading import open_alert
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.entitlement import SubjectFacts
from accord.envelope.statements.form import CheckpointRef, SubjectRef
from accord.envelope.verifying import VerifiedSlice
from accord.following.ports import Seen
from accord.following.records import (
    CheckpointRecord,
    FeedPlace,
    KeysetRecord,
    RevocationRecord,
    StatementRecord,
)
from tests.builders import HeldAgency, Hub


@dataclass
class PlainMemory:
    """An `accord.following.ports.Memory` with a dictionary for each table."""

    agency: str
    vkeys: list[str]
    pins: dict[str, str]
    chains: dict[str, list[KeysetRecord]] = field(default_factory=dict)
    revokes: dict[str, list[RevocationRecord]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    checkpoint: CheckpointRecord | None = None
    waiting: list[str] = field(default_factory=list)
    log_times: dict[str, int] = field(default_factory=dict)
    statements: dict[str, StatementRecord] = field(default_factory=dict)
    listed: dict[str, FeedEntry] = field(default_factory=dict)
    mds: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: FeedPlace = field(default_factory=lambda: FeedPlace("", 0))

    def pin_of(self, agency: str) -> str | None:
        return self.pins.get(agency)

    def keysets(self, agency: str) -> Sequence[KeysetRecord]:
        return self.chains.get(agency, [])

    def keep_keyset(self, agency: str, record: KeysetRecord) -> None:
        self.chains.setdefault(agency, []).append(record)

    def revocations(self, agency: str) -> Sequence[RevocationRecord]:
        return self.revokes.get(agency, [])

    def keep_revocation(self, agency: str, record: RevocationRecord) -> None:
        self.revokes.setdefault(agency, []).append(record)

    def ledger_keys(self) -> Sequence[str]:
        return self.vkeys

    def handovers(self) -> Sequence[str]:
        return self.notes

    def keep_handovers(self, notes: Sequence[str]) -> None:
        self.notes += notes

    def newest_checkpoint(self) -> CheckpointRecord | None:
        return self.checkpoint

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        if self.checkpoint is None or record.size > self.checkpoint.size:
            self.checkpoint = record

    def uncompared(self) -> Sequence[str]:
        return self.waiting

    def keep_uncompared(self, note: str) -> None:
        self.waiting.append(note)

    def drop_uncompared(self, note: str) -> None:
        self.waiting.remove(note)

    def log_time_of(self, d: str) -> int | None:
        return self.log_times.get(d)

    def newest_log_time(self) -> int:
        return max(self.log_times.values(), default=0)

    def keep_log_time(self, d: str, log_time: int) -> None:
        self.log_times[d] = min(log_time, self.log_times.get(d, log_time))

    def statement(self, od: str) -> StatementRecord | None:
        return self.statements.get(od)

    def statements_about(self, k: str, subjects: Collection[str]) -> Iterable[StatementRecord]:
        return [said for said in self.statements.values() if said.k == k and said.about in subjects]

    def keep_statement(self, record: StatementRecord) -> None:
        self.statements[record.od] = record

    def subject_of(self, d: str) -> SubjectFacts | None:
        entry = self.listed.get(d)
        if entry is None or entry.what != "envelope":
            return None
        return SubjectFacts(MANIFEST, entry.id, d, entry.iss, entry.iss, holders={self.agency})

    def seen(self, iss: str, jti: str) -> str | None:
        return self.mds.get((iss, jti))

    def keep_seen(self, iss: str, jti: str, md: str) -> None:
        self.mds.setdefault((iss, jti), md)

    def place(self) -> FeedPlace:
        return self.taken

    def keep_place(self, place: FeedPlace) -> None:
        self.taken = place

    def begin_anew(self, refused: FeedPlace, epoch: str) -> None:
        self.taken = FeedPlace(epoch, 0)

    def write(self) -> None:
        """Every change is in memory already."""


@dataclass(frozen=True)
class PlainKeys:
    """An `accord.following.ports.Keys` that records who used them and why."""

    hub: Hub
    held: HeldAgency
    used: list[tuple[str, str]] = field(default_factory=list)

    def open_slice(
        self,
        verified: VerifiedSlice,
        blobs: Sequence[BlobFacts],
        *,
        actor: str,
        reason: str,
        seen: Seen,
        now: int,
    ) -> OpenedAlert:
        self.used.append((actor, reason))
        return open_alert(verified, keys=self.held.private_keys, blobs=blobs, seen=seen, now=now)

    def sign_statement(
        self,
        k: str,
        sub: SubjectRef | None,
        body: Mapping[str, Any],
        *,
        actor: str,
        reason: str,
        cp: CheckpointRef | None,
        now: int,
        exp: int | None = None,
    ) -> bytes:
        self.used.append((actor, reason))
        return self.hub.statement(self.held, k, sub, body=body, act=actor, cp=cp, iat=now)
