# SPDX-License-Identifier: Apache-2.0
"""Connect to an exchange through an HTTP proxy: CONNECT, with user and password where the proxy asks for them.

TLS is spoken with the exchange itself, through the tunnel, and its certificate is verified as without a proxy. A proxy that
only forwards learns the exchange's name, times and sizes. One that inspects answers with a certificate of its own; where its
authority is trusted here, it reads the API key and the metadata of every call, but nothing that is sealed.
"""

from __future__ import annotations

import base64
import http.client
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, ProxyError, SSLError

from accord.calls.errors import ProxyAddressError, ProxyTrouble

_MAX_LOGIN_CHARS = 1024
_STATUS = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_BEYOND: Final = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Proxy:
    """A proxy's address, http or https, and `login`: user and password, divided by the first colon; empty for none."""

    address: str
    login: str = field(default="", repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers for the proxy alone."""
        if not self.login:
            return {}
        return {"Proxy-Authorization": "Basic " + base64.b64encode(self.login.encode()).decode()}


def require_proxy(address: str, login: str = "") -> Proxy:
    """Return the proxy; raise ProxyAddressError, which shows neither address nor login."""
    parts = urlsplit(address)
    try:
        has_port = parts.port is not None and parts.port > 0
    except ValueError:
        has_port = False
    if parts.username is not None or parts.password is not None:
        raise ProxyAddressError(
            "The proxy's address names a user. Write user and password into the file for them."
        )
    if (
        parts.scheme not in ("http", "https")
        or not (parts.hostname and has_port)
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise ProxyAddressError("The proxy's address must look like http://proxy.example:3128.")
    if login and (
        login.startswith(":") or ":" not in login or not login.isprintable() or len(login) > _MAX_LOGIN_CHARS
    ):
        raise ProxyAddressError("The proxy's login must be one line, USER:PASSWORD.")
    return Proxy(f"{parts.scheme}://{parts.netloc}", login)


class _TunnelRefusedError(OSError):
    """The proxy answered CONNECT with `status`; 0 for an answer that is no HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(f"CONNECT was answered with {status}.")
        self.status = status


class _Tunnelled(HTTPSConnection):
    """A connection through a proxy that tells the proxy's faults from the exchange's."""

    def _tunnel(self) -> None:
        try:
            super()._tunnel()
        except http.client.HTTPException as exc:
            # A proxy that hangs up is tried again; one that speaks another protocol is not.
            is_gone = isinstance(exc, http.client.RemoteDisconnected)
            reason: Exception = ConnectTimeoutError() if is_gone else _TunnelRefusedError(0)
            raise ProxyError("The proxy did not answer CONNECT.", reason) from None
        except OSError as exc:
            # The proxy chose the text after the number: never repeat it.
            said = _STATUS.match(str(exc))
            reason = _TunnelRefusedError(int(said[1])) if said else ConnectTimeoutError()
            raise ProxyError("The proxy did not open a tunnel.", reason) from None


class _TunnelledPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Tunnelled


def pool_through(proxy: Proxy, **options: Any) -> urllib3.PoolManager:
    """Return a pool whose connections all go through a proxy; `options` as those of `urllib3.PoolManager`."""
    pool = urllib3.ProxyManager(proxy.address, proxy_headers=proxy.headers(), **options)
    pool.pool_classes_by_scheme = {"https": _TunnelledPool}
    return pool


def _of_status(status: int) -> ProxyTrouble:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return ProxyTrouble.LOGIN
    return ProxyTrouble.BEYOND if status in _BEYOND else ProxyTrouble.REFUSES


def trouble_of(error: HTTPError) -> tuple[ProxyTrouble, int] | None:
    """Return the proxy's fault, with its status (0 for none); None where it was not the proxy."""
    cause = error.reason if isinstance(error, MaxRetryError) else error
    if not isinstance(cause, ProxyError):
        return None
    reason = cause.original_error
    if isinstance(reason, _TunnelRefusedError):
        return _of_status(reason.status), reason.status
    return (ProxyTrouble.UNTRUSTED if isinstance(reason, SSLError) else ProxyTrouble.AWAY), 0


def explain_trouble(proxy: Proxy, address: str, trouble: ProxyTrouble, status: int) -> str:
    """Return a sentence on why the proxy does not reach an address, and what to do; it holds nothing of the login."""
    if trouble == ProxyTrouble.LOGIN:
        fault = (
            "does not take the user and password that it was given"
            if proxy.login
            else "asks for a user and password"
        )
        return f"The proxy {proxy.address} {fault} (HTTP 407). The hub was not asked."
    if trouble == ProxyTrouble.BEYOND:
        return f"The proxy {proxy.address} answers, and says that it cannot reach {address} (HTTP {status}). Try again later."
    if trouble == ProxyTrouble.REFUSES:
        answer = f"HTTP {status}" if status else "no answer of a proxy"
        return f"The proxy {proxy.address} does not lead to {address} ({answer}). Ask whoever runs the proxy."
    if trouble == ProxyTrouble.UNTRUSTED:
        return (
            f"The certificate of the proxy {proxy.address} is not trusted. Check the address; do not go on."
        )
    return f"The proxy {proxy.address} gives no answer. Check the address and the network; the hub was not asked."
