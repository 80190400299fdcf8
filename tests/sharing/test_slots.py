# SPDX-License-Identifier: Apache-2.0
"""Slots of a worker: no kind of work takes more threads than its own, and work that finds no slot is not forgotten."""

import pytest
import redis
from django.conf import settings

from callers.slots import Slots
from devtool.environments import World


def test_who_finds_no_slot_goes_away_and_the_holder_rings_for_it(world: World) -> None:
    slots = Slots("notices.send", 1)
    came: list[bool] = []

    def work() -> bool:
        came.append(slots.run(lambda: False))
        return False

    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        assert slots.run(work)
        assert (came, broker.llen("notify")) == ([False], 1)
        assert slots.run(lambda: False)
        assert broker.llen("notify") == 1


def test_what_is_left_rings_and_a_failure_gives_its_slot_back(world: World) -> None:
    slots = Slots("notices.send", 1)

    def fail() -> bool:
        raise RuntimeError

    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        with pytest.raises(RuntimeError):
            slots.run(fail)
        assert broker.llen("notify") == 0
        assert slots.run(lambda: True)
        assert broker.llen("notify") == 1
