# SPDX-License-Identifier: Apache-2.0
"""State changes of one act: each is recorded at once, and all are written to the state in one step.

An act reads the state once, talks to the hub, and records changes. Each change is applied to the act's own copy as it is recorded
and, by `write`, to the state as it is by then: another program may have changed it meanwhile. Hence every change is a merge: the
larger version, the smaller log time, the newer checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from accord.following.records import CheckpointRecord, KeysetRecord, RevocationRecord, StatementRecord
from accord.state import (
    CallRecord,
    InboxRecord,
    ManifestRecord,
    OpeningFailure,
    Pin,
    ResentRecord,
    State,
    StateFile,
    SubmissionRecord,
)

REPUDIATED: Final = "repudiated"
REMINDER: Final = "reminder"
MAX_FAILURES: Final = 500

StateChange = Callable[[State], None]


class StateChanges:
    """The state as one act sees it, and the act's changes."""

    def __init__(self, state_file: StateFile) -> None:
        self._file = state_file
        self._changes: list[StateChange] = []
        self.state = state_file.read()

    def record(self, change: StateChange) -> None:
        """Apply a change to this act's copy and keep it for `write`."""
        change(self.state)
        self._changes.append(change)

    def write(self) -> None:
        """Apply all changes recorded since the last call to the state on disk."""
        if not self._changes:
            return
        with self._file.change() as state:
            for change in self._changes:
                change(state)
        self._changes.clear()


def set_own_root(fingerprint: str, now: int) -> StateChange:
    """Set the own root to another one, by the verified chain of the own keysets."""

    def apply(state: State) -> None:
        state.pins[state.agency] = Pin(fingerprint, now)

    return apply


def add_keyset(agency: str, record: KeysetRecord) -> StateChange:
    """Add a verified keyset, once, in the order of versions.

    Two of one version are both stored where a recovery was cancelled: both are needed to tell which is in force.
    """

    def apply(state: State) -> None:
        records = state.keysets.setdefault(agency, [])
        if all((known.version, known.jws) != (record.version, record.jws) for known in records):
            records.append(record)
            records.sort(key=lambda known: known.version)

    return apply


def add_revocation(agency: str, record: RevocationRecord) -> StateChange:
    """Add a verified revocation, once."""

    def apply(state: State) -> None:
        records = state.revocations.setdefault(agency, [])
        if all(known.od != record.od for known in records):
            records.append(record)

    return apply


def set_handovers(notes: Sequence[str]) -> StateChange:
    """Set the verified notes by which the ledger's key was replaced."""

    def apply(state: State) -> None:
        state.handovers += [note for note in notes if note not in state.handovers]

    return apply


def set_log_time(od: str, log_time: int) -> StateChange:
    """Set a proved log time of an object: the smallest one holds."""

    def apply(state: State) -> None:
        state.log_times[od] = min(log_time, state.log_times.get(od, log_time))
        state.newest_log_time = max(log_time, state.newest_log_time)

    return apply


def set_checkpoint(note: str, size: int, kept_at: int) -> StateChange:
    """Set a verified checkpoint of `size` leaves, compared with the stored one: the largest tree is kept."""

    def apply(state: State) -> None:
        if state.checkpoint is None or size > state.checkpoint.size:
            state.checkpoint = CheckpointRecord(note, size, kept_at)

    return apply


def add_uncompared(note: str) -> StateChange:
    """Record that something was opened under a checkpoint not yet compared with the stored one."""

    def apply(state: State) -> None:
        if note not in state.uncompared:
            state.uncompared.append(note)

    return apply


def remove_uncompared(note: str) -> StateChange:
    """Record that this checkpoint was compared with the stored one, and belongs to the same tree."""

    def apply(state: State) -> None:
        state.uncompared = [kept for kept in state.uncompared if kept != note]

    return apply


def set_watched(number: int) -> StateChange:
    """Record that the feed was delivered up to this number."""

    def apply(state: State) -> None:
        state.watched = max(state.watched, number)

    return apply


def add_seen(iss: str, jti: str, md: str) -> StateChange:
    """Record an envelope whose checks all held: this id of this issuer means this manifest, for ever."""

    def apply(state: State) -> None:
        state.seen.setdefault(iss, {}).setdefault(jti, md)

    return apply


