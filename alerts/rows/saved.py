# SPDX-License-Identifier: Apache-2.0
"""Saved views of lists, and templates of drafts. Part of `alerts.models`."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from callers.capabilities import Capability
from callers.markings import levels_within
from peers.models import Agency

if TYPE_CHECKING:
    from callers.actors import Actor


class SavedBox(models.TextChoices):
    """Boxes whose lists can have saved views."""

    INBOX = "inbox", _("Inbox")
    OUTBOX = "outbox", pgettext_lazy("alerts", "Sent")
    QUEUE = "queue", _("To release")
    DRAFTS = "drafts", _("Drafts")
    ON_THE_WAY = "on_the_way", _("Yours, on the way")


class SavedView(models.Model):
    """Set of filters that an officer keeps under a name. Filters are codes from the list's own choices.

    The name is stored in clear and is no place for content; search texts are never kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    box = models.CharField(max_length=10, choices=SavedBox)
    name = models.CharField(max_length=40)
    filters = models.JSONField(default=dict)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["box", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["officer", "box", "name"], name="saved_view_name_once"),
            models.UniqueConstraint(
                fields=["officer", "box"], condition=Q(is_default=True), name="saved_view_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DraftTemplateQuerySet(models.QuerySet["DraftTemplate"]):
    def visible_to(self, actor: "Actor") -> "DraftTemplateQuerySet":
        """Return templates of the actor's own agency, up to the actor's ceiling, if the actor may write alerts."""
        if actor.agency_id is None or Capability.ALERT_WRITE not in actor.capabilities:
            return self.none()
        reached = levels_within(actor)
        rows = self.filter(agency_id=actor.agency_id)
        return rows if reached is None else rows.filter(tlp__in=reached)


class DraftTemplate(models.Model):
    """Starting point for drafts that an agency keeps; its name and fields are only in `sealed`.

    `tlp` is the marking of the draft it was made from: an officer who could not see that one does not see the template.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    tlp = models.CharField(max_length=12)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    objects = DraftTemplateQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["agency", "-created_at"], name="draft_templates")]

    def __str__(self) -> str:
        return str(self.id)
