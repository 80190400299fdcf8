# SPDX-License-Identifier: Apache-2.0
"""Systems that call the exchange by an API key."""

from datetime import datetime

from agencies.apikeys import authenticate_key
from callers.actors import ApiClient
from callers.authentication import SystemKeyAuthentication, SystemKeyScheme


class ApiKeyAuthentication(SystemKeyAuthentication):
    """`Authorization: Api-Key prefix.secret`."""

    keyword = "Api-Key"

    def client_of(self, text: str, remote_addr: str, *, now: datetime) -> ApiClient:
        """Return who holds this API key; raise CredentialError."""
        return authenticate_key(text, remote_addr, now=now)


class ApiKeyScheme(SystemKeyScheme):  # type: ignore[no-untyped-call]
    """The API description's entry for the API key."""

    target_class = ApiKeyAuthentication
    name = "apiKey"
