# SPDX-License-Identifier: Apache-2.0
"""The desk's calls to the exchange, answered in this process, on this connection and at the test's time.

Only the socket is left out: a call goes through the client's transport and through the exchange's views, under the
exchange's login. API keys have tests of their own; here the exchange knows a desk by its agency's id.
"""

import contextvars
import secrets
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from datetime import datetime
from email.utils import format_datetime
from functools import wraps
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import urllib3
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from urllib3.exceptions import NewConnectionError, ProtocolError

from accord.calls.errors import ClientError
from accord.calls.transport import HttpTransport, Patience, Transport
from agencies import apikeys, authentication
from alerts.boxes import outbox
from alerts.peers import agreements
from alerts.receiving import fetching, pages, taking
from alerts.review import preview, verdicts
from alerts.sending import submissions
from callers import clock
from callers.actors import ApiClient, SystemActor
from callers.capabilities import Capability
from callers.systemkeys import MAX_LIFETIME
from peers import agreements as peers_agreements
from peers import exchange, outgoing, sent
from peers import following as peers_following
from peers.deliveries import follow_deliveries
from peers.models import SentDelivery
from tests.role_logins import under_login_of
from vault import instances, suspending
from vault import outgoing as key_statements
from vault.entrykeys import entry_key_of
from vault.exchangekeys import CLIENT, SCOPES, keep_exchange_key
from vault.models import ExchangeKey, VaultSecret

CALLS_AS: Final = "desk:"
FEED_CALLS: Final = (
    *((module, "feed_follower_of") for module in (peers_following, taking, submissions)),
    *((module, "envelope_of") for module in (fetching, taking)),
    *((module, "fetch_ahead") for module in (pages, taking)),
)
"""Functions of a feed that call the exchange, wherever they are named."""
OWN_KEY_CALLS: Final = (
    *((key_statements, name) for name in ("send_statement", "send_waiting", "give_up")),
    *((suspending, name) for name in ("suspend_key", "tell_suspensions")),
    *((instances, name) for name in ("announce_held", "announce", "take_over")),
)
"""Functions on the agency's own keys that call the exchange."""
_moment: list[datetime] = []
"""The `now` of the latest act that called; empty before the first."""
_as_of: Final = contextvars.ContextVar[datetime | None]("as of", default=None)
"""The exchange's time of day while it answers; the machine's where none is given."""
real_transport_of, real_transport_by = exchange.transport_of, exchange.transport_by
"""The program's own transports."""


class ViewsInPlaceOfSockets:
    """A stand-in for urllib3's pool that answers by the views of this process, or misbehaves.

    - `is_away`: no connection stands.
    - `loses`: calls to paths with these endings are carried out, and their answer is lost.
    - `answers`: gives status and body for some paths in the exchange's place.
    - `lies`: makes another answer of the path and the octets of each.
    - `is_followed`: whenever a desk reads what became of its envelopes, its worker has just asked.
    - `stated_time`: the time that each answer states.
    """

    is_away = False
    stated_time: datetime | None = None
    loses: tuple[str, ...] = ()
    answers: Callable[[str], tuple[int, bytes] | None] | None = None
    is_followed = True
    lies: Callable[[str, bytes], bytes] | None = None

    def __init__(self) -> None:
        self._client = Client(raise_request_exception=False)
        # All calls go through one client, one after the other. Nobody calls while holding a row.
        self._turn = threading.Lock()
        self.asked: list[str] = []

    def behave(self) -> None:
        """End every misbehaviour and forget the calls."""
        self.is_away, self.loses, self.is_followed = False, (), True
        self.answers, self.lies, self.asked, self.stated_time = None, None, [], None

    @property
    def is_behaving(self) -> bool:
        misbehaves = self.is_away or self.loses or self.answers or self.lies or self.stated_time
        return self.is_followed and not misbehaves

    def request(
        self, method: str, url: str, *, body: Any, headers: Mapping[str, str], **_: object
    ) -> urllib3.HTTPResponse:
        assert not _is_in_transaction(), "called inside a transaction"
        parts = urlsplit(url)
        self.asked.append(parts.path)
        if self.is_away:
            raise NewConnectionError(None, "nobody answers")  # type: ignore[arg-type]
        if self.answers is not None and (given := self.answers(parts.path)) is not None:
            return _answer_of(*given)
        data = body.read() if hasattr(body, "read") else (body or b"")
        sent = {name: value for name, value in headers.items() if name != "Content-Type"}
        with self._turn, _of_another_process():
            answer = contextvars.copy_context().run(
                self._client.generic,
                method,
                parts.path,
                data,
                headers.get("Content-Type", "application/octet-stream"),
                headers=sent,
                QUERY_STRING=parts.query,
            )
            # A streamed answer reads its rows only while it is read.
            with under_login_of("exchange"):
                octets = b"".join(answer) if answer.streaming else answer.content
        if parts.path.endswith(self.loses):
            raise ProtocolError("the connection broke")
        if self.lies is not None:
            octets = self.lies(parts.path, octets)
        said = {"Date": format_datetime(self.stated_time)} if self.stated_time else {}
        return _answer_of(answer.status_code, octets, **dict(answer.items()), **said)


