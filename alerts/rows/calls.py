# SPDX-License-Identifier: Apache-2.0
"""Notes of telephone calls about an alert. Part of `alerts.models`."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models

from alerts.rows.about import ONE_ALERT, about_visible
from callers.capabilities import Capability
from peers.models import Agency

if TYPE_CHECKING:
    from alerts.models import Alert, ReceivedAlert
    from callers.actors import Actor


class CallNoteQuerySet(models.QuerySet["CallNote"]):
    def visible_to(self, actor: "Actor", about: "Alert | ReceivedAlert | None" = None) -> "CallNoteQuerySet":
        """Return notes of the actor's own agency about alerts that the actor may see; about this one, where one is given."""
        if actor.agency_id is None or Capability.ALERT_READ not in actor.capabilities:
            return self.none()
        return self.filter(about_visible(actor, about), agency_id=actor.agency_id)


class CallNote(models.Model):
    """Note of a call to `peer` about a received or an own alert: insert-only, its text only in `sealed`.

    Notes about a received alert are deleted with its card.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    alert = models.ForeignKey("alerts.Alert", models.PROTECT, null=True, related_name="calls")
    received = models.ForeignKey("alerts.ReceivedAlert", models.PROTECT, null=True, related_name="calls")
    peer = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    called_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    sealed = models.BinaryField()

    objects = CallNoteQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-called_at", "-id"]
        constraints: ClassVar = [models.CheckConstraint(condition=ONE_ALERT, name="call_about_one_alert")]

    def __str__(self) -> str:
        return str(self.id)
