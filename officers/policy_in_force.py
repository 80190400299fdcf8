# SPDX-License-Identifier: Apache-2.0
"""An agency's policy as its row says it, read only here, and only from a row that carries its code."""

from dataclasses import asdict, dataclass, fields

from django.db.models import Exists, OuterRef

from accord.envelope.encoding import canonical, object_digest
from callers.binding import has_maker
from callers.errors import NotBoundError
from officers.models import AgencyPolicy, Officer
from peers.models import Agency


@dataclass(frozen=True)
class Policy:
    """Policy of an agency. `role_ceilings` names the highest TLP by role; a role that is missing has no limit."""

    four_eyes: bool
    flash_single_releaser: bool
    bare_code_single_releaser: bool
    role_ceilings: dict[str, str]
    case_number_required: bool
    mfa_required_roles: list[str]
    audit_keep_days: int

    @property
    def digest(self) -> str:
        """Digest that a form carries, so that nobody changes a policy that was not the one shown."""
        return object_digest("accord-policy+json", canonical(asdict(self)))


def begin_policy(agency: Agency) -> None:
    """Create an agency's policy with its first officer; the caller holds the agency's lock.

    A policy that is missing later was deleted outside the program, and is not created again.
    """
    if not Officer.objects.filter(agency=agency).exists():
        AgencyPolicy.objects.create(agency=agency)


def policy_of(agency: Agency) -> Policy:
    """Return the policy on its row; raises NotBoundError where that was altered outside the program, or is gone.

    A process without the key-encryption key, which only tells people, takes the row unchecked. For an agency without
    officers the policy of a new agency counts.
    """
    try:
        row = agency.desk_policy
    except AgencyPolicy.DoesNotExist:
        if Officer.objects.filter(agency=agency.pk).exists():
            raise NotBoundError(AgencyPolicy._meta.db_table, agency.pk) from None
        return _policy_on(AgencyPolicy())
    if has_maker():
        row.require_bound()
    return _policy_on(row)


def altered_policies() -> list[AgencyPolicy]:
    """List policies that were altered outside the program, or are gone; none in a process that cannot check."""
    return [row for row in due_policies() if not row.is_bound] if has_maker() else []


def due_policies() -> list[AgencyPolicy]:
    """Return the policy of each agency with officers, in one query; a missing one is replaced by an unsaved default."""
    officers = Officer.objects.filter(agency=OuterRef("pk"))
    agencies = Agency.objects.filter(Exists(officers)).select_related("desk_policy").order_by("pk")
    return [getattr(agency, "desk_policy", None) or AgencyPolicy(agency=agency) for agency in agencies]


def _policy_on(row: AgencyPolicy) -> Policy:
    values = {field.name: getattr(row, field.name) for field in fields(Policy)}
    return Policy(**{**values, "mfa_required_roles": sorted(row.mfa_required_roles)})
