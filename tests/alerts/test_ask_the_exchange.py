# SPDX-License-Identifier: Apache-2.0
"""The keeper asks whether the exchange answers, and the desk-worker notes a clock that is off."""

import socket
import threading
import time
from collections.abc import Generator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from alerts.receiving.taking import FeedOfAgency
from callers.errors import NotPermittedError
from officers.models import Officer
from peers.models import FeedCursor, OwnExchange
from peers.progress import desk_depth
from peers.reachability import Reach, check_reach
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_feed import send_from_partner
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.entries import make_keeper

ASK = "/desk/exchange/ask/"


@pytest.fixture
def keeper(served: Desks) -> Officer:
    return make_keeper()


@pytest.fixture
def page(keeper: Officer) -> Client:
    client = Client()
    client.force_login(keeper, "officers.login.backends.EmailBackend")
    return client


@pytest.fixture
def other() -> Generator[str]:
    """The address of a web server that is no exchange."""

    class Welcome(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"Welcome")

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Welcome)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def nobody() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_an_exchange_that_answers_is_named_with_its_clock(
    keeper: Officer, page: Client, live_server: LiveServer, settings: Settings
) -> None:
    settings.EXCHANGE_URL = live_server.url
    asked = check_reach(keeper, now=timezone.now() + timedelta(minutes=4))
    assert asked.reach == Reach.ANSWERS
    assert asked.clock_ahead is not None
    assert timedelta(minutes=3) < asked.clock_ahead < timedelta(minutes=5)
    assert "The exchange answers this machine." in page.post(ASK, follow=True).content.decode()


def test_what_does_not_answer_as_an_exchange_is_told_apart(
    page: Client, other: str, settings: Settings
) -> None:
    settings.EXCHANGE_URL = other
    assert "not as an exchange does" in page.post(ASK, follow=True).content.decode()
    settings.EXCHANGE_URL = nobody()
    assert "The exchange gives no answer." in page.post(ASK, follow=True).content.decode()
    for nowhere in ("", "http://exchange.example"):
        settings.EXCHANGE_URL = nowhere
        assert "does not know its exchange" in page.post(ASK, follow=True).content.decode()
    settings.EXCHANGE_URL = ""
    OwnExchange.objects.bulk_create([OwnExchange(url=other, vkey="x", told_at=timezone.now())])
    assert "does not know its exchange" in page.post(ASK, follow=True).content.decode()


def test_the_keeper_alone_asks(served: Desks) -> None:
    with pytest.raises(NotPermittedError):
        check_reach(served.lab.releaser, now=timezone.now())


def test_following_a_feed_notes_whose_clock_is_off(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    send_from_partner(desks)
    exchange_as_asked.stated_time = desks.hub.now - timedelta(minutes=7)
    desks.follow()
    desks.follow()
    ahead = desk_depth().clock_ahead
    assert ahead is not None and timedelta(minutes=6) < ahead < timedelta(minutes=8)
    # The seconds between the reading of `now` and the exchange's answer are none of the clock's.
    FeedCursor.objects.update(asked_at=None)
    FeedOfAgency(desks.health.agency, desks.hub.now, lambda: False, read_at=time.monotonic() - 60).follow()
    later = desk_depth().clock_ahead
    assert later is not None and timedelta(seconds=58) < later - ahead < timedelta(seconds=70)
    exchange_as_asked.stated_time = None
    FeedCursor.objects.update(asked_at=None)
    desks.follow()
    assert desk_depth().clock_ahead is None
