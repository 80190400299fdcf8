# SPDX-License-Identifier: Apache-2.0
"""Whole stories on the hub's real processes; the desk's pages are asked in this process, as the role desk."""

from pathlib import Path

import pytest
from django.test import Client

from officers.models import Officer
from tests.browser.conftest import (  # noqa: F401 - fixtures of the stories that are seen in a browser
    browser_type_launch_args,
    console_errors,
    page,
    sign_in,
)
from tests.conftest import HubProcesses
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def desk(transactional_db: None, tmp_path: Path) -> DeskWorld:
    """Two hosted agencies and one with own keys; its ledger is the one the real sequencer goes on with."""
    return DeskWorld.kept(tmp_path / "ledger")


@pytest.fixture
def as_officer() -> SignIn:
    """A client in session as this officer."""

    def client_of(officer: Officer, *, csrf: bool = False) -> Client:
        client = Client(enforce_csrf_checks=csrf)
        client.force_login(officer, "officers.login.backends.EmailBackend")
        return client

    return client_of


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps every second, so that a test does not wait half a minute for one."""
    monkeypatch.setenv("SWEEP_SECONDS", "1")
    monkeypatch.setenv("FOLLOW_SECONDS", "1")
    monkeypatch.setenv("NOTICE_LEASE_SECONDS", "3")


@pytest.fixture
def running(quick: None, desk: DeskWorld, hub_processes: HubProcesses) -> HubProcesses:
    """Sequencer, worker and desk-worker run."""
    hub_processes.sequencer()
    hub_processes.exchange_worker(beat=True)
    hub_processes.mailer(beat=True)
    hub_processes.desk_worker()
    return hub_processes
