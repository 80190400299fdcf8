# SPDX-License-Identifier: Apache-2.0
"""Control status of one substance over time: a question of its own, with a reason and in the audit.

It is the same for a typed structure and for a stored one. The chart shows what the table beside it says in words; its
positions are numbers from 0 to `WIDTH`, so that no page needs a style of its own.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from alerts.query_audit import SCREENED, QueryReason, record_question, refuse_mixture, science_errors
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from science.answers.screen import SubstanceQuery, refuse_words
from science.answers.screening import named_instrument
from science.answers.words import SENTENCES, STANDINGS, TONES
from science.law.controls import ruleset_for
from science.law.places import place_name
from science.rows.structures import Mark, StoredStructure
from science.structures.store import open_rows
from substances.control.results import NOT_ASKED, SILENT, Query, Span
from substances.control.safe import timeline
from substances.sandbox import sandboxed

WIDTH: Final = 1000
FIRST_YEAR: Final = 1960
TICKS_AT_MOST: Final = 8
STEPS: Final = (1, 2, 5, 10, 20)


@dataclass(frozen=True)
class SpanShown:
    """One status over a time; `x` and `width` are its place in the chart."""

    start: date | None
    end: date | None
    standing: str
    sentence: str
    text: str
    note: str
    tone: str
    by: str
    title: str
    x: int
    width: int

    @property
    def y(self) -> int:
        """Top of its bar: what is law, or may be, is drawn thick."""
        return 8 if self._is_thin else 3

    @property
    def height(self) -> int:
        return 4 if self._is_thin else 14

    @property
    def _is_thin(self) -> bool:
        return self.standing in ("not_yet", "ended", "excluded")

    @property
    def is_since_text(self) -> bool:
        """Tell whether its start is the day of the oldest text known here, which does not say since when."""
        return self.start is not None and self.sentence == "listed_since_unknown"

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing known here reached it in that time."""
        return self.standing in SILENT


@dataclass(frozen=True)
class PlaceOverTime:
    """Jurisdiction with its spans, oldest first."""

    code: str
    name: str
    spans: tuple[SpanShown, ...]

    @property
    def says_anything(self) -> bool:
        return any(not span.is_silent for span in self.spans)

    @property
    def was_asked(self) -> bool:
        return all(span.standing != NOT_ASKED for span in self.spans)


@dataclass(frozen=True)
class TimelineShown:
    """Every jurisdiction that is known here. `ticks` are years at equal distances, `today_x` is where today is."""

    ruleset: str
    smiles: str = field(repr=False)
    places: tuple[PlaceOverTime, ...] = field(repr=False)
    name: str = field(default="", repr=False)
    ticks: tuple[int, ...] = ()
    today_x: int = 0

    @property
    def speaking(self) -> list[PlaceOverTime]:
        """Jurisdictions that have or had any status."""
        return [place for place in self.places if place.says_anything]

    @property
    def silent(self) -> list[PlaceOverTime]:
        return [place for place in self.places if not place.says_anything and place.was_asked]

    @property
    def unasked(self) -> list[PlaceOverTime]:
        """Jurisdictions whose silence says nothing: a name alone was compared."""
        return [place for place in self.places if not place.says_anything and not place.was_asked]


def ask_timeline(actor: Actor, query: Query, why: QueryReason, *, now: datetime) -> TimelineShown:
    """Return the timeline of a typed substance.

    Raises what `record_question` does, InputError, ScienceInputError, ScienceAwayError.
    """
    agency = record_question(actor, SCREENED, why, now=now)
    refuse_words(SubstanceQuery(query.smiles, name=query.name))
    if query.smiles.strip():
        with science_errors():
            refuse_mixture(why, sandboxed.read_structure(query.smiles).components)
    return _shown(agency.pk, query, now.date())


def ask_stored_timeline(
    actor: Actor, structure_id: uuid.UUID, why: QueryReason, *, now: datetime
) -> TimelineShown:
    """Return the timeline of a stored structure, of an alert that the actor may see; raises AbsentError for another.

    For officers only: an API key reads no alert's structure. Raises NotPermittedError, and what `ask_timeline` does.
    """
    require(actor, Capability.SCIENCE_READ)
    row = (
        StoredStructure.objects.visible_to(actor)
        .filter(pk=structure_id, mark__in=(Mark.READ, Mark.NAMED))
        .first()
    )
    opened = next(open_rows(row.agency_id, [row]), None) if row is not None else None
    if opened is None:
        raise AbsentError
    agency = record_question(actor, SCREENED, why, now=now)
    kept = opened.kept
    return _shown(agency.pk, Query(kept.smiles, kept.name, kept.cas_rn), now.date())


def _shown(agency_id: str, query: Query, today: date) -> TimelineShown:
    rules = ruleset_for(agency_id)
    with science_errors():
        spans = timeline(query, law=rules.law)
    ticks = year_ticks(spans, today)
    first, last = date(ticks[0], 1, 1), date(ticks[-1] + ticks[1] - ticks[0], 1, 1)
    places = tuple(_places(spans, first, last))
    return TimelineShown(rules.digest, query.smiles, places, query.name, ticks, _x(today, first, last))


def year_ticks(spans: Sequence[Span], today: date) -> tuple[int, ...]:
    """Return years at equal distances from before the first change to after today; each stands for the time up to the next."""
    years = [day.year for span in spans for day in (span.start, span.end) if day is not None]
    first = max(min(years, default=today.year - 4), FIRST_YEAR)
    last = max([*years, today.year]) + 1
    step = next((step for step in STEPS if (last - first) / step < TICKS_AT_MOST), STEPS[-1])
    begin = (first - 1) // step * step
    return tuple(range(begin, max(last, begin + step + 1), step))


def _places(spans: Sequence[Span], first: date, last: date) -> Iterator[PlaceOverTime]:
    for code in dict.fromkeys(span.jurisdiction for span in spans):
        own = tuple(_span(span, first, last) for span in spans if span.jurisdiction == code)
        yield PlaceOverTime(code, place_name(code), own)


def _span(span: Span, first: date, last: date) -> SpanShown:
    begin = _x(span.start or first, first, last)
    end = _x(span.end or last, first, last)
    return SpanShown(
        start=span.start,
        end=span.end,
        standing=span.standing,
        sentence=span.sentence,
        text=str(STANDINGS.get(span.standing, span.standing)),
        note=str(SENTENCES.get(span.sentence, "")),
        tone=TONES.get(span.standing, ""),
        by=span.by,
        title=named_instrument(span.title),
        x=begin,
        width=max(end - begin, 3),
    )


def _x(day: date, first: date, last: date) -> int:
    share = (day - first).days / max((last - first).days, 1)
    return round(min(max(share, 0.0), 1.0) * WIDTH)
