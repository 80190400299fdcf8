# SPDX-License-Identifier: Apache-2.0
"""Access of an agency's desk to the exchange: its public API, with the agency's own API key.

The key is in the vault, which this module must not import: the vault supplies it with `use_credentials`.
"""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, Protocol

import urllib3
from urllib3.exceptions import HTTPError

from accord.calls.errors import ProxyTrouble, ProxyTroubleError, UnreachableError
from accord.calls.exchange import Exchange, HttpExchange
from accord.calls.transport import HttpTransport, Patience, Transport
from peers.own_exchange import exchange_place, proxy_on_the_way

PATIENCE: Final = Patience(connect_secs=2, read_secs=8, tries=2, longest_pause_secs=1)
"""Patience of a call for whose answer an officer waits."""
ONE_TRY: Final = Patience(connect_secs=2, read_secs=10, tries=1)
"""Patience of handing in: one attempt, since it must be known whether it can have arrived; the desk-worker repeats."""
MOST_TRANSPORTS: Final = 256
REST_SECS: Final = 3.0
LOGIN_REST_SECS: Final = 300.0
"""Rest after a proxy refused the login; it is longer since many lock an account after some wrong passwords."""

log = logging.getLogger(__name__)


class Credentials(Protocol):
    """Holder of the API keys of this desk's agencies."""

    def api_key_of(self, agency_id: str) -> str:
        """Return the key by which the desk calls for an agency."""
        ...

    def refuse(self, agency_id: str) -> None:
        """Note that the exchange has refused the agency's key, which is not used again."""
        ...

    def agencies(self) -> frozenset[str]:
        """Return the agencies whose private keys are held here."""
        ...

    def prefix_of(self, agency_id: str) -> str:
        """Return the prefix of the key by which the desk calls for an agency, also of one that was refused; empty without one."""
        ...

    def callers(self) -> list[str]:
        """List the agencies for which the desk can call now, in a fixed order."""
        ...


_credentials: list[Credentials] = []


def use_credentials(credentials: Credentials) -> None:
    """Set the credentials, once, when a process with a vault starts."""
    _credentials[:] = [credentials]


Connect = Callable[[str], Exchange]
_connections: list[tuple[Connect, Connect]] = []


@contextmanager
def reached_by(connect: Connect, *, by_key: Connect) -> Generator[None]:
    """Replace the connection to the exchange while the block lasts, for demonstrations without running processes.

    `connect` takes an agency's id, `by_key` a key for entering.
    """
    _connections.append((connect, by_key))
    try:
        yield
    finally:
        _connections.pop()


def exchange_of(agency_id: str, patience: Patience = PATIENCE) -> Exchange:
    """Return the exchange's API as the agency's own system calls it. Its calls raise the errors of `accord.calls.errors`.

    Not inside a transaction, since an answer may take long. Raises UnreachableError in a process without a vault.
    """
    if _connections:
        return _connections[-1][0](agency_id)
    return HttpExchange(transport_of(agency_id, patience), is_desk=True)


def own_prefix(agency_id: str) -> str:
    """Return the prefix of the desk's own API key for an agency; empty where there is none."""
    return _credentials[0].prefix_of(agency_id) if _credentials else ""


def transport_of(agency_id: str, patience: Patience = PATIENCE) -> Transport:
    """Return a connection that this process keeps, with the agency's present API key."""
    if not _credentials:
        raise UnreachableError("This process holds no API key: the hub is not asked.")
    return _transport(exchange_place().url, agency_id, _credentials[0].api_key_of(agency_id), patience)


def exchange_by(entry_key: str) -> Exchange:
    """Return the exchange's API as the holder of a key for entering calls it, for an agency for which this desk cannot call yet.

    As `exchange_of`. `entry_key` must have the form of a key.
    """
    if _connections:
        return _connections[-1][1](entry_key)
    return HttpExchange(transport_by(entry_key), is_desk=True)


def transport_by(entry_key: str) -> Transport:
    """Return a connection for one call with this key; the process keeps neither."""
    return HttpTransport(
        exchange_place().url, api_key=entry_key, patience=PATIENCE, proxy=proxy_on_the_way(), most_kept=0
    )


def held_agencies() -> frozenset[str]:
    """Return the agencies whose private keys this desk holds, as its vault says; none in a process without a vault."""
    return _credentials[0].agencies() if _credentials else frozenset()


def calling_agencies() -> list[str]:
    """List the agencies for which this desk can call now; none in a process without a vault."""
    return _credentials[0].callers() if _credentials else []


class _Resting(HttpTransport):
    """Connection that makes no call for `REST_SECS` after the exchange gave no answer, so that an officer waits for one time-out
    only.

    After a proxy refused the login it makes none for `LOGIN_REST_SECS`.
    """

    def _send(self, *args: Any, **kwargs: Any) -> urllib3.BaseHTTPResponse:
        if time.monotonic() < _rests_until[-1]:
            resting = UnreachableError("The exchange was not reached a moment ago; it is asked again soon.")
            resting.is_unsent = True
            raise resting
        try:
            return super()._send(*args, **kwargs)
        except HTTPError as error:
            said = self.error_of(error)
            is_login = isinstance(said, ProxyTroubleError) and said.trouble == ProxyTrouble.LOGIN
            _rests_until[:] = [time.monotonic() + (LOGIN_REST_SECS if is_login else REST_SECS)]
            log.warning("the exchange gives no answer: %s", said)
            raise


_rests_until: list[float] = [0.0]


@lru_cache(maxsize=MOST_TRANSPORTS)
def _transport(address: str, agency_id: str, api_key: str, patience: Patience) -> Transport:
    """Return a connection that stops using an API key once the exchange has refused it."""

    def refuse() -> None:
        _credentials[0].refuse(agency_id)

    return _Resting(
        address,
        api_key=api_key,
        patience=patience,
        proxy=proxy_on_the_way(),
        most_kept=0,
        key_refused=refuse,
    )
