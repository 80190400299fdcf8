# SPDX-License-Identifier: Apache-2.0
"""Keys by which an agency's systems call the desk. Part of `officers.models`."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from callers.binding import BoundRow
from callers.systemkeys import SystemKey


class DeskKey(BoundRow, SystemKey):
    """Key of a system that writes drafts or asks questions at this desk. `officers.deskkeys` makes and reads it.

    The digest is made under the pepper and itself covers agency, scopes and networks.
    """

    BOUND: ClassVar = (
        *("prefix", "agency", "client", "scopes", "networks", "created_at", "created_by", "expires_at"),
        *("revoked_at", "line", "follows"),
    )

    agency = models.ForeignKey("peers.Agency", models.PROTECT, related_name="desk_keys")
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors", editable=False
    )
    """Key that it replaced."""

    class Meta:
        ordering: ClassVar = ["agency", "client", "-created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("created_at") + timedelta(days=90)), name="deskkey_ninety_days"
            ),
        ]
