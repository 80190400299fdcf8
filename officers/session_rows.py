# SPDX-License-Identifier: Apache-2.0
"""Sessions: who is signed in where. No credential stands here: a session is found by a keyed digest of its key."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from callers.binding import BoundRow


class Proof(models.TextChoices):
    """By what a person was known when signing in, the strongest first."""

    PASSKEY = "passkey"
    CODE = "code"
    RECOVERY = "recovery"
    PASSWORD = "password"  # noqa: S105

    @property
    def is_strong(self) -> bool:
        """More than a password."""
        return self != Proof.PASSWORD


class OfficerSession(BoundRow):
    """One sign-in that has not ended. Its row decides: without one, or with `ended_at`, a session's cookie is nothing.

    A row that ends loses its code, so that taking `ended_at` away does not begin it again.
    """

    BOUND: ClassVar = ("id", "digest", "officer", "standing", "proof", "signed_in_at", "proved_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=43, unique=True, editable=False)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_ins")
    standing = models.CharField(max_length=43, editable=False)
    """Digest of the officer's password and salt: what ends all sessions makes it another."""
    device = models.CharField(max_length=80, blank=True)
    """Browser and system in words, from what the browser says of itself."""
    network = models.CharField(max_length=43, blank=True)
    """The network the sign-in came from, /24 or /48; never the whole address."""
    proof = models.CharField(max_length=8, choices=Proof, default=Proof.PASSWORD)
    signed_in_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    """To five minutes."""
    proved_at = models.DateTimeField()
    """When the person last proved to be who signed in."""
    ended_at = models.DateTimeField(null=True, blank=True)
    is_in_review: bool = False
    """Whether the officer's agency has yet to go through a restore; known of the row that a request came with."""

    class Meta:
        ordering: ClassVar = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.officer_id} since {self.signed_in_at}"

    @property
    def is_strong(self) -> bool:
        """Tell whether this sign-in took a second factor or a passkey."""
        return Proof(self.proof).is_strong
