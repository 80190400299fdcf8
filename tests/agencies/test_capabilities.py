# SPDX-License-Identifier: Apache-2.0
"""The table of roles and their capabilities, and the capabilities that a role must never have."""

import pytest

from callers.actors import SystemActor
from callers.capabilities import (
    ACCESSION_SCOPES,
    DESK_SCOPES,
    EXCHANGE_SCOPES,
    OPERATES,
    ROLE_CAPABILITIES,
    Capability,
    Role,
    capabilities_of_roles,
    require,
    roles_with,
)
from callers.errors import NotPermittedError
from officers.models import Officer

C = Capability
CONTENT = {C.ALERT_READ, C.ALERT_ACKNOWLEDGE, C.ALERT_WRITE, C.QUEUE_READ, C.NOTICE_READ}
SYSTEMS = EXCHANGE_SCOPES | DESK_SCOPES
DECISIONS = {C.ALERT_VALIDATE, C.ALERT_RELEASE, C.ALERT_WITHDRAW}


def test_every_role_stands_in_the_table() -> None:
    assert set(ROLE_CAPABILITIES) == set(Role.values)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.AUDITOR, Role.KEEPER)])
def test_all_roles_of_an_agency_but_the_auditor_read(role: Role) -> None:
    assert C.ALERT_READ in ROLE_CAPABILITIES[role]


def test_the_auditor_reads_the_audit_and_no_content() -> None:
    assert C.AUDIT_READ in ROLE_CAPABILITIES[Role.AUDITOR]
    assert not ROLE_CAPABILITIES[Role.AUDITOR] & (CONTENT | DECISIONS)


def test_keeper_and_operator_see_no_content_and_no_agencys_business() -> None:
    both = {C.DIRECTORY_READ, C.LEDGER_READ, C.AUDIT_READ}
    assert ROLE_CAPABILITIES[Role.KEEPER] == both | {C.DESK_KEEP}
    assert both | {C.HUB_OPERATE} == OPERATES


def test_no_officer_of_a_desk_has_a_right_of_the_exchanges_operator() -> None:
    assert not [role for role in Role if C.HUB_OPERATE in ROLE_CAPABILITIES[role]]


def test_only_the_releaser_decides() -> None:
    holders = {role for role in Role if ROLE_CAPABILITIES[role] & DECISIONS}
    assert holders == {Role.RELEASER}


def test_only_the_author_writes() -> None:
    assert {role for role in Role if C.ALERT_WRITE in ROLE_CAPABILITIES[role]} == {Role.AUTHOR}


def test_several_roles_give_their_union_and_an_unknown_one_nothing() -> None:
    both = capabilities_of_roles(["author", "releaser", "emperor"])
    assert both == ROLE_CAPABILITIES[Role.AUTHOR] | ROLE_CAPABILITIES[Role.RELEASER]


def test_no_api_key_can_ever_read_content_decide_or_manage() -> None:
    managing = {C.KEY_MANAGE, C.OFFICER_MANAGE, C.APIKEY_MANAGE, C.AGENCY_MANAGE, C.HUB_OPERATE, C.DESK_KEEP}
    assert not SYSTEMS & (CONTENT | DECISIONS | managing | {C.AUDIT_READ, C.OFFICER_READ})
    assert not ACCESSION_SCOPES & SYSTEMS
    assert not EXCHANGE_SCOPES & DESK_SCOPES


def test_a_disabled_officer_may_nothing() -> None:
    officer = Officer(roles=["releaser"], is_active=True)
    assert C.ALERT_RELEASE in officer.capabilities
    officer.is_active = False
    assert officer.capabilities == frozenset()


def test_require_names_the_capability_and_who_has_it() -> None:
    with pytest.raises(NotPermittedError) as refused:
        require(SystemActor("test"), C.ALERT_RELEASE)
    assert (refused.value.capability, refused.value.ask) == ("alert:release", "Releaser")


def test_require_is_met_by_any_one_of_several() -> None:
    require(SystemActor("test", None, frozenset({C.KEY_ENROL})), C.KEY_MANAGE, C.KEY_ENROL)


def test_roles_with_lists_every_holder() -> None:
    assert roles_with(C.NOTICE_RESEND) == ["Releaser", "Agency admin"]
