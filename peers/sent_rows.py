# SPDX-License-Identifier: Apache-2.0
"""Rows of what became of an agency's own envelopes. Part of `peers.models`; `peers.sent` and `peers.deliveries` alone read them.

What stands in them of a recipient is what the exchange says, and no signature is under it. The code binds it to its reader:
changed past the program, or moved to another agency, it counts for nothing.
"""

from typing import ClassVar

from django.db import models

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
