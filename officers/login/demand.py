# SPDX-License-Identifier: Apache-2.0
"""Requirement of a second factor: an agency decides by role; the desk always requires it of its keepers."""

from django.conf import settings

from callers.capabilities import Role
from callers.errors import NotBoundError
from officers.models import Officer
from officers.policy_in_force import policy_of


def must_have_factor(officer: Officer) -> bool:
    """Tell whether the officer, with the present roles, may do nothing without a second factor.

    True for everybody where the agency's policy was altered outside the program.
    """
    if not settings.MFA_DEMANDED:
        return False
    if officer.agency is None:
        return Role.KEEPER in officer.roles
    try:
        demanded = policy_of(officer.agency).mfa_required_roles
    except NotBoundError:
        return True
    return not set(officer.roles).isdisjoint(demanded)
