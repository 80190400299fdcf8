# SPDX-License-Identifier: Apache-2.0
"""A web process whose requests all hang still answers that it lives, and sends further requests away in time."""

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from devtool import programs
from devtool.environments import ROOT
from hub import bulkhead
from hub.bulkhead import Bulkhead


class Frozen:
    """An application whose requests hang until they are released; `/livez` and `/readyz` answer at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in {"/livez", "/readyz"} or environ.get("HELD"):
            self.inside.release()
            self.go.wait(60)
        start_response("200 OK", [])
        return [b"ok"]


def ask(application: Bulkhead, path: str = "/inbox/", **more: Any) -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []
    body = application({"PATH_INFO": path, **more}, lambda status, headers: told.extend((status, headers)))
    return told[0], dict(told[1]), b"".join(body)


@pytest.fixture
def frozen() -> Iterable[Frozen]:
    application = Frozen()
    yield application
    application.go.set()


def test_it_lives_and_is_asked_for_readiness_while_all_requests_stand_still(frozen: Frozen) -> None:
    guarded = Bulkhead(frozen, working=2, waiting=1, waits_secs=60)
    with ThreadPoolExecutor(3) as pool:
        held = [pool.submit(ask, guarded) for _ in range(3)]
        for _ in range(2):
            assert frozen.inside.acquire(timeout=30)
        while guarded._room.acquire(blocking=False):
            guarded._room.release()
        assert ask(guarded, "/livez")[0] == "200 OK"
        assert ask(guarded, "/readyz")[0] == "200 OK"
        status, headers, body = ask(guarded)
        assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "2")
        assert json.loads(body)["type"] == "urn:accord:problem:busy"
        frozen.go.set()
        assert [one.result(30)[0] for one in held] == ["200 OK"] * 3
    assert ask(guarded)[0] == "200 OK", "places are given back"


def test_a_request_does_not_wait_for_its_turn_for_ever(frozen: Frozen) -> None:
    guarded = Bulkhead(frozen, working=1, waiting=1, waits_secs=0.01)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, guarded)
        assert frozen.inside.acquire(timeout=30)
        assert ask(guarded)[0] == "503 Service Unavailable"
        frozen.go.set()
        assert held.result(30)[0] == "200 OK"


def test_a_question_for_readiness_that_hangs_takes_no_second_thread(frozen: Frozen) -> None:
    guarded = Bulkhead(frozen, working=1, waiting=1, waits_secs=60)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ask, guarded, "/readyz", HELD="yes")
        assert frozen.inside.acquire(timeout=30)
        assert ask(guarded, "/healthz")[0] == "503 Service Unavailable"
        assert ask(guarded, "/livez")[0] == "200 OK"
        frozen.go.set()
        assert held.result(30)[0] == "200 OK"


def test_the_server_is_started_with_a_thread_for_each() -> None:
    assert bulkhead.THREADS > bulkhead.WORKING + bulkhead.WAITING + 1
    assert programs.WEB_THREADS == bulkhead.THREADS
    assert f'"--blocking-threads", "{bulkhead.THREADS}"' in (ROOT / "Dockerfile").read_text()
