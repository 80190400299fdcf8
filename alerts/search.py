# SPDX-License-Identifier: Apache-2.0
"""Searches received alerts: exact identifiers by token, words by opening cards, newest first.

Cards are folded by NFKC and case, so that names in any script are found. One request opens at most 20,000
cards and stops at 50 hits; "search older" goes on from there. A search is one audit event, without its text.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from agencies.capabilities import Capability, require
from agencies.errors import InputError
from agencies.models import Officer
from alerts.cards import Card, open_received_cards
from alerts.finding import hosted_agency_of
from alerts.inbox import InboxRow, inbox_rows
from alerts.models import CardToken, ReceivedAlert
from alerts.paging import number_before
from alerts.tokens import identifiers_in, tokens_of
from ledger.audit import record_event

HITS_AT_MOST: Final = 50
CARDS_AT_MOST: Final = 20_000
CHUNK: Final = 500
TEXT_AT_MOST: Final = 200


@dataclass(frozen=True)
class SearchResult:
    """`older` is the cursor to go on from; None when everything has been searched."""

    rows: tuple[InboxRow, ...]
    older: str | None = None


def search_received(officer: Officer, *, text: str, before: str = "", now: datetime) -> SearchResult:
    """Alerts of the officer's agency that carry the identifier or the words; raises `InputError` for no text."""
    require(officer, Capability.ALERT_READ)
    agency = hosted_agency_of(officer, command="accord inbox")
    if not 2 <= len(text.strip()) <= TEXT_AT_MOST:
        raise InputError("text", "Search: use 2 to 200 characters.")
    found = _by_token(agency.pk, text)
    kept = ReceivedAlert.objects.visible_to(officer).filter(keep__gt=now)
    hits, older = _scan(kept, fold(text).split(), found, before)
    with transaction.atomic():
        record_event(
            "alert.searched",
            actor=officer.audit_name,
            agency=agency.pk,
            subject="inbox",
            detail={"hits": len(hits)},
            now=now,
        )
    return SearchResult(tuple(inbox_rows(officer, hits, now=now)), older)


def fold(text: str) -> str:
    """Text as it is compared: compatibility forms and case folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _by_token(agency_id: str, text: str) -> frozenset[object]:
    tokens = tokens_of(agency_id, identifiers_in(text))
    rows = CardToken.objects.filter(agency_id=agency_id, token__in=tokens)
    return frozenset(rows.values_list("received_id", flat=True))


def _scan(
    kept: QuerySet[ReceivedAlert], words: list[str], by_token: frozenset[object], before: str
) -> tuple[list[ReceivedAlert], str | None]:
    """Newest first, chunk by chunk, until there are hits or cards enough; the cursor says where it stopped."""
    hits: list[ReceivedAlert] = []
    cursor, opened = before, 0
    while True:
        rows = kept.filter(number_before(cursor)).select_related("issuer", "agency")
        chunk = list(rows.order_by("-number")[:CHUNK])
        cards = open_received_cards(chunk[0].agency_id if chunk else "", chunk)
        for row in chunk:
            if row.pk in by_token or _matches(cards.get(str(row.pk)), words):
                hits.append(row)
            if len(hits) == HITS_AT_MOST:
                return hits, str(row.number)
        opened += len(chunk)
        if len(chunk) < CHUNK:
            return hits, None
        cursor = str(chunk[-1].number)
        if opened >= CARDS_AT_MOST:
            return hits, cursor


def _matches(card: Card | None, words: list[str]) -> bool:
    if card is None:
        return False
    folded = fold(" ".join((card.title, *card.substances, *card.countries)))
    return all(word in folded for word in words)
