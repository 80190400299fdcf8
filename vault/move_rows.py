# SPDX-License-Identifier: Apache-2.0
"""Rows of an agency that moves between desks: departure, arrival, and what opens its history. Part of `vault.models`."""

from typing import ClassVar

from django.db import models

from callers.binding import BoundRow


class Departure(BoundRow):
    """Agency that leaves this desk: one officer has asked for it, another one has agreed.

    Once `agreed_at` is set nothing is sent from here. `files` are the digests of the histories that were handed over,
    `destroyed_at` is when the private keys were deleted.
    """

    agency_id = models.CharField(primary_key=True, max_length=23)
    asked_by = models.CharField(max_length=100)
    asked_at = models.DateTimeField()
    agreed_by = models.CharField(max_length=100, blank=True, default="")
    agreed_at = models.DateTimeField(null=True, blank=True)
    files = models.JSONField(default=list, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    BOUND = ("agency_id", "asked_by", "asked_at", "agreed_by", "agreed_at", "files", "destroyed_at")

    def __str__(self) -> str:
        return f"{self.agency_id} leaves"


class Arrival(BoundRow):
    """Agency that comes to this desk from another one, with keys that are made here. `files`: digests of the histories
    that came.
    """

    agency_id = models.CharField(primary_key=True, max_length=23)
    begun_by = models.CharField(max_length=100)
    begun_at = models.DateTimeField()
    files = models.JSONField(default=list, blank=True)

    BOUND = ("agency_id", "begun_by", "begun_at", "files")

    def __str__(self) -> str:
        return f"{self.agency_id} comes"


class HandedEntry(BoundRow):
    """Content key of an envelope that the earlier desk sealed to a key of this one, as an entry of a JWE.

    It opens the agency's own slice, which passes every check of an opening as always.
    """

    agency_id = models.CharField(max_length=23)
    md = models.CharField(max_length=43)
    entry = models.TextField()

    BOUND = ("agency_id", "md", "entry")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency_id", "md"], name="handed_entry_once")
        ]

    def __str__(self) -> str:
        return f"{self.md} for {self.agency_id}"
