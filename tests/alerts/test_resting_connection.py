# SPDX-License-Identifier: Apache-2.0
"""After a call without an answer the desk makes no call for some seconds, so that nobody waits for each time-out."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from urllib3.exceptions import NewConnectionError

from accord.calls.errors import UnreachableError
from accord.calls.transport import Transport
from peers import exchange


class Away:
    """A connection that refuses every request and counts them."""

    def __init__(self) -> None:
        self.tried = 0

    def request(self, *_: Any, **__: Any) -> None:
        self.tried += 1
        raise NewConnectionError(None, "nobody answers")  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _rested(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exchange, "_rests_until", [0.0])
    yield


def connection(away: Away) -> Transport:
    transport = exchange._Resting("http://127.0.0.1:1", api_key="0", patience=exchange.ONE_TRY)
    transport._pool = away  # type: ignore[assignment]
    return transport


def test_others_are_told_at_once_while_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    away, clock = Away(), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for _ in range(3):
        with pytest.raises(UnreachableError) as unreachable:
            connection(away).get("/agencies", accept="*/*", limit=10)
        assert unreachable.value.is_unsent
    assert away.tried == 1
    clock[0] += exchange.REST_SECS
    with pytest.raises(UnreachableError):
        connection(away).get("/agencies", accept="*/*", limit=10)
    assert away.tried == 2
