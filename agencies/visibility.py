# SPDX-License-Identifier: Apache-2.0
"""Row visibility: the only way in to agencies and keys."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from callers.capabilities import Capability

if TYPE_CHECKING:
    from agencies.models import (  # noqa: F401
        Agency,
        Key,
    )
    from callers.actors import Actor

ENTERING = "entering"
ROOT = "root"


class AgencyQuerySet(models.QuerySet["Agency"]):
    def visible_to(self, actor: "Actor") -> "AgencyQuerySet":
        """Return the whole directory to any signed-in actor, but agencies that are still entering only to the operator."""
        if Capability.HUB_OPERATE in actor.capabilities:
            return self
        if Capability.DIRECTORY_READ not in actor.capabilities:
            return self.none()
        return self.filter(~Q(status=ENTERING) | Q(pk=actor.agency_id))


class KeyQuerySet(models.QuerySet["Key"]):
    def visible_to(self, actor: "Actor") -> "KeyQuerySet":
        """Return the operational keys of the actor's own agency; others read keysets, not this table."""
        if Capability.KEY_READ not in actor.capabilities or actor.agency_id is None:
            return self.none()
        return self.filter(agency_id=actor.agency_id).exclude(use=ROOT)
