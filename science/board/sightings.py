# SPDX-License-Identifier: Apache-2.0
"""Sightings of substances that an agency knows of, alert by alert, as its early-warning board counts them.

Sealed cards are opened for it and nothing of them is kept. Left out are exercises, RED alerts (they have no card),
withdrawn alerts, versions that were replaced, and alerts that report no sighting of a substance.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db.models import QuerySet

from alerts.boxes.outbox import sent_alerts
from alerts.models import ReceivedAlert
from alerts.projections.cards import (
    ALERT_TABLE,
    RECEIVED_TABLE,
    Card,
    open_plain_cards,
    read_card,
)
from alerts.projections.tokens import fold
from officers.models import Officer
from peers.models import Agency
from science.structures.store import open_structures
from substances.drugclass import class_known
from vault.sealed_store import REVISION

CARDS_AT_MOST: Final = 20_000
"""Limit of cards in each box, newest first."""
CHUNK: Final = 1_000
TELLING: Final = frozenset({"new_substance", "harm_cluster", "seizure", "suspicious_order"})
"""Kinds of alert that report a substance somebody has seen."""
_BLOCK: Final = re.compile("[A-Z]{14}")


@dataclass(frozen=True)
class Sighting:
    """Alert that reports a substance. `key` is the first block of its InChIKey, else its name folded.

    `day` is when it happened, else when the alert was logged; `known` is when it was logged. `fatal` and `non_fatal`
    are None where the alert does not say.
    """

    key: str = field(repr=False)
    name: str = field(repr=False)
    drug_class: str = field(repr=False)
    kind: str = field(repr=False)
    country: str = field(repr=False)
    region: str = field(repr=False)
    harm: str = field(repr=False)
    non_fatal: int | None = field(repr=False)
    fatal: int | None = field(repr=False)
    day: date
    known: date
    is_received: bool
    alert_id: uuid.UUID

    @property
    def cases(self) -> int:
        """Number of cases in the alert, fatal and not."""
        return (self.non_fatal or 0) + (self.fatal or 0)


@dataclass(frozen=True)
class Sightings:
    """Sightings of an agency that the officer may see, oldest first; `is_whole` is False where there are more cards."""

    seen: tuple[Sighting, ...] = field(repr=False)
    looked_at: int
    is_whole: bool


def read_sightings(officer: Officer, agency: Agency, *, now: datetime) -> Sightings:
    """Read the sightings by opening the cards of both boxes."""
    received = ReceivedAlert.objects.visible_to(officer).filter(
        keep__gt=now, withdrawn_at=None, replaced_by=None, status="actual", card__isnull=False
    )
    sent = sent_alerts(officer).filter(
        withdrawn_at=None, replaced_at=None, status="actual", card__isnull=False
    )
    blocks = {
        kept.alert_id: kept.kept.blocks[-1]
        for kept in open_structures(agency.pk, actor=officer)
        if kept.kept.blocks
    }
    boxes = (
        list(_opened(agency, received.order_by("-number"), RECEIVED_TABLE, "logged_at")),
        list(_opened(agency, sent.order_by("-released_at", "-pk"), ALERT_TABLE, "released_at")),
    )
    looked_at = sum(len(box) for box in boxes)
    found = [
        _sighting(card, pk, at, table == RECEIVED_TABLE, blocks.get(pk, ""))
        for box in boxes
        for table, pk, at, card in box
        if card is not None and card.alert_type in TELLING and card.substances
    ]
    found.sort(key=lambda sighting: (sighting.known, sighting.day))
    return Sightings(tuple(found), looked_at, all(len(box) < CARDS_AT_MOST for box in boxes))


_Opened = tuple[str, uuid.UUID, datetime, Card | None]


def _opened(agency: Agency, rows: "QuerySet[Any]", table: str, moment: str) -> Iterator[_Opened]:
    revision = "number" if table == RECEIVED_TABLE else "current"
    listed = list(rows.values_list("pk", moment, revision, "card")[:CARDS_AT_MOST])
    for start in range(0, len(listed), CHUNK):
        chunk = listed[start : start + CHUNK]
        sealed = [
            (pk, REVISION if table == RECEIVED_TABLE else number, card) for pk, _at, number, card in chunk
        ]
        for (pk, at, _number, _card), plain in zip(
            chunk, open_plain_cards(agency.pk, table, sealed), strict=True
        ):
            yield table, pk, at, None if plain is None else read_card(plain)


def _sighting(card: Card, pk: uuid.UUID, at: datetime, is_received: bool, block: str) -> Sighting:
    facts, name = card.facts, card.substances[0]
    stated = str(facts.get("block", ""))
    block = block or (stated if _BLOCK.fullmatch(stated) else "")
    return Sighting(
        key=block or fold(name).strip(),
        name=name,
        drug_class=class_known(block, name),
        kind=card.alert_type,
        country=card.countries[0] if card.countries else "",
        region=str(facts.get("region", "")),
        harm=str(facts.get("harm", "")),
        non_fatal=_count(facts.get("non_fatal")),
        fatal=_count(facts.get("fatal")),
        day=_day(facts.get("day"), at),
        known=at.date(),
        is_received=is_received,
        alert_id=pk,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _day(value: object, at: datetime) -> date:
    """Return the day of the event; the day of the log where none is stated, or a later one."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return at.date()
    return min(day, at.date())
