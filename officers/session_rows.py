# SPDX-License-Identifier: Apache-2.0
"""Sessions of signed-in officers. They hold no credential: a session is found by a keyed digest of its key."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from callers.binding import BoundRow


class Proof(models.TextChoices):
    """Proof given when signing in, the strongest first."""

    PASSKEY = "passkey"
    CODE = "code"
    RECOVERY = "recovery"
    PASSWORD = "password"  # noqa: S105

    @property
    def is_strong(self) -> bool:
        """Tell whether it is more than a password."""
        return self != Proof.PASSWORD


class OfficerSession(BoundRow):
    """Sign-in that has not ended. Its row decides: without one, or with `ended_at`, a session's cookie counts for nothing.

    A row that ends loses its code, so that removing `ended_at` does not revive it.
    """

    BOUND: ClassVar = ("id", "digest", "officer", "standing", "proof", "signed_in_at", "proved_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=43, unique=True, editable=False)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_ins")
    standing = models.CharField(max_length=43, editable=False)
    """Digest of the officer's password and salt; a change of either ends all sessions."""
    device = models.CharField(max_length=80, blank=True)
    """Browser and system in words, as the browser states them."""
    network = models.CharField(max_length=43, blank=True)
    """Network of the sign-in, /24 or /48; never the whole address."""
    proof = models.CharField(max_length=8, choices=Proof, default=Proof.PASSWORD)
    signed_in_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    """To within five minutes."""
    proved_at = models.DateTimeField()
    """Time of the person's last proof."""
    ended_at = models.DateTimeField(null=True, blank=True)
    is_in_review: bool = False
    """Whether the officer's agency has yet to review a restore; set only on the row of the current request."""

    class Meta:
        ordering: ClassVar = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.officer_id} since {self.signed_in_at}"

    @property
    def is_strong(self) -> bool:
        """Tell whether this sign-in took a second factor or a passkey."""
        return Proof(self.proof).is_strong
