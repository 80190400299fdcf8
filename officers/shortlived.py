# SPDX-License-Identifier: Apache-2.0
"""Rows that serve for minutes or days: sign-ins tried, links sent. Of what would let somebody in only digests stand here.

Part of `officers.models`.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from callers.binding import BoundRow


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
    """Why its mail did not go out (`officers.accountmail.Cause`); empty while it did or was not tried."""

    by_hand: str = ""
    """The link itself where an own desk without a mail server has just made it, for whoever made it to hand over; kept nowhere."""

    class Meta:
        ordering: ClassVar = ["-issued_at"]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.officer_id}"


class LoginAttempts(models.Model):
    """Sign-ins tried within one window. `source` is a keyed digest of account and address: neither stands here."""

    source = models.CharField(primary_key=True, max_length=43)
    attempts = models.PositiveIntegerField()
    window_started_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login attempts"

    def __str__(self) -> str:
        return self.source
