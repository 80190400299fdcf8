# SPDX-License-Identifier: Apache-2.0
"""Officers: permitted acts on colleagues, and officers of another agency, who answer as absent."""

from collections.abc import Callable
from typing import Any

import pytest

from callers.capabilities import Capability, Role
from callers.errors import AbsentError, CallerError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.accounts import (
    change_password,
    change_roles,
    disable_officer,
    enable_officer,
    end_sessions,
    enrol_keeper,
    enrol_officer,
    officer_for,
)
from officers.duty import move_on_duty_list, name_deputy
from officers.errors import LastAdminError
from officers.invitations import invite_again
from officers.models import Officer
from peers.models import Agency
from tests.agencies.world import NOW, OPERATOR, PASSWORD, admit, enrol

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency() -> Agency:
    return admit("xa-lab")


@pytest.fixture
def admin(agency: Agency) -> Officer:
    return enrol(agency, "agency_admin")


def test_an_admin_enrols_a_colleague(agency: Agency, admin: Officer) -> None:
    officer = enrol_officer(
        admin, agency, email=" Ilka@XA-Lab.example ", full_name=" Ilka Torvane ", roles=["author"], now=NOW
    )
    assert (officer.email, officer.full_name, officer.agency) == (
        "ilka@xa-lab.example",
        "Ilka Torvane",
        agency,
    )
    assert not officer.has_usable_password()
    event = AuditEvent.objects.get(act="officer.enrolled", subject=officer.audit_name)
    assert (event.agency, event.actor, event.detail) == ("xa-lab", admin.audit_name, {"roles": ["author"]})


def test_an_officer_is_named_by_an_opaque_id(admin: Officer) -> None:
    assert admin.audit_name == f"officer:{admin.public_id}"
    assert len(admin.public_id) == 22
    assert "ada" not in admin.public_id.lower()


