# SPDX-License-Identifier: Apache-2.0
"""Search of the agency's alerts, received and sent: exact identifiers by token, words by opening cards.

An identifier is looked up in everything at once. Words are searched newest first, folded by NFKC and case, so that any
script is found. One request opens at most 20,000 cards and stops at 50 hits; "search older" continues from there.
A search is one audit event, without its text.
"""

import heapq
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.boxes.inbox import InboxRow, inbox_rows
from alerts.boxes.outbox import OutboxRow, outbox_rows, sent_alerts
from alerts.boxes.paging import ListOrder, by_moment, by_number
from alerts.document import choices
from alerts.document.countries import is_listed
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import (
    ALERT_TABLE,
    RECEIVED_TABLE,
    open_plain_cards,
    read_card,
)
from alerts.projections.tokens import COUNTRY, fold, holding, identifiers_in, is_known, tokens_of
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from officers.models import Officer
from peers.models import Agency
from vault.sealed_store import REVISION

HITS_AT_MOST: Final = 50
CARDS_AT_MOST: Final = 20_000
CHUNK: Final = 1_000
TEXT_AT_MOST: Final = 200
RECEIVED, SENT = "received", "sent"
_LOG_ENTRY: Final = re.compile(r"[0-9]{1,12}")
_IN_CLEAR: Final = re.compile(rf"[A-Za-z0-9]{{4}}-[A-Za-z0-9]{{4}}|[A-Za-z0-9_-]{{43}}|{_LOG_ENTRY.pattern}")
"""Form of references, manifest digests and numbers of log entries; no other text is compared with a clear column."""
_EXACT, _WORDS, _END = "exact", "words", "end"


@dataclass(frozen=True)
class Query:
    """Text and filters of a search. `box` "" is both boxes; `in_words` skips the exact identifiers."""

    text: str = field(default="", repr=False)
    box: str = ""
    kind: str = ""
    country: str = ""
    in_words: bool = False


@dataclass(frozen=True)
class SearchResult:
    """Hits as the lists show them, newest first. `older` is the cursor for continuing; None when all was searched.

    `is_exact`: found by an identifier, in everything the agency holds; `opened` counts the opened cards.
    """

    received: tuple[InboxRow, ...] = ()
    sent: tuple[OutboxRow, ...] = ()
    older: str | None = None
    is_exact: bool = False
    opened: int = 0

    @property
    def rows(self) -> tuple[InboxRow, ...]:
        """Received alerts among the hits."""
        return self.received

    @property
    def hits(self) -> int:
        return len(self.received) + len(self.sent)


@dataclass
class _Source:
    """One of the two boxes during a search: its rows, and the place of the last row that was read."""

    box: str
    rows: "QuerySet[Any]"
    order: ListOrder
    moment: str
    table: str
    token_column: str
    place: str
    hits: list[uuid.UUID] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    at: datetime
    source: _Source
    pk: uuid.UUID
    place: str
    plain: bytes | None


def search_alerts(officer: Officer, query: Query, *, before: str = "", now: datetime) -> SearchResult:
    """Find alerts of the officer's agency that carry the identifier or all the words.

    Raises `InputError` for no text or a value that is not offered.
    """
    require(officer, Capability.ALERT_READ)
    agency = agency_of(officer)
    check_query(query)
    mode, places = _read_cursor(before)
    result = SearchResult()
    if mode != _WORDS and not query.in_words:
        result = _search_exactly(officer, agency, query, places, now)
    if mode != _EXACT and query.text.strip() and not result.hits:
        result = _search_words(officer, agency, query, places, now)
    _record(officer, agency, result, now)
    return result


def check_query(query: Query) -> None:
    """Check the query; raises `InputError` for what cannot be searched for."""
    text = query.text.strip()
    if not (text or query.kind or query.country):
        raise InputError("text", _("Search: write an identifier or words, or choose a kind or a country."))
    if text and not _is_searchable(text):
        raise InputError("text", _("Search: use 2 to 200 characters."))
    if query.kind and query.kind not in dict(choices.ALERT_TYPES):
        raise InputError("kind", _("Kind: choose one of the list."))
    if query.country and not is_listed(query.country):
        raise InputError("country", _("Country: choose one of the list."))
    if query.box not in ("", RECEIVED, SENT):
        raise InputError("box", _("Where: choose one of the list."))


