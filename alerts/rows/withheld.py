# SPDX-License-Identifier: Apache-2.0
"""Own alerts that a suspended lane kept from an agency that their author had chosen. Part of `alerts.models`."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from callers.capabilities import Capability
from peers.models import Agency

if TYPE_CHECKING:
    from callers.actors import Actor


class WithheldState(models.TextChoices):
    """Decision on a withheld alert; how far one that was chosen has come is read from the alert under which it goes out."""

    WAITING = "waiting", _("Not decided")
    NOT_NEEDED = "not_needed", _("Not needed")
    CHOSEN = "chosen", _("Chosen to be sent")
    REFUSED = "refused", _("Could not be sent")


class WithheldAlertQuerySet(models.QuerySet["WithheldAlert"]):
    def visible_to(self, actor: "Actor") -> "WithheldAlertQuerySet":
        """Return rows of the actor's own agency whose alerts the actor may see."""
        from alerts.models import Alert

        if actor.agency_id is None or Capability.ALERT_READ not in actor.capabilities:
            return self.none()
        seen = Alert.objects.visible_to(actor).filter(pk=OuterRef("alert"))
        return self.filter(Exists(seen), agency_id=actor.agency_id)

    def standing(self) -> "WithheldAlertQuerySet":
        """Return rows whose alert was neither withdrawn nor replaced by a newer version: of it, only that is offered."""
        return self.filter(alert__withdrawn_at=None, alert__replaced_at=None)


class WithheldAlert(models.Model):
    """Alert that `peer` was to receive and did not, because the lane was suspended on the day of its release.

    - `kind` is the token of its kind, by which lists group; `keep` is when its content is deleted everywhere.
    - `batch` names the rows that were chosen together, `decided_by` who chose or declined.
    - `sent` is the alert under which its content goes out anew, `code` why it could not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    alert = models.ForeignKey("alerts.Alert", models.PROTECT, related_name="withheld")
    peer = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    lane = models.CharField(max_length=16)
    agreement = models.CharField(max_length=20, blank=True)
    kind = models.BinaryField(max_length=16)
    released_at = models.DateTimeField()
    keep = models.DateTimeField()
    state = models.CharField(max_length=10, choices=WithheldState, default=WithheldState.WAITING)
    code = models.CharField(max_length=60, blank=True)
    batch = models.UUIDField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    sent = models.OneToOneField("alerts.Alert", models.PROTECT, null=True, related_name="resent_from")

    objects = WithheldAlertQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-released_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["agency", "peer", "lane", "-released_at", "-id"], name="withheld_lists"),
            models.Index(
                fields=["agency", "peer", "lane"], condition=Q(state="waiting"), name="withheld_undecided"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "peer"], name="withheld_once"),
            models.CheckConstraint(condition=Q(state__in=WithheldState.values), name="withheld_state_known"),
        ]

    def __str__(self) -> str:
        return str(self.id)
