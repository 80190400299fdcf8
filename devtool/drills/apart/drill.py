# SPDX-License-Identifier: Apache-2.0
"""`./dev drill apart`: each half without the other for a day, killed and hung in turn, and isolated from each other.

Each part plays on a hub of its own, as `./dev run --once` has it. Time passes by an offset of the processes' clocks.
"""

import argparse
from collections.abc import Callable

from demo.ticks import Ticks
from devtool.drills.apart import desk_away, exchange_away, kills, machines
from devtool.drills.apart.twomachines import require_machines

PARTS: dict[str, Callable[[Ticks], None]] = {
    "exchange": exchange_away.play,
    "desk": desk_away.play,
    "kills": kills.play,
    "machines": machines.play,
}


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if all of it held."""
    parser = argparse.ArgumentParser(prog="./dev drill apart")
    parser.add_argument("part", nargs="?", choices=tuple(PARTS), help="this part alone")
    chosen = parser.parse_args(arguments).part
    playing = [PARTS[chosen]] if chosen else list(PARTS.values())
    if machines.play in playing:
        # Fail before an hour's work, not after it.
        require_machines()
    ticks = Ticks()
    ticks.line("Accord in two halves, one without the other")
    for play in playing:
        play(ticks)
    return 0