def _is_searchable(text: str) -> bool:
    """Tell whether the text is long enough: two characters, or one where one character can be a word."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    folded = fold(text).strip()
    return len(text) <= TEXT_AT_MOST and (len(folded) >= 2 or bool(folded and not folded.isascii()))


def _search_exactly(
    officer: Officer, agency: Agency, query: Query, places: dict[str, str], now: datetime
) -> SearchResult:
    """Search everything by token and by the references in clear columns."""
    text = query.text.strip()
    tokens = tokens_of(agency.pk, identifiers_in(text)) if text else []
    if text and not _IN_CLEAR.fullmatch(text) and not is_known(officer, tokens):
        return SearchResult()
    sources = _sources(officer, agency, query, places, now)
    for source in sources:
        source.rows = _named(agency, source, text, tokens)
    merged = _merged(agency, sources, opens=False)
    return _collect(officer, sources, merged, lambda plain: True, _EXACT, now)


def _search_words(
    officer: Officer, agency: Agency, query: Query, places: dict[str, str], now: datetime
) -> SearchResult:
    sources = _sources(officer, agency, query, places, now)
    merged = _merged(agency, sources, opens=True)
    return _collect(officer, sources, merged, _matcher(fold(query.text).split()), _WORDS, now)


def _named(agency: Agency, source: _Source, text: str, tokens: list[bytes]) -> "QuerySet[Any]":
    """Return the rows with this reference or digest, else those with this identifier; all rows for no text.

    A number may be that of a log entry, by which sender and recipients name one alert, or an identifier: both are found.
    """
    if not text:
        return source.rows
    has_token = holding(agency.pk, source.token_column, tokens)
    if _LOG_ENTRY.fullmatch(text):
        return source.rows.filter(Q(log_index=int(text)) | has_token)
    with_token = source.rows.filter(has_token)
    if not _IN_CLEAR.fullmatch(text):
        return with_token
    clear = Q(md=text) | Q(reference=text.upper()) if source.box == RECEIVED else Q(md=text)
    known = list(source.rows.filter(clear).values_list("pk", flat=True)[:HITS_AT_MOST])
    return source.rows.filter(pk__in=known) if known else with_token


def _sources(
    officer: Officer, agency: Agency, query: Query, places: dict[str, str], now: datetime
) -> list[_Source]:
    """Return the boxes that are not yet read to their end, narrowed by kind and country."""
    wanted = [[("alert_type", query.kind)]] if query.kind else []
    if query.country:
        wanted.append([("place_country", query.country), (COUNTRY, query.country)])
    received: QuerySet[Any] = ReceivedAlert.objects.visible_to(officer).filter(keep__gt=now)
    # What another agency released onward is searched as long as it may be opened.
    received = received.exclude(access_until__lte=now)
    sent: QuerySet[Any] = sent_alerts(officer)
    for pairs in wanted:
        tokens = tokens_of(agency.pk, pairs)
        received = received.filter(holding(agency.pk, "received", tokens))
        sent = sent.filter(holding(agency.pk, "alert", tokens))
    sources = (
        _Source(RECEIVED, received, by_number(), "logged_at", RECEIVED_TABLE, "received", places[RECEIVED]),
        _Source(SENT, sent, by_moment("released_at"), "released_at", ALERT_TABLE, "alert", places[SENT]),
    )
    return [source for source in sources if query.box in ("", source.box) and source.place != _END]


@dataclass
class _Merged:
    """Rows of all sources, newest first; `opened` counts the cards opened so far."""

    rows: Iterator[_Found] = field(default_factory=lambda: iter(()))
    opened: int = 0


def _merged(agency: Agency, sources: list[_Source], *, opens: bool) -> _Merged:
    merged = _Merged()
    streams = [_look(agency, source, merged, opens=opens) for source in sources]
    merged.rows = heapq.merge(*streams, key=lambda found: found.at, reverse=True)
    return merged


def _look(agency: Agency, source: _Source, merged: _Merged, *, opens: bool) -> Iterator[_Found]:
    """Yield a source's rows, read in chunks; with their cards where words are searched."""
    columns = ("pk", source.moment, "card", "number" if source.box == RECEIVED else "current")
    place, size = source.place, CHUNK if opens else HITS_AT_MOST + 1
    while merged.opened < CARDS_AT_MOST:
        rows = source.rows.filter(source.order.before(place)).order_by(*source.order.columns)
        chunk = list(rows.values_list(*columns, named=True)[:size])
        cards: list[bytes | None] = [None] * len(chunk)
        if opens:
            merged.opened += len(chunk)
            cards = open_plain_cards(agency.pk, source.table, _sealed(source, chunk))
        for row, card in zip(chunk, cards, strict=True):
            yield _Found(getattr(row, source.moment), source, row.pk, source.order.place(row), card)
        if len(chunk) < size:
            return
        place = source.order.place(chunk[-1])


