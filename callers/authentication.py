# SPDX-License-Identifier: Apache-2.0
"""Authentication of systems by a key in the header `Authorization`; no other part of a request identifies them."""

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
    """`Authorization: KEYWORD prefix.secret`; the key is read from the database at every request."""

    keyword: ClassVar[str]

    def client_of(self, text: str, remote_addr: str, *, now: datetime) -> ApiClient:
        """Return the system that holds this key; raises CredentialError."""
        raise NotImplementedError

    def authenticate(self, request: Request) -> tuple[ApiClient, str] | None:
        """Return the client and its key's prefix, or None where another scheme is used; raises AuthenticationFailed."""
        keyword, _, credential = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if keyword.lower() != self.keyword.lower():
            return None
        try:
            client = self.client_of(credential, client_address(request._request), now=clock.now())
        except CredentialError as refused:
            raise AuthenticationFailed from refused
        return client, client.prefix

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return f'{self.keyword} realm="accord"'


class SystemKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Security scheme of such a key in the API description: a header with a keyword, the nearest that OpenAPI has."""

    target_class: type[SystemKeyAuthentication] | None = None

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        assert self.target_class is not None
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`{self.target_class.keyword} prefix.secret`",
        }
