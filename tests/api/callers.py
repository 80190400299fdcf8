# SPDX-License-Identifier: Apache-2.0
"""Callers of a running hub over HTTP: an officer's session with its form token, and a system's API key."""

from django.conf import settings
from django.test import Client

from devtool.apicases import Credential
from officers.models import Officer
from tests.builders import HeldAgency, Hub


def session_of(officer: Officer) -> Credential:
    """An officer's session at the desk as a program sends it: cookie and form token."""
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    token = client.get("/api/v1/caller").json()["form_token"]
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    form = client.cookies[settings.CSRF_COOKIE_NAME]
    # Both cookies travel in one header, and the caller takes one value.
    return Credential("officerSession", f"{cookie}; {form.key}={form.value}", {"X-CSRFToken": token})


def key_of(hub: Hub, agency: HeldAgency) -> Credential:
    """An API key of the agency with every scope that a key may have."""
    return Credential("apiKey", hub.api_key(agency), {})
