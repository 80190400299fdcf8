# SPDX-License-Identifier: Apache-2.0
"""Power in an agency is given by two, or after a day in which anybody told could stop it; taken away at once."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from pytest_django import Settings

from agencies.attribution import counts_as, is_independent
from agencies.capabilities import POWERS, Capability
from agencies.deciding import agree_to_change, apply_due_change, stop_change
from agencies.errors import AbsentError, InputError, NotBoundError, NotPermittedError
from agencies.identity import note_mailed_password
from agencies.login.factors import reset_factors, reset_factors_on_the_machine
from agencies.models import Agency, Officer, PowerChange
from agencies.officers import (
    change_roles,
    disable_officer,
    enable_officer,
    enrol_officer,
    enrol_operator,
)
from agencies.policy import LABELS, WEAKER, change_policy, policy_of
from agencies.powers import due_at, second_admins, told_of
from ledger.models import AuditEvent
from tests.agencies.world import NOW, OPERATOR, PASSWORD, admit, enrol

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.pages.quick_hasher.QuickArgon2"]


@pytest.fixture
def agency() -> Agency:
    """It has released, and has an admin, another one, a reader and a releaser, all there before."""
    return admit("xa-lab")


@pytest.fixture
def admin(agency: Agency) -> Officer:
    return enrol(agency, "agency_admin")


@pytest.fixture
def second(agency: Agency, admin: Officer) -> Officer:
    return enrol(agency, "agency_admin", email="bea@xa-lab.example", password=PASSWORD)


@pytest.fixture
def reader(agency: Agency, admin: Officer) -> Officer:
    return enrol(agency, "reader")


@pytest.fixture
def releaser(agency: Agency, admin: Officer) -> Officer:
    return enrol(agency, "releaser")


@pytest.fixture
def released(agency: Agency, admin: Officer, second: Officer, reader: Officer, releaser: Officer) -> Agency:
    Agency.objects.filter(pk=agency.pk).update(first_release_at=NOW)
    agency.refresh_from_db()
    return agency


def fresh(officer: Officer) -> Officer:
    return Officer.objects.get(pk=officer.pk)


def waiting(**of: object) -> PowerChange:
    return PowerChange.objects.get(outcome="waiting", **of)


def in_time(change: PowerChange, *, told_at: datetime = NOW, now: datetime) -> PowerChange | None:
    return apply_due_change(change.pk, told_at=told_at, told=told_of(change, now=now), now=now)


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("act", flat=True))


# Giving.


@pytest.mark.parametrize("role", sorted(POWERS))
def test_one_admin_alone_gives_no_power(released: Agency, admin: Officer, reader: Officer, role: str) -> None:
    change_roles(admin, reader, [role], now=NOW)
    assert role not in fresh(reader).roles
    assert waiting().changes == {"roles": [role]}


def test_before_the_first_release_nothing_waits(agency: Agency, admin: Officer, reader: Officer) -> None:
    change_roles(admin, reader, ["author"], now=NOW)
    assert fresh(reader).roles == ["author"]
    author = enrol_officer(
        admin, agency, email="n@xa-lab.example", full_name="Nia Olm", roles=["releaser"], now=NOW
    )
    assert counts_as(author) == {author.audit_name}
    assert not PowerChange.objects.exists()


def test_reading_is_given_at_once_and_taking_counts_at_once(
    released: Agency, admin: Officer, releaser: Officer
) -> None:
    change_roles(admin, releaser, ["reader"], now=NOW)
    assert fresh(releaser).roles == ["reader"]
    assert not PowerChange.objects.exists()


def test_what_is_taken_counts_while_what_is_given_waits(
    released: Agency, admin: Officer, releaser: Officer
) -> None:
    change_roles(admin, releaser, ["reader", "author"], now=NOW)
    assert fresh(releaser).roles == ["reader"]


def test_a_second_admin_agrees_and_it_counts(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    change_roles(admin, reader, ["reader", "author"], now=NOW)
    agree_to_change(second, waiting().pk, now=NOW)
    assert fresh(reader).roles == ["reader", "author"]
    assert acts()[-2:] == ["officer.roles_changed", "power.agreed"]
    with pytest.raises(InputError):
        agree_to_change(second, PowerChange.objects.get().pk, now=NOW)


def test_who_asked_and_who_is_no_admin_do_not_agree(
    released: Agency, admin: Officer, reader: Officer, releaser: Officer
) -> None:
    change_roles(admin, reader, ["author"], now=NOW)
    for other in (admin, releaser, reader):
        with pytest.raises((InputError, NotPermittedError)):
            agree_to_change(fresh(other), waiting().pk, now=NOW)
    with pytest.raises(AbsentError):
        agree_to_change(enrol(admit("xb-lab"), "agency_admin"), waiting().pk, now=NOW)


def test_it_applies_a_day_after_the_first_notice_and_not_before(
    released: Agency, admin: Officer, reader: Officer
) -> None:
    change_roles(admin, reader, ["author"], now=NOW)
    told_at = NOW + 5 * HOUR
    assert in_time(waiting(), told_at=told_at, now=told_at + 24 * HOUR - timedelta(seconds=1)) is None
    assert in_time(waiting(), told_at=told_at, now=told_at + 24 * HOUR) is not None
    assert fresh(reader).roles == ["author"]
    assert acts()[-1] == "power.applied"


def test_a_day_that_ends_in_quiet_hours_goes_on_to_their_end(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    second.timezone, second.quiet_from, second.quiet_until = "UTC", time(11), time(15)
    second.save()
    change_roles(admin, reader, ["author"], now=NOW)
    due = due_at(waiting(), NOW, told_of(waiting(), now=NOW))
    assert due == NOW + 24 * HOUR + 3 * HOUR
    second.quiet_from, second.quiet_until = time(0), time(23, 59)
    assert due_at(waiting(), NOW, [second]) <= NOW + 48 * HOUR


def test_whoever_was_told_stops_it(
    released: Agency, admin: Officer, reader: Officer, releaser: Officer
) -> None:
    change_roles(admin, reader, ["author"], now=NOW)
    change = waiting()
    with pytest.raises(InputError):
        stop_change(reader, change.pk, now=NOW)
    stop_change(releaser, change.pk, now=NOW)
    assert in_time(change, now=NOW + 72 * HOUR) is None
    assert fresh(reader).roles == []
    assert acts()[-1] == "power.stopped"


def test_a_newer_wish_overtakes_the_one_that_waits(released: Agency, admin: Officer, reader: Officer) -> None:
    for roles in (["author"], ["author"], ["author", "releaser"]):
        change_roles(admin, reader, roles, now=NOW)
    assert [row.outcome for row in PowerChange.objects.order_by("pk")].count("dropped") == 1
    change_roles(admin, reader, ["reader"], now=NOW)
    assert not PowerChange.objects.filter(outcome="waiting").exists()


def test_an_account_with_power_is_enabled_by_two(
    released: Agency, admin: Officer, second: Officer, releaser: Officer, reader: Officer
) -> None:
    for person in (releaser, reader):
        disable_officer(admin, person, now=NOW)
        enable_officer(admin, person, now=NOW)
    assert (fresh(releaser).is_active, fresh(reader).is_active) == (False, True)
    agree_to_change(second, waiting().pk, now=NOW)
    assert fresh(releaser).is_active


def test_a_change_written_by_sql_applies_to_nobody(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    change_roles(admin, reader, ["author"], now=NOW)
    PowerChange.objects.update(changes={"roles": ["agency_admin"]})
    with pytest.raises(NotBoundError):
        agree_to_change(second, waiting().pk, now=NOW)
    with pytest.raises(NotBoundError):
        in_time(waiting(), now=NOW + 48 * HOUR)
    assert fresh(reader).roles == []


# Nobody becomes the only admin by removing the other.


def test_an_admin_whose_role_was_taken_still_decides_for_a_day(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    change_roles(admin, second, ["reader"], now=NOW)
    change_roles(admin, reader, ["author"], now=NOW)
    assert second in told_of(waiting(), now=NOW)
    assert second_admins(admin, released, now=NOW) == [second]
    assert second_admins(admin, released, now=NOW + 25 * HOUR) == []
    with pytest.raises(InputError):
        agree_to_change(fresh(second), waiting().pk, now=NOW + 25 * HOUR)
    stop_change(fresh(second), waiting().pk, now=NOW + HOUR)


def test_a_disabled_admin_is_told_too(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    disable_officer(admin, second, now=NOW)
    change_roles(admin, reader, ["author"], now=NOW)
    assert second in told_of(waiting(), now=NOW)


def test_what_an_admin_asked_for_goes_with_the_role(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    change_roles(admin, reader, ["author"], now=NOW)
    disable_officer(second, admin, now=NOW)
    assert PowerChange.objects.get().outcome == "dropped"


# Policy.


def test_every_field_of_the_policy_says_which_direction_is_looser() -> None:
    assert set(WEAKER) == set(LABELS)


@pytest.mark.parametrize(
    ("field", "looser"),
    [
        ("four_eyes", False),
        ("flash_single_releaser", True),
        ("role_ceilings", {}),
        ("case_number_required", False),
        ("mfa_required_roles", []),
        ("audit_keep_days", 400),
    ],
)
def test_a_looser_policy_waits_and_a_stricter_one_does_not(
    released: Agency, admin: Officer, second: Officer, field: str, looser: object
) -> None:
    Agency.objects.filter(pk="xa-lab").update(role_ceilings={"reader": "GREEN"}, case_number_required=True)
    strict = policy_of(Agency.objects.get(pk="xa-lab"))
    wanted = replace(strict, **{field: looser})
    changed = change_policy(admin, released, wanted, seen=strict.digest, now=NOW)
    assert (changed.applied, policy_of(Agency.objects.get(pk="xa-lab"))) == ({}, strict)
    agree_to_change(second, waiting().pk, now=NOW)
    assert policy_of(Agency.objects.get(pk="xa-lab")) == wanted
    change_policy(admin, released, strict, seen=wanted.digest, now=NOW)
    assert policy_of(Agency.objects.get(pk="xa-lab")) == strict


def test_a_policy_that_has_changed_meanwhile_is_not_applied(released: Agency, admin: Officer) -> None:
    before = policy_of(released)
    change_policy(admin, released, replace(before, audit_keep_days=400), seen=before.digest, now=NOW)
    change_policy(admin, released, replace(before, audit_keep_days=2000), seen=before.digest, now=NOW)
    assert in_time(waiting(), now=NOW + 48 * HOUR) is None
    assert PowerChange.objects.get().outcome == "dropped"
    assert Agency.objects.get(pk="xa-lab").audit_keep_days == 2000


# People who could be somebody else.


def test_a_newcomer_counts_as_whoever_invited_until_somebody_else_confirms(
    released: Agency, admin: Officer, second: Officer, releaser: Officer
) -> None:
    puppet = enrol_officer(
        admin, released, email="p@xa-lab.example", full_name="Pia Ulm", roles=["author"], now=NOW
    )
    assert fresh(puppet).roles == []
    agree_to_change(second, waiting(kind="roles").pk, now=NOW)
    assert fresh(puppet).roles == ["author"]
    assert counts_as(puppet) == {puppet.audit_name, admin.audit_name}
    assert not is_independent(admin, [puppet.audit_name])
    for nobody in (admin, puppet):
        with pytest.raises(InputError):
            agree_to_change(fresh(nobody), waiting(kind="identity").pk, now=NOW)
    agree_to_change(releaser, waiting(kind="identity").pk, now=NOW)
    assert is_independent(admin, [puppet.audit_name])


def test_an_admin_with_a_second_address_is_no_second_admin(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    puppet = enrol_officer(
        admin,
        released,
        email="p@xa-lab.example",
        full_name="Pia Ulm",
        roles=["agency_admin"],
        password=PASSWORD,
        now=NOW,
    )
    in_time(waiting(kind="roles"), now=NOW + 24 * HOUR)
    assert fresh(puppet).roles == ["agency_admin"]
    change_roles(admin, reader, ["releaser"], now=NOW + 24 * HOUR)
    change = waiting(kind="roles")
    assert fresh(puppet) not in told_of(change, now=NOW)
    with pytest.raises(InputError):
        agree_to_change(fresh(puppet), change.pk, now=NOW + 25 * HOUR)
    assert puppet not in second_admins(admin, released, now=NOW)


@pytest.mark.parametrize("mail_first", [False, True])
def test_after_a_reset_and_a_mailed_password_there_are_no_powers_until_confirmed(
    released: Agency, admin: Officer, second: Officer, releaser: Officer, mail_first: bool
) -> None:
    steps = [
        lambda: reset_factors(admin, fresh(releaser), now=NOW),
        lambda: note_mailed_password(fresh(releaser), now=NOW + timedelta(days=6)),
    ]
    for step in reversed(steps) if mail_first else steps:
        step()
    assert Capability.ALERT_RELEASE not in fresh(releaser).capabilities
    assert Capability.ALERT_READ in fresh(releaser).capabilities
    with pytest.raises(InputError):
        agree_to_change(admin, waiting().pk, now=NOW)
    with pytest.raises(NotPermittedError):
        agree_to_change(fresh(releaser), waiting().pk, now=NOW)
    assert in_time(waiting(), now=NOW + timedelta(days=60)) is None, "time alone confirms nobody"
    agree_to_change(second, waiting().pk, now=NOW)
    assert Capability.ALERT_RELEASE in fresh(releaser).capabilities
    assert counts_as(releaser) == {releaser.audit_name}


def test_a_reset_alone_leaves_the_powers_and_says_as_whose_act_they_count(
    released: Agency, admin: Officer, releaser: Officer
) -> None:
    reset_factors(admin, releaser, now=NOW)
    note_mailed_password(fresh(releaser), now=NOW + timedelta(days=8))
    assert Capability.ALERT_RELEASE in fresh(releaser).capabilities
    assert counts_as(releaser) == {releaser.audit_name, admin.audit_name}


def test_a_password_mailed_after_the_person_was_confirmed_is_doubted_again(
    released: Agency, admin: Officer, second: Officer, releaser: Officer
) -> None:
    reset_factors(admin, releaser, now=NOW)
    agree_to_change(second, waiting().pk, now=NOW)
    note_mailed_password(fresh(releaser), now=NOW + HOUR)
    assert Capability.ALERT_RELEASE not in fresh(releaser).capabilities
    assert counts_as(releaser) == {releaser.audit_name, admin.audit_name}


# The machine.


@pytest.fixture
def operator() -> Officer:
    return enrol_operator(OPERATOR, email="noor@hub.example", full_name="Noor", password=PASSWORD, now=NOW)


def test_an_admin_reset_on_the_machine_is_confirmed_by_any_colleague(
    released: Agency, admin: Officer, reader: Officer, operator: Officer
) -> None:
    reset_factors_on_the_machine(operator, admin, now=NOW)
    assert Capability.OFFICER_MANAGE not in fresh(admin).capabilities
    assert {reader, releaser_of(released)} <= set(told_of(waiting(), now=NOW))
    agree_to_change(reader, waiting().pk, now=NOW)
    assert Capability.OFFICER_MANAGE in fresh(admin).capabilities


def test_nobody_confirms_and_nobody_stops_it_for_three_days(
    released: Agency, admin: Officer, operator: Officer
) -> None:
    reset_factors_on_the_machine(operator, admin, now=NOW)
    assert in_time(waiting(), now=NOW + 72 * HOUR - timedelta(seconds=1)) is None
    assert in_time(waiting(), now=NOW + 72 * HOUR) is not None
    assert Capability.OFFICER_MANAGE in fresh(admin).capabilities


def test_a_colleague_who_was_told_stops_it(
    released: Agency, admin: Officer, reader: Officer, second: Officer, operator: Officer
) -> None:
    reset_factors_on_the_machine(operator, admin, now=NOW)
    change = waiting()
    stop_change(reader, change.pk, now=NOW)
    assert in_time(change, now=NOW + 100 * HOUR) is None
    assert Capability.OFFICER_MANAGE not in fresh(admin).capabilities


def releaser_of(agency: Agency) -> Officer:
    return Officer.objects.get(agency=agency, roles=["releaser"])