def _answer_of(status: int, octets: bytes, **headers: str) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(
        body=BytesIO(octets),
        headers={"Content-Type": "application/problem+json", **headers, "Content-Length": str(len(octets))},
        status=status,
        preload_content=False,
    )


def _is_in_transaction() -> bool:
    """Tell whether a transaction is open besides the one that a test runs in."""
    blocks: list[Any] = connection.atomic_blocks
    return not all(block._from_testcase for block in blocks)


the_exchange = ViewsInPlaceOfSockets()


@contextmanager
def nothing_taken() -> Generator[None]:
    """Have the exchange answer 503 to envelopes and statements inside the block; it answers all else."""
    before = the_exchange.answers
    the_exchange.answers = lambda path: (503, b"") if path.endswith(("/envelopes", "/statements")) else None
    try:
        yield
    finally:
        the_exchange.answers = before


@contextmanager
def _of_another_process() -> Generator[None]:
    """Keep the exchange's statements out of a test's counts, and answer at the time of the calling act."""
    counted, watched = connection.force_debug_cursor, connection.execute_wrappers
    connection.force_debug_cursor, connection.execute_wrappers = False, []
    before = _as_of.set(moment_of_answers())
    try:
        yield
    finally:
        _as_of.reset(before)
        connection.force_debug_cursor, connection.execute_wrappers = counted, watched


def answer_as_of(moment: datetime) -> None:
    """Have the exchange answer the next calls at this moment."""
    _moment[:] = [moment]


def moment_of_answers() -> datetime | None:
    """Return the moment at which the exchange answers; None before the first act that called."""
    return _moment[0] if _moment else None


def give_exchange_keys() -> None:
    """Give each hosted agency the API key that its first keyset would have brought, for desks that run as processes."""
    for agency_id in hosted_agencies() - set(ExchangeKey.objects.values_list("pk", flat=True)):
        key, text = apikeys.make_key(
            SystemActor("exchange", agency_id),
            agency_id,
            client=CLIENT,
            scopes=SCOPES,
            lifetime=MAX_LIFETIME,
            networks=(),
            now=clock.now(),
        )
        keep_exchange_key(agency_id, text, key.expires_at)


def hosted_agencies() -> set[str]:
    """Return the agencies whose keys are in the vault."""
    secrets = VaultSecret.objects.values_list("agency_id", flat=True)
    return {agency_id for agency_id in secrets if agency_id is not None}


