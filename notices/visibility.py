# SPDX-License-Identifier: Apache-2.0
"""Notices that an actor may see: the only way in to them from a request."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from callers.capabilities import Capability
from callers.markings import rows_within
from notices.states import HANDED_IN_OCCASIONS, Occasion

if TYPE_CHECKING:
    from callers.actors import Actor
    from notices.models import Notification  # noqa: F401


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, actor: "Actor") -> "NotificationQuerySet":
        """An agency sees whom the hub told for it."""
        if Capability.NOTICE_READ not in actor.capabilities or actor.agency_id is None:
            return self.none()
        rows = self.filter(recipient_id=actor.agency_id)
        within = rows_within(actor)
        if not within:
            return rows
        # What waits for its release, or for the exchange, names no alert; whom it was told to could see it then.
        is_waiting = Q(occasion__in=(Occasion.RELEASE_WAITS, *HANDED_IN_OCCASIONS)) & ~Q(
            officer__public_id=actor.audit_name.removeprefix("officer:")
        )
        return rows.filter(Q(about="") | within).exclude(is_waiting)
