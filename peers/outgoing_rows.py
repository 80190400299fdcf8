# SPDX-License-Identifier: Apache-2.0
"""Rows of what an agency's desk hands in at the exchange. Part of `peers.models`; only `peers.outgoing` writes them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from callers.binding import BoundRow


class OutgoingState(models.TextChoices):
    QUEUED = "queued"
    SENT = "sent"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Outgoing(BoundRow):
    """Envelope or statement of the agency, octet for octet as it was signed, and what became of it.

    `d` is its digest, `item_id` its `jti` or id, `k` "manifest", "text" (of an agreement) or the statement's kind, `subject` the alert's
    id or the object that a statement is about, `by` the public id of the officer who signed, empty for the desk-worker. The
    octets are ciphertext, or what the exchange reads anyway; they are deleted when they are no longer needed.

    No code covers what decides when it is tried, and the exchange's reason for a refusal. `may_have_arrived`: an
    attempt ended without an answer, so that only the exchange knows.
    """

    reader = models.CharField(max_length=23)
    d = models.CharField(max_length=43)
    item_id = models.CharField(max_length=36)
    k = models.CharField(max_length=12)
    subject = models.CharField(max_length=43, blank=True, default="")
    pri = models.CharField(max_length=8, blank=True, default="")
    by = models.CharField(max_length=36, blank=True, default="")
    signed = models.BinaryField()
    """The manifest, or the statement's JWS."""
    jwe = models.BinaryField(default=b"")
    octets = models.CharField(max_length=64)
    """SHA-256, in hexadecimal, of all octets that are sent."""
    recipients = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=OutgoingState, default=OutgoingState.QUEUED)
    queued_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField()
    trying_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    may_have_arrived = models.BooleanField(default=False)
    cause = models.CharField(max_length=60, blank=True, default="")
    denials = models.JSONField(default=list)
    told_at = models.DateTimeField(null=True)

    BOUND = (
        *("reader", "d", "item_id", "k", "subject", "pri", "by", "recipients", "octets"),
        *("state", "queued_at"),
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["reader", "d"], name="outgoing_once")]
        indexes: ClassVar = [
            models.Index(fields=["reader", "subject"], name="outgoing_about"),
            models.Index(fields=["reader", "id"], condition=Q(state="queued"), name="outgoing_queued"),
            models.Index(fields=["settled_at"], condition=~Q(state="queued"), name="outgoing_settled"),
        ]

    def __str__(self) -> str:
        return f"{self.k} {self.d} of {self.reader}"


class OutgoingBlob(models.Model):
    """Sealed attachment of an envelope that is handed in; its digest is in the signed manifest."""

    outgoing = models.ForeignKey(Outgoing, models.CASCADE, related_name="blobs")
    n = models.PositiveSmallIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["outgoing", "n"], name="outgoing_blob_once")]

    def __str__(self) -> str:
        return f"blob {self.n}"
