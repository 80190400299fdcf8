# SPDX-License-Identifier: Apache-2.0
"""An agency's own policy: who sends with whom, how strict a role may go, what opens, who needs a second factor.

What makes the policy stricter counts at once. What weakens it needs a second agency admin where there is one;
an admin alone says so twice. Every change is audited with what was before. Telling people is the caller's part.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.encoding import canonical, object_digest
from agencies.actors import Actor
from agencies.capabilities import Capability, Role, require
from agencies.ceilings import LEVELS
from agencies.errors import AbsentError, InputError
from agencies.models import AUDIT_KEEP_DAYS, Agency, Officer
from agencies.officers import admins_of
from agencies.shortlived import PolicyRequest
from ledger.audit import record_event

Outcome = PolicyRequest.Outcome
MFA_ROLES: Final = tuple(role for role in Role if role != Role.OPERATOR)
CEILING_ROLES: Final = (Role.READER, Role.AUTHOR, Role.RELEASER, Role.KEY_OFFICER, Role.AGENCY_ADMIN)

LABELS: Final[Mapping[str, str | Promise]] = {
    "four_eyes": gettext_lazy("Four eyes"),
    "flash_single_releaser": gettext_lazy("Flash by one releaser"),
    "role_ceilings": gettext_lazy("Highest TLP by role"),
    "case_number_required": gettext_lazy("Case number at each opening"),
    "mfa_required_roles": gettext_lazy("Second factor"),
    "audit_keep_days": gettext_lazy("Audit kept"),
}


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


@dataclass(frozen=True)
class Changed:
    """What became of a change: `applied` counts now, `asked` waits for a second admin; by field, old and new."""

    applied: dict[str, tuple[Any, Any]]
    asked: PolicyRequest | None
    weakened: frozenset[str]


def policy_of(agency: Agency) -> Policy:
    """As it stands on this row."""
    values = {name: getattr(agency, name) for name in LABELS}
    return Policy(**{**values, "mfa_required_roles": sorted(agency.mfa_required_roles)})


def weakening(before: Policy, after: Policy) -> frozenset[str]:
    """The fields of which `after` asks less."""
    return frozenset(name for name, is_weaker in _WEAKER.items() if is_weaker(before, after))


def change_policy(
    admin: Officer, agency: Agency, wanted: Policy, *, seen: str, confirmed: bool = False, now: datetime
) -> Changed:
    """Applies what makes it stricter; what weakens it waits for a second admin, or needs `confirmed` without one.

    Raises NotPermittedError, AbsentError, InputError (a field, `seen`, `confirmed`).
    """
    with transaction.atomic():
        locked = _lock(admin, agency)
        before = policy_of(locked)
        _refuse_unseen(before, seen)
        _check(wanted)
        weaker = weakening(before, wanted)
        changes = _differences(before, wanted)
        if weaker and PolicyRequest.objects.filter(agency=locked, outcome=Outcome.WAITING).exists():
            raise InputError(
                "seen", _("Another change waits for a second agency admin: decide on that first.")
            )
        has_second = second_admins(admin, locked).exists()
        if weaker and not has_second and not confirmed:
            raise InputError("confirmed", _("Confirm that the policy gets weaker."))
        held = weaker if has_second else frozenset()
        applied = {name: pair for name, pair in changes.items() if name not in held}
        _apply(admin, locked, applied, now, alone=bool(weaker) and not has_second)
        asked = _ask(admin, locked, {name: changes[name] for name in held}, now) if held else None
    return Changed(applied, asked, weaker)


def decide_on_policy(
    admin: Officer, request_id: UUID, *, confirm: bool, now: datetime
) -> tuple[PolicyRequest, dict[str, tuple[Any, Any]]]:
    """A second admin confirms or refuses; who asked may only take it back. Raises AbsentError, InputError."""
    with transaction.atomic():
        require(admin, Capability.AGENCY_MANAGE)
        request = _waiting(admin, request_id)
        agency = _lock(admin, request.agency)
        is_own = request.asked_by_id == admin.pk
        if is_own and confirm:
            raise InputError("confirm", _("Somebody else has to confirm what you asked for."))
        changes = {name: (request.before[name], request.changes[name]) for name in request.changes}
        if confirm and any(getattr(policy_of(agency), name) != old for name, (old, _new) in changes.items()):
            raise InputError(
                "confirm", _("The policy has changed since this was asked; refuse it and ask anew.")
            )
        request.outcome = Outcome.CONFIRMED if confirm else Outcome.DROPPED if is_own else Outcome.REFUSED
        request.decided_by, request.decided_at = admin, now
        request.save(update_fields=["outcome", "decided_by", "decided_at"])
        if confirm:
            _apply(admin, agency, changes, now, asked_by=request.asked_by.audit_name)
        else:
            _record(f"policy.{request.outcome}", admin, agency, changes, now)
    return request, changes if confirm else {}


def waiting_request(officer: Officer) -> PolicyRequest | None:
    """The change that waits for a second admin of the officer's agency, for its admins; None where none does."""
    if Capability.AGENCY_MANAGE not in officer.capabilities or officer.agency_id is None:
        return None
    rows = PolicyRequest.objects.filter(agency_id=officer.agency_id, outcome=Outcome.WAITING)
    return rows.select_related("asked_by").first()


