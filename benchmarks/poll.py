# SPDX-License-Identifier: Apache-2.0
"""A poll without news: the most frequent call of an agency's system to the exchange.

The system has read its feed and asks again with the tag of the last answer: 304 and no octet, by the wall clock, over a
connection that stays open. The floor is a view of Django REST framework with a token and one SELECT behind the same server
program. The bar is ten milliseconds, for the median and for the slowest of twenty.
"""

import os
import statistics
from collections.abc import Sequence
from http import HTTPStatus

from benchmarks._bare.server import bare_server
from benchmarks._figures import report
from benchmarks._http import Target, get_in_turn, make_form, post_in_turn
from demo.ownership import set_up_every_app

NEEDS_HUB = True
ITEMS, ROUNDS, A_ROUND = 3, 10, 60
LIMIT_MS = 10.0


def main() -> None:
    set_up_every_app()
    from benchmarks import _hub

    sender, reader = _hub.found_agencies("poll", 2)
    address = os.environ["EXCHANGE_URL"]
    post = Target(address, "/api/v1/envelopes", {"Authorization": sender.api_key})
    post_in_turn(
        post,
        [
            make_form({"manifest": each.manifest, "jwe": each.jwe})
            for each in _hub.seal_alerts(sender, [reader], ITEMS)
        ],
    )
    _hub.wait_until_followed()
    asked = {"Authorization": reader.api_key, "If-None-Match": f'"{ITEMS}-{ITEMS}"'}
    hub = Target(address, f"/api/v1/inbox?after={ITEMS}", asked)
    with bare_server() as bare:
        floor = Target(bare.address, f"/news?after={ITEMS}", {"Authorization": bare.authorization})
        value_ms, floor_ms = _compete(hub, floor)
    report("poll", statistics.median(value_ms), statistics.median(floor_ms), limit=LIMIT_MS)
    report("poll slowest of 20", _slowest_of_20(value_ms), _slowest_of_20(floor_ms), limit=LIMIT_MS)


def _compete(hub: Target, floor: Target) -> tuple[list[float], list[float]]:
    """Return the milliseconds of every answer."""
    hub_ms: list[float] = []
    floor_ms: list[float] = []
    for number in range(1 + ROUNDS):
        bare = [1000 * each for each in get_in_turn(floor, A_ROUND, status=HTTPStatus.OK)]
        ours = [1000 * each for each in get_in_turn(hub, A_ROUND, status=HTTPStatus.NOT_MODIFIED)]
        # The first round warms up both.
        if number:
            floor_ms += bare
            hub_ms += ours
    return hub_ms, floor_ms


def _slowest_of_20(taken: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(taken, n=20)[-1]


if __name__ == "__main__":
    main()
