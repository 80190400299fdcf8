# SPDX-License-Identifier: Apache-2.0
"""Sign of health, the act that it offers, and the most urgent of several."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from callers.tones import DANGER, OK

LAST_ONES: Final = "last-ones"
"""The part of which nothing is broken: somebody is to be named beside another one."""

URGENCY: Final = (
    "policies",
    "restore",
    "queues",
    "clock",
    "versions",
    "identities",
    "feeds",
    "log",
    "rights",
    "aside",
    "certificate",
    "keysets",
    "mail",
    "failed-mail",
    LAST_ONES,
)
"""Order of troubles of one tone: what somebody altered outside the program, then what stops everything, each before what
it causes, then what stops soon, then what is late, then what may stop one day.
"""


@dataclass(frozen=True)
class Way:
    """Link, or with `is_act` a button that does something."""

    address: str
    button: str
    is_act: bool = False


@dataclass(frozen=True)
class Sign:
    """Sign of one part (one of `URGENCY`): its state, and for a trouble the remedy and a link or button."""

    part: str
    label: str | Promise
    tone: str
    text: str
    remedy: str = ""
    way: Way | None = None


def most_urgent(signs: Iterable[Sign]) -> Sign | None:
    """Return the trouble that somebody should look at first; None where everything works."""
    troubles = [sign for sign in signs if sign.tone != OK]
    return min(troubles, key=lambda sign: (sign.tone != DANGER, URGENCY.index(sign.part)), default=None)


def ask_exchange_way() -> Way:
    """Return the button that asks the exchange at once."""
    return Way(reverse("admin:exchange_ask"), _("Ask the exchange now"), is_act=True)
