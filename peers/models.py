# SPDX-License-Identifier: Apache-2.0
"""Agencies as the desk knows them, its own and others."""

from typing import ClassVar

from django.db import models

from callers.directory import AgencyKind, AgencyStatus, Custody
from peers.mirror_rows import PeerKeyset as PeerKeyset  # noqa: PLC0414
from peers.mirror_rows import PeerRevocation as PeerRevocation  # noqa: PLC0414
from peers.mirror_rows import SeenLedger as SeenLedger  # noqa: PLC0414
from peers.visibility import DirectoryQuerySet


class Agency(models.Model):
    """An agency as the directory has it.

    The desk reads it and never writes it. While both halves share one database this is the exchange's own table.
    """

    id = models.CharField(primary_key=True, max_length=23)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=AgencyKind)
    country = models.CharField(max_length=2)
    timezone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=16, default="en")
    custody = models.CharField(max_length=12, choices=Custody)
    status = models.CharField(max_length=9, choices=AgencyStatus, default=AgencyStatus.ENTERING)
    suspended_at = models.DateTimeField(null=True, blank=True)
    root_fingerprint = models.CharField(max_length=64, blank=True)
    """Of the root in force, as the directory says; nothing is decided by it once a keyset stands."""
    duty_phone = models.CharField(max_length=40, blank=True)
    admitted_at = models.DateTimeField()
    first_release_at = models.DateTimeField(null=True, blank=True)
    """When its first actual alert went out; until then changes of power wait for nobody (`officers.powers`)."""

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "agencies_agency"
        ordering: ClassVar = ["id"]
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name

    @property
    def is_hosted(self) -> bool:
        """Tell whether the desk signs and opens for this agency."""
        return self.custody != Custody.AGENCY

    @property
    def is_suspended(self) -> bool:
        """Tell whether the operator has stopped new flow to and from this agency."""
        return self.status == AgencyStatus.SUSPENDED
