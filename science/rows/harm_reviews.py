# SPDX-License-Identifier: Apache-2.0
"""Harm reviews of substances without known harm. Part of `science.models`.

The row names the alert that was reviewed; the board applies the review to every report of the substance. The outcome is
sealed, the day of the next review is in clear.
"""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models

from alerts.rows.about import ONE_ALERT, about_visible
from callers.capabilities import Capability
from peers.models import Agency

if TYPE_CHECKING:
    from callers.actors import Actor


class HarmReviewQuerySet(models.QuerySet["HarmReview"]):
    def visible_to(self, actor: "Actor") -> "HarmReviewQuerySet":
        """Return rows of the actor's own agency whose alerts the actor may see, if the actor may use the science pages."""
        if actor.agency_id is None or Capability.SCIENCE_READ not in actor.capabilities:
            return self.none()
        return self.filter(about_visible(actor), agency_id=actor.agency_id)


class HarmReview(models.Model):
    """Harm review by an officer, and when the next is due; None: only after another report."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    received = models.ForeignKey("alerts.ReceivedAlert", models.PROTECT, null=True, related_name="harm_looks")
    alert = models.ForeignKey("alerts.Alert", models.PROTECT, null=True, related_name="harm_looks")
    sealed = models.BinaryField()
    next_on = models.DateField(null=True)
    looked_at = models.DateTimeField()
    looked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = HarmReviewQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-looked_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["agency", "-looked_at", "-id"], name="harm_looks_newest")]
        constraints: ClassVar = [models.CheckConstraint(condition=ONE_ALERT, name="harm_look_at_one_alert")]

    def __str__(self) -> str:
        return str(self.id)
