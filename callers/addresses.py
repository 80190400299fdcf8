# SPDX-License-Identifier: Apache-2.0
"""Address that a request comes from: the peer's, or what a trusted proxy says; never what the caller claims.

`X-Forwarded-For` counts only when the peer is one of `TRUSTED_PROXIES`. It is then read from the right, and the first
address that is not a trusted proxy is the caller's: the caller may have written everything left of it.
"""

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest) -> str:
    """Return the caller's address; empty where the transport gives none (a Unix socket without a trusted proxy)."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not _is_proxy(peer):
        return peer
    hops = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    for hop in reversed([text.strip() for text in hops]):
        if _parsed(hop) is None:
            return peer
        if not _is_proxy(hop):
            return hop
    return peer


def network_of(address: str) -> str:
    """Return the network of an address, for people: /24 or /48; empty for invalid text."""
    parsed = _parsed(address)
    if parsed is None:
        return ""
    length = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{length}", strict=False))


def _is_proxy(text: str) -> bool:
    parsed = _parsed(text)
    networks: Iterable[str] = settings.TRUSTED_PROXIES
    return parsed is not None and any(parsed in ipaddress.ip_network(network) for network in networks)


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
