# SPDX-License-Identifier: Apache-2.0
"""Rows of an agency's own envelopes: what became of them, and which of them its desk never sent. Part of `peers.models`.

What stands in them of a recipient is what the exchange says, and no signature is under it. The code binds it to its reader:
changed past the program, or moved to another agency, it counts for nothing.
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
    """An envelope that the reader's desk sent: to whom, until when an answer is asked, until when it stands. Never changed."""

    reader = models.CharField(max_length=23)
    md = models.CharField(max_length=43)
    recipients = models.JSONField()
    ack_by = models.DateTimeField(null=True)
    exp = models.DateTimeField()

    BOUND = ("reader", "md", "recipients", "ack_by", "exp")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["reader", "md"], name="sent_envelope_once")]

    def __str__(self) -> str:
        return f"{self.md} of {self.reader}"


class SentDelivery(BoundRow):
    """What the exchange says became of one of the reader's envelopes at one recipient."""

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
    """What the exchange says of it."""
    BOUND = ("reader", "md", "recipient", *SAID)

    class Meta:
        verbose_name_plural = "sent deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "md", "recipient"], name="sent_delivery_once")
        ]

    def __str__(self) -> str:
        return f"{self.md} of {self.reader} at {self.recipient}"


class DeliveriesPlace(BoundRow):
    """Up to where the reader has taken what changed of its deliveries, as the exchange named the place; empty before the first.

    Beside stands what trusts nobody, without a code: when the worker asked, and how often in a row it got no answer.
    """

    reader = models.CharField(primary_key=True, max_length=23)
    place = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)

    BOUND = ("reader", "place")

    def __str__(self) -> str:
        return f"deliveries of {self.reader}"


class UnsentEnvelope(BoundRow):
    """An envelope in the reader's name that its desk never sent, as its manifest says, which its keys have signed.

    `log_time` in seconds and `log_index` say where the ledger has it. Of one whose manifest the exchange has deleted nobody
    knows who signed it or when it was logged: `log_time` is None, and it is not asked for again.
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
        """The facts by which its signatures are judged; None where nothing is known of them."""
        if self.log_time is None:
            return None
        ref = SubjectRef(MANIFEST, self.jti, self.md)
        return Signed(ref, self.reader, tuple(self.signers), self.suite, self.log_time, self.log_index)


class SubmissionsPlace(BoundRow):
    """Place up to which the reader has looked through what the exchange lists in its name.

    `place` is the exchange's name of the next page while a look through everything is under way, else empty; `whole_at` is
    when the newest such look was begun, and `revocations` how many of the reader's keys were known as revoked then. Beside
    stands without a code when the worker asked last.
    """

    reader = models.CharField(primary_key=True, max_length=23)
    place = models.TextField(blank=True, default="")
    whole_at = models.DateTimeField(null=True)
    revocations = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True, blank=True)

    BOUND = ("reader", "place", "whole_at", "revocations")

    def __str__(self) -> str:
        return f"submissions of {self.reader}"
