# SPDX-License-Identifier: Apache-2.0
"""An attacker holds the exchange and lies to an own desk, as in `./dev drill fallen` to a hosted one."""

from demo.home import AUTHOR, RELEASER
from devtool.drills.desks.stage import LAB, OTHER, OwnStage
from devtool.drills.fallen import PEER, LiedTo, Lies
from devtool.errors import DevtoolError


def play(own: OwnStage, _seed: int) -> None:
    """Play this part; nothing else is played on this hub afterwards."""
    side, hub = own.sides[-1], own.stage.hub
    server = hub.stores.postgres
    if server is None:
        raise DevtoolError("The drill wants a database server of its own.", "Unset DATABASE_URL.")
    desk = LiedTo(
        cast=side.cast,
        author=AUTHOR,
        releaser=RELEASER,
        reader=AUTHOR,
        agency=side.agency,
        recipient=LAB,
        to=(LAB, PEER, OTHER),
    )
    lies = Lies(hub, server, own.stage.ticks, desk)
    own.stage.ticks.heading(f"To read what {side.agency} sends from its own desk")
    lies.search()
    lies.be_believed()
