# SPDX-License-Identifier: Apache-2.0
"""Binding of officers, policies and agencies whose rows carry no valid code.

It is for whoever has a shell on the hub, after a check of each row. Earlier sign-ins and links end instead: people sign
in again, and are invited again. Only the desk's command `bind_rows` uses it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from allauth.mfa.models import Authenticator
from django.db import transaction

from callers.binding import mac_of
from ledger.audit import record_event
from officers.login.factorrows import save_factor
from officers.login.factors import FACTORS
from officers.models import AgencyPolicy, Officer
from officers.policy_in_force import due_policies, policy_of
from peers.models import Agency

Row = TypeVar("Row", Agency, AgencyPolicy, Officer)


SHOWN: Final = ("name", "custody", "status", "is_hosted", "duty_phone")
"""Columns of an agency's entry that are shown before somebody lets it count."""


@dataclass(frozen=True)
class Unbound(Generic[Row]):
    """Rows without a valid code, and the number of those with one."""

    rows: tuple[Row, ...]
    bound: int


def unbound_officers() -> Unbound[Officer]:
    """Return the officers whom `bind_officers` would let in; raises VaultClosedError without a ring."""
    rows = list(Officer.objects.order_by("agency", "full_name"))
    without = tuple(row for row in rows if not row.is_bound)
    return Unbound(without, len(rows) - len(without))


def unbound_policies() -> Unbound[AgencyPolicy]:
    """Return the policies that do not count before `bind_policies`; raises VaultClosedError without a ring."""
    rows = due_policies()
    without = tuple(row for row in rows if not row.is_bound)
    return Unbound(without, len(rows) - len(without))


def unbound_agencies() -> Unbound[Agency]:
    """Return the agencies whose entries do not count before `bind_agencies`; raises VaultClosedError without a ring."""
    rows = list(Agency.objects.order_by("pk"))
    without = tuple(row for row in rows if not row.is_bound)
    return Unbound(without, len(rows) - len(without))


@transaction.atomic
def bind_agencies(agencies: Sequence[Agency], *, now: datetime) -> None:
    """Make the codes of these entries as they are now; audited for each with its content."""
    for named in agencies:
        row = Agency.objects.select_for_update(no_key=True).get(pk=named.pk)
        facts = row.facts_now()
        Agency.objects.filter(pk=row.pk).update(mac=mac_of(Agency._meta.db_table, facts))
        record_event(
            "agency.bound",
            actor="system:install",
            agency=row.pk,
            subject=row.pk,
            detail={name: facts[name] for name in SHOWN},
            now=now,
        )


@transaction.atomic
def bind_officers(officers: Sequence[Officer], *, now: datetime) -> None:
    """Make the codes of these officers as they are now, and of their second factors; audited for each."""
    for named in officers:
        officer = Officer.objects.select_for_update(of=("self",)).get(pk=named.pk)
        held = list(Authenticator.objects.select_for_update().filter(user=officer).order_by("pk"))
        for row in held:
            save_factor(row)
        officer.factors = [row.pk for row in held if row.type in FACTORS]
        mac = mac_of(Officer._meta.db_table, officer.facts_now())
        Officer.objects.filter(pk=officer.pk).update(factors=officer.factors, mac=mac)
        record_event(
            "officer.bound",
            actor="system:install",
            agency=officer.agency_id or "",
            subject=officer.audit_name,
            detail={"roles": officer.roles},
            now=now,
        )


@transaction.atomic
def bind_policies(policies: Sequence[AgencyPolicy], *, now: datetime) -> None:
    """Make the codes of these policies as they are now, and create missing ones; audited for each with its content."""
    for named in policies:
        row = AgencyPolicy.objects.select_for_update().filter(pk=named.pk).first()
        if row is None:
            named.save(force_insert=True)
        else:
            mac = mac_of(AgencyPolicy._meta.db_table, row.facts_now())
            AgencyPolicy.objects.filter(pk=row.pk).update(mac=mac)
        record_event(
            "policy.bound",
            actor="system:install",
            agency=named.pk,
            subject=f"policy:{named.pk}",
            detail=asdict(policy_of(Agency.objects.get(pk=named.pk))),
            now=now,
        )
