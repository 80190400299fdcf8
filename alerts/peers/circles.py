# SPDX-License-Identifier: Apache-2.0
"""Circles in which a peer is new: it shares them with the agency and no officer has confirmed it there yet."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accord.moments import moment_of
from alerts.peers.pins import Book, Pin
from peers.agreements import KeptAgreements


@dataclass(frozen=True)
class Place:
    """Circle in which a peer is not confirmed; `since` is when the circle was recorded."""

    circle: str
    since: datetime

    @property
    def text(self) -> str:
        """Words as pages and the API say it."""
        return _("%(circle)s since %(day)s") % {
            "circle": self.circle,
            "day": date_format(self.since, _("j M Y")),
        }


def new_places(book: Book, kept: KeptAgreements | None) -> dict[str, list[Place]]:
    """Return the circles in which each peer is unconfirmed, sorted by name; none before the exchange was asked for circles."""
    found: dict[str, list[Place]] = {}
    for circle in kept.circles if kept else ():
        for peer in circle.members:
            if peer != book.agency and circle.name not in book.pins.get(peer, Pin()).circles:
                found.setdefault(peer, []).append(Place(circle.name, moment_of(circle.since)))
    return found
