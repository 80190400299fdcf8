# SPDX-License-Identifier: Apache-2.0
"""Systems that call by a key in the header `Authorization`; nothing else in a request can name them."""

from datetime import datetime
from typing import ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from callers import clock
from callers.actors import ApiClient
from callers.addresses import client_address
from callers.errors import CredentialError


class SystemKeyAuthentication(BaseAuthentication):
    """`Authorization: KEYWORD prefix.secret`; the key is looked up in the database on every request."""

    keyword: ClassVar[str]

    def client_of(self, text: str, remote_addr: str, *, now: datetime) -> ApiClient:
        """Return who holds this key; raises CredentialError."""
        raise NotImplementedError

    def authenticate(self, request: Request) -> tuple[ApiClient, str] | None:
        """The client and its key's prefix, or None when another scheme is used; raises AuthenticationFailed."""
        keyword, _, credential = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if keyword.lower() != self.keyword.lower():
            return None
        try:
            client = self.client_of(credential, client_address(request._request), now=clock.now())
        except CredentialError as refused:
            raise AuthenticationFailed from refused
        return client, client.prefix

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return f'{self.keyword} realm="accord"'


class SystemKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Name of such a key in the API description: a header with a keyword, as OpenAPI can say it."""

    target_class: type[SystemKeyAuthentication] | None = None

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The header."""
        assert self.target_class is not None
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`{self.target_class.keyword} prefix.secret`",
        }
