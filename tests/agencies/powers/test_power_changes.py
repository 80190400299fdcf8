# SPDX-License-Identifier: Apache-2.0
"""Roles and rights are given by two admins, or after a day in which anyone told could stop it; they are taken away at once."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from callers.capabilities import POWERS
from callers.errors import AbsentError, InputError, NotBoundError, NotPermittedError
from ledger.models import AuditEvent
from officers.accounts import change_roles, disable_officer, enable_officer, enrol_officer
from officers.attribution import counts_as
from officers.deciding import agree_to_change, apply_due_change, stop_change
from officers.models import AgencyPolicy, Officer, PowerChange
from officers.policy import LABELS, WEAKER, change_policy
from officers.policy_in_force import policy_of
from officers.powers import due_at, second_admins, told_of
from peers.models import Agency
from tests.agencies.powers.conftest import HOUR, fresh, in_time, waiting
from tests.agencies.world import NOW, admit, enrol
from tests.bound_rows import rewrite

pytestmark = pytest.mark.django_db


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("act", flat=True))


# Giving a role.


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
    stop_change(second, waiting().pk, now=NOW)
    assert not PowerChange.objects.filter(outcome="waiting").exists(), "it can still be stopped"


# Nobody becomes the only admin by removing the other one.


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


def test_what_only_the_disabled_were_told_of_does_not_apply(
    released: Agency, admin: Officer, second: Officer, reader: Officer, releaser: Officer
) -> None:
    for person in (second, releaser):
        disable_officer(admin, person, now=NOW)
    change_roles(admin, reader, ["author"], now=NOW)
    assert {reader, second} == set(told_of(waiting(), now=NOW)), "whoever is left can stop it"
    disable_officer(admin, reader, now=NOW)
    before = policy_of(released)
    change_policy(admin, released, replace(before, four_eyes=False), seen=before.digest, now=NOW)
    assert told_of(waiting(), now=NOW) == [second]
    assert apply_due_change(waiting().pk, told_at=NOW - 24 * HOUR, told=[fresh(second)], now=NOW) is None
    assert policy_of(Agency.objects.get(pk="xa-lab")) == before
    assert told_of(waiting(), now=NOW + 25 * HOUR) == [admin], "an agency of one person goes on"


def test_who_has_no_powers_until_confirmed_stops_nothing_and_is_not_told_alone(
    released: Agency, admin: Officer, second: Officer, reader: Officer, releaser: Officer
) -> None:
    second.powers_withheld_at = NOW
    second.save(update_fields=["powers_withheld_at"])
    disable_officer(admin, releaser, now=NOW)
    change_roles(admin, reader, ["author"], now=NOW)
    assert set(told_of(waiting(), now=NOW)) == {second, reader}
    assert apply_due_change(waiting().pk, told_at=NOW - 24 * HOUR, told=[second], now=NOW) is None


def test_what_an_admin_asked_for_goes_with_the_role(
    released: Agency, admin: Officer, second: Officer, reader: Officer
) -> None:
    change_roles(admin, reader, ["author"], now=NOW)
    disable_officer(second, admin, now=NOW)
    assert PowerChange.objects.get().outcome == "dropped"


# Changes of the agency's policy.


def test_every_field_of_the_policy_says_which_direction_is_looser() -> None:
    assert set(WEAKER) == set(LABELS)
    assert set(AgencyPolicy.BOUND) == {"agency", *LABELS}


@pytest.mark.parametrize(
    ("field", "looser"),
    [
        ("four_eyes", False),
        ("flash_single_releaser", True),
        ("bare_code_single_releaser", True),
        ("role_ceilings", {}),
        ("case_number_required", False),
        ("mfa_required_roles", []),
        ("audit_keep_days", 400),
    ],
)
def test_a_looser_policy_waits_and_a_stricter_one_does_not(
    released: Agency, admin: Officer, second: Officer, field: str, looser: Any
) -> None:
    rewrite(
        AgencyPolicy.objects.filter(pk="xa-lab"), role_ceilings={"reader": "GREEN"}, case_number_required=True
    )
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
    assert AgencyPolicy.objects.get(pk="xa-lab").audit_keep_days == 2000
