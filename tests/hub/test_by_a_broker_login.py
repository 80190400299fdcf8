# SPDX-License-Identifier: Apache-2.0
"""A role's login at the broker calls tasks on its half's queues and no more: workers take no orders, queues of others stay silent."""

import pytest
import redis
from celery import Celery

from hub.broker import transport_options
from hub.roles import BROKER_LOGINS, QUEUES_OF, ROLES
from tests.services import surroundings


def _at_the_broker(role: str) -> redis.Redis:
    return redis.Redis.from_url(surroundings().world.redis_urls[role], socket_timeout=10)


EVERY_QUEUE = {queue for queues in QUEUES_OF.values() for queue in queues}
TRIED = (
    ("CONFIG", "GET", "*"),
    ("ACL", "LIST"),
    ("CLIENT", "LIST"),
    ("KEYS", "*"),
    ("FLUSHALL",),
    ("SHUTDOWN", "NOSAVE"),
    ("MONITOR",),
    ("EVAL", "return 1", "0"),
    ("PUBLISH", "/0.celery.pidbox", "{}"),
    ("SUBSCRIBE", "/0.celeryev/worker.heartbeat"),
    ("SADD", "_kombu.binding.celery.pidbox", "x"),
    ("LPUSH", "worker@accord.celery.pidbox", "{}"),
    ("GET", "anything"),
)


@pytest.mark.parametrize("role", BROKER_LOGINS)
def test_every_login_calls_the_tasks_of_its_half(role: str) -> None:
    ringing = Celery("ringer", broker=surroundings().world.redis_urls[role], set_as_current=False)
    ringing.conf.broker_transport_options = transport_options(ROLES[role].callable_queues[0])
    with redis.Redis.from_url(surroundings().world.redis_super_url) as broker:
        broker.flushdb()
        broker.execute_command("ACL", "LOG", "RESET")
        for queue in ROLES[role].callable_queues:
            ringing.send_task("notices.sweep", queue=queue, retry=False, ignore_result=True)
            assert broker.llen(queue) == 1
        assert broker.acl_log() == []
        broker.flushdb()
    ringing.close()


@pytest.mark.parametrize("role", BROKER_LOGINS)
def test_a_login_may_ring_and_nothing_that_nobody_needs(role: str) -> None:
    with _at_the_broker(role) as client:
        assert client.lpush(ROLES[role].callable_queues[0], "x")
        for command in TRIED:
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)
        for queue in EVERY_QUEUE - {ROLES[role].queue}:
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command("BRPOP", queue, "1")
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command("HGET", f"unacked.{queue}", "x")
        for queue in EVERY_QUEUE - set(ROLES[role].callable_queues):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.lpush(queue, "x")
    with redis.Redis.from_url(surroundings().world.redis_super_url) as broker:
        broker.flushdb()


@pytest.mark.parametrize("role", [role for role in BROKER_LOGINS if ROLES[role].queue])
def test_what_a_killed_worker_had_taken_is_put_back_by_the_next_one(role: str) -> None:
    queue = str(ROLES[role].queue)
    options = {**transport_options(queue), "visibility_timeout": 0}
    worker = Celery("worker", broker=surroundings().world.redis_urls[role], set_as_current=False)
    worker.conf.broker_transport_options = options
    with redis.Redis.from_url(surroundings().world.redis_super_url) as broker:
        broker.flushdb()
        worker.send_task("notices.sweep", queue=queue, retry=False, ignore_result=True)
        with worker.connection() as connection:
            channel = connection.default_channel
            assert channel.basic_get(queue) is not None
            # A killed worker puts no message back.
            channel.qos._delivered.clear()
        assert broker.llen(queue) == 0
        with worker.connection() as connection:
            connection.default_channel.qos.restore_visible()
        assert broker.llen(queue) == 1
        broker.flushdb()
    worker.close()


def test_nobody_comes_in_without_a_login() -> None:
    address = surroundings().world.redis_super_url.rpartition("@")[2]
    with redis.Redis.from_url(f"redis://{address}") as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
