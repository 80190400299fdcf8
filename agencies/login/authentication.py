# SPDX-License-Identifier: Apache-2.0
"""Who calls: the only two ways in over HTTP, an API key or an officer's session.

Nothing else in a request can name the actor: no other header, no query, no body.
"""

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, CSRFCheck, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from agencies.actors import ApiClient
from agencies.apikeys import authenticate_key
from agencies.errors import CredentialError, FormTokenError
from agencies.login.addresses import client_address
from agencies.login.errors import FactorNeededError
from agencies.models import Officer
from callers import clock

KEYWORD = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key prefix.secret`; the key is looked up in the database on every request."""

    def authenticate(self, request: Request) -> tuple[ApiClient, str] | None:
        """The client and its key's prefix, or None when another scheme is used; raises AuthenticationFailed."""
        keyword, _, credential = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if keyword.lower() != KEYWORD.lower():
            return None
        try:
            client = authenticate_key(credential, client_address(request._request), now=clock.now())
        except CredentialError as refused:
            raise AuthenticationFailed from refused
        return client, client.prefix

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return f'{KEYWORD} realm="accord"'


class OfficerSessionAuthentication(SessionAuthentication):
    """An officer signed in on the desk; every write needs the session's form token."""

    def authenticate(self, request: Request) -> tuple[Officer, None] | None:
        """The active officer of the session, or None; raises FormTokenError, FactorNeededError."""
        officer = getattr(request._request, "user", None)
        if not isinstance(officer, Officer) or not officer.is_active:
            return None
        self.enforce_csrf(request)
        if getattr(request._request, "factor_needed", False):
            raise FactorNeededError
        return officer, None

    def enforce_csrf(self, request: Request | HttpRequest) -> None:
        """Django's own check of the form token; raises FormTokenError."""

        def unused(_: HttpRequest) -> None:
            return None

        check = CSRFCheck(unused)  # type: ignore[arg-type]
        check.process_request(request)
        if check.process_view(request, None, (), {}):  # type: ignore[arg-type]
            raise FormTokenError


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API description names the API key."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A header with a keyword, as OpenAPI can say it."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`{KEYWORD} prefix.secret`",
        }


class OfficerSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API description names the officer's session."""

    target_class = OfficerSessionAuthentication
    name = "officerSession"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The session's cookie."""
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
