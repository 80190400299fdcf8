# SPDX-License-Identifier: Apache-2.0
"""A small CONNECT proxy that demands a login and can be told to misbehave; it runs as a process, by its path.

It notes each request line and whether the login was right, never the login itself.
"""

import base64
import os
import select
import socket
import socketserver
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOGIN = "desk:s3cret-of-the-proxy"
BEHAVES = "leads"


@dataclass
class ConnectProxy:
    """A running proxy; its `folder` holds the behaviour that is set and the requests that came."""

    address: str
    folder: Path

    def behave(self, how: str) -> None:
        """Set the behaviour: leads, demands (407 to everybody), forbids, beyond, closes, silent, html or noise."""
        (self.folder / "behaviour").write_text(how)

    @property
    def asked(self) -> list[str]:
        """The requests so far, a line each: the request line, then `knows`, `stranger` or `nobody`."""
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []


@contextmanager
def proxied(
    folder: Path, *, certificate: Path | None = None, key: Path | None = None
) -> Generator[ConnectProxy]:
    """Run the proxy in a process of its own for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "behaviour").write_text(BEHAVES)
    command = [sys.executable, __file__, str(folder), str(certificate or ""), str(key or "")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            yield ConnectProxy(f"{'https' if certificate else 'http'}://localhost:{port}", folder)
        finally:
            process.kill()


class _Handler(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        line = self.rfile.readline(4096).decode("latin-1").strip()
        given = ""
        while (header := self.rfile.readline(4096).strip()) != b"":
            name, _, value = header.partition(b":")
            if name.lower() == b"proxy-authorization":
                given = value.strip().decode("latin-1")
        knows = given == "Basic " + base64.b64encode(LOGIN.encode()).decode()
        with (self.server.folder / "asked").open("a") as notes:
            notes.write(f"{line} {'knows' if knows else 'stranger' if given else 'nobody'}\n")
        how = (self.server.folder / "behaviour").read_text()
        if how == "closes":
            return
        if how == "silent":
            self.rfile.read(1)
            return
        if how == "noise":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            return
        if how == "html":
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Welcome, please log in</html>"
            )
            return
        refused = {"forbids": "403 Forbidden desk:s3cret", "beyond": "503 Service Unavailable"}.get(how)
        if how == "demands" or not knows:
            refused = "407 Proxy Authentication Required"
        if refused:
            self.wfile.write(f"HTTP/1.1 {refused}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        self._lead(line.split()[1])

    def _lead(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            near = self.connection
            while True:
                waiting = isinstance(near, ssl.SSLSocket) and near.pending()
                ready = [near] if waiting else select.select([near, far], [], [])[0]
                for one in ready:
                    octets = one.recv(65536)
                    if not octets:
                        return
                    (far if one is near else near).sendall(octets)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, folder: Path, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a client may hang up."""


def main(folder: str, certificate: str, key: str) -> None:
    """Serve until killed; write the port as the first line of the output."""
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
    with _Server(Path(folder), tls) as server:
        os.write(1, f"{server.server_address[1]}\n".encode())
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
