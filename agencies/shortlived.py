# SPDX-License-Identifier: Apache-2.0
"""Rows that serve for minutes or days: challenges, requests seen, sign-ins tried, links sent.

Of everything that would let somebody in only digests stand here. Part of `agencies.models`.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agencies.binding import BoundRow


class AccountLink(BoundRow):
    """A link sent by mail that lets one person set a password, once; of its token only a keyed digest stands here."""

    BOUND: ClassVar = ("digest", "officer", "purpose", "issued_at", "expires_at")

    class Purpose(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        RESET = "reset", _("Password reset")

    digest = models.CharField(primary_key=True, max_length=43)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="account_links")
    purpose = models.CharField(max_length=10, choices=Purpose)
    issued_by = models.CharField(max_length=100)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    """When it served or was replaced by a newer one."""
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_cause = models.CharField(max_length=12, blank=True)
    """Why its mail did not go out (`agencies.accountmail.Cause`); empty while it did or was not tried."""

    class Meta:
        ordering: ClassVar = ["-issued_at"]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.officer_id}"


class Challenge(models.Model):
    """A one-time challenge for proof of possession; of its nonces only digests stand here, by kid."""

    chal = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey("agencies.Agency", models.PROTECT, related_name="+")
    nonce_digests = models.JSONField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.chal


class FirstApiKey(models.Model):
    """The first API key of an agency that entered with its own keys, as it was sealed to one of them.

    Kept for a day, so that whoever hands in the same keyset again gets the same answer; its text stands nowhere.
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


class IdempotentRequest(models.Model):
    """What a write with an `Idempotency-Key` led to; never its body."""

    actor = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    request_mac = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """The answer's HTTP status; null while the request is being worked on."""
    resource = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["actor", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return self.key


class LoginAttempts(models.Model):
    """Sign-ins tried within one window. `source` is a keyed digest of account and address: neither stands here."""

    source = models.CharField(primary_key=True, max_length=43)
    attempts = models.PositiveIntegerField()
    window_started_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login attempts"

    def __str__(self) -> str:
        return self.source
