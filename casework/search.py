# SPDX-License-Identifier: Apache-2.0
"""Search of cases: the exact number by token, else words over the sealed cards and the notes of cases, newest first.

One search opens at most as many cards and notes as a search of alerts, and is one audit event, without its text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from alerts.boxes.search import CARDS_AT_MOST, HITS_AT_MOST, Query, check_query
from alerts.projections.tokens import fold
from callers.capabilities import Capability, require
from casework.cases import CASES, CaseRow, case_with_number, open_cases
from casework.models import Case, Note
from casework.notes import NOTES
from ledger.audit import record_event
from officers.models import Officer

CHUNK: Final = 1_000


@dataclass(frozen=True)
class CasesFound:
    """Cases that were found, at most 50. `is_exact`: by the number."""

    rows: tuple[CaseRow, ...]
    is_exact: bool = False


def search_cases(officer: Officer, text: str, *, now: datetime) -> CasesFound:
    """Find cases that the officer may see. Raises NotPermittedError, `InputError`."""
    require(officer, Capability.CASE_READ)
    check_query(Query(text))
    exact = case_with_number(officer, text)
    found = [exact.pk] if exact else _with_words(officer, fold(text).split())
    rows = Case.objects.visible_to(officer).filter(pk__in=found).select_related("unit", "officer")
    with transaction.atomic():
        record_event(
            "case.searched",
            actor=officer.audit_name,
            agency=officer.agency_id or "",
            subject="cases",
            detail={"hits": len(found)},
            now=now,
        )
    return CasesFound(tuple(open_cases(officer, list(rows))), exact is not None)


def _with_words(officer: Officer, words: list[str]) -> list[UUID]:
    """Return the cases with all these words in their card or in one of their notes."""
    found: dict[UUID, None] = {}
    for case, text in _texts(officer):
        folded = fold(text)
        if all(word in folded for word in words):
            found[case] = None
        if len(found) == HITS_AT_MOST:
            break
    return list(found)


def _texts(officer: Officer) -> Iterator[tuple[UUID, str]]:
    """Yield the texts of cases and then of their notes, the newest of each first, within the bound."""
    agency_id, left = officer.agency_id or "", CARDS_AT_MOST
    cases = Case.objects.visible_to(officer).order_by("-changed_at", "-pk")
    for rows in _chunks(cases.values_list("pk", "sealed")[:left]):
        cards = CASES.open_many(agency_id, [(pk, 1, sealed) for pk, sealed in rows])
        left -= len(rows)
        for (pk, _sealed), card in zip(rows, cards, strict=True):
            if card is not None:
                yield pk, " ".join((card.number, card.title, card.summary, card.closed_for))
    notes = Note.objects.visible_to(officer).filter(case__isnull=False).order_by("-at", "-pk")
    for noted in _chunks(notes.values_list("pk", "sealed", "case")[:left]):
        texts = NOTES.open_many(agency_id, [(pk, 1, sealed) for pk, sealed, _case in noted])
        for (_pk, _sealed, case), text in zip(noted, texts, strict=True):
            if text is not None:
                yield case, text


def _chunks(rows: Any) -> Iterator[list[Any]]:
    """Yield the rows of a query in lists that are opened together."""
    found = list(rows)
    for start in range(0, len(found), CHUNK):
        yield found[start : start + CHUNK]
