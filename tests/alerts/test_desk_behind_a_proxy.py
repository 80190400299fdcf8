# SPDX-License-Identifier: Apache-2.0
"""A desk behind a proxy: the keeper reads whether proxy or exchange refuses, and a refused login is not repeated."""

import logging
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from accord.calls.errors import UnreachableError
from devtool.owndesk.certificates import made_certificate
from peers import exchange
from tests.alerts.conftest import Desks
from tests.client.scripted_hub import ScriptedHub, served
from tests.connect_proxy import LOGIN, ConnectProxy, proxied
from tests.entries import make_keeper

ASK = "/desk/exchange/ask/"
PROBLEM = b'{"type": "urn:accord:problem:not-authenticated", "title": "Who calls?", "status": 401}'
REFUSAL = (401, {"Content-Type": "application/problem+json"}, PROBLEM)
Say = Callable[[], str]


@pytest.fixture
def proxy(tmp_path: Path, settings: Settings) -> Generator[ConnectProxy]:
    with proxied(tmp_path / "proxy") as proxy:
        settings.EXCHANGE_PROXY, settings.EXCHANGE_PROXY_LOGIN = proxy.address, LOGIN
        yield proxy


@pytest.fixture
def hub(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedHub]:
    """An exchange behind TLS that refuses a caller without an API key; this process trusts its authority."""
    made = made_certificate(tmp_path, "localhost", datetime.now(UTC))
    monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    monkeypatch.setattr(exchange, "_rests_until", [0.0])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.path, made.key_path)
    with served(REFUSAL, tls=tls) as hub:
        settings.EXCHANGE_URL = hub.address.replace("http://127.0.0.1", "https://localhost")
        yield hub


@pytest.fixture
def said(served: Desks) -> Say:
    """Return what the keeper reads after asking whether the exchange answers."""
    client = Client()
    client.force_login(make_keeper(), "officers.login.backends.EmailBackend")

    def said() -> str:
        return client.post(ASK, follow=True).content.decode()

    return said


def test_the_keeper_reads_which_of_the_two_refuses(
    said: Say, hub: ScriptedHub, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "The exchange answers this machine." in said()
    sentences = {
        "demands": "The proxy does not let this desk in",
        "forbids": "The proxy answers, and does not lead to the exchange.",
        "beyond": "The proxy answers, and says that the exchange does not answer it.",
        "closes": "The proxy gives no answer, so the exchange was not asked.",
    }
    for how, sentence in sentences.items():
        proxy.behave(how)
        assert sentence in said(), how
    proxy.behave("leads")
    hub.answers[:] = [(200, {}, b"<html>")]
    assert "not as an exchange does" in said()
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "Through the proxy no certificate is shown that this machine trusts." in said()


def test_a_login_that_is_not_taken_is_tried_once_in_a_while(
    hub: ScriptedHub,
    proxy: ConnectProxy,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    settings.EXCHANGE_PROXY_LOGIN = "desk:old-password"
    calls = exchange._transport.__wrapped__(settings.EXCHANGE_URL, "xa-lab", "", exchange.ONE_TRY)
    with caplog.at_level(logging.WARNING):
        for waited in (0.0, exchange.REST_SECS, exchange.LOGIN_REST_SECS):
            clock[0] += waited
            with pytest.raises(UnreachableError) as caught:
                calls.get("/agencies", accept="*/*", limit=10)
            assert caught.value.is_unsent
    assert (len(proxy.asked), hub.asked) == (2, [])
    assert "user and password that it was given" in caplog.text
    assert "old-password" not in caplog.text
