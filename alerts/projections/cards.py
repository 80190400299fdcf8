# SPDX-License-Identifier: Apache-2.0
"""Sealed card of an alert for lists: title, kind, substance, country, numbers of analyses and of hints.

Lists filter and sort on clear columns only; the cards of one page are opened together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.document.countries import country_name
from alerts.document.display import choice_text
from alerts.models import Alert, ReceivedAlert
from vault.sealed_store import REVISION, Sealed, SealedStore, as_json, dataclass_of

ALERT_TABLE: Final = "alert"
RECEIVED_TABLE: Final = "receivedalert"


@dataclass(frozen=True)
class Card:
    """Content of a list's row. `is_damaged`: the sealed row did not open, so nothing of it is shown.

    `facts` are those that the early-warning board counts by, empty where the alert does not state them: `block` (first of
    the InChIKey), `day`, `region`, `harm`, `non_fatal`, `fatal`.
    `analyses` counts the lines of evidence, `analyses_with_file` those that name a file. `for_attention` are the recipients of
    a question that owe no answer, `reply_to` the own officers who may open the answers to one marked RED.
    """

    title: str = ""
    alert_type: str = ""
    substances: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    hints: int = 0
    is_damaged: bool = False
    facts: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    for_attention: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    analyses: int = 0
    analyses_with_file: int = 0

    @property
    def alert_type_text(self) -> str:
        return choice_text("alert_type", self.alert_type)

    @property
    def about(self) -> tuple[str, ...]:
        """Kind, substances, countries and number of analyses in words, for the line below a title."""
        words = (self.alert_type_text, *self.substances, *map(country_name, self.countries), self._evidence)
        return tuple(filter(None, words))

    @property
    def _evidence(self) -> str:
        if not self.analyses:
            return ""
        said = ngettext("%(n)d analysis", "%(n)d analyses", self.analyses) % {"n": self.analyses}
        if not self.analyses_with_file:
            return said
        return _("%(analyses)s (%(n)d with a file)") % {"analyses": said, "n": self.analyses_with_file}


def card_of(data: Mapping[str, Any], *, hints: int = 0) -> Card:
    """Return the card of a document or a draft; values of a wrong shape, which a draft may hold, are left out."""
    title, substance, country = (
        str(data.get(name) or "") for name in ("title", "preferred_name", "place_country")
    )
    evidence = data.get("evidence")
    lines = evidence if isinstance(evidence, list | tuple) else ()
    return Card(
        title=title[:200],
        alert_type=str(data.get("alert_type") or ""),
        substances=(substance[:200],) if substance else (),
        countries=(country[:2],) if country else (),
        hints=hints,
        facts=_facts_of(data),
        for_attention=_texts_of(data, "for_attention"),
        reply_to=_texts_of(data, "reply_to"),
        analyses=len(lines),
        analyses_with_file=sum(1 for line in lines if isinstance(line, Mapping) and line.get("file")),
    )


def _texts_of(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    marked = data.get(name)
    return tuple(map(str, marked)) if isinstance(marked, list | tuple) else ()


def _facts_of(data: Mapping[str, Any]) -> dict[str, str | int]:
    texts = {
        "block": str(data.get("inchikey") or "")[:14],
        "day": str(data.get("event_date") or "")[:10],
        "region": str(data.get("place_region") or "")[:120],
        "harm": str(data.get("harm_evidence") or "")[:40],
    }
    cases = {"non_fatal": data.get("cases_non_fatal"), "fatal": data.get("cases_fatal")}
    counted = {name: number for name, number in cases.items() if type(number) is int}
    return {name: text for name, text in texts.items() if text} | counted


ALERT_CARDS: Final = SealedStore[Card](ALERT_TABLE, lambda card: as_json(asdict(card)), dataclass_of(Card))
RECEIVED_CARDS: Final = SealedStore[Card](RECEIVED_TABLE, ALERT_CARDS.encode, ALERT_CARDS.decode)
DAMAGED: Final = Card(is_damaged=True)


def seal_alert_card(alert: Alert, card: Card) -> bytes:
    """Seal the card, bound to the alert and its newest revision."""
    return ALERT_CARDS.seal(alert.agency_id, alert.pk, card, revision=alert.current)


def seal_received_card(received: ReceivedAlert, card: Card) -> bytes:
    return RECEIVED_CARDS.seal(received.agency_id, received.pk, card)


def open_alert_cards(agency_id: str, alerts: Iterable[Alert]) -> dict[str, Card]:
    """Return cards by the alert's id as text; all of one agency."""
    rows = [(alert.pk, alert.current, alert.card) for alert in alerts if alert.card]
    return _by_id(rows, ALERT_CARDS.open_many(agency_id, rows))


def open_received_cards(agency_id: str, received: Iterable[ReceivedAlert]) -> dict[str, Card]:
    """Return cards by the received alert's id as text; alerts without one are left out."""
    rows = [(row.pk, REVISION, row.card) for row in received if row.card]
    return _by_id(rows, RECEIVED_CARDS.open_many(agency_id, rows))


def _by_id(rows: Sequence[Sealed], cards: Sequence[Card | None]) -> dict[str, Card]:
    return {str(row[0]): card or DAMAGED for row, card in zip(rows, cards, strict=True)}


def open_plain_cards(
    agency_id: str, table: str, rows: Sequence[tuple[object, int, bytes | None]]
) -> list[bytes | None]:
    """Return cards as they were sealed, in order, for a search through many; None for an absent or damaged one."""
    opened = iter(
        SealedStore[bytes](table, bytes, bytes).open_many(
            agency_id, [(pk, revision, card) for pk, revision, card in rows if card]
        )
    )
    return [next(opened) if card else None for _, _, card in rows]


def read_card(plain: bytes) -> Card:
    """Return the card that was sealed."""
    return ALERT_CARDS.decode(plain)
