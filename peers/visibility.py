# SPDX-License-Identifier: Apache-2.0
"""Agencies of the directory that an actor may see; requests read agencies only through it."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from callers.capabilities import Capability
from callers.directory import AgencyStatus

if TYPE_CHECKING:
    from callers.actors import Actor
    from peers.models import Agency  # noqa: F401


class DirectoryQuerySet(models.QuerySet["Agency"]):
    def visible_to(self, actor: "Actor") -> "DirectoryQuerySet":
        """Select agencies for a signed-in actor; those that are still entering are visible to the keeper and to themselves only."""
        if Capability.DESK_KEEP in actor.capabilities:
            return self
        if Capability.DIRECTORY_READ not in actor.capabilities:
            return self.none()
        return self.filter(~Q(status=AgencyStatus.ENTERING) | Q(pk=actor.agency_id))
