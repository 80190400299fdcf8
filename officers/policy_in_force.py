# SPDX-License-Identifier: Apache-2.0
"""An agency's policy as its row says it: the one place that reads it, and only from a row that carries its code."""

from dataclasses import asdict, dataclass, fields

from accord.envelope.encoding import canonical, object_digest
from agencies.models import Agency
from callers.binding import has_maker


@dataclass(frozen=True)
class Policy:
    """All of it. `role_ceilings` names the highest TLP by role; a role that is missing has no limit."""

    four_eyes: bool
    flash_single_releaser: bool
    role_ceilings: dict[str, str]
    case_number_required: bool
    mfa_required_roles: list[str]
    audit_keep_days: int

    @property
    def digest(self) -> str:
        """What a form carries, so that nothing is changed that was not seen."""
        return object_digest("accord-policy+json", canonical(asdict(self)))


def policy_of(agency: Agency) -> Policy:
    """As it stands on this row; raises NotBoundError where the row was written past the program.

    A process without the key-encryption key, which only tells people, takes the row as it stands.
    """
    if has_maker():
        agency.require_bound()
    values = {field.name: getattr(agency, field.name) for field in fields(Policy)}
    return Policy(**{**values, "mfa_required_roles": sorted(agency.mfa_required_roles)})


def altered_policies() -> list[Agency]:
    """The agencies whose policy was written past the program; none in a process that cannot tell."""
    if not has_maker():
        return []
    return [agency for agency in Agency.objects.order_by("pk") if not agency.is_bound]
