# SPDX-License-Identifier: Apache-2.0
"""Steps by which an agency comes to work, for whoever takes them next; nothing once its first alert has gone out or come in.

What is done is read from what there is: nothing is kept of its own.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from callers.capabilities import Capability, Role
from callers.directory import Custody
from officers.models import Officer
from peers.models import Agency
from vault.handing import is_gone
from vault.models import KeyStatement, Proposal, VaultKey

WANTED: Final = (Role.KEY_OFFICER, Role.AUTHOR, Role.RELEASER)
"""Without one of each nothing is made, written or sent."""


class FirstStep(StrEnum):
    """Steps that wait for an officer."""

    PEOPLE = "people"
    KEYS = "keys"
    SIGNATURE = "signature"
    DUTY = "duty"


def first_steps(officer: Officer) -> list[FirstStep]:
    """List what waits for this officer while the agency comes to work, first things first."""
    agency = officer.agency
    if agency is None or agency.first_release_at is not None:
        return []
    return list(_steps(officer, agency))


def _steps(officer: Officer, agency: Agency) -> Iterator[FirstStep]:
    can = officer.capabilities
    if Capability.OFFICER_MANAGE in can:
        yield from _of_people(agency)
    if Capability.KEY_MANAGE in can and not _has_keys(agency.pk):
        asked = Proposal.objects.filter(agency_id=agency.pk).exists()
        yield FirstStep.SIGNATURE if asked else FirstStep.KEYS


def _of_people(agency: Agency) -> Iterator[FirstStep]:
    rows = Officer.objects.filter(agency=agency, is_active=True).values_list("roles", "duty_rank")
    people = list(rows)
    given = {role for roles, _rank in people for role in roles}
    # Of an agency whose root is at the desk the keeper makes the keys, too.
    wanted = WANTED if agency.custody != Custody.HUB else WANTED[1:]
    if not given.issuperset(wanted):
        yield FirstStep.PEOPLE
    elif all(rank is None for _roles, rank in people):
        yield FirstStep.DUTY


def _has_keys(agency_id: str) -> bool:
    """Tell whether keys were made here, also such as still go out, or the agency has left with others."""
    return (
        VaultKey.objects.filter(agency_id=agency_id).exists()
        or KeyStatement.objects.filter(agency_id=agency_id, taken_at=None, ended_at=None).exists()
        or is_gone(agency_id)
    )
