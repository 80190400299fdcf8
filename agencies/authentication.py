# SPDX-License-Identifier: Apache-2.0
"""Systems that call by an API key; nothing else in a request can name them."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from agencies.apikeys import authenticate_key
from callers import clock
from callers.actors import ApiClient
from callers.addresses import client_address
from callers.errors import CredentialError

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
