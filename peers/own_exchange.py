# SPDX-License-Identifier: Apache-2.0
"""The exchange that this desk calls, and the key by which it checks the exchange's log.

A hosted desk has both from its settings. An own desk learns them at its first start: a keeper types what the exchange's
operator handed over on paper, and compares the key's fingerprint by telephone. That an exchange answers at the address
is checked at once; that its log is signed by this key is checked once there is a key for entering to ask with
(`require_its_log`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accord.calls.errors import (
    AnswerError,
    ApiKeyRefusedError,
    ClientError,
    HubAddressError,
    ProxyTroubleError,
    RefusedError,
    UnreachableError,
)
from accord.calls.exchange import HttpExchange
from accord.calls.proxies import Proxy, require_proxy
from accord.calls.transport import HttpTransport, Patience, require_hub_address
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import show_fingerprint
from accord.envelope.tree.notes import VerifierKey, verify_checkpoint
from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import InputError, MoveError
from ledger.audit import record_event
from peers.models import Agency, OwnExchange
from peers.progress import CLOCK_WRONG, ahead_secs
from peers.proxy_words import proxy_text

ONE_QUESTION: Final = Patience(connect_secs=5, read_secs=10, tries=1)
"""Patience of a call for which a person waits."""
_LOCK: Final = 0x62656769


@dataclass(frozen=True)
class ExchangePlace:
    """An exchange's address, and the verifier key of its log as text; several keys, separated by spaces, only from settings."""

    url: str
    vkey: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key, of the newest where there are several, in groups of four hex digits, as the operator's page
        shows it.
        """
        return show_fingerprint(sha256(self.vkey.partition(" ")[0].encode()).hexdigest())


def proxy_on_the_way() -> Proxy | None:
    """Return the proxy to the exchange that the settings name; None without one."""
    if not settings.EXCHANGE_PROXY:
        return None
    return require_proxy(settings.EXCHANGE_PROXY, settings.EXCHANGE_PROXY_LOGIN)


def exchange_place() -> ExchangePlace:
    """Return the exchange of this desk; raises UnreachableError where none was set, NotBoundError."""
    place = known_exchange()
    if place is None:
        raise UnreachableError("This desk has not been told which exchange it belongs to.")
    return place


def known_exchange() -> ExchangePlace | None:
    """Return the exchange of this desk; None before the first start has set it. Raises NotBoundError."""
    if settings.EXCHANGE_URL:
        return ExchangePlace(settings.EXCHANGE_URL, settings.EXCHANGE_LEDGER_VKEY)
    row = OwnExchange.objects.first()
    if row is None:
        return None
    row.require_bound()
    return ExchangePlace(row.url, row.vkey)


def ask_exchange(keeper: Actor, url: str, vkey: str, *, now: datetime) -> ExchangePlace:
    """Check that an exchange answers at an address, by a call without an API key. Not inside a transaction.

    Raises NotPermittedError, MoveError (it is settled), InputError (`url`, `vkey`; `clock` where this machine's is
    wrong).
    """
    require(keeper, Capability.DESK_KEEP)
    _require_open()
    place = ExchangePlace(_checked_url(url), _checked_key(vkey).text)
    if not _answers(place.url, now):
        raise InputError("url", _("Address of the exchange: what answers there is no exchange."))
    return place


def _answers(url: str, now: datetime) -> bool:
    """Tell whether the answer is an exchange's refusal; raises InputError where nothing answers, or the clocks differ."""
    transport = HttpTransport(url, patience=ONE_QUESTION, proxy=proxy_on_the_way(), most_kept=0)
    try:
        HttpExchange(transport).checkpoint()
    except ApiKeyRefusedError as refused:
        if refused.is_of_hub:
            require_its_clock(transport.hub_clock(), now)
        return refused.is_of_hub
    except ProxyTroubleError as refused:
        raise InputError("url", proxy_text(refused.trouble)) from None
    except (RefusedError, AnswerError):
        return False
    except ClientError:
        text = _(
            "Address of the exchange: it cannot be reached from this machine, or its certificate is not trusted here. Where an authority of its own vouches for the certificate, start the desk with --exchange-ca FILE."
        )
        raise InputError("url", text) from None
    return False


def require_its_clock(said: int | None, now: datetime) -> None:
    """Require that this machine's clock agrees with the exchange's: what is signed under a wrong clock is not logged.

    `said` in seconds, None where the exchange stated no time. Raises InputError (`clock`).
    """
    if abs(ahead_secs(said, now) or 0) <= CLOCK_WRONG.total_seconds():
        return
    text = _(
        "Clock: this machine says %(here)s, the exchange %(there)s (both UTC). Set the one that is wrong, best by a time server, and begin this step again."
    )
    times = {
        "here": f"{now.astimezone(UTC):%Y-%m-%d %H:%M}",
        "there": f"{moment_of(said or 0):%Y-%m-%d %H:%M}",
    }
    raise InputError("clock", text % times)


def require_its_log(checkpoint: str | None) -> None:
    """Require that a checkpoint of the exchange is signed by the key that this desk was given; raises NoteError."""
    keys = [VerifierKey.parse(text) for text in exchange_place().vkey.split()]
    verify_checkpoint(checkpoint or "", keys)


def keep_exchange(keeper: Actor, url: str, vkey: str, *, now: datetime) -> ExchangePlace:
    """Set the exchange of this desk, after a person compared the fingerprint. Raises as `ask_exchange`."""
    place = ask_exchange(keeper, url, vkey, now=now)
    with transaction.atomic():
        one_beginning_at_a_time()
        _require_open()
        OwnExchange.objects.all().delete()
        OwnExchange(url=place.url, vkey=place.vkey, told_at=now).save()
        record_event(
            "exchange.told",
            actor=keeper.audit_name,
            agency="",
            subject="desk",
            detail={"url": place.url, "fingerprint": place.fingerprint},
            now=now,
        )
    return place


def one_beginning_at_a_time() -> None:
    """Wait for another process that sets the exchange or takes an agency in now, so that its result is seen.

    In the caller's transaction; others wait until it ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def may_tell_exchange() -> bool:
    """Tell whether the exchange may be set or corrected now: at an own desk, until an agency was taken in."""
    is_told_here = settings.OWN_DESK and not settings.EXCHANGE_URL
    return is_told_here and not Agency.objects.filter(is_hosted=True).exists()


def _require_open() -> None:
    if not may_tell_exchange():
        raise MoveError("settled", "tell")


def _checked_url(text: str) -> str:
    try:
        url = require_hub_address(text.strip())
    except HubAddressError:
        url = ""
    if not (url.startswith("https://") or (url and settings.DEVELOPMENT)):
        raise InputError(
            "url", _("Address of the exchange: use https:// and its name, such as https://exchange.example.")
        )
    return url


def _checked_key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text.strip())
    except EnvelopeError:
        raise InputError(
            "vkey",
            _("Verifier key: it is not complete. Enter it as on paper: a name, +, 8 characters, +, the key."),
        ) from None
