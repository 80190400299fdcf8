# SPDX-License-Identifier: Apache-2.0
"""`python -m devtool.drills.production.outside`: a guest's view of the proxy and the hub behind it."""

import os
import re
import socket
import ssl
import sys
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import urllib3

from demo.cast import Cast
from demo.desk import SECURITY, DeskSession
from demo.ticks import Step, StepFailedError, Ticks

HUB, EXCHANGE = urlsplit(os.environ["HUB_URL"]), urlsplit(os.environ["EXCHANGE_URL"])
STALLING = 20
ANSWERED_WITHIN_SECONDS = 5.0
FORGED = "203.0.113.9"
TOO_LARGE = 300 * 1024 * 1024
PROMISED = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": None,
    "Content-Security-Policy": None,
    "X-Request-Id": None,
}
TOLD_TO_NOBODY = ("Server", "X-Powered-By", "Via")
VERSION = re.compile(r"\d+\.\d+")


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)


def pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=20, retries=False, cert_reqs="CERT_REQUIRED")


def see_certificate(step: Step) -> None:
    for host in (HUB.hostname, EXCHANGE.hostname):
        with connect(str(host)) as line:
            require(line.version() == "TLSv1.3", f"{host} speaks {line.version()}.")
    knowing_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with connect(str(HUB.hostname), knowing_nobody):
            raise StepFailedError("The certificate is taken without its authority.")
    except ssl.SSLCertVerificationError:
        step.evidence("TLS 1.3; refused by who does not know the authority")
    try:
        with connect("other.example", reached=str(HUB.hostname)):
            raise StepFailedError("Another name is answered.")
    except ssl.SSLError as refusal:
        require(not isinstance(refusal, ssl.SSLCertVerificationError), "Another name is shown a certificate.")
        step.evidence("another name gets no certificate")


def see_redirect(step: Step) -> None:
    answer = pool().request("GET", f"http://{HUB.hostname}/inbox/", redirect=False)
    require(answer.status == 308, f"Plain http was answered {answer.status}.")
    require(answer.headers["Location"] == f"{HUB.geturl()}/inbox/", answer.headers["Location"])


def see_headers(step: Step) -> None:
    for address in (f"{HUB.geturl()}/login/", f"{EXCHANGE.geturl()}/api/v1/ledger/checkpoint"):
        headers = pool().request("GET", address).headers
        for name, value in PROMISED.items():
            found = headers.get(name)
            require(found is not None and value in (None, found), f"{address}: {name} is {found}.")
        for name in TOLD_TO_NOBODY:
            require(not VERSION.search(headers.get(name, "")), f"{name} says {headers.get(name)}.")
    step.evidence(f"HSTS: {PROMISED['Strict-Transport-Security']}")


def see_cookie(step: Step) -> None:
    cookies = pool().request("GET", f"{HUB.geturl()}/login/").headers.getlist("Set-Cookie")
    require(bool(cookies), "The sign-in page sets no cookie.")
    for cookie in cookies:
        for word in ("__Host-", "Secure", "HttpOnly", "SameSite=", "Path=/"):
            require(word in cookie, f"A cookie lacks {word}.")
        step.evidence(re.sub(r"=[^;]+", "=...", cookie, count=1))


def see_second_factor(step: Step) -> None:
    """Require that a releaser has a second factor, or gets no further than setting one up."""
    try:
        Cast().officer("dele", _SettingNothingUp)
    except _LedToSettingUpError as led:
        pages = led.session.call("GET", "/inbox/")
        require(pages.headers.get("Location") == SECURITY, f"The inbox was answered {pages.status}.")
        refused = led.session.call("GET", "/api/v1/alerts").status
        require(refused in (401, 403), f"The API answered {refused}.")
        step.evidence(f"pages lead to {SECURITY}, the API answers {refused}")
    else:
        raise StepFailedError("A releaser signed in by the password alone.")


