# SPDX-License-Identifier: Apache-2.0
"""A sign of health, the way on that it offers, and which of several is the most urgent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

OK, WARN, DANGER = "ok", "warn", "danger"
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
"""Of several troubles of one tone the first is named first: what somebody did past the program, then what stops everything,
each before what it causes, then what stops soon, then what is late, then what may stop one day."""


@dataclass(frozen=True)
class Way:
    """A thing to press: a link, or with `is_act` a button that has something done."""

    address: str
    button: str
    is_act: bool = False


@dataclass(frozen=True)
class Sign:
    """One line: which part (one of `URGENCY`), how it is, and where something is wrong what to do, and what to press."""

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
    """The button by which the exchange is asked at once."""
    return Way(reverse("admin:exchange_ask"), _("Ask the exchange now"), is_act=True)
