# SPDX-License-Identifier: Apache-2.0
"""Seal an alert of 4 KiB for 1 to 500 recipients, and an attachment of 1 MiB in addition.

The floor of `seal EC1 N` and `seal PQ1 N` is EC1's primitives, that of `seal PQ1 own N` PQ1's own.
"""

import os
from functools import partial

from accord.envelope.content import Attachment
from accord.envelope.encoding import canonical
from accord.envelope.keys import EC1, PQ1
from benchmarks._agencies import World, alert_of
from benchmarks._figures import Work, median_seconds, report_ms
from benchmarks._floors import attachment_floor, seal_floor_ec1, seal_floor_pq1

SIZES = (1, 10, 100, 500)
BAR_AT = 500
BAR_EC1, BAR_PQ1, BAR_ATTACHMENT = 1.3, 1.9, 2.5
ATTACHMENT_BYTES = 1024 * 1024


def main() -> None:
    world = World(max(SIZES))
    for count in SIZES:
        _seal_for(world, count)
    _attach(world)


def _seal_for(world: World, count: int) -> None:
    alert = alert_of(4096)
    content = canonical(alert)
    contestants: dict[str, Work] = {
        "ec1": partial(world.seal, EC1, count, alert),
        "floor ec1": seal_floor_ec1(world, count, content),
        "pq1": partial(world.seal, PQ1, count, alert),
        "floor pq1": seal_floor_pq1(world, count, content),
    }
    seconds = median_seconds(contestants, calls=max(1, 100 // count))
    floor, is_barred = seconds["floor ec1"], count == BAR_AT
    report_ms(f"seal EC1 {count}", seconds["ec1"], floor, bar=BAR_EC1 if is_barred else None)
    report_ms(f"seal PQ1 {count}", seconds["pq1"], floor, bar=BAR_PQ1 if is_barred else None)
    report_ms(f"seal PQ1 own {count}", seconds["pq1"], seconds["floor pq1"])


def _attach(world: World) -> None:
    """Report the cost of the attachment: an alert with it less the same alert without it."""
    alert, octets = alert_of(4096), os.urandom(ATTACHMENT_BYTES)
    attachment = Attachment("spectrum.jdx", "chemical/x-jcamp-dx", octets)
    contestants: dict[str, Work] = {
        "with": partial(world.seal, EC1, 1, alert, [attachment]),
        "without": partial(world.seal, EC1, 1, alert),
        "floor": attachment_floor(octets),
    }
    seconds = median_seconds(contestants, rounds=40, calls=5)
    added = seconds["with"] - seconds["without"]
    report_ms("seal attachment 1 MiB", added, seconds["floor"], bar=BAR_ATTACHMENT)


if __name__ == "__main__":
    main()
