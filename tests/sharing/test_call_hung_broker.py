# SPDX-License-Identifier: Apache-2.0
"""A broker that accepts connections and never answers delays nobody for more than a moment."""

import logging
import os
import secrets
import signal
import time
from collections.abc import Generator
from pathlib import Path

import pytest
import redis
from celery import Celery, current_app
from django.conf import settings

from callers.task_calls import QUEUES, REST_SECS, call_task
from devtool.processes import wait_until
from devtool.valkey import Valkey
from hub.roles import BROKER_LOGINS

pytestmark = pytest.mark.django_db(transaction=True)
RINGS = 5
TOGETHER_SECS = 5.0
"""A bound for a busy machine; without one, a single call waits for twenty seconds."""


@pytest.fixture
def broker(tmp_path: Path) -> Generator[Valkey]:
    """A broker of this test's own, with the transport options of the hub."""
    passwords = dict.fromkeys(BROKER_LOGINS.values(), secrets.token_urlsafe(24))
    server = Valkey(tmp_path / "valkey", passwords, log=tmp_path / "valkey.log", durable=False)
    server.start()
    usual = current_app._get_current_object()
    app = Celery("hung", broker=server.url, set_as_current=True)
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    yield server
    usual.set_current()
    assert server.child is not None
    os.kill(server.child.pid, signal.SIGCONT)
    server.stop()


def waiting(broker: Valkey) -> int:
    with redis.Redis.from_url(broker.url) as client:
        return sum(int(client.llen(queue)) for queue in set(QUEUES.values()))


def test_a_hung_broker_costs_a_moment_and_one_line(broker: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    call_task("notices.send")
    assert waiting(broker) == 1
    assert broker.child is not None
    os.kill(broker.child.pid, signal.SIGSTOP)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING, logger="callers.task_calls"):
        for _ in range(RINGS):
            call_task("notices.send")
    assert time.monotonic() - began < TOGETHER_SECS
    assert [record.getMessage() for record in caplog.records] == ["task not called"]
    os.kill(broker.child.pid, signal.SIGCONT)
    wait_until(lambda: calls_arrive(broker), "the broker", timeout_seconds=10 * REST_SECS)


def calls_arrive(broker: Valkey) -> bool:
    """Call a task of one queue; tell if this also delivers the missed calls of the other."""
    call_task("alerts.follow_feed")
    with redis.Redis.from_url(broker.url) as client:
        return bool(client.llen("desk")) and int(client.llen("notify")) >= 2
