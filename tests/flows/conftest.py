# SPDX-License-Identifier: Apache-2.0
"""Whole stories on the hub's real processes; the desk's pages are called in this process, in the role desk."""

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
    """Two hosted agencies and one with own keys; the real sequencer continues this ledger."""
    return DeskWorld.kept(tmp_path / "ledger")


@pytest.fixture
def as_officer() -> SignIn:
    """Sign clients in as officers."""

    def client_of(officer: Officer, *, csrf: bool = False) -> Client:
        client = Client(enforce_csrf_checks=csrf)
        client.force_login(officer, "officers.login.backends.EmailBackend")
        return client

    return client_of


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweep every second, so that a test does not wait half a minute."""
    monkeypatch.setenv("SWEEP_SECONDS", "1")
    monkeypatch.setenv("FOLLOW_SECONDS", "1")
    monkeypatch.setenv("NOTICE_LEASE_SECONDS", "3")


@pytest.fixture
def running(quick: None, desk: DeskWorld, hub_processes: HubProcesses) -> HubProcesses:
    """The hub with sequencer, exchange-worker, mailer and desk-worker running."""
    hub_processes.sequencer()
    hub_processes.exchange_worker(beat=True)
    hub_processes.mailer(beat=True)
    hub_processes.desk_worker()
    return hub_processes
