# SPDX-License-Identifier: Apache-2.0
"""Rows of the desk's own id at the exchange, and of the exchange's answers to it. Part of `vault.models`."""

from typing import ClassVar, Final

from django.db import models

from callers.binding import BoundRow

ONLY: Final = 1


class DeskInstance(BoundRow):
    """The id under which this desk announces at the exchange that it holds its agencies' identities; one row, drawn once."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    instance_id = models.CharField(max_length=36)

    BOUND = ("id", "instance_id")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=ONLY), name="desk_instance_only_one")
        ]

    def __str__(self) -> str:
        return self.instance_id


class Announcement(BoundRow):
    """The exchange's last answer when this desk announced that it holds an agency's identity.

    `refused_at` is since when the exchange names another holder, None while it accepts this desk. `holder`, `software`
    and `free_at` describe that holder, empty where they could not be read. `versions` is empty unless desk and exchange
    have no version in common: then it is "interface" or "profile", the oldest and newest version of the exchange, and
    those of this desk. `answered_at` is not covered by the row's code.
    """

    may_leave = False
    """No column: whether a row says that the agency leaves this desk, set where both are read at once."""
    is_gone = False
    """No column: whether that row says that its private keys were destroyed here."""

    agency_id = models.CharField(primary_key=True, max_length=23)
    refused_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=36, blank=True, default="")
    software = models.CharField(max_length=60, blank=True, default="")
    free_at = models.DateTimeField(null=True, blank=True)
    versions = models.JSONField(default=list, blank=True)
    answered_at = models.DateTimeField()

    BOUND = ("agency_id", "refused_at", "holder", "software", "free_at", "versions")

    def __str__(self) -> str:
        return f"{self.agency_id}, answered {self.answered_at}"
