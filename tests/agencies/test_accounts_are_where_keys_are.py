# SPDX-License-Identifier: Apache-2.0
"""An agency that holds its own keys has no accounts at this desk: none is made, and an older one lets nobody in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user
from django.core.management.base import CommandError
from django.test import Client, RequestFactory

from callers.capabilities import Role
from callers.errors import AbsentError, NotPermittedError
from ledger.restores import record_restore
from officers.accountlinks import find_link, issue_link
from officers.accounts import change_roles, enrol_officer
from officers.invitations import invite_again, invite_officer
from officers.login.backends import EmailBackend
from officers.login.resetting import mail_reset
from officers.models import AccountLink, Officer
from officers.operating import acting_officer
from officers.powers import told_of
from officers.releasers import releasers_of
from officers.restores import agencies_in_review
from peers.models import Agency
from tests.agencies.world import NOW, OPERATOR, PASSWORD, admit, enrol
from tests.bound_rows import rewrite
from tests.entries import have_released

pytestmark = pytest.mark.django_db
HERE = Agency.objects.filter(pk="xa-lab")


@pytest.fixture
def olga() -> Officer:
    return enrol(admit("xa-lab"), "reader", "releaser", email="olga@xa-lab.example", password=PASSWORD)


def moves_away() -> None:
    """Mark the agency as no longer hosted at this desk."""
    rewrite(HERE.all(), is_hosted=False)


def guess(officer: Officer) -> object:
    return authenticate(RequestFactory().post("/login/"), username=officer.email, password=PASSWORD)


@pytest.mark.parametrize("act", [enrol_officer, invite_officer])
def test_nobody_is_enrolled_at_an_agency_that_holds_its_own_keys(act: Callable[..., Any]) -> None:
    agency = admit("xd-reg", custody="agency")
    with pytest.raises(AbsentError):
        act(
            OPERATOR,
            agency,
            email="zhilan@xd-reg.example",
            full_name="Zhilan",
            roles=[Role.AGENCY_ADMIN],
            now=NOW,
        )
    assert not Officer.objects.exists()


def test_where_the_keys_have_gone_nobody_is_invited_any_more(olga: Officer) -> None:
    admin = Officer.objects.get(roles__contains=["agency_admin"])
    moves_away()
    agency = HERE.get()
    for inviter in (admin, OPERATOR):
        with pytest.raises(AbsentError):
            invite_officer(
                inviter, agency, email="new@xa-lab.example", full_name="New", roles=["reader"], now=NOW
            )
    with pytest.raises(AbsentError):
        invite_again(OPERATOR, admin, now=NOW)


def test_the_password_lets_nobody_in_whose_agencys_keys_are_elsewhere(olga: Officer) -> None:
    assert guess(olga) == olga
    moves_away()
    assert guess(olga) is None
    rewrite(HERE.all(), is_hosted=True)
    assert guess(olga) == olga, "the account is as it was when the agency comes back"


def test_nor_where_sql_says_that_they_are_here(olga: Officer) -> None:
    moves_away()
    HERE.all().update(is_hosted=True)
    assert guess(olga) is None
    assert EmailBackend().get_user(olga.pk) is None


def test_a_running_session_ends(olga: Officer) -> None:
    client = Client()
    client.force_login(olga, "officers.login.backends.EmailBackend")
    request = RequestFactory().get("/")
    request.session = client.session
    assert get_user(request) == olga
    moves_away()
    assert get_user(request).is_anonymous
    assert client.get("/api/v1/directory").status_code == 401


def test_no_link_leads_in_and_none_is_mailed(olga: Officer) -> None:
    link, _ = issue_link(olga, AccountLink.Purpose.RESET, issued_by="system:desk", now=NOW)
    assert find_link(link.digest, link.purpose, now=NOW) == link
    moves_away()
    with pytest.raises(AbsentError):
        find_link(link.digest, link.purpose, now=NOW)
    assert mail_reset(olga.email, now=NOW) is None


def test_nothing_is_done_in_that_name(olga: Officer) -> None:
    admin = Officer.objects.get(roles__contains=["agency_admin"])
    moves_away()
    admin.refresh_from_db()
    with pytest.raises(NotPermittedError):
        change_roles(admin, olga, ["reader"], now=NOW)
    with pytest.raises(CommandError, match=f"No active officer signs in as {olga.email}"):
        acting_officer(olga.email)


def test_nobody_is_told_or_waited_for(olga: Officer) -> None:
    colleague, admin = enrol(HERE.get(), "reader"), enrol(HERE.get(), "agency_admin")
    have_released("xa-lab", now=NOW)
    change_roles(admin, Officer.objects.get(pk=colleague.pk), ["reader", "author"], now=NOW)
    change = HERE.get().power_changes.get()
    record_restore((), backup_at=None, now=NOW)
    assert (releasers_of(["xa-lab"]), told_of(change, now=NOW)) == ([olga], [olga])
    assert [row.pk for row in agencies_in_review()] == ["xa-lab"]
    moves_away()
    assert (releasers_of(["xa-lab"]), told_of(change, now=NOW)) == ([], [])
    assert not agencies_in_review().exists()