WRONG: dict[str, tuple[str, list[Any]]] = {
    "an address that is none": (
        "email",
        ["", "ilka", "a@b", "a b@x.example", "a@x.example\nBcc: b@x.example"],
    ),
    "an address that serves somebody, whatever the letter case": ("email", ["ADMIN@xa-lab.example"]),
    "roles that are not the agency's": (
        "roles",
        [[], ["keeper"], ["reader", "keeper"], ["emperor"], ["reader", "emperor"]],
    ),
    "a name that is no single line": (
        "full_name",
        ["", "   ", "Ilka\nTorvane", "Ilka\x00", "Ilka \u202egnp.exe", "Il\u200bka", "Ilka \U000e0041"],
    ),
    "a Cyrillic, Greek or full-width letter among Latin ones": (
        "full_name",
        ["Ilk\u0430 Torvane", "\u0399lka Torvane", "Il\uff4ba Torvane"],
    ),
    "a weak password": ("password", ["short", "1234567890123", "ilka@xa-lab.example"]),
    "an unknown time zone": ("timezone", ["Europe/Nowhere"]),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_is_wrong_is_refused_by_its_field(agency: Agency, admin: Officer, sentence: str) -> None:
    field, values = WRONG[sentence]
    for value in values:
        assert refused_field(admin, agency, **{field: value}) == field, value


def test_names_in_other_scripts_are_taken(agency: Agency, admin: Officer) -> None:
    officer = enrol_officer(
        admin, agency, email="n@xa-lab.example", full_name="نورين الصفواري", roles=["reader"], now=NOW
    )
    assert officer.full_name == "نورين الصفواري"


def test_the_keeper_enrols_the_first_admin_and_nobody_else(agency: Agency) -> None:
    with pytest.raises(NotPermittedError):
        enrol_officer(OPERATOR, agency, email="r@xa-lab.example", full_name="R", roles=["reader"], now=NOW)
    enrol(agency, "agency_admin")
    with pytest.raises(NotPermittedError):
        enrol_officer(
            OPERATOR, agency, email="b@xa-lab.example", full_name="B", roles=["agency_admin"], now=NOW
        )


def test_only_an_admin_enrols(agency: Agency) -> None:
    for role in set(Role) - {Role.AGENCY_ADMIN, Role.KEEPER}:
        with pytest.raises(NotPermittedError):
            enrol_officer(
                enrol(agency, role), agency, email="r@x.example", full_name="R", roles=["reader"], now=NOW
            )


def test_an_admin_adds_nobody_to_another_agency(admin: Officer) -> None:
    with pytest.raises(AbsentError):
        enrol_officer(
            admin, admit("xb-health"), email="r@x.example", full_name="R", roles=["reader"], now=NOW
        )


ACTIONS: dict[str, Callable[[Any, Officer], Any]] = {
    "change roles": lambda actor, officer: change_roles(actor, officer, ["auditor"], now=NOW),
    "disable": lambda actor, officer: disable_officer(actor, officer, now=NOW),
    "enable": lambda actor, officer: enable_officer(actor, officer, now=NOW),
    "invite again": lambda actor, officer: invite_again(actor, officer, now=NOW),
}
ON_ONESELF_TOO: dict[str, Callable[[Any, Officer], Any]] = {
    "end sessions": lambda actor, officer: end_sessions(actor, officer, now=NOW),
    "name deputy": lambda actor, officer: name_deputy(actor, officer, None, now=NOW),
    "put on duty": lambda actor, officer: move_on_duty_list(actor, officer, "add", now=NOW),
}
"""Acts that give no right: an admin may do them to the own account."""
EVERY_ACT = ACTIONS | ON_ONESELF_TOO


def someone_elses_admin() -> Officer:
    return enrol(admit("xb-health"), "agency_admin")


def someone_elses_releaser() -> Officer:
    return enrol(admit("xb-health"), "releaser")


def a_keeper() -> Officer:
    return enrol_keeper(
        OPERATOR, email="noor@hub.example", full_name="Noor Ashdene", password=PASSWORD, now=NOW
    )


@pytest.mark.parametrize("target", [someone_elses_admin, someone_elses_releaser, a_keeper])
def test_an_admin_finds_no_stranger_and_no_keeper_to_act_on(
    admin: Officer, target: Callable[[], Officer], subtests: pytest.Subtests
) -> None:
    before = target()
    for sentence, action in EVERY_ACT.items():
        with subtests.test(sentence):
            with pytest.raises(AbsentError):
                action(admin, before)
            assert_unchanged(before)


def test_the_keeper_acts_on_no_agencys_officer(agency: Agency, subtests: pytest.Subtests) -> None:
    officer, keeper = enrol(agency, "reader"), a_keeper()
    for sentence, action in EVERY_ACT.items():
        with subtests.test(sentence):
            with pytest.raises(AbsentError):
                action(keeper, officer)
            assert_unchanged(officer)


@pytest.mark.parametrize("role", ["reader", "releaser", "key_officer", "auditor"])
def test_a_colleague_who_is_no_admin_acts_on_nobody(
    agency: Agency, admin: Officer, role: str, subtests: pytest.Subtests
) -> None:
    colleague = enrol(agency, role)
    for sentence, action in EVERY_ACT.items():
        with subtests.test(sentence):
            with pytest.raises(NotPermittedError):
                action(colleague, admin)
            assert_unchanged(admin)


def test_nobody_acts_on_the_own_account(admin: Officer, subtests: pytest.Subtests) -> None:
    for sentence, action in ACTIONS.items():
        with subtests.test(sentence):
            with pytest.raises(InputError, match="your own standing"):
                action(admin, admin)
            assert_unchanged(admin)


@pytest.mark.parametrize("change", ["disable", "change roles"])
def test_the_last_admin_stays(agency: Agency, admin: Officer, change: str) -> None:
    second = enrol(agency, "agency_admin", "reader", email="second@xa-lab.example")
    ACTIONS[change](admin, second)
    third = enrol(agency, "agency_admin", "reader", email="third@xa-lab.example")
    disable_officer(third, admin, now=NOW)
    with pytest.raises(CallerError) as refused:
        ACTIONS[change](UnderAnotherName(third), third)
    assert isinstance(refused.value, LastAdminError)


def test_roles_change_for_the_next_request(agency: Agency, admin: Officer) -> None:
    officer = enrol(agency, "reader")
    change_roles(admin, officer, ["releaser", "author"], now=NOW)
    changed = Officer.objects.get(pk=officer.pk)
    assert changed.roles == ["author", "releaser"]
    assert Capability.ALERT_RELEASE in changed.capabilities
    event = AuditEvent.objects.get(act="officer.roles_changed")
    assert event.detail == {"roles": ["author", "releaser"], "before": ["reader"]}


def test_an_admin_cannot_make_a_keeper(agency: Agency, admin: Officer) -> None:
    with pytest.raises(InputError):
        change_roles(admin, enrol(agency, "reader"), ["keeper"], now=NOW)


def test_disabling_is_audited_once(agency: Agency, admin: Officer) -> None:
    officer = enrol(agency, "reader")
    disable_officer(admin, officer, now=NOW)
    disable_officer(admin, officer, now=NOW)
    assert AuditEvent.objects.filter(act="officer.disabled").count() == 1


def test_a_password_changes_for_who_knows_the_old_one(agency: Agency) -> None:
    officer = enrol(agency, "reader", password=PASSWORD)
    with pytest.raises(InputError) as refused:
        change_password(officer, old="wrong", new="ein neues kennwort 3", now=NOW)
    assert refused.value.field == "old"
    assert change_password(officer, old=PASSWORD, new="ein neues kennwort 3", now=NOW).check_password(
        "ein neues kennwort 3"
    )


def test_no_audit_row_holds_a_password(agency: Agency, admin: Officer) -> None:
    officer = enrol(agency, "reader", password=PASSWORD)
    change_password(officer, old=PASSWORD, new="ein neues kennwort 3", now=NOW)
    rows = str(list(AuditEvent.objects.values()))
    assert "kennwort" not in rows
    assert "argon2" not in rows


def test_officers_see_their_own_colleagues_only(agency: Agency, admin: Officer) -> None:
    stranger = someone_elses_admin()
    assert officer_for(enrol(agency, "reader"), admin.public_id) == admin
    for unknown in (stranger.public_id, "A" * 22, "", "' OR 1=1 --"):
        with pytest.raises(AbsentError):
            officer_for(admin, unknown)


def test_the_keeper_sees_no_officers(agency: Agency, admin: Officer) -> None:
    assert not Officer.objects.visible_to(a_keeper()).exists()


def test_only_the_desk_makes_keepers(admin: Officer) -> None:
    with pytest.raises(NotPermittedError):
        enrol_keeper(admin, email="x@hub.example", full_name="X", password=PASSWORD, now=NOW)


class UnderAnotherName:
    """The officer under another audit name, so that the check against acts on the own account does not refuse first."""

    def __init__(self, officer: Officer) -> None:
        self.agency_id = officer.agency_id
        self.audit_name = "officer:somebody-else"
        self.capabilities = officer.capabilities


def refused_field(admin: Officer, agency: Agency, **changed: Any) -> str:
    good: dict[str, Any] = {
        "email": "ilka@xa-lab.example",
        "full_name": "Ilka Torvane",
        "roles": ["author"],
        "password": PASSWORD,
    }
    with pytest.raises(InputError) as refused:
        enrol_officer(admin, agency, **(good | changed), now=NOW)
    return refused.value.field


def assert_unchanged(before: Officer) -> None:
    after = Officer.objects.get(pk=before.pk)
    for name in (
        "roles",
        "is_active",
        "password",
        "session_salt",
        "agency_id",
        "email",
        "duty_rank",
        "deputy_id",
    ):
        assert getattr(after, name) == getattr(before, name)
