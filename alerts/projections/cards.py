# SPDX-License-Identifier: Apache-2.0
"""Here is the sealed card that a list shows of an alert: title, kind, substance, country, number of hints.

Lists filter and sort on clear columns only; the cards of one page are opened together.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from alerts.document.display import choice_text
from alerts.models import Alert, ReceivedAlert
from vault import doors
from vault.errors import VaultError

ALERT_TABLE = "alert"
RECEIVED_TABLE = "receivedalert"
RECEIVED_REVISION = 1

SealedRow = tuple[str, int, bytes]


@dataclass(frozen=True)
class Card:
    """What a list shows. `is_damaged`: the sealed row did not open, so nothing of it is shown.

    `facts` are what the early-warning board counts by, none where the alert says nothing of them: `block` (first of
    the InChIKey), `day`, `region`, `harm`, `non_fatal`, `fatal`.
    """

    title: str = ""
    alert_type: str = ""
    substances: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    hints: int = 0
    is_damaged: bool = False
    facts: Mapping[str, str | int] = field(default_factory=dict, repr=False)

    @property
    def alert_type_text(self) -> str:
        return choice_text("alert_type", self.alert_type)


def card_of(data: Mapping[str, Any], *, hints: int = 0) -> Card:
    """The card of a document or a draft; only values of the right shape, since a draft may hold others."""
    title, substance, country = (
        str(data.get(name) or "") for name in ("title", "preferred_name", "place_country")
    )
    return Card(
        title=title[:200],
        alert_type=str(data.get("alert_type") or ""),
        substances=(substance[:200],) if substance else (),
        countries=(country[:2],) if country else (),
        hints=hints,
        facts=_facts_of(data),
    )


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


def seal_alert_card(alert: Alert, card: Card) -> bytes:
    """Bound to the alert and its newest revision."""
    return doors.seal_row(alert.agency_id, ALERT_TABLE, str(alert.pk), alert.current, _plain(card))


def seal_received_card(received: ReceivedAlert, card: Card) -> bytes:
    return doors.seal_row(
        received.agency_id, RECEIVED_TABLE, str(received.pk), RECEIVED_REVISION, _plain(card)
    )


def open_alert_cards(agency_id: str, alerts: Iterable[Alert]) -> dict[str, Card]:
    """Cards by the alert's id as text; all of one agency."""
    rows = [(str(alert.pk), alert.current, bytes(alert.card)) for alert in alerts if alert.card]
    return _open_cards(agency_id, ALERT_TABLE, rows)


def open_received_cards(agency_id: str, received: Iterable[ReceivedAlert]) -> dict[str, Card]:
    """Cards by the received alert's id as text; what has no card is left out."""
    rows = [(str(row.pk), RECEIVED_REVISION, bytes(row.card)) for row in received if row.card]
    return _open_cards(agency_id, RECEIVED_TABLE, rows)


def open_plain_cards(
    agency_id: str, table: str, rows: Sequence[tuple[object, int, bytes | None]]
) -> list[bytes | None]:
    """Cards as they were sealed, in order, for a search that looks at many; None where there is none, or a damaged one."""
    sealed = [(str(pk), revision, bytes(card)) for pk, revision, card in rows if card]
    if not sealed:
        return [None] * len(rows)
    try:
        opened: Iterator[bytes | None] = iter(doors.open_rows(agency_id, table, sealed))
    except VaultError:
        opened = iter([_open_plain(agency_id, table, row) for row in sealed])
    return [next(opened) if card else None for _, _, card in rows]


def read_card(plain: bytes) -> Card:
    """The card that was sealed."""
    return _card(plain)


def _open_plain(agency_id: str, table: str, row: SealedRow) -> bytes | None:
    try:
        return doors.open_row(agency_id, table, *row)
    except VaultError:
        return None


def _open_cards(agency_id: str, table: str, rows: Sequence[SealedRow]) -> dict[str, Card]:
    if not rows:
        return {}
    try:
        opened = [_card(plain) for plain in doors.open_rows(agency_id, table, rows)]
    except VaultError:
        opened = [_open_one(agency_id, table, row) for row in rows]
    return {row[0]: card for row, card in zip(rows, opened, strict=True)}


def _open_one(agency_id: str, table: str, row: SealedRow) -> Card:
    """One damaged row must not hide the others of the page."""
    try:
        return _card(doors.open_row(agency_id, table, *row))
    except VaultError:
        return Card(is_damaged=True)


def _plain(card: Card) -> bytes:
    return json.dumps(asdict(card), ensure_ascii=False, sort_keys=True).encode()


def _card(plain: bytes) -> Card:
    content = json.loads(plain)
    lists = {name: tuple(content[name]) for name in ("substances", "countries")}
    return Card(**{**content, **lists})
