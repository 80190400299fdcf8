# SPDX-License-Identifier: Apache-2.0
"""Rows that serve for minutes or days: sign-in attempts, links. They hold only digests of what would let somebody in.

Part of `officers.models`.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from callers.binding import BoundRow


class AccountLink(BoundRow):
    """Link sent by mail with which one person sets a password, once; only a keyed digest of its token is stored."""

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
    """When it was used or replaced by a newer one."""
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_cause = models.CharField(max_length=12, blank=True)
    """Reason why its mail was not sent (`officers.accountmail.Cause`); empty if it was sent or not tried."""

    by_hand: str = ""
    """The link itself, at an own desk without a mail server, for whoever made it to hand over; never stored."""

    class Meta:
        ordering: ClassVar = ["-issued_at"]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.officer_id}"


class LoginAttempts(models.Model):
    """Sign-in attempts within one window. `source` is a keyed digest of account and address, neither of which is stored."""

    source = models.CharField(primary_key=True, max_length=43)
    attempts = models.PositiveIntegerField()
    window_started_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login attempts"

    def __str__(self) -> str:
        return self.source
