# SPDX-License-Identifier: Apache-2.0
"""Limit on requests in work, so that a web process answers whether it lives even while every request in it hangs.

The server gives each request a thread. Of these, `WORKING` requests are worked on and `WAITING` wait for their turn,
each for a limited time; further ones are told to come again. Threads are thus always left for the addresses of
`BESIDE`, and a row lock or a hung database that blocks all requests does not make the process look dead.
"""

import json
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from callers.problems import BUSY, PROBLEM_TYPE

WORKING: Final = 8
WAITING: Final = 24
SPARE: Final = 4
THREADS: Final = WORKING + WAITING + SPARE
"""Number of threads that the server is started with (`--blocking-threads`)."""
WAITS_SECS: Final = 20.0
RETRY_AFTER_SECS: Final = 2

ALIVE: Final = "/livez"
READY: Final = frozenset({"/readyz", "/healthz"})
"""These query the database, so that a hung one may block them; one at a time leaves the other spare threads for `ALIVE`."""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Bulkhead:
    """WSGI application in front of another one."""

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
    body = json.dumps(BUSY.as_json()).encode()
    status = HTTPStatus(BUSY.status)
    headers = [
        ("Content-Type", PROBLEM_TYPE),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(RETRY_AFTER_SECS)),
        ("Cache-Control", "no-store"),
    ]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
