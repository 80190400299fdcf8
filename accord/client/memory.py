# SPDX-License-Identifier: Apache-2.0
"""The home's memory, as `accord.following` asks for it: the state of one act, hence the state file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from accord.agreements import AGREEMENT, OF_AGREEMENTS
from accord.client import state_changes
from accord.client.state_changes import StateChanges
from accord.envelope.releases import RELEASE
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.entitlement import SubjectFacts
from accord.following.records import (
    CheckpointRecord,
    FeedPlace,
    KeysetRecord,
    RevocationRecord,
    StatementRecord,
)
from accord.state import State

KEPT_WHOLE: Final = frozenset({"reaffirm", "unrelease", *OF_AGREEMENTS})
"""Kinds that prove something about others, and are verified whole each time, or whose end is in their octets alone."""


class HomeMemory:
    """A `Memory` over what one act has read and noted."""

    def __init__(self, changes: StateChanges) -> None:
        self._changes = changes

    def pin_of(self, agency: str) -> str | None:
        pin = self._state.pins.get(agency)
        return None if pin is None else pin.fingerprint

    def keysets(self, agency: str) -> Sequence[KeysetRecord]:
        return self._state.keysets.get(agency, ())

    def keep_keyset(self, agency: str, record: KeysetRecord) -> None:
        self._changes.record(state_changes.add_keyset(agency, record))

    def revocations(self, agency: str) -> Sequence[RevocationRecord]:
        return self._state.revocations.get(agency, ())

    def keep_revocation(self, agency: str, record: RevocationRecord) -> None:
        self._changes.record(state_changes.add_revocation(agency, record))

    def ledger_keys(self) -> Sequence[str]:
        return self._state.ledger_keys

    def handovers(self) -> Sequence[str]:
        return self._state.handovers

    def keep_handovers(self, notes: Sequence[str]) -> None:
        self._changes.record(state_changes.set_handovers(notes))

    def newest_checkpoint(self) -> CheckpointRecord | None:
        return self._state.checkpoint

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        self._changes.record(state_changes.set_checkpoint(record.note, record.size, record.kept_at))

    def uncompared(self) -> Sequence[str]:
        return self._state.uncompared

    def keep_uncompared(self, note: str) -> None:
        self._changes.record(state_changes.add_uncompared(note))

    def drop_uncompared(self, note: str) -> None:
        self._changes.record(state_changes.remove_uncompared(note))

    def log_time_of(self, d: str) -> int | None:
        return self._state.log_times.get(d)

    def newest_log_time(self) -> int:
        return self._state.newest_log_time

    def keep_log_time(self, d: str, log_time: int) -> None:
        self._changes.record(state_changes.set_log_time(d, log_time))

    def statement(self, od: str) -> StatementRecord | None:
        return self._state.statements.get(od)

    def statements_about(self, k: str, subjects: Collection[str]) -> Iterable[StatementRecord]:
        records = list(self._state.statements.values())
        return (record for record in records if record.k == k and record.about in subjects)

    def keep_statement(self, record: StatementRecord) -> None:
        """Store a statement, without its octets for kinds that do not need them again."""
        kept = record if record.k in KEPT_WHOLE else replace(record, jws=None)
        self._changes.record(state_changes.add_statement(kept))

    def subject_of(self, d: str) -> SubjectFacts | None:
        """Return the facts of a subject; the sender of an alert that was never opened here is only the hub's word.

        Before relying on a statement about such an alert, ask `verified_senders`.
        """
        agency, own = self._state.agency, self._state.submissions.get(d)
        said = self._state.statements.get(d)
        if said is not None and said.k == AGREEMENT:
            return SubjectFacts(said.k, said.id, said.od, said.iss, parties=frozenset(said.body["parties"]))
        if own is not None:
            kind = MANIFEST if own.what == "envelope" else own.kind
            about = own.d if own.what == "envelope" else own.about
            sender = self._sender_of(about) or agency
            return SubjectFacts(kind, own.id, own.d, agency, sender, holders=self._holders(about))
        if said is not None:
            return SubjectFacts(said.k, said.id, said.od, said.iss, self._sender_of(said.about))
        received = self._state.inbox.get(d)
        if received is None or received.what != "envelope":
            return None
        iss, jti = verified_senders(self._state).get(d, (received.iss, received.id))
        return SubjectFacts(MANIFEST, jti, d, iss, iss, holders={agency})

    def seen(self, iss: str, jti: str) -> str | None:
        return self._state.seen.get(iss, {}).get(jti)

    def keep_seen(self, iss: str, jti: str, md: str) -> None:
        self._changes.record(state_changes.add_seen(iss, jti, md))

    def place(self) -> FeedPlace:
        return FeedPlace(self._state.epoch, self._state.cursor)

    def keep_place(self, place: FeedPlace) -> None:
        self._changes.record(state_changes.set_cursor(place.epoch, place.number))

    def begin_anew(self, refused: FeedPlace, epoch: str) -> None:
        self._changes.record(state_changes.restart_feed((refused.epoch, refused.number), epoch))

    def write(self) -> None:
        self._changes.write()

    @property
    def _state(self) -> State:
        return self._changes.state

    def _sender_of(self, md: str | None) -> str | None:
        """Return who sent an envelope, as verified here."""
        found = verified_senders(self._state).get(md or "")
        return None if found is None else found[0]

    def _holders(self, md: str | None) -> set[str]:
        """Return the holders known to this client: those of our own envelope, by releases onward too; else ourselves."""
        own = self._state.submissions.get(md) if md else None
        if own is None:
            return {self._state.agency}
        mine = (one for one in self._state.submissions.values() if (one.kind, one.about) == (RELEASE, md))
        theirs = (one for one in self._state.statements.values() if (one.k, one.about) == (RELEASE, md))
        released = [*(one.to for one in mine), *(one.body["aud"] for one in theirs)]
        return {*own.to, *(agency for aud in released for agency in aud)}


def verified_senders(state: State) -> dict[str, tuple[str, str]]:
    """Return by md the issuer and jti of every envelope whose manifest was verified or signed here."""
    seen = {md: (iss, jti) for iss, known in state.seen.items() for jti, md in known.items()}
    own = (record for record in state.submissions.values() if record.what == "envelope")
    return seen | {record.d: (state.agency, record.id) for record in own}