def _sealed(source: _Source, chunk: list[Any]) -> list[tuple[object, int, bytes | None]]:
    return [(row.pk, REVISION if source.box == RECEIVED else row.current, row.card) for row in chunk]


def _collect(
    officer: Officer,
    sources: list[_Source],
    merged: _Merged,
    matches: Callable[[bytes | None], bool],
    mode: str,
    now: datetime,
) -> SearchResult:
    """Collect hits up to the limit of hits or of opened cards, and the place to continue from."""
    count, is_over = 0, True
    for found in merged.rows:
        if count == HITS_AT_MOST:
            is_over = False
            break
        found.source.place = found.place
        if matches(found.plain):
            found.source.hits.append(found.pk)
            count += 1
    by_box = {source.box: source for source in sources}
    return SearchResult(
        received=_received_rows(officer, by_box, now),
        sent=_sent_rows(officer, by_box, now),
        older=None if is_over and merged.opened < CARDS_AT_MOST else _cursor(mode, by_box),
        is_exact=mode == _EXACT and count > 0,
        opened=merged.opened,
    )


def _received_rows(officer: Officer, by_box: dict[str, _Source], now: datetime) -> tuple[InboxRow, ...]:
    if RECEIVED not in by_box:
        return ()
    found = ReceivedAlert.objects.visible_to(officer).filter(pk__in=by_box[RECEIVED].hits)
    return tuple(
        inbox_rows(officer, list(found.select_related("issuer", "agency").order_by("-number")), now=now)
    )


def _sent_rows(officer: Officer, by_box: dict[str, _Source], now: datetime) -> tuple[OutboxRow, ...]:
    if SENT not in by_box:
        return ()
    found = Alert.objects.visible_to(officer).filter(pk__in=by_box[SENT].hits)
    return tuple(outbox_rows(officer, list(found.order_by("-released_at", "-pk")), now=now))


def _cursor(mode: str, by_box: dict[str, _Source]) -> str:
    """Write the cursor; a box that was not searched counts as read to its end."""
    named = [by_box[box].place if box in by_box else _END for box in (RECEIVED, SENT)]
    return "~".join((mode, *named))


def _read_cursor(before: str) -> tuple[str, dict[str, str]]:
    """Return the mode and the places to continue from; raises `InputError` for a malformed cursor."""
    if not before:
        return "", {RECEIVED: "", SENT: ""}
    parts = before.split("~")
    if len(parts) != 3 or parts[0] not in (_EXACT, _WORDS):
        raise InputError("cursor", _("Use the cursor of the last page as it was given."))
    places = dict(zip((RECEIVED, SENT), parts[1:], strict=True))
    for box, order in ((RECEIVED, by_number()), (SENT, by_moment("released_at"))):
        if places[box] != _END:
            order.before(places[box])
    return parts[0], places


def _matcher(words: list[str]) -> Callable[[bytes | None], bool]:
    """Return a test whether an opened card holds all the words. It looks at the card's text first, which spares parsing most."""
    loose = [word for word in words if '"' not in word and "\\" not in word]

    def matches(plain: bytes | None) -> bool:
        if plain is None:
            return False
        text = fold(plain.decode())
        if not all(word in text for word in loose):
            return False
        card = read_card(plain)
        folded = fold(" ".join((card.title, *card.substances, *card.countries)))
        return all(word in folded for word in words)

    return matches


@transaction.atomic
def _record(officer: Officer, agency: Agency, result: SearchResult, now: datetime) -> None:
    record_event(
        "alert.searched",
        actor=officer.audit_name,
        agency=agency.pk,
        subject="alerts",
        detail={"hits": result.hits},
        now=now,
    )
