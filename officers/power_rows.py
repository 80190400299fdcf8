# SPDX-License-Identifier: Apache-2.0
"""Changes of power that wait for a second person or for their delay, and their outcome. Part of `officers.models`."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from callers.binding import BoundRow


class PowerChange(BoundRow):
    """Change of who may do what in an agency, asked for by one person (`officers.powers`).

    `changes` and `before` hold roles or fields of the policy, by name. `delay_hours` counts from the first delivered
    notice; without it only a second person's agreement applies the change. A row that is not bound applies nothing and
    confirms nobody.
    """

    BOUND: ClassVar = (
        *("id", "agency", "kind", "officer", "cause", "changes", "before"),
        *("asked_by", "asked_at", "delay_hours", "decided_by", "outcome"),
    )

    class Kind(models.TextChoices):
        ROLES = "roles", _("Roles given")
        ENABLE = "enable", _("Account enabled again")
        POLICY = "policy", _("Policy loosened")
        IDENTITY = "identity", _("Person to be confirmed")

    class Cause(models.TextChoices):
        """Reason why a person is to be confirmed."""

        INVITED = "invited", _("Invited")
        FACTORS_RESET = "factors-reset", _("Second factor reset by an admin")
        MACHINE_RESET = "machine-reset", _("Second factor reset by the desk's keeper")

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waits")
        AGREED = "agreed", _("Agreed to")
        APPLIED = "applied", _("Applied after its time")
        STOPPED = "stopped", _("Stopped")
        DROPPED = "dropped", _("Taken back or overtaken")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey("peers.Agency", models.PROTECT, related_name="power_changes")
    kind = models.CharField(max_length=8, choices=Kind)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="power_changes"
    )
    """Officer whose power changes; None for the agency's policy."""
    cause = models.CharField(max_length=13, choices=Cause, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    before = models.JSONField(default=dict, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    delay_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=7, choices=Outcome, default=Outcome.WAITING)

    class Meta:
        ordering: ClassVar = ["-asked_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency"],
                condition=Q(outcome="waiting", kind="policy"),
                name="power_policy_waits_once",
            ),
            models.UniqueConstraint(
                fields=["officer", "kind"],
                condition=Q(outcome="waiting", kind__in=["roles", "enable"]),
                name="power_of_officer_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(officer__isnull=True, kind="policy")
                | Q(officer__isnull=False) & ~Q(kind="policy"),
                name="power_of_policy_or_officer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id}: {self.kind}, {self.outcome}"
