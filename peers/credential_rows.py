# SPDX-License-Identifier: Apache-2.0
"""API keys at the exchange of which an agency's admins are told. Part of `peers.models`."""

from datetime import timedelta
from typing import ClassVar

from django.db import models


class KnownCredential(models.Model):
    """An API key that serves at the exchange, of another system of the agency than this desk, as the exchange said last.

    Whoever tells people reads it and nothing is decided by it, so it is not bound.
    """

    agency_id = models.CharField(max_length=23)
    prefix = models.CharField(max_length=16)
    client = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    has_replaced = models.BooleanField()
    """Whether it took the place of another one."""

    class Meta:
        ordering: ClassVar = ["agency_id", "prefix"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency_id", "prefix"], name="known_credential_once")
        ]

    def __str__(self) -> str:
        return f"{self.agency_id}/{self.client}"

    @property
    def lifetime(self) -> timedelta:
        """Return how long it was to serve."""
        return self.expires_at - self.created_at
