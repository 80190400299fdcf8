# SPDX-License-Identifier: Apache-2.0
"""Rows of an agency's own envelopes: what became of them, and which of them its desk never sent. Part of `peers.models`.

What they say of a recipient is the exchange's word and not signed. A code binds each row to its reader: one that was
altered outside the program, or moved to another agency, is not used.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from accord.envelope.worth import Signed
from callers.binding import BoundRow
from callers.deliveries import DeliveryState


class SentEnvelope(BoundRow):
    """Envelope that the reader's desk sent: to whom, until when it is to be acknowledged and answered, when it expires, until when it is kept.

    Never changed.
    """

    reader = models.CharField(max_length=23)
    md = models.CharField(max_length=43)
    recipients = models.JSONField()
    ack_by = models.DateTimeField(null=True)
    reply_by = models.DateTimeField(null=True)
    exp = models.DateTimeField()
    keep = models.DateTimeField()

    BOUND = ("reader", "md", "recipients", "ack_by", "reply_by", "exp", "keep")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["reader", "reply_by"],
                condition=models.Q(reply_by__isnull=False),
                name="sent_questions",
            )
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["reader", "md"], name="sent_envelope_once")]

    def __str__(self) -> str:
        return f"{self.md} of {self.reader}"


class SentDelivery(BoundRow):
    """Outcome of one of the reader's envelopes at one recipient, as the exchange says."""

    reader = models.CharField(max_length=23)
    md = models.CharField(max_length=43)
    recipient = models.CharField(max_length=23)
    state = models.CharField(max_length=12, choices=DeliveryState, default=DeliveryState.PENDING)
    told_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, blank=True, default="")
    recalled_at = models.DateTimeField(null=True)
    recall_confirmed_at = models.DateTimeField(null=True)

    SAID: ClassVar = (
        "state",
        "told_at",
        "fetched_at",
        "opened_at",
        "acknowledged_at",
        "answer",
        "recalled_at",
        "recall_confirmed_at",
    )
    """Columns that the exchange states."""
    BOUND = ("reader", "md", "recipient", *SAID)

    class Meta:
        verbose_name_plural = "sent deliveries"
        indexes: ClassVar = [
            models.Index(
                fields=["reader", "md"],
                condition=models.Q(acknowledged_at__isnull=True, recalled_at__isnull=True),
                name="sent_awaited",
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "md", "recipient"], name="sent_delivery_once")
        ]

    def __str__(self) -> str:
        return f"{self.md} of {self.reader} at {self.recipient}"


class DeliveriesPlace(BoundRow):
    """Place up to which the reader has taken changes of its deliveries, as the exchange named it; empty before the first.

    No code covers when the worker asked, and how often in a row it got no answer.
    """

    reader = models.CharField(primary_key=True, max_length=23)
    place = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)

    BOUND = ("reader", "place")

    def __str__(self) -> str:
        return f"deliveries of {self.reader}"


class UnsentEnvelope(BoundRow):
    """Envelope in the reader's name that its desk never sent, as its manifest says, which is signed with its keys.

    `log_time` in seconds and `log_index` are its place in the ledger. Where the exchange has deleted the manifest
    nobody knows who signed it or when it was logged: then `log_time` is None, and it is not asked for again.
    """

    reader = models.CharField(max_length=23)
    md = models.CharField(max_length=43)
    jti = models.CharField(max_length=36, blank=True, default="")
    tlp = models.CharField(max_length=12, blank=True, default="")
    pri = models.CharField(max_length=8, blank=True, default="")
    lane = models.CharField(max_length=16, blank=True, default="")
    suite = models.CharField(max_length=3, blank=True, default="")
    signers = ArrayField(models.CharField(max_length=43), default=list)
    log_time = models.BigIntegerField(null=True)
    log_index = models.BigIntegerField(null=True)

    BOUND = ("reader", "md", "jti", "tlp", "pri", "lane", "suite", "signers", "log_time", "log_index")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "md"], name="unsent_envelope_once")
        ]
        indexes: ClassVar = [models.Index(fields=["reader", "-log_time"], name="unsent_envelope_logged")]

    def __str__(self) -> str:
        return f"{self.md} in the name of {self.reader}"

    @property
    def signed(self) -> Signed | None:
        """Facts by which its signatures are judged; None where nothing is known of them."""
        if self.log_time is None:
            return None
        ref = SubjectRef(MANIFEST, self.jti, self.md)
        return Signed(ref, self.reader, tuple(self.signers), self.suite, self.log_time, self.log_index)


class SubmissionsPlace(BoundRow):
    """Place up to which the reader has checked what the exchange lists in its name.

    `place` is the exchange's name of the next page while a full check is under way, else empty; `whole_at` is when the
    newest full check began, and `revocations` how many of the reader's keys were known as revoked then. No code covers
    `asked_at`, when the worker last asked.
    """

    reader = models.CharField(primary_key=True, max_length=23)
    place = models.TextField(blank=True, default="")
    whole_at = models.DateTimeField(null=True)
    revocations = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True, blank=True)

    BOUND = ("reader", "place", "whole_at", "revocations")

    def __str__(self) -> str:
        return f"submissions of {self.reader}"
