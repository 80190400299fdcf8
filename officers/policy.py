# SPDX-License-Identifier: Apache-2.0
"""An agency's own policy: four-eyes, the highest TLP of each role, conditions of opening, and who needs a second factor.

A stricter policy counts at once. A weaker one is a change of power (`officers.powers`): it waits for a second person or
for its delay. Every change is audited with the earlier values.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callers.actors import Actor
from callers.capabilities import Capability, Role, require
from callers.errors import AbsentError, InputError
from callers.markings import LEVELS
from ledger.audit import record_event
from ledger.retention import KEEP_DAYS
from officers.models import AgencyPolicy, Officer
from officers.policy_in_force import Policy, policy_of
from officers.power_rows import PowerChange
from officers.powers import ask_for_change, must_wait
from peers.models import Agency

MFA_ROLES: Final = tuple(role for role in Role if role != Role.KEEPER)
CEILING_ROLES: Final = (Role.READER, Role.AUTHOR, Role.RELEASER, Role.KEY_OFFICER, Role.AGENCY_ADMIN)

LABELS: Final[Mapping[str, str | Promise]] = {
    "four_eyes": gettext_lazy("Four eyes"),
    "flash_single_releaser": gettext_lazy("Flash by one releaser"),
    "bare_code_single_releaser": gettext_lazy("Answers without text by one releaser"),
    "role_ceilings": gettext_lazy("Highest TLP by role"),
    "case_number_required": gettext_lazy("Case number at each opening"),
    "mfa_required_roles": gettext_lazy("Second factor"),
    "audit_keep_days": gettext_lazy("Audit kept"),
}


@dataclass(frozen=True)
class Changed:
    """Outcome of a change: `applied` counts now, `asked` waits for a second admin; by field, old and new."""

    applied: dict[str, tuple[Any, Any]]
    asked: PowerChange | None
    weakened: frozenset[str]


def weakening(before: Policy, after: Policy) -> frozenset[str]:
    """Return the fields in which `after` is weaker."""
    return frozenset(name for name, is_weaker in WEAKER.items() if is_weaker(before, after))


def change_policy(admin: Officer, agency: Agency, wanted: Policy, *, seen: str, now: datetime) -> Changed:
    """Apply what is stricter; what is weaker waits for a second person or its delay (`officers.powers`).

    Raises NotPermittedError, AbsentError, InputError (a field, `seen`).
    """
    with transaction.atomic():
        locked = _lock(admin, agency)
        before = policy_of(locked)
        _refuse_unseen(before, seen)
        _check(wanted)
        weaker = weakening(before, wanted)
        changes = _differences(before, wanted)
        held = weaker if must_wait(locked) else frozenset()
        if (
            held
            and PowerChange.objects.filter(
                agency=locked, kind=PowerChange.Kind.POLICY, outcome=PowerChange.Outcome.WAITING
            ).exists()
        ):
            raise InputError("seen", _("Another change of the policy waits: decide on that first."))
        applied = {name: pair for name, pair in changes.items() if name not in held}
        _apply(admin, locked, applied, now)
        asked = _ask(admin, locked, {name: changes[name] for name in held}, now) if held else None
    return Changed(applied, asked, weaker)


def store_asked_policy(actor: Actor, change: PowerChange, *, now: datetime) -> None:
    """Apply a change that waited, with the agency locked; raises InputError where the policy has changed since it was asked."""
    agency = Agency.objects.get(pk=change.agency_id)
    changes = {name: (change.before[name], change.changes[name]) for name in change.changes}
    if any(getattr(policy_of(agency), name) != old for name, (old, _new) in changes.items()):
        raise InputError("change", _("The policy has changed since this was asked; stop it and ask anew."))
    asked_by = change.asked_by.audit_name if change.asked_by else ""
    _apply(actor, agency, changes, now, asked_by=asked_by)


def waiting_policy(agency: Agency) -> PowerChange | None:
    """Return the policy change that waits, or None."""
    rows = PowerChange.objects.filter(agency=agency, kind=PowerChange.Kind.POLICY)
    return rows.filter(outcome=PowerChange.Outcome.WAITING).select_related("asked_by").first()


def _lock(admin: Actor, agency: Agency) -> Agency:
    if admin.agency_id != agency.pk:
        raise AbsentError
    require(admin, Capability.AGENCY_MANAGE)
    return Agency.objects.select_for_update().get(pk=agency.pk)


def _refuse_unseen(before: Policy, seen: str) -> None:
    if seen != before.digest:
        raise InputError("seen", _("The policy has changed since you loaded this page. Look at it again."))


def _check(wanted: Policy) -> None:
    least, most = KEEP_DAYS
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
    actor: Actor, agency: Agency, changes: Mapping[str, tuple[Any, Any]], now: datetime, *, asked_by: str = ""
) -> None:
    if not changes:
        return
    row = AgencyPolicy.objects.select_for_update().get(pk=agency.pk)
    for name, (_old, new) in changes.items():
        setattr(row, name, new)
    row.save(update_fields=list(changes))
    values = {name: {"before": old, "after": new} for name, (old, new) in changes.items()}
    record_event(
        "policy.changed",
        actor=actor.audit_name,
        agency=agency.pk,
        subject=f"policy:{agency.pk}",
        detail={**values, **({"asked_by": asked_by} if asked_by else {})},
        now=now,
    )


def _ask(
    admin: Officer, agency: Agency, changes: Mapping[str, tuple[Any, Any]], now: datetime
) -> PowerChange:
    return ask_for_change(
        admin,
        agency,
        PowerChange.Kind.POLICY,
        changes={name: new for name, (_old, new) in changes.items()},
        before={name: old for name, (old, _new) in changes.items()},
        now=now,
    )


def _is_looser(before: Mapping[str, str], after: Mapping[str, str], roles: Iterable[str]) -> bool:
    """Tell whether any role may see more; no limit is the most."""
    rank = {level: place for place, level in enumerate(LEVELS)}
    return any(
        rank.get(after.get(role, ""), len(LEVELS)) > rank.get(before.get(role, ""), len(LEVELS))
        for role in roles
    )


WEAKER: Final[Mapping[str, Callable[[Policy, Policy], bool]]] = {
    "four_eyes": lambda before, after: before.four_eyes and not after.four_eyes,
    "flash_single_releaser": lambda before, after: (
        after.flash_single_releaser and not before.flash_single_releaser
    ),
    "bare_code_single_releaser": lambda before, after: (
        after.bare_code_single_releaser and not before.bare_code_single_releaser
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