def at_its_moment(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function that calls the exchange: the exchange then answers at the `now` of the call."""

    @wraps(function)
    def at(*args: Any, now: datetime, **kwargs: Any) -> Any:
        _moment[:] = [now]
        return function(*args, now=now, **kwargs)

    return at


def _somebody_enters() -> bool:
    """Tell whether the desk keeps a key for entering: a desk calls thousands of times, and hardly any test has one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM vault_entrykey)")
        return bool(cursor.fetchone()[0])


def _as_followed(rows_of: Callable[[str], QuerySet[SentDelivery]]) -> Callable[[str], QuerySet[SentDelivery]]:
    """Wrap a query so that the desk-worker first asks the exchange what became of the agency's envelopes."""

    @wraps(rows_of)
    def followed(agency_id: str) -> QuerySet[SentDelivery]:
        is_asked = the_exchange.is_followed and not the_exchange.is_away and the_exchange.lies is None
        if is_asked and not _is_in_transaction():
            with _of_another_process(), under_login_of("desk-worker"), suppress(ClientError):
                if agency_id in hosted_agencies():
                    follow_deliveries(agency_id)
        return rows_of(agency_id)

    return followed


@contextmanager
def deliveries_are_asked_for_by_hand() -> Generator[None]:
    """Have no read of deliveries ask the exchange first, inside the block."""
    the_exchange.is_followed = False
    yield
    the_exchange.is_followed = True


class AtOnce(Executor):
    """A thread's work done at once, on this connection."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do the work; return what came of it."""
        done = Future[Any]()
        try:
            done.set_result(function(*args, **kwargs))
        except Exception as failure:  # noqa: BLE001 - whoever asks for the result gets it
            done.set_exception(failure)
        return done


@contextmanager
def desk_calls_in_this_process() -> Generator[None]:
    """Replace the desk's sockets by the exchange's views inside the block."""
    known, time_of_day = apikeys.authenticate_key, clock.now

    def now() -> datetime:
        return _as_of.get() or time_of_day()

    def transport_by(api_key: str, patience: Patience = exchange.PATIENCE) -> Transport:
        transport = HttpTransport("http://127.0.0.1:1", api_key=api_key, patience=patience)
        transport._pool = the_exchange  # type: ignore[assignment]
        return transport

    def transport_of(agency_id: str, patience: Patience = exchange.PATIENCE) -> Transport:
        # An arriving agency calls with its key for entering; later its id stands for its API key.
        key = entry_key_of(agency_id) if _somebody_enters() else None
        return transport_by(key or CALLS_AS + agency_id, patience)

    def authenticate(text: str, remote_addr: str, *, now: datetime) -> ApiClient:
        if not text.startswith(CALLS_AS):
            return known(text, remote_addr, now=now)
        scopes = frozenset(map(Capability, SCOPES))
        return ApiClient(
            text.removeprefix(CALLS_AS),
            "desk",
            secrets.token_hex(6),
            scopes,
            expires_at=now + MAX_LIFETIME,
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", now)
        patch.setattr(exchange, "transport_of", transport_of)
        patch.setattr(exchange, "transport_by", transport_by)
        patch.setattr(authentication, "authenticate_key", authenticate)
        patch.setattr(peers_following, "follower_of", at_its_moment(peers_following.follower_of))
        followed = _as_followed(sent.deliveries_of)
        for module in (sent, outbox):
            patch.setattr(module, "deliveries_of", followed)
        patch.setattr(preview, "ask_previews", at_its_moment(verdicts.ask_previews))
        patch.setattr(agreements, "follow_agreements", at_its_moment(peers_agreements.follow_agreements))
        patch.setattr(pages, "OwnThread", AtOnce)
        for module, name in (*FEED_CALLS, *OWN_KEY_CALLS):
            patch.setattr(module, name, at_its_moment(getattr(module, name)))
        patch.setattr(outgoing, "hand_in", at_its_moment(outgoing.hand_in))
        patch.setattr(outgoing, "ask_for", at_its_moment(outgoing.ask_for))
        yield
