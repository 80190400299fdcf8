# SPDX-License-Identifier: Apache-2.0
"""What the hub holds for hosted agencies: wrapped secrets and wrapped private keys. Nothing here opens without the KEK."""

from typing import ClassVar

from django.db import models

from agencies.models import Agency, Key


class VaultSecret(models.Model):
    """One random root secret per agency and epoch, wrapped under a key of the KEK ring. Deleting it erases the agency."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    epoch = models.PositiveIntegerField()
    kek = models.CharField(max_length=32)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["agency", "epoch"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "epoch"], name="vault_secret_epoch_once")
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} epoch {self.epoch}"


class VaultKey(models.Model):
    """A private key the hub holds, sealed under its agency's secret of `epoch`."""

    key = models.OneToOneField(Key, models.PROTECT, primary_key=True, db_column="kid", related_name="+")
    epoch = models.PositiveIntegerField()
    wrapped = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        return str(self.key_id)
