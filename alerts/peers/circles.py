# SPDX-License-Identifier: Apache-2.0
"""Where a peer is new: the circles that it shares with the agency and in which no officer has confirmed it yet."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from alerts.peers.pins import Book, Pin
from sharing.models import Circle


@dataclass(frozen=True)
class Place:
    """A circle in which a peer is not confirmed; `since` is when the circle was recorded."""

    circle: str
    since: datetime

    @property
    def text(self) -> str:
        """As pages and the API say it."""
        return _("%(circle)s since %(day)s") % {"circle": self.circle, "day": f"{self.since:%Y-%m-%d}"}


def new_places(book: Book) -> dict[str, list[Place]]:
    """The unconfirmed places by peer, each peer's by the circle's name."""
    found: dict[str, list[Place]] = {}
    others = Circle.members.through._default_manager.filter(circle__members=book.agency).exclude(
        agency=book.agency
    )
    rows = others.order_by("circle__name").values_list("agency", "circle__name", "circle__recorded_at")
    for peer, circle, since in rows:
        if circle not in book.pins.get(peer, Pin()).circles:
            found.setdefault(peer, []).append(Place(circle, since))
    return found