def add_failure(failure: OpeningFailure) -> StateChange:
    """Record that an alert could not be opened; the newest failures are kept for the agency's own audit."""

    def apply(state: State) -> None:
        state.failures = [*state.failures, failure][-MAX_FAILURES:]

    return apply


def add_inbox_item(record: InboxRecord) -> StateChange:
    """Record an item of the feed, keeping what is known of it here. Repudiations and reminders name an earlier item."""

    def apply(state: State) -> None:
        if record.what == REPUDIATED:
            state.repudiations.setdefault(str(record.number), record)
        elif record.what == REMINDER:
            state.reminders.setdefault(record.id, record)
        else:
            state.inbox.setdefault(record.d, record)

    return apply


def add_manifest(md: str, record: ManifestRecord | None) -> StateChange:
    """Record a received envelope's verified manifest, None for a deleted one; what its content said is kept."""

    def apply(state: State) -> None:
        known = state.manifests.get(md)
        if known is None or known.code is None:
            state.manifests[md] = record or known

    return apply


def add_call(record: CallRecord) -> StateChange:
    """Record a telephone call."""

    def apply(state: State) -> None:
        if record not in state.calls:
            state.calls.append(record)

    return apply


def add_due_told(word: str) -> StateChange:
    """Record that a watch has said this about an answer that is due."""

    def apply(state: State) -> None:
        if word not in state.due_told:
            state.due_told.append(word)

    return apply


def mark_opened(md: str, now: int) -> StateChange:
    """Record that an alert was opened here; the first time counts, even for two programs."""

    def apply(state: State) -> None:
        state.opened[md] = min(now, state.opened.get(md, now))

    return apply


def mark_acknowledged(md: str, od: str) -> StateChange:
    """Record that an acknowledgement of ours was accepted."""

    def apply(state: State) -> None:
        record = state.inbox.get(md)
        if record is not None and record.acknowledged is None:
            state.inbox[md] = replace(record, acknowledged=od)

    return apply


def add_statement(record: StatementRecord) -> StateChange:
    """Record another agency's verified statement; it replaces a record without its signers."""

    def apply(state: State) -> None:
        known = state.statements.get(record.od)
        if known is None or not known.signers:
            state.statements[record.od] = record

    return apply


def set_cursor(epoch: str, number: int) -> StateChange:
    """Record that the feed was read up to this number of this epoch; a position of another epoch means nothing."""

    def apply(state: State) -> None:
        state.epoch = state.epoch or epoch
        if epoch in ("", state.epoch):
            state.cursor = max(state.cursor, number)

    return apply


def restart_feed(refused: tuple[str, int], epoch: str) -> StateChange:
    """Record that the feed no longer has this position (epoch, number): it is read from the beginning.

    New items in it get numbers never used here.
    """

    def apply(state: State) -> None:
        if (state.epoch, state.cursor) == refused:
            known = (*state.inbox.values(), *state.repudiations.values(), *state.reminders.values())
            state.base = max((record.number for record in known), default=state.base)
            state.epoch, state.cursor = epoch, 0

    return apply


def mark_accepted(d: str) -> StateChange:
    """Record the hub's answer that it has this object of ours."""

    def apply(state: State) -> None:
        record = state.submissions.get(d)
        if record is not None:
            state.submissions[d] = replace(record, accepted=True)

    return apply


def add_adopted(record: SubmissionRecord) -> StateChange:
    """Record an object of ours from another home, or from before this one was restored, as sent from here."""

    def apply(state: State) -> None:
        state.submissions.setdefault(record.d, record)

    return apply


def mark_logged(d: str, log_time: int) -> StateChange:
    """Record that a receipt was verified for this object of ours."""

    def apply(state: State) -> None:
        record = state.submissions.get(d)
        if record is not None and record.logged_at is None:
            state.submissions[d] = replace(record, accepted=True, logged_at=log_time)

    return apply


def set_resent(key: str, record: ResentRecord) -> StateChange:
    """Set how far a withheld alert has come that was chosen to be sent."""

    def apply(state: State) -> None:
        state.resent[key] = record

    return apply
