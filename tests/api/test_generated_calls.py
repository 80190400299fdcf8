# SPDX-License-Identifier: Apache-2.0
"""schemathesis finds no fault in any operation, called with generated input, alone and in sequences."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from callers.capabilities import Role
from devtool.apicases import Credential, call_every_operation
from officers.accounts import enrol_keeper
from officers.models import Officer
from tests.alerts.conftest import Desks, make_desks
from tests.api.callers import key_of, session_of
from tests.builders import OPERATOR, Hub
from tests.conftest import HubProcesses

pytestmark = [pytest.mark.slow]
WIDE = int(os.environ.get("ACCORD_API_EXAMPLES", "0"))
"""Examples for each operation that `./dev drill api` asks for; 0 stands for the suite's own small run."""

EXAMPLES, SEQUENCES = (WIDE, 5 * WIDE) if WIDE else (2, 12)
CASES_AT_LEAST = {"desk": 500, "exchange": 200}
Capture = pytest.CaptureFixture[str]
Who = Callable[[Desks], Credential]

IN_THE_SUITE: dict[str, tuple[str, Who]] = {
    "an author": ("desk", lambda desks: session_of(desks.lab.author)),
    "a system": ("exchange", lambda desks: key_of(desks.hub, desks.own)),
}
IN_THE_DRILL: dict[str, tuple[str, Who]] = {
    "a releaser": ("desk", lambda desks: session_of(desks.lab.releaser)),
    "a recipient": ("desk", lambda desks: session_of(desks.health.reader)),
    "an agency's admin, key officer and reader": ("desk", lambda desks: session_of(admin_of(desks))),
    "an auditor": ("desk", lambda desks: session_of(officer_of(desks, Role.AUDITOR))),
    "the keeper": ("desk", lambda desks: session_of(keeper_of(desks))),
    "a system at the desk": ("desk", lambda desks: key_of(desks.hub, desks.own)),
}
CALLERS = IN_THE_SUITE | (IN_THE_DRILL if WIDE else {})


def officer_of(desks: Desks, *roles: Role) -> Officer:
    return desks.hub.make_officer(desks.lab.agency, *roles, name="Sunniva Okparel")


def admin_of(desks: Desks) -> Officer:
    return officer_of(desks, Role.AGENCY_ADMIN, Role.KEY_OFFICER, Role.READER)


def keeper_of(desks: Desks) -> Officer:
    secret = "wendelgass im regen 7"
    return enrol_keeper(
        OPERATOR, email="noor@hub.example", full_name="Noor", password=secret, now=desks.hub.now
    )


@pytest.fixture
def desks(transactional_db: None, tmp_path: Path) -> Desks:
    """Hosted desks of now with one received alert and one draft."""
    desks = make_desks(Hub(tmp_path / "records", now=timezone.now().replace(microsecond=0)))
    desks.received()
    desks.draft()
    return desks


@pytest.mark.timeout(600 + 60 * WIDE)
@pytest.mark.parametrize("who", CALLERS)
def test_every_operation_is_called_and_nothing_is_found(
    desks: Desks, hub_processes: HubProcesses, tmp_path: Path, who: str, capsys: Capture
) -> None:
    role, credential = CALLERS[who]
    getattr(hub_processes, role)()
    world = hub_processes.world
    run = call_every_operation(
        world.hub_url if role == "desk" else world.exchange_url,
        credential(desks),
        tmp_path / "cases",
        examples=EXAMPLES,
        sequences=SEQUENCES,
        wide=bool(WIDE),
        seconds=500 + 60 * WIDE,
    )
    with capsys.disabled():
        sys.stdout.write(f"\nschemathesis, {who}: {run.cases} requests\n")
    assert run.found_nothing, run.report
    assert run.cases > CASES_AT_LEAST[role]
