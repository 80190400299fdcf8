# SPDX-License-Identifier: Apache-2.0
"""A web process answers whether it lives while every request in it stands still.

The server gives each request a thread of its own. Of these, `WORKING` requests are worked on and `WAITING` wait for
their turn, each for a while; what comes beyond is told to come again. So threads are always left for the addresses of
`BESIDE`, and a row lock or a hung database that freezes all requests does not make the process look dead.
"""

import json
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

WORKING: Final = 8
WAITING: Final = 24
SPARE: Final = 4
THREADS: Final = WORKING + WAITING + SPARE
"""What the server is started with (`--blocking-threads`)."""
WAITS_SECS: Final = 20.0
RETRY_AFTER_SECS: Final = 2

ALIVE: Final = "/livez"
READY: Final = frozenset({"/readyz", "/healthz"})
"""They ask the database, so a hung one may hold them; one at a time keeps the other spare threads for `ALIVE`."""

_BUSY: Final = {
    "type": "urn:accord:problem:busy",
    "title": "The hub has more requests than it can take now; send it again.",
    "status": 503,
}

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Bulkhead:
    """A WSGI application in front of another one."""

    def __init__(
        self,
        application: Application,
        *,
        working: int = WORKING,
        waiting: int = WAITING,
        waits_secs: float = WAITS_SECS,
    ) -> None:
        self._application = application
        self._room = threading.BoundedSemaphore(working + waiting)
        self._places = threading.BoundedSemaphore(working)
        self._asked_of_readiness = threading.BoundedSemaphore(1)
        self._waits_secs = waits_secs

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == ALIVE:
            return self._application(environ, start_response)
        if path in READY:
            return self._within(self._asked_of_readiness, 0.0, environ, start_response)
        if not self._room.acquire(blocking=False):
            return _busy(start_response)
        try:
            return self._within(self._places, self._waits_secs, environ, start_response)
        finally:
            self._room.release()

    def _within(
        self,
        places: threading.BoundedSemaphore,
        waits_secs: float,
        environ: Environ,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        if not places.acquire(timeout=waits_secs):
            return _busy(start_response)
        try:
            return self._application(environ, start_response)
        finally:
            places.release()


def _busy(start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps(_BUSY).encode()
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(RETRY_AFTER_SECS)),
        ("Cache-Control", "no-store"),
    ]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
