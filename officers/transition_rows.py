# SPDX-License-Identifier: Apache-2.0
"""Transitions: an agency's head and key people change, in steps. Part of `officers.models`."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from callers.binding import BoundRow


class Transition(BoundRow):
    """One transition, and what was there when it began, so that the desk can tell what has changed since."""

    BOUND: ClassVar = (
        *("id", "agency", "began_at", "began_by", "root", "people"),
        *("looked_by", "first_by", "ended_at", "ended_by"),
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey("peers.Agency", models.PROTECT, related_name="transitions")
    began_at = models.DateTimeField()
    began_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    root = models.CharField(max_length=64, blank=True)
    """Fingerprint of the root at the beginning; empty before there were keys."""
    people = ArrayField(models.CharField(max_length=22), default=list)
    """Public ids of the admins and key officers at the beginning."""
    looked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Officer who has gone through agreements and suspensions since."""
    first_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """First of the two who say that it is over."""
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-began_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency"], condition=Q(ended_at__isnull=True), name="transition_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} since {self.began_at}"
