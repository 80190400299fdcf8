# SPDX-License-Identifier: Apache-2.0
"""Requests of a desk to its agency's root to let a person in, and their outcome. Part of `officers.models`."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accord.envelope import reopening as envelope
from callers.binding import BoundRow


class Reopening(BoundRow):
    """Request as the root is to sign it (`payload`, canonical JSON), by its object digest; an agency has one open request.

    `used_at`: when it was handed in signed, and `officer` was let in. `made_by` asked for it, `handed_in_by` handed it
    in.
    """

    BOUND: ClassVar = ("od", "agency", "payload", "made_by", "made_at", "used_at", "handed_in_by", "officer")

    class As(models.TextChoices):
        """Roles in which the person may be let in."""

        ADMIN = envelope.ADMIN, _("Agency admin")
        KEY_OFFICER = envelope.KEY_OFFICER, _("Key officer")
        KEEPER = envelope.KEEPER, _("Keeper of this desk")

    od = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey("peers.Agency", models.PROTECT, related_name="reopenings")
    payload = models.TextField()
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    handed_in_by = models.CharField(max_length=100, blank=True)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="reopenings"
    )

    class Meta:
        ordering: ClassVar = ["-made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency"], condition=Q(used_at=None), name="reopening_open_once"),
            models.CheckConstraint(
                condition=Q(used_at=None, officer=None) | Q(used_at__isnull=False, officer__isnull=False),
                name="reopening_used_lets_in",
            ),
        ]

    def __str__(self) -> str:
        return self.od

    @property
    def said(self) -> envelope.Reopening:
        """Content of the request; raises MalformedError where the row was altered outside the program."""
        return envelope.read_reopening(self.payload.encode())

    @property
    def as_text(self) -> str:
        """Name of the role in which the person is let in."""
        return str(self.As(self.said.role).label)
