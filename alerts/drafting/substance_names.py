# SPDX-License-Identifier: Apache-2.0
"""Names of substances that an agency wrote lately, offered instead of typing them again."""

from typing import Final

from alerts.models import Alert
from alerts.projections.cards import open_alert_cards
from callers.capabilities import Capability, require
from officers.models import Officer

LOOKED_AT: Final = 100
OFFERED: Final = 30


def names_used(officer: Officer) -> tuple[str, ...]:
    """Return the substance names of the hundred alerts and drafts changed last, each once, newest first."""
    require(officer, Capability.ALERT_WRITE)
    rows = Alert.objects.visible_to(officer).order_by("-changed_at", "-pk")[:LOOKED_AT]
    cards = open_alert_cards(officer.agency_id or "", rows)
    names = (name for card in cards.values() for name in card.substances)
    return tuple(dict.fromkeys(names))[:OFFERED]
