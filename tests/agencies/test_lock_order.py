# SPDX-License-Identifier: Apache-2.0
"""Rows of one officer change under that officer's lock: two writers wait for each other and do not deadlock."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from officers.accountlinks import digest_of, follow_link, issue_link
from officers.expiring_rows import AccountLink
from officers.login.attempts import FactorSource
from officers.login.factors import add_totp, check_code, renew_recovery_codes
from officers.models import Officer
from tests.agencies.world import NOW, admit, enrol
from tests.lock_orders import locks_taken
from tests.pages.one_time_codes import code_of

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def officer() -> Officer:
    """An officer with one-time codes and recovery codes: two rows, which two sign-ins once locked in different orders."""
    officer = enrol(admit("xa-lab"), "releaser", email="olga@xa-lab.example")
    add_totp(officer, secret=SECRET, code=code_of(SECRET, NOW), now=NOW)
    return officer


def sign_in_by_code(officer: Officer) -> None:
    check_code(officer, code_of(SECRET, LATER), source=FactorSource(officer.pk), now=LATER)


def renew_codes(officer: Officer) -> None:
    renew_recovery_codes(officer, now=LATER)


def follow_a_link(officer: Officer) -> None:
    """Follow one link, which ends every other link of the officer."""
    purpose = AccountLink.Purpose.RESET
    _, token = issue_link(officer, purpose, issued_by="system:desk", now=NOW)
    follow_link(digest_of(token, purpose), purpose, password="correct horse battery staple", now=LATER)


@pytest.mark.parametrize("change", [sign_in_by_code, renew_codes, follow_a_link])
def test_the_officers_lock_is_taken_first_and_alone(
    officer: Officer, change: Callable[[Officer], None]
) -> None:
    with locks_taken() as locks:
        change(officer)
    assert [
        table for table, _ in locks if table.startswith(("officers_officer", "officers_accountlink", "mfa_"))
    ] == ["officers_officer"]
