# SPDX-License-Identifier: Apache-2.0
"""Rows for agencies' statements about themselves, and for the private part of these. Part of `agencies.models`."""

from typing import ClassVar

from django.db import models


class OwnStatement(models.Model):
    """A statement of an agency about itself, signed by its own keys and kept as signed (`agencies.own_statements`)."""

    od = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="own_statements")
    k = models.CharField(max_length=12)
    statement_id = models.CharField(max_length=36)
    iat = models.BigIntegerField()
    jws = models.BinaryField()
    accepted_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["agency", "-iat"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "statement_id"], name="own_statement_id_once")
        ]

    def __str__(self) -> str:
        return self.od


class ContactPoint(models.Model):
    """A mail address at which the exchange reaches an agency; only the agency itself and the operator read it."""

    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="contact_points")
    address = models.CharField(max_length=254)

    class Meta:
        ordering: ClassVar = ["agency", "address"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "address"], name="contact_point_once")
        ]

    def __str__(self) -> str:
        return f"contact point of {self.agency_id}"