def second_admins(admin: Officer, agency: Agency) -> QuerySet[Officer]:
    """The other active admins of the agency who can sign in."""
    return admins_of(agency).exclude(pk=admin.pk).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def _lock(admin: Actor, agency: Agency) -> Agency:
    if admin.agency_id != agency.pk:
        raise AbsentError
    require(admin, Capability.AGENCY_MANAGE)
    return Agency.objects.select_for_update().get(pk=agency.pk)


def _waiting(admin: Officer, request_id: UUID) -> PolicyRequest:
    rows = PolicyRequest.objects.select_for_update(of=("self",)).select_related("agency", "asked_by")
    found = rows.filter(pk=request_id, agency_id=admin.agency_id).first()
    if found is None:
        raise AbsentError
    if found.outcome != Outcome.WAITING:
        raise InputError("confirm", _("Somebody has decided on this already."))
    return found


def _refuse_unseen(before: Policy, seen: str) -> None:
    if seen != before.digest:
        raise InputError("seen", _("The policy has changed since you loaded this page. Look at it again."))


def _check(wanted: Policy) -> None:
    least, most = AUDIT_KEEP_DAYS
    if not least <= wanted.audit_keep_days <= most:
        text = _("Audit kept: enter %(least)d to %(most)d days.") % {"least": least, "most": most}
        raise InputError("audit_keep_days", text)
    if set(wanted.mfa_required_roles) - {role.value for role in MFA_ROLES}:
        raise InputError("mfa_required_roles", _("Second factor: choose from the agency's roles."))
    known = {role.value for role in CEILING_ROLES}
    if set(wanted.role_ceilings) - known or set(wanted.role_ceilings.values()) - set(LEVELS):
        raise InputError("role_ceilings", _("Highest TLP: choose one of the list for each role."))


def _differences(before: Policy, after: Policy) -> dict[str, tuple[Any, Any]]:
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in LABELS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _apply(
    admin: Officer,
    agency: Agency,
    changes: Mapping[str, tuple[Any, Any]],
    now: datetime,
    **detail: str | bool,
) -> None:
    if not changes:
        return
    for name, (_old, new) in changes.items():
        setattr(agency, name, new)
    agency.save(update_fields=list(changes))
    _record("policy.changed", admin, agency, changes, now, **{k: v for k, v in detail.items() if v})


def _ask(
    admin: Officer, agency: Agency, changes: Mapping[str, tuple[Any, Any]], now: datetime
) -> PolicyRequest:
    request = PolicyRequest.objects.create(
        agency=agency,
        changes={name: new for name, (_old, new) in changes.items()},
        before={name: old for name, (old, _new) in changes.items()},
        asked_by=admin,
        asked_at=now,
    )
    _record("policy.asked", admin, agency, changes, now)
    return request


def _record(
    act: str,
    admin: Officer,
    agency: Agency,
    changes: Mapping[str, tuple[Any, Any]],
    now: datetime,
    **detail: str | bool,
) -> None:
    values = {name: {"before": old, "after": new} for name, (old, new) in changes.items()}
    record_event(
        act,
        actor=admin.audit_name,
        agency=agency.pk,
        subject=f"policy:{agency.pk}",
        detail={**values, **detail},
        now=now,
    )


def _is_looser(before: Mapping[str, str], after: Mapping[str, str], roles: Iterable[str]) -> bool:
    """Whether any role reaches further; no limit reaches furthest."""
    rank = {level: place for place, level in enumerate(LEVELS)}
    return any(
        rank.get(after.get(role, ""), len(LEVELS)) > rank.get(before.get(role, ""), len(LEVELS))
        for role in roles
    )


_WEAKER: Final[Mapping[str, Callable[[Policy, Policy], bool]]] = {
    "four_eyes": lambda before, after: before.four_eyes and not after.four_eyes,
    "flash_single_releaser": lambda before, after: (
        after.flash_single_releaser and not before.flash_single_releaser
    ),
    "role_ceilings": lambda before, after: _is_looser(
        before.role_ceilings, after.role_ceilings, CEILING_ROLES
    ),
    "case_number_required": lambda before, after: (
        before.case_number_required and not after.case_number_required
    ),
    "mfa_required_roles": lambda before, after: bool(
        set(before.mfa_required_roles) - set(after.mfa_required_roles)
    ),
    "audit_keep_days": lambda before, after: after.audit_keep_days < before.audit_keep_days,
}
