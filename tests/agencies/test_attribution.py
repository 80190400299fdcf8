# SPDX-License-Identifier: Apache-2.0
"""Attribution of acts: an officer whose identity is unconfirmed counts as everybody who could be that officer."""

import pytest

from officers.attribution import attributed_to, counts_as, is_independent
from officers.models import Officer, PowerChange
from peers.models import Agency
from tests.agencies.world import NOW, admit, enrol

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency() -> Agency:
    return admit("xa-lab")


def wait_for(officer: Officer, behind: Officer, outcome: str = "waiting") -> None:
    assert officer.agency is not None
    PowerChange.objects.create(
        agency=officer.agency,
        kind="identity",
        officer=officer,
        cause="invited",
        asked_by=behind,
        asked_at=NOW,
        outcome=outcome,
    )


def test_a_confirmed_person_counts_alone(agency: Agency) -> None:
    admin, author = enrol(agency, "agency_admin"), enrol(agency, "author")
    wait_for(author, admin, "agreed")
    assert counts_as(author) == {author.audit_name}
    assert is_independent(author, [admin.audit_name])


def test_an_unconfirmed_person_counts_as_everybody_behind(agency: Agency) -> None:
    admin, second, author = enrol(agency, "agency_admin"), enrol(agency, "releaser"), enrol(agency, "author")
    wait_for(second, admin)
    wait_for(author, second)
    assert counts_as(author) == {author.audit_name, second.audit_name, admin.audit_name}
    assert counts_as(admin) == {admin.audit_name}


def test_two_people_of_one_admin_are_not_independent(agency: Agency) -> None:
    admin, one, two = enrol(agency, "agency_admin"), enrol(agency, "author"), enrol(agency, "releaser")
    wait_for(one, admin)
    wait_for(two, admin, "stopped")
    assert not is_independent(two, [one.audit_name])
    assert not is_independent(admin, [one.audit_name])
    assert not is_independent(one, [admin.audit_name])


def test_two_who_stand_behind_each_other_end(agency: Agency) -> None:
    one, two = enrol(agency, "author"), enrol(agency, "releaser")
    wait_for(one, two)
    wait_for(two, one)
    assert counts_as(one) == counts_as(two) == {one.audit_name, two.audit_name}


def test_what_is_no_officer_stays_as_it_is() -> None:
    assert attributed_to(["client:xa-lab/system", "system:desk"]) == {"client:xa-lab/system", "system:desk"}


def test_a_confirmation_written_by_sql_confirms_nobody(agency: Agency) -> None:
    admin, author = enrol(agency, "agency_admin"), enrol(agency, "author")
    wait_for(author, admin)
    PowerChange.objects.update(outcome="agreed")
    assert counts_as(author) == {author.audit_name, admin.audit_name}
