# SPDX-License-Identifier: Apache-2.0
"""Calls of a desk to its exchange are verified by the authorities that `--exchange-ca` names."""

import http.server
import ssl
import threading
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.calls.errors import UnreachableError
from accord.calls.transport import HttpTransport, Patience
from devtool.errors import DevtoolError
from devtool.owndesk.certificates import Certificate, made_certificate, pem_bundle

ONCE = Patience(connect_secs=20, read_secs=20, tries=1)


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return made_certificate(tmp_path, "localhost", datetime.now(UTC))


@pytest.fixture
def exchange(certificate: Certificate) -> Generator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()
        serving.join()


def _ask(address: str) -> bytes:
    transport = HttpTransport(address, patience=ONCE)
    try:
        return transport.get("/livez", accept="*/*", limit=100).body
    finally:
        transport.close()


def test_a_certificate_of_these_authorities_is_trusted(
    exchange: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem_bundle(certificate.path)))
    assert _ask(exchange) == b"ok"


def test_without_them_it_is_not(exchange: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(UnreachableError, match="is not trusted"):
        _ask(exchange)


def test_a_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("words")
    with pytest.raises(DevtoolError, match="holds no certificate"):
        pem_bundle(tmp_path / "words")
