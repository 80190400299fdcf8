# SPDX-License-Identifier: Apache-2.0
"""Calls to the hub through a CONNECT proxy: carried, refused, and told apart from the hub's own answers."""

import ssl
import traceback
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.calls.proxies import Proxy, require_proxy
from accord.calls.transport import HttpTransport, Patience
from accord.cli.asking import read_proxy
from accord.client.errors import ProxyAddressError, ProxyTrouble, ProxyTroubleError, UnreachableError
from accord.client.watching import _may_pass
from accord.keyerrors import KeyFileError
from devtool.owndesk.certificates import Certificate, made_certificate
from tests.client.scripted_hub import ScriptedHub, served
from tests.connect_proxy import LOGIN, ConnectProxy, proxied

BRIEF = Patience(connect_secs=1, read_secs=5, tries=2, backoff_secs=0)
Call = Callable[..., bytes]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return made_certificate(tmp_path_factory.mktemp("hub"), "localhost", datetime.now(UTC))


@pytest.fixture(scope="module")
def hub(certificate: Certificate) -> Iterator[ScriptedHub]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key_path)
    with served((200, {}, b"{}"), tls=context) as hub:
        yield hub


@pytest.fixture
def proxy(tmp_path: Path) -> Generator[ConnectProxy]:
    with proxied(tmp_path / "proxy") as proxy:
        yield proxy


@pytest.fixture
def ask(hub: ScriptedHub, certificate: Certificate) -> Call:
    hub.asked.clear()

    def ask(proxy: Proxy, *, trusted: bool = True, secs: float = 1) -> bytes:
        patience = Patience(connect_secs=secs, read_secs=5, tries=2, backoff_secs=0)
        transport = HttpTransport(
            hub.address.replace("http://127.0.0.1", "https://localhost"),
            api_key="abc.secret",
            patience=patience,
            ca_file=str(certificate.path) if trusted else None,
            proxy=proxy,
        )
        try:
            return transport.get("/inbox", accept="*/*", limit=100).body
        finally:
            transport.close()

    return ask


def test_a_call_goes_through_and_the_proxy_learns_the_name_alone(
    hub: ScriptedHub, proxy: ConnectProxy, ask: Call
) -> None:
    assert ask(require_proxy(proxy.address, LOGIN)) == b"{}"
    assert proxy.asked == [f"CONNECT localhost:{hub.server_port} HTTP/1.1 knows"]
    headers = hub.asked[0][2]
    assert headers["authorization"] == "Api-Key abc.secret"
    assert "proxy-authorization" not in headers


def test_a_proxy_that_is_spoken_to_by_tls_leads_too(
    tmp_path: Path, certificate: Certificate, ask: Call
) -> None:
    with proxied(tmp_path / "tls", certificate=certificate.path, key=certificate.key_path) as proxy:
        assert proxy.address.startswith("https://")
        assert ask(require_proxy(proxy.address, LOGIN)) == b"{}"
        with pytest.raises(ProxyTroubleError) as caught:
            ask(require_proxy(proxy.address, LOGIN), trusted=False)
    assert caught.value.trouble == ProxyTrouble.UNTRUSTED


def test_the_certificate_is_verified_through_the_tunnel(
    hub: ScriptedHub, proxy: ConnectProxy, ask: Call
) -> None:
    with pytest.raises(UnreachableError, match="no certificate that is trusted") as caught:
        ask(require_proxy(proxy.address, LOGIN), trusted=False)
    assert not isinstance(caught.value, ProxyTroubleError)
    proxy.behave("html")
    with pytest.raises(UnreachableError, match="no certificate that is trusted"):
        ask(require_proxy(proxy.address, LOGIN))
    assert hub.asked == []


