# SPDX-License-Identifier: Apache-2.0
"""Policies of agencies: what an agency requires of its own officers. Part of `officers.models`."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from callers.binding import BoundRow
from callers.capabilities import Role
from ledger.retention import DEFAULT_KEEP_DAYS, KEEP_DAYS


def default_mfa_roles() -> list[str]:
    """Return the roles that send, keep keys or manage, which need a second factor unless the agency decides otherwise."""
    return [Role.RELEASER.value, Role.KEY_OFFICER.value, Role.AGENCY_ADMIN.value]


class AgencyPolicy(BoundRow):
    """Policy of one agency, from its first officer on. Only `officers.policy_in_force` reads it, and checks its code."""

    BOUND: ClassVar = (
        "agency",
        "four_eyes",
        "flash_single_releaser",
        "bare_code_single_releaser",
        "role_ceilings",
        "case_number_required",
        "mfa_required_roles",
        "audit_keep_days",
    )

    agency = models.OneToOneField(
        "peers.Agency", models.PROTECT, primary_key=True, related_name="desk_policy"
    )
    four_eyes = models.BooleanField(default=True)
    flash_single_releaser = models.BooleanField(default=False)
    bare_code_single_releaser = models.BooleanField(default=False)
    """Whether one releaser alone may send an answer that is a code without text or files."""
    mfa_required_roles = ArrayField(
        models.CharField(max_length=16, choices=Role), default=default_mfa_roles, blank=True
    )
    """Roles that sign in with a second factor."""
    role_ceilings = models.JSONField(default=dict, blank=True)
    """Highest TLP by role; a role that is not named has no limit (`officers.ceilings`)."""
    case_number_required = models.BooleanField(default=False)
    """Whether each opening names a case number; officers on duty may always open what is sent as flash."""
    audit_keep_days = models.PositiveSmallIntegerField(default=DEFAULT_KEEP_DAYS)

    class Meta:
        ordering: ClassVar = ["agency"]
        verbose_name_plural = "agency policies"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(audit_keep_days__gte=KEEP_DAYS[0]) & Q(audit_keep_days__lte=KEEP_DAYS[1]),
                name="policy_audit_keep_range",
            ),
        ]

    def __str__(self) -> str:
        return f"policy of {self.agency_id}"
