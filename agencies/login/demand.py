# SPDX-License-Identifier: Apache-2.0
"""Of whom a second factor is demanded: an agency decides by role, the hub demands it of its operators always."""

from django.conf import settings

from agencies.capabilities import Role
from agencies.models import Officer


def must_have_factor(officer: Officer) -> bool:
    """Whether the officer, with the roles of this moment, may do nothing without a second factor."""
    if not settings.MFA_DEMANDED:
        return False
    if officer.agency is None:
        return Role.OPERATOR in officer.roles
    return bool(set(officer.roles) & set(officer.agency.mfa_required_roles))
