# SPDX-License-Identifier: Apache-2.0
"""API keys of the agencies' systems; their texts are stored nowhere. Part of `agencies.models`."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from callers.systemkeys import SystemKey


class ApiKey(SystemKey):
    """A key of an agency's system at the exchange; the desk that hosts an agency is such a system, too."""

    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="api_keys")
    is_entry = models.BooleanField(default=False)
    """Issued by the operator for accession only (`agencies.entrykeys`); it never becomes a working key."""
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors", editable=False
    )
    """The key that it replaced."""
    stated_in = models.CharField(max_length=43, blank=True, editable=False)
    """The od of the agency's own statement that asked for this key, if one did (`agencies.credentials`)."""

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
