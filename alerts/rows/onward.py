# SPDX-License-Identifier: Apache-2.0
"""Releases onward that an officer of the agency has prepared, and the reviews of emergencies. Part of `alerts.models`."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from alerts.rows.about import ONE_ALERT, about_visible
from callers.binding import BoundRow
from callers.capabilities import Capability
from peers.models import Agency

if TYPE_CHECKING:
    from alerts.models import Alert, ReceivedAlert
    from callers.actors import Actor

REVIEWS = frozenset({Capability.AUDIT_READ, Capability.AGENCY_MANAGE})
"""Any of these lets an officer review an emergency, who took no part in it."""


class OnwardReleaseQuerySet(models.QuerySet["OnwardRelease"]):
    def visible_to(
        self, actor: "Actor", about: "Alert | ReceivedAlert | None" = None
    ) -> "OnwardReleaseQuerySet":
        """Return those of the actor's own agency about alerts that the actor may see; about this one, where one is given."""
        if actor.agency_id is None or Capability.ALERT_READ not in actor.capabilities:
            return self.none()
        return self.filter(about_visible(actor, about), agency_id=actor.agency_id)

    def reviewed_by(self, actor: "Actor") -> "OnwardReleaseQuerySet":
        """Return the emergencies of the actor's own agency, for its auditors and admins, who need not see the alerts."""
        if actor.agency_id is None or not REVIEWS & actor.capabilities:
            return self.none()
        return self.filter(agency_id=actor.agency_id, review_by__isnull=False)


class OnwardRelease(BoundRow):
    """Release of a received or an own alert to further agencies, prepared by one officer and released by another.

    `od` is the digest of the signed release, empty before. An emergency is reviewed by `review_by`; what the reviewer wrote is
    only in `review`. It is deleted with the card of a received alert.
    """

    BOUND = (
        *("id", "agency_id", "alert_id", "received_id", "recipients", "until", "purpose", "is_emergency"),
        *("prepared_by_id", "released_by_id", "od", "review_by", "reviewed_by_id", "is_justified"),
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    alert = models.ForeignKey("alerts.Alert", models.PROTECT, null=True, related_name="onward")
    received = models.ForeignKey("alerts.ReceivedAlert", models.PROTECT, null=True, related_name="onward")
    recipients = ArrayField(models.CharField(max_length=23))
    until = models.DateTimeField()
    purpose = models.CharField(max_length=24)
    is_emergency = models.BooleanField()
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    od = models.CharField(max_length=43, blank=True, default="")
    review_by = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    is_justified = models.BooleanField(null=True)
    review = models.BinaryField(null=True)

    objects = OnwardReleaseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["prepared_at", "id"]
        constraints: ClassVar = [models.CheckConstraint(condition=ONE_ALERT, name="onward_of_one_alert")]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def about(self) -> "Alert | ReceivedAlert":
        """The alert that is released."""
        found = self.received or self.alert
        assert found is not None, "the constraint"
        return found


def unsay_release(agency_id: str, od: str) -> None:
    """Make a release that the exchange refuses prepared again; in the caller's transaction."""
    for row in OnwardRelease.objects.select_for_update().filter(agency_id=agency_id, od=od):
        row.od, row.released_by, row.released_at, row.review_by = "", None, None, None
        row.save()
