# SPDX-License-Identifier: Apache-2.0
"""`./dev drill own-desks`: own desks, a hosted one and the command write to each other while things go wrong.

They play on a hub as `./dev run --once` has it, behind TLS; the lying exchange on one of its own. Own desks have production's
settings; where a week passes, they are started as in development, since production refuses another time than the machine's.
"""

import argparse
import secrets
from collections.abc import Callable
from typing import Final

from demo.ticks import StepFailedError, Ticks
from devtool.drills.desks import kills, lies, outside, restored, week
from devtool.drills.desks.stage import COAST, RIVER, OwnStage, own_stage

Part = Callable[[OwnStage, int], None]
TOGETHER: Final[dict[str, Part]] = {
    "kills": kills.play,
    "restored": restored.play,
    "outside": outside.play,
    "week": week.play,
}
ALONE: Final[dict[str, Part]] = {"lies": lies.play}


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if all of it held."""
    parser = argparse.ArgumentParser(prog="./dev drill own-desks")
    parser.add_argument(
        "part", nargs="*", metavar="PART", help=f"these parts alone: {', '.join([*TOGETHER, *ALONE])}"
    )
    parser.add_argument("--seed", type=int, help="of what is left to chance, as an earlier run printed it")
    options = parser.parse_args(arguments)
    if unknown := {*options.part} - TOGETHER.keys() - ALONE.keys():
        parser.error(f"There is no part {', '.join(sorted(unknown))}.")
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    ticks = Ticks()
    ticks.line("Accord at own desks")
    try:
        for parts in (TOGETHER, ALONE):
            chosen = [play for name, play in parts.items() if name in options.part or not options.part]
            if chosen:
                with own_stage(ticks, *((COAST, RIVER) if kills.play in chosen else (COAST,))) as own:
                    for play in chosen:
                        play(own, seed)
    except StepFailedError:
        return 1
    return 0
