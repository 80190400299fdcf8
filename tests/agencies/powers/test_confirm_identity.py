# SPDX-License-Identifier: Apache-2.0
"""Officers whose identity is in doubt: their acts also count as those of the admin who invited or reset them, until confirmed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from callers.capabilities import Capability
from callers.errors import InputError, NotPermittedError
from officers.accounts import change_roles, enrol_keeper, enrol_officer
from officers.attribution import counts_as, is_independent
from officers.deciding import agree_to_change, stop_change
from officers.identity import note_mailed_password
from officers.login.factors import reset_factors, reset_factors_on_the_machine
from officers.models import Officer
from officers.powers import second_admins, told_of
from peers.models import Agency
from tests.agencies.powers.conftest import HOUR, fresh, in_time, waiting
from tests.agencies.world import NOW, OPERATOR, PASSWORD

pytestmark = pytest.mark.django_db


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
    steps: list[Callable[[], None]] = [
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


# A command on the machine itself.


@pytest.fixture
def operator() -> Officer:
    return enrol_keeper(OPERATOR, email="noor@hub.example", full_name="Noor", password=PASSWORD, now=NOW)


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
