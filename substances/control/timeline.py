# SPDX-License-Identifier: Apache-2.0
"""Standings of a substance by jurisdiction as spans of time, without a gap.

A span's `start` day is inside it and its `end` day is not; the first span has no start, the last no end. Where a list gives a
start only by its year, that year is a span with the standing `review`: a person has to look up the day.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from substances.control.results import JurisdictionStatus, Query, Span
from substances.control.screening import Law, assess, law_of
from substances.control.standings import Assessment, covered_by, status_on
from substances.structures.reading import read_structure


def timeline(query: Query, *, law: Law | None = None, jurisdictions: Sequence[str] = ()) -> tuple[Span, ...]:
    """Return the spans of every jurisdiction, each in the order of time. Raises InputRefusedError as a screening does."""
    law = law or law_of()
    structure = read_structure(query.smiles) if query.smiles.strip() else None
    assessment = assess(query, structure, law, jurisdictions)
    return tuple(span for one in assessment.jurisdictions for span in spans_of(assessment, one))


def spans_of(assessment: Assessment, jurisdiction: str) -> Iterator[Span]:
    """Yield spans, joining neighbouring times with the same standing on the same ground."""
    open_span: Span | None = None
    for start in [None, *_turning_days(assessment, jurisdiction)]:
        day = start if start is not None else _before(assessment, jurisdiction)
        span = _span(assessment, status_on(assessment, jurisdiction, day), start)
        if open_span is not None and _same(open_span, span):
            continue
        if open_span is not None:
            yield _ended(open_span, start)
        open_span = span
    if open_span is not None:
        yield open_span


def _turning_days(assessment: Assessment, jurisdiction: str) -> list[date]:
    days: set[date] = set()
    for rule in (one.rule for one in assessment.judged):
        if rule.jurisdiction == jurisdiction:
            days.update(_edges((interval.start, interval.end) for interval in rule.in_force))
    for listing in (hit.listing for hit, _cover in covered_by(assessment, jurisdiction)):
        days.update(_edges([(listing.start, listing.end)]))
        days.add(listing.sure_from)
    days.update(one.until for one in assessment.coverage.get(jurisdiction, ()) if one.until is not None)
    return sorted(days - {date.min})


def _edges(pairs: Iterable[tuple[date | None, date | None]]) -> Iterator[date]:
    for pair in pairs:
        yield from (day for day in pair if day is not None)


def _before(assessment: Assessment, jurisdiction: str) -> date:
    days = _turning_days(assessment, jurisdiction)
    return days[0] - timedelta(days=1) if days else date(2000, 1, 1)


def _span(assessment: Assessment, status: JurisdictionStatus, start: date | None) -> Span:
    return Span(
        jurisdiction=status.jurisdiction,
        start=start,
        end=None,
        standing=status.standing,
        sentence=status.sentences[0],
        by=status.by,
        title=_title(status),
    )


def _title(status: JurisdictionStatus) -> str:
    """Return the deciding rule's title, else the list's own."""
    return next((rule.title for rule in status.rules if rule.rule_id == status.by), status.by)


def _same(one: Span, other: Span) -> bool:
    return (one.standing, one.sentence, one.by, one.title) == (
        other.standing,
        other.sentence,
        other.by,
        other.title,
    )


def _ended(span: Span, end: date | None) -> Span:
    return Span(span.jurisdiction, span.start, end, span.standing, span.sentence, span.by, span.title)
