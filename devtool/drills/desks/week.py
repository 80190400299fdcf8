# SPDX-License-Identifier: Apache-2.0
"""An own desk is absent for a week while partners send: it loses nothing, and its deadlines are right.

Time passes by an offset of the processes' clocks, which production refuses: after its return the desk runs as in development.
"""

from typing import Final

from demo.home import ADMIN, AUTHOR, KEYS, RELEASER
from devtool.drills.apart.desk_away import Absence, Away, require_told
from devtool.drills.desks.stage import LAB, PARTNER, OwnStage
from hub.roles import DESK

HOURS: Final = 7 * 24
READERS: Final = (ADMIN, KEYS, AUTHOR, RELEASER)
"""The officers who read alerts there, and are told of each."""


def play(own: OwnStage, _seed: int) -> None:
    """Play this part; nothing else is played on this hub afterwards."""
    side = own.sides[-1]
    # The other desks are stopped for this week: each has a clock of its own.
    own.stage.stop(DESK)
    for other in own.sides[:-1]:
        other.stop()
    side.send_mail_by(own.stage.hub.world.email_url)
    away = Away(
        hours=HOURS,
        agency=side.agency,
        officers=side.officers(LAB, PARTNER),
        inbox=side.inbox(),
        stop=side.stop,
        start=side.begin_again,
        verify=side.verify,
        require_told=lambda references: require_told(
            side.running,
            own.stage.cast.mail_dir,
            [side.home.address_of(login) for login in READERS],
            references,
        ),
    )
    Absence(own.stage, away).play()
