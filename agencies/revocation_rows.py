# SPDX-License-Identifier: Apache-2.0
"""Rows for revocations of stolen and lost keys, signed by roots. Part of `agencies.models`."""

from typing import ClassVar

from django.db import models


class Revocation(models.Model):
    """A `revoke` signed by the root, kept as signed; it counts from its log time."""

    od = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="revocations")
    key = models.ForeignKey("agencies.Key", models.PROTECT, related_name="revocations")
    since = models.BigIntegerField()
    code = models.CharField(max_length=6)
    jws = models.BinaryField()
    accepted_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["agency", "accepted_at"]

    def __str__(self) -> str:
        return self.od
