# SPDX-License-Identifier: Apache-2.0
"""A check whether the exchange answers this machine now, made once because a person wants to know."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from urllib3.exceptions import MaxRetryError, SSLError

from accord.calls.errors import (
    ApiKeyRefusedError,
    BusyError,
    ClientError,
    HubAddressError,
    ProxyTrouble,
    ProxyTroubleError,
    UnreachableError,
)
from accord.calls.exchange import HttpExchange
from accord.calls.transport import HttpTransport
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import NotBoundError
from peers.own_exchange import ONE_QUESTION, known_exchange, proxy_on_the_way
from peers.progress import ahead_secs


class Reach(StrEnum):
    """Outcome of the check."""

    ANSWERS = "answers"
    OTHER = "other"
    """The answer is not an exchange's, or the exchange cannot serve now."""
    UNTRUSTED = "untrusted"
    """The certificate is not trusted on this machine."""
    INSPECTED = "inspected"
    """The certificate is not trusted, and a proxy is in between, which may inspect connections."""
    AWAY = "away"
    PROXY = "proxy"
    """The proxy does not lead to the exchange, so that nobody knows whether it answers."""
    UNTOLD = "untold"
    """No address was set that this desk may call, or the row with it was altered outside the program."""


@dataclass(frozen=True)
class ReachCheck:
    """Outcome of the check. `clock_ahead`: by how much this machine's clock is ahead of the exchange's; None where it stated no
    time.

    `trouble`: the fault of the proxy; None for anything but `Reach.PROXY`.
    """

    reach: Reach
    clock_ahead: timedelta | None = None
    trouble: ProxyTrouble | None = None


def check_reach(keeper: Actor, *, now: datetime) -> ReachCheck:
    """Call the exchange without an API key and check that it refuses as an exchange does. Not inside a transaction.

    Takes up to 15 seconds. Raises NotPermittedError.
    """
    require(keeper, Capability.DESK_KEEP)
    try:
        place = known_exchange()
    except NotBoundError:
        place = None
    if place is None:
        return ReachCheck(Reach.UNTOLD)
    try:
        transport = HttpTransport(place.url, patience=ONE_QUESTION, proxy=proxy_on_the_way(), most_kept=0)
    except HubAddressError:
        return ReachCheck(Reach.UNTOLD)
    try:
        reach = _reach(transport)
        seconds = ahead_secs(transport.hub_clock(), now)
    except ProxyTroubleError as on_the_way:
        return ReachCheck(Reach.PROXY, trouble=on_the_way.trouble)
    finally:
        transport.close()
    return ReachCheck(reach, None if seconds is None else timedelta(seconds=seconds))


def _reach(transport: HttpTransport) -> Reach:
    try:
        HttpExchange(transport).checkpoint()
    except ApiKeyRefusedError as refused:
        return Reach.ANSWERS if refused.is_of_hub else Reach.OTHER
    except BusyError:
        return Reach.OTHER
    except ProxyTroubleError:
        raise
    except UnreachableError as away:
        if not _is_untrusted(away):
            return Reach.AWAY
        return Reach.INSPECTED if settings.EXCHANGE_PROXY else Reach.UNTRUSTED
    except ClientError:
        return Reach.OTHER
    return Reach.OTHER


def _is_untrusted(away: UnreachableError) -> bool:
    cause = away.__cause__
    return isinstance(cause.reason if isinstance(cause, MaxRetryError) else cause, SSLError)
