# SPDX-License-Identifier: Apache-2.0
"""API keys of the agencies' systems, of which no text stands anywhere. Part of `agencies.models`."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from agencies.visibility import ApiKeyQuerySet


class ApiKey(models.Model):
    """A partner system's key: 256 random bits shown once, only a keyed digest kept."""

    prefix = models.CharField(primary_key=True, max_length=16)
    digest = models.BinaryField(max_length=32)
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="api_keys")
    client = models.CharField(max_length=60)
    scopes = ArrayField(models.CharField(max_length=24))
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    is_entry = models.BooleanField(default=False)
    """Issued by the operator for accession alone (`agencies.entrykeys`); it never becomes a working key."""
    is_desk = models.BooleanField(default=False)
    """What a desk calls with for its agency: nobody carried it anywhere, and no officer sees or ends it."""
    line = models.CharField(max_length=16, db_index=True, editable=False)
    """The prefix of the first key of its chain: every key that replaced another one bears the same."""
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors", editable=False
    )
    """The key that it replaced."""
    stated_in = models.CharField(max_length=43, blank=True, editable=False)
    """The od of the agency's own statement that asked for it, where one did (`agencies.credentials`)."""

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["agency", "client", "-created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("created_at") + timedelta(days=90)), name="apikey_ninety_days"
            ),
            models.UniqueConstraint(
                fields=["stated_in"], condition=~Q(stated_in=""), name="apikey_stated_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id}/{self.client}"

    @property
    def lifetime(self) -> timedelta:
        """How long it was to serve."""
        return self.expires_at - self.created_at
