# SPDX-License-Identifier: Apache-2.0
"""Highest TLP that an officer's roles may see, as the agency's policy says.

With several roles the loosest limit counts; a role that the policy does not name has none.
"""

from callers.markings import LEVELS
from officers.models import Officer
from officers.policy_in_force import policy_of


def ceiling_of(officer: Officer) -> str | None:
    """Return the strictest marking this officer may see and send; None without a limit. Raises NotBoundError."""
    if officer.agency is None:
        return None
    ceilings = policy_of(officer.agency).role_ceilings
    limits = [ceilings.get(role) for role in officer.roles]
    if not limits or None in limits:
        return None
    return max((limit for limit in limits if limit in LEVELS), key=LEVELS.index, default=LEVELS[0])