@pytest.mark.parametrize(
    ("how", "trouble", "status", "tries"),
    [
        ("demands", ProxyTrouble.LOGIN, 407, 1),
        ("forbids", ProxyTrouble.REFUSES, 403, 1),
        ("beyond", ProxyTrouble.BEYOND, 503, 1),
        ("noise", ProxyTrouble.REFUSES, 0, 1),
        ("closes", ProxyTrouble.AWAY, 0, 2),
        ("silent", ProxyTrouble.AWAY, 0, 2),
    ],
)
def test_what_the_proxy_does_wrong_is_said_of_the_proxy(
    hub: ScriptedHub, proxy: ConnectProxy, ask: Call, how: str, trouble: ProxyTrouble, status: int, tries: int
) -> None:
    proxy.behave(how)
    with pytest.raises(ProxyTroubleError, match=proxy.address) as caught:
        ask(require_proxy(proxy.address, LOGIN), secs=0.3)
    assert (caught.value.trouble, caught.value.status) == (trouble, status)
    assert (len(proxy.asked), hub.asked) == (tries, [])
    # No error repeats the proxy's own words or the login.
    shown = "".join(traceback.format_exception(caught.value))
    assert not [word for word in ("s3cret", "Basic", "abc.secret") if word in shown]


def test_a_wrong_password_is_tried_once(hub: ScriptedHub, proxy: ConnectProxy, ask: Call) -> None:
    with pytest.raises(ProxyTroubleError, match="user and password that it was given"):
        ask(require_proxy(proxy.address, "desk:wrong"))
    with pytest.raises(ProxyTroubleError, match="asks for a user and password"):
        ask(require_proxy(proxy.address))
    assert [line.rpartition(" ")[2] for line in proxy.asked] == ["stranger", "nobody"]
    assert hub.asked == []


def test_a_watch_goes_on_past_a_proxy_that_is_away_and_ends_at_one_that_takes_no_login() -> None:
    goes_on = {trouble: _may_pass(ProxyTroubleError("", trouble, 0)) for trouble in ProxyTrouble}
    assert [trouble for trouble in goes_on if not goes_on[trouble]] == [ProxyTrouble.LOGIN]


def test_a_proxy_that_is_not_there_is_named(ask: Call) -> None:
    with pytest.raises(ProxyTroubleError, match="http://localhost:9 gives no answer") as caught:
        ask(require_proxy("http://localhost:9", LOGIN))
    assert caught.value.trouble == ProxyTrouble.AWAY


def test_plain_http_to_this_machine_goes_through_no_proxy(proxy: ConnectProxy) -> None:
    with served((200, {}, b"{}")) as near:
        transport = HttpTransport(near.address, patience=BRIEF, proxy=require_proxy(proxy.address, LOGIN))
        assert transport.get("/inbox", accept="*/*", limit=100).body == b"{}"
        transport.close()
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("address", "login"),
    [
        ("http://me:s3cret@proxy.example:3128", ""),
        ("http://proxy.example", ""),
        ("proxy.example:3128", ""),
        ("socks5://proxy.example:1080", ""),
        ("http://proxy.example:99999", ""),
        ("http://proxy.example:3128/s3cret", ""),
        ("http://proxy.example:3128", "s3cret"),
        ("http://proxy.example:3128", ":s3cret"),
        ("http://proxy.example:3128", "me:s3cret\r\nX: y"),
    ],
)
def test_an_address_or_login_that_cannot_serve_is_refused_and_not_shown(address: str, login: str) -> None:
    with pytest.raises(ProxyAddressError) as caught:
        require_proxy(address, login)
    assert "s3cret" not in str(caught.value)


def test_the_command_reads_the_login_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text(f"{LOGIN}\n")
    told = {"ACCORD_PROXY": "http://proxy.example:3128", "ACCORD_PROXY_LOGIN_FILE": str(file)}
    file.chmod(0o644)
    with pytest.raises(KeyFileError):
        read_proxy(told)
    file.chmod(0o600)
    assert read_proxy(told) == Proxy("http://proxy.example:3128", LOGIN)
    assert read_proxy({}) is None
    assert LOGIN not in repr(read_proxy(told))
