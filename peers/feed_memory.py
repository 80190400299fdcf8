# SPDX-License-Identifier: Apache-2.0
"""Memory with which an agency's desk also follows its feed (`accord.following.ports.Memory`): statements, and the place.

As in `peers.memory`, what is learnt is held until `write`.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from django.db import transaction

from accord.agreements import AGREEMENT
from accord.envelope.statements.entitlement import SubjectFacts
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree.receipts import Receipt
from accord.following.records import FeedPlace, StatementRecord
from callers.binding import keep_bound
from peers.memory import PeerMemory, PinOf
from peers.models import FeedCursor, HeldStatement

log = logging.getLogger(__name__)


class StatementSubjects(Protocol):
    """Objects that the reader's desk has sent and received, which a statement may be about."""

    def subject_of(self, d: str) -> SubjectFacts | None:
        """Return an envelope that the reader sent or received."""
        ...

    def seen(self, iss: str, jti: str) -> str | None:
        """Return the md that came under an issuer's jti."""
        ...


class NoSubjects:
    """Source without objects, for acts that follow keys alone."""

    def subject_of(self, d: str) -> SubjectFacts | None:
        """Return None."""
        return None

    def seen(self, iss: str, jti: str) -> str | None:
        """Return None."""
        return None


class FeedMemory(PeerMemory):
    """Everything that `reader` has verified before, at one moment."""

    def __init__(
        self, reader: str, pin_of: PinOf, *, now: datetime, subjects: StatementSubjects | None = None
    ) -> None:
        super().__init__(reader, pin_of)
        self._now = now
        self._subjects = subjects or NoSubjects()
        self._said: list[HeldStatement] = []
        self._cursor: FeedCursor | None = None
        self._is_moved = False

    def statement(self, od: str) -> StatementRecord | None:
        """Return a statement that was verified, or made here, before; raises NotBoundError."""
        row = HeldStatement.objects.filter(reader=self.reader, od=od).first()
        if row is None:
            return next((record_of(new) for new in self._said if new.od == od), None)
        row.require_bound()
        return record_of(row)

    def statements_about(self, k: str, subjects: Collection[str]) -> Iterable[StatementRecord]:
        """Return statements of one kind about any of these objects, in the order in which they were kept; raises NotBoundError."""
        rows = HeldStatement.objects.filter(reader=self.reader, k=k, sub_d__in=subjects).order_by("pk")
        found = []
        for row in rows:
            row.require_bound()
            found.append(record_of(row))
        return [*found, *(record_of(new) for new in self._said if new.k == k and new.sub_d in subjects)]

    def keep_statement(self, record: StatementRecord) -> None:
        """Keep the statement, once."""
        assert record.jws is not None
        row = held_statement(self.reader, record.jws.encode(), now=self._now)
        row.log_time, row.log_index = record.log_time, record.index
        self._said.append(row)

    def keep_refused(self, jws: bytes, receipt: Receipt) -> None:
        """Keep a statement that was logged after its key had been revoked: it never counts (`accord.envelope.worth`)."""
        row = held_statement(self.reader, jws, now=self._now)
        row.log_time, row.log_index = receipt.leaf.t, receipt.index
        self._said.append(row)

    def subject_of(self, d: str) -> SubjectFacts | None:
        """Return what is known of an object that was sent or received here, or of an earlier statement."""
        found = self._subjects.subject_of(d)
        if found is not None:
            return found
        said = self.statement(d)
        if said is None:
            return None
        if said.k == AGREEMENT:
            return SubjectFacts(said.k, said.id, said.od, said.iss, parties=frozenset(said.body["parties"]))
        about = self._subjects.subject_of(said.about) if said.about else None
        if about is None:
            return None
        return SubjectFacts(said.k, said.id, said.od, said.iss, about.manifest_iss, about.holders)

    def seen(self, iss: str, jti: str) -> str | None:
        """Return the md that came under an issuer's jti."""
        return self._subjects.seen(iss, jti)

    def keep_seen(self, iss: str, jti: str, md: str) -> None:
        """Do nothing: the alert's own row has it."""

    def place(self) -> FeedPlace:
        """Return the place up to which the feed was taken in; the beginning where the row was altered outside the program."""
        return FeedPlace(self.cursor.epoch, self.cursor.number)

    def keep_place(self, place: FeedPlace) -> None:
        """Keep the place if it is further on; a place of another epoch than the kept one is ignored."""
        cursor = self.cursor
        if cursor.epoch not in ("", place.epoch):
            return
        moved = (place.epoch, max(place.number, cursor.number))
        self._is_moved = self._is_moved or moved != (cursor.epoch, cursor.number)
        cursor.epoch, cursor.number = moved

    def pass_item(self, number: int) -> None:
        """Set the place after an item, even if a transaction that had passed it was rolled back."""
        self.cursor.number, self._is_moved = max(number, self.cursor.number), True

    def return_to(self, number: int) -> None:
        """Set the place back, after the transaction that had passed later items was rolled back."""
        self.cursor.number = number

    def begin_anew(self, refused: FeedPlace, epoch: str) -> None:
        """Set the place to the beginning of a feed of this epoch."""
        self.cursor.epoch, self.cursor.number, self._is_moved = epoch, 0, True

    @property
    def cursor(self) -> FeedCursor:
        """The reader's place in its feed."""
        if self._cursor is None:
            kept = FeedCursor.objects.filter(reader=self.reader).first()
            if kept is not None and not kept.is_bound:
                log.error("the place of %s in its feed was altered; the feed is read anew", self.reader)
                kept.delete()
                kept = None
            self._cursor = kept or FeedCursor(reader=self.reader)
        return self._cursor

    def write(self) -> None:
        """Write as `PeerMemory.write`, with statements and place."""
        super().write()
        if self._said or self._is_moved:
            self._write_feed()

    @transaction.atomic(savepoint=False)
    def _write_feed(self) -> None:
        said, self._said = self._said, []
        keep_bound(said)
        if self._is_moved:
            self.cursor.moved_at, self._is_moved = self._now, False
            self.cursor.save()


def held_statement(reader: str, jws: bytes, *, now: datetime) -> HeldStatement:
    """Build the unsaved row of a statement from its octets; raises MalformedError."""
    unverified = parse_statement(jws)
    said = unverified.statement
    return HeldStatement(
        reader=reader,
        od=unverified.od,
        iss=said.iss,
        k=said.k,
        statement_id=said.id,
        sub_d=said.sub.d if said.sub else "",
        act=said.act or "",
        body=dict(said.body),
        suite=said.suite,
        signers=list(said.signers),
        jws=jws.decode(),
        held_since=now,
    )


def record_of(row: HeldStatement) -> StatementRecord:
    """Convert the row to a record of `accord.following`; its log time is 0 while the ledger does not have it."""
    return StatementRecord(
        od=row.od,
        k=row.k,
        iss=row.iss,
        id=row.statement_id,
        about=row.sub_d or None,
        body=row.body,
        log_time=row.log_time or 0,
        jws=row.jws,
        signers=tuple(row.signers),
        suite=row.suite,
        index=row.log_index,
    )
