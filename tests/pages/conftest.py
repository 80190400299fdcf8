# SPDX-License-Identifier: Apache-2.0
"""The desk for tests of its pages: a small hub, and a browser-like client for each officer."""

from pathlib import Path
from typing import Protocol

import pytest
from django.test import Client

from alerts.models import Alert
from officers.models import Officer
from tests.pages.desk_world import DeskWorld, Stage, check_one, send_one, submit_one

STAGES: dict[str, Stage] = {"sent": send_one, "checked": check_one, "submitted": submit_one}


class SignIn(Protocol):
    def __call__(self, officer: Officer, *, csrf: bool = False) -> Client: ...


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage | None:
    """Return the stage that the test begins with: one that it asks for by name, or that of its module or class."""
    asked = [STAGES[name] for name in STAGES if name in request.fixturenames]
    assert len(asked) <= 1, "a test begins with one alert"
    return asked[0] if asked else None


@pytest.fixture
def desk(db: None, tmp_path: Path, stage: Stage | None) -> DeskWorld:
    """Two hosted agencies, one that holds its own keys, and a keeper, after `stage`."""
    return DeskWorld.kept(tmp_path / "ledger", stage=stage)


@pytest.fixture
def sent(desk: DeskWorld) -> Alert:
    """The laboratory's alert, as `draft()` writes it, delivered two hours ago."""
    return Alert.objects.get()


@pytest.fixture
def checked(desk: DeskWorld) -> Alert:
    """The laboratory's alert, submitted and validated: the releaser may send it."""
    return Alert.objects.get()


@pytest.fixture
def submitted(desk: DeskWorld) -> Alert:
    """The laboratory's alert, which waits for a second person."""
    return Alert.objects.get()


@pytest.fixture
def as_officer() -> SignIn:
    """Open a client in session as this officer; CSRF is checked as in a browser only if a test asks for it."""

    def sign_in(officer: Officer, *, csrf: bool = False) -> Client:
        client = Client(enforce_csrf_checks=csrf)
        client.force_login(officer, "officers.login.backends.EmailBackend")
        return client

    return sign_in
