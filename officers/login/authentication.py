# SPDX-License-Identifier: Apache-2.0
"""The two ways to authenticate to the desk over HTTP: an officer's session, or a key for the desk.

No other header, query or body identifies the actor.
"""

from datetime import datetime

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import CSRFCheck, SessionAuthentication
from rest_framework.request import Request

from callers.actors import ApiClient
from callers.authentication import SystemKeyAuthentication, SystemKeyScheme
from officers.deskkeys import authenticate_key
from officers.errors import FormTokenError
from officers.login.errors import FactorNeededError
from officers.models import Officer


class OfficerSessionAuthentication(SessionAuthentication):
    """Officer signed in at the desk; every write needs the session's form token."""

    def authenticate(self, request: Request) -> tuple[Officer, None] | None:
        """Return the active officer of the session, or None; raises FormTokenError, FactorNeededError."""
        officer = getattr(request._request, "user", None)
        if not isinstance(officer, Officer) or not officer.is_active:
            return None
        self.enforce_csrf(request)
        if getattr(request._request, "factor_needed", False):
            raise FactorNeededError
        return officer, None

    def enforce_csrf(self, request: Request | HttpRequest) -> None:
        """Make Django's own check of the form token; raises FormTokenError."""

        def unused(_: HttpRequest) -> None:
            return None

        check = CSRFCheck(unused)  # type: ignore[arg-type]
        check.process_request(request)
        if check.process_view(request, None, (), {}):  # type: ignore[arg-type]
            raise FormTokenError


class DeskKeyAuthentication(SystemKeyAuthentication):
    """`Authorization: Desk-Key prefix.secret`."""

    keyword = "Desk-Key"

    def client_of(self, text: str, remote_addr: str, *, now: datetime) -> ApiClient:
        """Return the system that holds this key for the desk; raises CredentialError."""
        return authenticate_key(text, remote_addr, now=now)


class DeskKeyScheme(SystemKeyScheme):  # type: ignore[no-untyped-call]
    """Name of the key for the desk in the API description."""

    target_class = DeskKeyAuthentication
    name = "deskKey"


class OfficerSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Name of the officer's session in the API description."""

    target_class = OfficerSessionAuthentication
    name = "officerSession"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
