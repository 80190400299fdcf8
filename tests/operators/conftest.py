# SPDX-License-Identifier: Apache-2.0
"""The operator's process, played in this one: its addresses, its middleware, its login."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from hub.middleware_order import middleware_of
from operators.enrolling import INSTALLER, invite_operator
from operators.models import Operator
from tests.operators.authenticator import ORIGIN, Device
from tests.role_logins import OPERATOR_ADDRESSES

SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _operators_process(db: None, settings: Settings) -> None:
    settings.ROOT_URLCONF = OPERATOR_ADDRESSES
    settings.MIDDLEWARE = middleware_of("operator")
    settings.CSRF_FAILURE_VIEW = "operators.pages.errors.form_refused"
    settings.OPERATOR_URL = ORIGIN


def link_for(name: str) -> str:
    """Invite an operator from the shell; return the path of the link."""
    _link, token = invite_operator(INSTALLER, name, now=timezone.now())
    return f"/enrol/{token}/"


def follow(link: str, device: Device, client: Client | None = None) -> Any:
    """Follow a link and make a passkey with the device; return the answer."""
    browser = client or Client()
    page = browser.get(link, follow=True)
    shown = re.search(r'data-options="([^"]*)"', page.content.decode())
    if shown is None:
        return page
    return browser.post("/enrol/", {"passkey": device.make(json.loads(unescape(shown[1])))})


def make_operator(name: str = "Noor Ashdene") -> tuple[Operator, Device]:
    """Make an active operator; return it with its device."""
    device = Device()
    assert follow(link_for(name), device).status_code == 200
    return Operator.objects.get(name=name), device


def sign_in(device: Device, client: Client | None = None) -> Any:
    """Sign in with a device; return the answer."""
    browser = client or Client()
    options = browser.get("/sign-in/options/").json()
    return browser.post("/sign-in/", {"proof_passkey": device.prove(options)})


@pytest.fixture
def noor() -> tuple[Operator, Device]:
    """The first operator and its device."""
    return make_operator()


@pytest.fixture
def operator(client: Client, noor: tuple[Operator, Device]) -> Client:
    """A browser in the first operator's session."""
    assert sign_in(noor[1], client).status_code == 302
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())
