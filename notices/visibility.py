# SPDX-License-Identifier: Apache-2.0
"""Notices that an actor may see; requests read notices only through it."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accord.envelope.vocabulary import RED
from callers.capabilities import Capability
from callers.markings import rows_within
from notices.states import HANDED_IN_OCCASIONS, Occasion

if TYPE_CHECKING:
    from callers.actors import Actor
    from notices.models import Notification  # noqa: F401


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, actor: "Actor") -> "NotificationQuerySet":
        """Select the notices that were queued for the actor's agency, within the actor's limits; of RED the actor's own."""
        if Capability.NOTICE_READ not in actor.capabilities or actor.agency_id is None:
            return self.none()
        told = Q(officer__public_id=actor.audit_name.removeprefix("officer:"))
        rows = self.filter(recipient_id=actor.agency_id).exclude(Q(tlp=RED) & ~Q(reference="") & ~told)
        within = rows_within(actor)
        if not within:
            return rows
        # A notice that an alert waits for release or for the exchange, or that a task was given, names no alert, so that its
        # limits cannot be checked: only the officer who was told sees it.
        unnamed = (Occasion.RELEASE_WAITS, Occasion.TASK_ASSIGNED, *HANDED_IN_OCCASIONS)
        is_waiting = Q(occasion__in=unnamed) & ~told
        return rows.filter(Q(about="") | within).exclude(is_waiting)
