# SPDX-License-Identifier: Apache-2.0
"""Rows for how far systems have read their agencies' feeds, and for mails to contact points about unread items.

Part of `sharing.models`.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from agencies.models import Agency
from sharing.rows import Row


class FeedRead(Row):
    """The position up to which an agency's systems have read its feed: the highest number that one has asked beyond."""

    agency = models.OneToOneField(
        Agency, models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    epoch = models.CharField(max_length=16)
    after = models.BigIntegerField()
    moved_at = models.DateTimeField()


class ContactMail(Row):
    """One mail to one contact point, saying that something waits in its agency's feed. It holds nothing about the item.

    `number` is the first item that waited, or the first flash (`is_flash`): while that item waits no second mail is sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        UNCERTAIN = "uncertain"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    """Appears in the Message-ID, which stays the same on each try."""
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    address = models.CharField(max_length=254)
    epoch = models.CharField(max_length=16)
    number = models.BigIntegerField()
    is_flash = models.BooleanField()
    waits_since = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField()
    not_before = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    reply = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "address", "epoch", "number", "is_flash"], name="contact_mail_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "sending", "sent", "failed", "uncertain"]),
                name="contact_mail_state_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["not_before"], condition=Q(state="queued"), name="contact_mail_to_send")
        ]
