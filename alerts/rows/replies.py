# SPDX-License-Identifier: Apache-2.0
"""Rows of replies and of sample profiles, for one agency. Part of `alerts.models`.

In clear are the agency and the envelopes that a row belongs to, as the signed manifests show anyway. The answered alert's
facts, and the numbers of a profile, are only in sealed columns.
"""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from alerts.rows.about import ONE_ALERT, about_visible
from callers.capabilities import Capability
from peers.models import Agency

if TYPE_CHECKING:
    from alerts.models import Alert
    from callers.actors import Actor


class ReplyQuerySet(models.QuerySet["Reply"]):
    def visible_to(self, actor: "Actor") -> "ReplyQuerySet":
        """Return rows of the actor's own agency whose alerts the actor may see."""
        if actor.agency_id is None or Capability.ALERT_READ not in actor.capabilities:
            return self.none()
        return self.filter(about_visible(actor), agency_id=actor.agency_id)


class Reply(models.Model):
    """Reply to another envelope: an own one, from its draft on, or a received one.

    `re_md` and `re_jti` name the envelope it answers. For an own reply, `source` holds that one's marking and recipients until
    that is forgotten, and `sample` is the own alert whose profile it is about. `summary` is what pages show of it, sealed; it is filled
    once the reply was sent, or opened by the desk-worker.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    alert = models.OneToOneField("alerts.Alert", models.PROTECT, null=True, related_name="reply")
    received = models.OneToOneField("alerts.ReceivedAlert", models.PROTECT, null=True, related_name="reply")
    re_jti = models.CharField(max_length=36)
    re_md = models.CharField(max_length=43)
    sample = models.ForeignKey("alerts.Alert", models.PROTECT, null=True, related_name="+")
    source = models.BinaryField(null=True)
    summary = models.BinaryField(null=True)
    created_at = models.DateTimeField()

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "replies"
        ordering: ClassVar = ["created_at", "id"]
        indexes: ClassVar = [models.Index(fields=["agency", "re_md"], name="replies_to")]
        constraints: ClassVar = [models.CheckConstraint(condition=ONE_ALERT, name="reply_of_one_alert")]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def of(cls, alert: "Alert") -> "Reply | None":
        """Return the row of an own alert; None for one that is no reply."""
        return None if alert.kind == "alert" else cls.objects.filter(alert=alert).first()


class ProfileQuestion(models.Model):
    """Question by an own alert to other agencies about the profile of one of the agency's samples."""

    alert = models.OneToOneField(
        "alerts.Alert", models.PROTECT, primary_key=True, related_name="profile_question"
    )
    sample = models.ForeignKey("alerts.Alert", models.PROTECT, related_name="profile_questions")
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-created_at", "alert"]

    def __str__(self) -> str:
        return str(self.pk)


class SampleProfileQuerySet(models.QuerySet["SampleProfile"]):
    def visible_to(self, actor: "Actor") -> "SampleProfileQuerySet":
        """Return rows of the actor's own agency whose alerts the actor may see."""
        if actor.agency_id is None or Capability.ALERT_READ not in actor.capabilities:
            return self.none()
        return self.filter(about_visible(actor), agency_id=actor.agency_id)

    def standing(self) -> "SampleProfileQuerySet":
        """Return profiles that count: not of exercises, nor of alerts withdrawn or replaced by a newer version."""
        return self.filter(
            Q(received__isnull=True)
            | Q(received__status="actual", received__withdrawn_at=None, received__replaced_by=None),
            Q(alert__isnull=True)
            | Q(alert__status="actual", alert__withdrawn_at=None, alert__replaced_at=None),
        )


class SampleProfile(models.Model):
    """Profile of one alert, sealed: method, version and values. Deleted with the alert's card."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    alert = models.OneToOneField("alerts.Alert", models.PROTECT, null=True, related_name="sample_profile")
    received = models.OneToOneField(
        "alerts.ReceivedAlert", models.PROTECT, null=True, related_name="sample_profile"
    )
    sealed = models.BinaryField()
    stored_at = models.DateTimeField()

    objects = SampleProfileQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-stored_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["agency", "-stored_at", "-id"], name="profiles_newest")]
        constraints: ClassVar = [models.CheckConstraint(condition=ONE_ALERT, name="profile_of_one_alert")]

    def __str__(self) -> str:
        return str(self.id)
