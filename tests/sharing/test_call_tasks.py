# SPDX-License-Identifier: Apache-2.0
"""Calls of tasks: sent after the commit, by name, into the right queue; a missing broker costs nothing."""

import logging
from collections.abc import Generator
from pathlib import Path

import pytest
import redis
from celery import Celery, current_app
from django.conf import settings
from django.db import transaction

from callers.task_calls import QUEUES, call_task
from devtool.environments import World
from devtool.ports import free_ports
from sharing.models import FeedItem
from sharing.repudiation import DOUBTS_A_CALL
from sharing.revoked import Doubt
from sharing.tasks import ROUNDS_A_CALL, mark
from tests.builders import START, Hub


@pytest.fixture
def broker(world: World) -> Generator[redis.Redis]:
    """The real broker, empty."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


def test_numbers_ring_nobody(world: World, broker: redis.Redis, tmp_path: Path) -> None:
    """A desk asks for its feed by itself."""
    hub = Hub(tmp_path / "ledger", START)
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
    hub.make_agreement("G1", alpha, bravo)
    broker.flushdb()
    hub.carry(alpha, hub.alert_to(bravo, sender=alpha, suite="EC1"))
    hub.sequence()
    assert FeedItem.objects.count() == 1
    assert [broker.llen(queue) for queue in sorted(set(QUEUES.values()))] == [0, 0, 0]


def test_logged_keysets_ring_for_the_worker_once_a_batch(
    world: World, broker: redis.Redis, tmp_path: Path
) -> None:
    """The worker checks the keysets for revocations."""
    hub = Hub(tmp_path / "ledger", START)
    hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
    assert (broker.llen("exchange"), broker.llen("desk")) == (1, 0)


def test_a_key_with_a_long_history_does_not_hold_the_queue(
    world: World, broker: redis.Redis, tmp_path: Path
) -> None:
    hub = Hub(tmp_path / "ledger", START)
    (alpha,) = hub.make_agencies("xa-alpha", suites=["EC1"])
    more = ROUNDS_A_CALL * DOUBTS_A_CALL + 1
    Doubt.objects.bulk_create(
        Doubt(d=f"{n:043}", what=FeedItem.ENVELOPE, iss_id=alpha.row.pk, kid="k", found_at=START)
        for n in range(more)
    )
    broker.flushdb()
    mark()
    assert Doubt.objects.filter(expanded_at__isnull=True).count() == 1
    assert b"sharing.mark_doubts" in b"".join(broker.lrange("exchange", 0, -1))  # type: ignore[arg-type]
    broker.flushdb()
    mark()
    assert not Doubt.objects.filter(expanded_at__isnull=True).exists()
    assert b"sharing.mark_doubts" not in b"".join(broker.lrange("exchange", 0, -1))  # type: ignore[arg-type]


def test_it_is_called_after_the_commit_only(broker: redis.Redis) -> None:
    with transaction.atomic():
        call_task("notices.send")
        assert broker.llen("notify") == 0
    assert broker.llen("notify") == 1


def test_what_is_rolled_back_is_not_called(broker: redis.Redis) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        call_task("notices.send")
        raise RuntimeError
    assert broker.llen("notify") == 0


def test_a_broker_that_is_away_is_logged_and_nothing_else(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (port,) = free_ports(1)
    usual = current_app._get_current_object()
    away = Celery("away", broker=f"redis://127.0.0.1:{port}/0", set_as_current=True)
    away.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    try:
        hub = Hub(tmp_path / "ledger", START)
        alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
        hub.make_agreement("G1", alpha, bravo)
        with caplog.at_level(logging.WARNING, logger="callers.task_calls"):
            hub.carry(alpha, hub.alert_to(bravo, sender=alpha, suite="EC1"))
            hub.sequence()
    finally:
        usual.set_current()
    assert FeedItem.objects.count() == 1
    assert {record.getMessage() for record in caplog.records} == {"task not called"}


def test_every_called_task_has_a_queue() -> None:
    assert set(QUEUES.values()) == {"notify", "desk", "exchange"}
    with pytest.raises(KeyError):
        call_task("sharing.unknown")
