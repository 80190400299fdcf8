# SPDX-License-Identifier: Apache-2.0
"""The desk's calls to the exchange, answered in this process, on this connection and at the test's time.

Only the socket is left out: what the desk sends goes through the client's transport and through the exchange's views,
under the exchange's login. API keys have tests of their own; here the desk is known by its agency's id.
"""

import contextvars
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import urllib3
from django.db import connection
from django.test import Client
from urllib3.exceptions import ProtocolError

from accord.calls.transport import HttpTransport, Transport
from agencies import apikeys, authentication
from alerts import fetching, following, held
from callers import clock
from callers.actors import ApiClient
from callers.capabilities import Capability
from peers import exchange
from peers import following as peers_following
from vault import making
from vault.exchangekeys import issue_exchange_key
from vault.models import ExchangeKey, VaultSecret

CALLS_AS: Final = "desk:"
_moment: list[datetime] = []
"""That of the act which called last; empty before the first."""
over_sockets = exchange.transport_of
"""As the program has it."""


class ViewsInPlaceOfSockets:
    """As urllib3's pool is asked; answers by the views of this process, or misbehaves.

    `is_away`: nobody answers. `lies` makes another answer of the path and the octets of each.
    """

    is_away = False
    lies: Callable[[str, bytes], bytes] | None = None

    def __init__(self) -> None:
        self._client = Client(raise_request_exception=False)
        self.asked: list[str] = []

    def behave(self) -> None:
        """As it should again."""
        self.is_away, self.lies, self.asked = False, None, []

    def request(
        self, method: str, url: str, *, body: Any, headers: Mapping[str, str], **_: object
    ) -> urllib3.HTTPResponse:
        blocks: list[Any] = connection.atomic_blocks
        assert all(block._from_testcase for block in blocks), "called inside a transaction"
        parts = urlsplit(url)
        self.asked.append(parts.path)
        if self.is_away:
            raise ProtocolError("nobody answers")
        data = body.read() if hasattr(body, "read") else (body or b"")
        sent = {name: value for name, value in headers.items() if name != "Content-Type"}
        with _of_another_process():
            answer = contextvars.copy_context().run(
                self._client.generic,
                method,
                parts.path,
                data,
                headers.get("Content-Type", "application/octet-stream"),
                headers=sent,
                QUERY_STRING=parts.query,
            )
            octets = b"".join(answer) if answer.streaming else answer.content
        if self.lies is not None:
            octets = self.lies(parts.path, octets)
        return urllib3.HTTPResponse(
            body=BytesIO(octets),
            headers={**dict(answer.items()), "Content-Length": str(len(octets))},
            status=answer.status_code,
            preload_content=False,
        )


the_exchange = ViewsInPlaceOfSockets()


@contextmanager
def _of_another_process() -> Generator[None]:
    """What a test counts or watches of the desk's statements is not the exchange's; its time is the desk's."""
    counted, watched = connection.force_debug_cursor, connection.execute_wrappers
    connection.force_debug_cursor, connection.execute_wrappers = False, []
    with pytest.MonkeyPatch.context() as patch:
        if _moment:
            patch.setattr(clock, "now", lambda: _moment[0])
        yield
    connection.force_debug_cursor, connection.execute_wrappers = counted, watched


def give_exchange_keys() -> None:
    """For desks that run as processes: the keys that their agencies would have had with their first keysets."""
    for agency_id in hosted_agencies() - set(ExchangeKey.objects.values_list("pk", flat=True)):
        issue_exchange_key(agency_id, now=clock.now())


def hosted_agencies() -> set[str]:
    """Whose keys are in the vault."""
    secrets = VaultSecret.objects.values_list("agency_id", flat=True)
    return {agency_id for agency_id in secrets if agency_id is not None}


def at_its_moment(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, at whose moment the exchange then answers."""

    @wraps(function)
    def at(*args: Any, now: datetime, **kwargs: Any) -> Any:
        _moment[:] = [now]
        return function(*args, now=now, **kwargs)

    return at


@contextmanager
def desk_calls_in_this_process() -> Generator[None]:
    """For as long as the block lasts."""
    known = apikeys.authenticate_key

    def transport_of(agency_id: str) -> Transport:
        transport = HttpTransport("http://127.0.0.1:1", api_key=CALLS_AS + agency_id)
        transport._pool = the_exchange  # type: ignore[assignment]
        return transport

    def authenticate(text: str, remote_addr: str, *, now: datetime) -> ApiClient:
        if not text.startswith(CALLS_AS):
            return known(text, remote_addr, now=now)
        scopes = frozenset({Capability.DIRECTORY_READ, Capability.LEDGER_READ, Capability.ENVELOPE_READ})
        return ApiClient(text.removeprefix(CALLS_AS), "desk", secrets.token_hex(6), scopes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange, "transport_of", transport_of)
        patch.setattr(authentication, "authenticate_key", authenticate)
        patch.setattr(peers_following, "follower_of", at_its_moment(peers_following.follower_of))
        patch.setattr(fetching, "envelope_of", at_its_moment(held.envelope_of))
        patch.setattr(following, "fetch_ahead", at_its_moment(held.fetch_ahead))
        patch.setattr(making, "issue_exchange_key", lambda *_, **__: None)
        yield
