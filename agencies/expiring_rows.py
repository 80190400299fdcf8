# SPDX-License-Identifier: Apache-2.0
"""Rows that are valid for minutes or days: challenges, and first API keys in sealed form.

Credentials are stored only as digests or sealed. Part of `agencies.models`.
"""

from django.db import models


class Challenge(models.Model):
    """A one-time challenge for proof of possession; its nonces are stored only as digests, by kid."""

    chal = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="+")
    nonce_digests = models.JSONField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.chal


class FirstApiKey(models.Model):
    """The first API key of an agency that entered with its own keys, sealed to one of them.

    Kept for a day, so that handing in the same keyset again gets the same answer; its text is stored nowhere.
    """

    keyset = models.OneToOneField(
        "agencies.Keyset", models.PROTECT, primary_key=True, related_name="first_api_key"
    )
    api_key = models.OneToOneField("agencies.ApiKey", models.PROTECT, related_name="+")
    kid = models.CharField(max_length=43)
    jwe = models.JSONField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"first API key of {self.keyset_id}"
