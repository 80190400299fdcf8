# SPDX-License-Identifier: Apache-2.0
"""Versions of the law that this hub knows: class rules, listings and precursors, as imported.

They are public law as data, in clear, and belong to no case. A row is never changed or deleted: an alert names the digest of
the rules it was screened by, and a replay of the verdict finds the text under it.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ControlKind(models.TextChoices):
    """The subject of a file of the law."""

    RULES = "rules", _("Class rules")
    LISTINGS = "listings", _("Listings")
    PRECURSORS = "precursors", _("Precursors")


class ControlVersion(models.Model):
    """One file of the law as it became current; the highest number of a kind is the one in use.

    `digest` is that of the content as the reader of its kind computes it, `text` the file as it was given.
    """

    kind = models.CharField(max_length=10, choices=ControlKind)
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=43)
    text = models.TextField()
    source = models.CharField(max_length=200, blank=True)
    applied_at = models.DateTimeField()
    applied_by = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["kind", "-number"]
        indexes: ClassVar = [models.Index(fields=["digest"], name="control_by_digest")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "number"], name="control_version_once"),
            models.CheckConstraint(condition=Q(kind__in=ControlKind.values), name="control_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
