# SPDX-License-Identifier: Apache-2.0
"""API keys at the exchange of which an agency's admins are told. Part of `peers.models`."""

from datetime import timedelta
from typing import ClassVar

from django.db import models


class KnownCredential(models.Model):
    """API key of another system of the agency than this desk that serves at the exchange, as the exchange last listed it.

    It is only shown to people and nothing is decided by it, so that the row is not bound.
    """

    agency_id = models.CharField(max_length=23)
    prefix = models.CharField(max_length=16)
    client = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    has_replaced = models.BooleanField()
    """Whether it replaced another key."""

    class Meta:
        ordering: ClassVar = ["agency_id", "prefix"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency_id", "prefix"], name="known_credential_once")
        ]

    def __str__(self) -> str:
        return f"{self.agency_id}/{self.client}"

    @property
    def lifetime(self) -> timedelta:
        """Total time for which the key serves."""
        return self.expires_at - self.created_at
