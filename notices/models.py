# SPDX-License-Identifier: Apache-2.0
"""Notices: who of an agency is told of what, by which channel, and with what outcome."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from notices import visibility
from notices.states import NotificationState
from peers.models import Agency


class Notification(models.Model):
    """Notice of one occasion to one person by one channel. `uncertain` stays set once a mail may have been sent twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.CharField(max_length=64)
    occasion = models.CharField(max_length=24)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notifications")
    channel = models.CharField(max_length=12)
    recipient = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+")
    """None for a notice to a keeper about the desk itself."""
    about = models.CharField(max_length=43, blank=True)
    """The alert that it tells of (md); the next columns are what the mail says and who may be told. Empty for other notices."""
    reference = models.CharField(max_length=16, blank=True)
    pri = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=8, blank=True)
    tlp = models.CharField(max_length=12, blank=True)
    lane = models.CharField(max_length=16, blank=True)
    withheld = models.CharField(max_length=40, blank=True)
    """Reason not to send it any more, even if it is leased; see `Cause`."""
    state = models.CharField(max_length=10, choices=NotificationState, default=NotificationState.QUEUED)
    uncertain = models.BooleanField(default=False)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease_position = models.PositiveIntegerField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=120)
    reply = models.CharField(max_length=300, blank=True)
    cause = models.CharField(max_length=40, blank=True)

    objects = visibility.NotificationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-queued_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject", "occasion", "officer", "channel"], name="notification_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=NotificationState.values), name="notification_state_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"],
                condition=Q(state__in=("queued", "deferred", "uncertain")),
                name="notification_due",
            ),
            models.Index(fields=["leased_until"], condition=Q(state="leased"), name="notification_leased"),
            models.Index(
                fields=["state"], condition=Q(state__in=("held", "failed")), name="notification_stuck"
            ),
            models.Index(fields=["recipient", "-queued_at"], name="notification_of_agency"),
            models.Index(fields=["recipient", "about", "occasion"], name="notification_about"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.pk}"
