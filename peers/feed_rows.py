# SPDX-License-Identifier: Apache-2.0
"""Rows that an agency's desk has taken from its feed. Part of `peers.models`.

They are bound to their reader, as in `peers.mirror_rows`.
"""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accord.envelope.statements.form import SubjectRef
from accord.envelope.worth import Signed
from callers.binding import BoundRow
from callers.capabilities import Capability

if TYPE_CHECKING:
    from callers.actors import Actor


class HeldStatementQuerySet(models.QuerySet["HeldStatement"]):
    def visible_to(self, actor: "Actor") -> "HeldStatementQuerySet":
        """Select the statements of the actor's own agency, for its readers; the alert that a statement is about has a
        ceiling of its own.
        """
        if actor.agency_id is None or Capability.ALERT_READ not in actor.capabilities:
            return self.none()
        return self.filter(reader=actor.agency_id)

    def issued_by(self, agency: str) -> "HeldStatementQuerySet":
        """Select the statements in the name of this agency of the desk, made here or by anybody else who has its keys."""
        return self.filter(reader=agency, iss=agency)


class HeldStatement(BoundRow):
    """Statement as its reader verified or made it: octets as signed, and columns read from them.

    A statement in the reader's own name that was not made here is held, too, once it is verified
    (`alerts.sending.submissions`).

    `log_time` in seconds and `log_index` are its place in the ledger; None for an own statement that waits for its
    receipt.
    """

    reader = models.CharField(max_length=23)
    od = models.CharField(max_length=43)
    iss = models.CharField(max_length=23)
    k = models.CharField(max_length=12)
    statement_id = models.CharField(max_length=36)
    sub_d = models.CharField(max_length=43, blank=True, default="")
    act = models.CharField(max_length=64, blank=True, default="")
    body = models.JSONField()
    suite = models.CharField(max_length=3)
    signers = ArrayField(models.CharField(max_length=43))
    jws = models.TextField()
    log_time = models.BigIntegerField(null=True)
    log_index = models.BigIntegerField(null=True)
    held_since = models.DateTimeField()

    objects = HeldStatementQuerySet.as_manager()

    BOUND = (
        "reader",
        "od",
        "iss",
        "k",
        "statement_id",
        "sub_d",
        "act",
        "body",
        "suite",
        "signers",
        "jws",
        "log_time",
        "log_index",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "od"], name="held_statement_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["reader", "sub_d", "k"], name="held_statement_about"),
            models.Index(fields=["reader", "iss", "-log_time"], name="held_statement_of"),
            models.Index(fields=["reader", "iss"], condition=Q(k="retract"), name="held_retracts"),
            models.Index(
                fields=["reader"], condition=Q(log_time__isnull=True), name="held_statement_unlogged"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.k} {self.od}"

    @property
    def place(self) -> tuple[int, int] | None:
        """Leaf index and log time; None while the ledger does not have it."""
        return None if self.log_time is None or self.log_index is None else (self.log_index, self.log_time)

    @property
    def stated_at(self) -> int:
        """Time from which it counts, in seconds: that of the ledger; before that, when it was made here."""
        return int(self.held_since.timestamp()) if self.log_time is None else self.log_time

    @property
    def signed(self) -> Signed | None:
        """Facts by which its signatures are judged; None before the ledger has it."""
        if self.log_time is None:
            return None
        ref = SubjectRef(self.k, self.statement_id, self.od)
        return Signed(ref, self.iss, tuple(self.signers), self.suite, self.log_time, self.log_index)


class FeedCursor(BoundRow):
    """Place up to which an agency's feed was taken in: the number of the last item, and its epoch.

    The other columns only show how late the desk is, and no code covers them: the newest number that the exchange named
    (`head`), when it was asked, since when something waits, and by how many seconds this machine's clock was ahead of
    the exchange's then (behind: negative; None where the exchange did not state its time).
    """

    reader = models.CharField(primary_key=True, max_length=23)
    epoch = models.CharField(max_length=16, default="", blank=True)
    number = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)
    head = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    behind_since = models.DateTimeField(null=True)
    clock_ahead_secs = models.IntegerField(null=True)

    BOUND = ("reader", "epoch", "number")

    def __str__(self) -> str:
        return f"{self.reader} at {self.number}"