def see_own_address(step: Step) -> None:
    """Require that the hub sees the guest's own address: not the proxy's, and not the one in the guest's headers."""
    network = socket.gethostbyname(socket.gethostname()).rpartition(".")[0] + ".0/24"
    page = Cast().officer("ilka", _ForgingSession).page("/security/")
    require(network in page, f"The session is not said to come from {network}.")
    require(FORGED.rpartition(".")[0] not in page, "A forged address was believed.")
    step.evidence(f"sign-in from {network}, although X-Forwarded-For said {FORGED}")


def see_stalling_uploads(step: Step) -> None:
    """Stall many more uploads than the hub has threads; others must still be answered."""
    address = f"{EXCHANGE.geturl()}/livez"
    with ExitStack() as held:
        for _ in range(STALLING):
            line = held.enter_context(connect(str(EXCHANGE.hostname)))
            head = f"POST /api/v1/envelopes HTTP/1.1\r\nHost: {EXCHANGE.hostname}\r\nContent-Length: 100000\r\n\r\n"
            line.sendall(head.encode() + b"x" * 100)
        began = time.monotonic()
        answer = pool().request("GET", address, timeout=ANSWERED_WITHIN_SECONDS)
        seconds = time.monotonic() - began
    require(answer.status == 200, f"Meanwhile others were answered {answer.status}.")
    step.title = f"{STALLING} uploads stall in their body; another is answered after {seconds * 1000:.0f} ms"


def see_size_limit(step: Step) -> None:
    with connect(str(EXCHANGE.hostname)) as line:
        head = f"POST /api/v1/envelopes HTTP/1.1\r\nHost: {EXCHANGE.hostname}\r\nContent-Length: {TOO_LARGE}\r\n\r\n"
        line.sendall(head.encode())
        status = line.recv(64).split()[1].decode()
    require(status == "413", f"An upload of 300 MB was answered {status}.")


def search_for_something(step: Step) -> None:
    """Put words into URLs that no log may repeat."""
    officer = Cast().officer("ilka")
    for address in ("/inbox/?q=nitazene+powder", "/search/?q=nitazene+powder"):
        officer.page(address)


def connect(host: str, context: ssl.SSLContext | None = None, reached: str = "") -> ssl.SSLSocket:
    """Return a TLS connection that names `host`."""
    line = socket.create_connection((reached or host, 443), timeout=20)
    return (context or ssl.create_default_context()).wrap_socket(line, server_hostname=host)


class _LedToSettingUpError(Exception):
    """The desk requires a second factor; the session is in that state."""

    def __init__(self, session: "_SettingNothingUp") -> None:
        super().__init__()
        self.session = session


class _SettingNothingUp(DeskSession):
    """An officer who does not set one up."""

    def _set_up_codes(self) -> None:
        raise _LedToSettingUpError(self)

    def call(self, method: str, path: str) -> urllib3.BaseHTTPResponse:
        return self._call(method, path, None, {})


class _ForgingSession(DeskSession):
    """An officer who forges the client address."""

    def _call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        forged = {"X-Forwarded-For": FORGED, "Forwarded": f"for={FORGED}", "X-Real-IP": FORGED}
        return super()._call(method, path, body, {**headers, **forged})


STEPS = (
    ("Certificate verified for both names", see_certificate),
    ("Plain http is sent to https", see_redirect),
    ("Headers of desk and exchange", see_headers),
    ("Cookies: Secure, HttpOnly, bound to the host", see_cookie),
    ("A releaser without a second factor gets nowhere", see_second_factor),
    ("The caller's address is the caller's", see_own_address),
    ("Uploads that stall", see_stalling_uploads),
    ("An upload of 300 MB is refused by its announcement: 413", see_size_limit),
    ("Words searched for", search_for_something),
)


def main() -> int:
    ticks = Ticks()
    ticks.heading("What a guest meets")
    try:
        for title, look in STEPS:
            with ticks.step(title) as step:
                look(step)
    except StepFailedError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
