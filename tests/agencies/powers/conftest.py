# SPDX-License-Identifier: Apache-2.0
"""An agency that has already released an alert, for tests of who may give roles and rights there."""

from datetime import datetime, timedelta

import pytest

from officers.deciding import apply_due_change
from officers.models import Officer, PowerChange
from officers.powers import told_of
from peers.models import Agency
from tests.agencies.world import NOW, PASSWORD, admit, enrol
from tests.entries import have_released

HOUR = timedelta(hours=1)


@pytest.fixture
def agency() -> Agency:
    """An agency with two admins, a reader and a releaser, all enrolled before its first release."""
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
    have_released(agency.pk, now=NOW)
    agency.refresh_from_db()
    return agency


def fresh(officer: Officer) -> Officer:
    return Officer.objects.get(pk=officer.pk)


def waiting(**of: object) -> PowerChange:
    return PowerChange.objects.get(outcome="waiting", **of)


def in_time(change: PowerChange, *, told_at: datetime = NOW, now: datetime) -> PowerChange | None:
    return apply_due_change(change.pk, told_at=told_at, told=told_of(change, now=now), now=now)
