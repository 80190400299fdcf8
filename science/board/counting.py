# SPDX-License-Identifier: Apache-2.0
"""Conclusions of the early-warning board: a function of sightings and of today, nothing else.

What stands out is a reason to look, not a finding: reports depend on who looks and who shares, and each case of a report
is counted. Each conclusion carries the numbers it was drawn from.
"""

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from science.board.chances import Baseline, baseline, chance_of, stands_out
from science.board.sightings import Sighting

SPANS: Final = (30, 90, 365)
"""Days that the board may be asked about."""
BASELINE_SPANS: Final = 4
"""Number of earlier spans of the same length to compare with, if the agency's memory reaches that far."""
WEEKS_BEFORE: Final = 52
LEAST_WEEKS: Final = 4
"""With fewer earlier weeks no week is compared, since the usual number is unknown."""
SECOND_LOOK_AFTER: Final = dt.timedelta(days=90)
"""Time after the last report without harm when a substance is due for a harm review."""
ROWS: Final = 20
"""Limit of each list; how many more there are is stated."""
WEEK: Final = dt.timedelta(days=7)


@dataclass(frozen=True)
class FirstSighting:
    """Substance that was unknown to the agency before the span; `reports` so far."""

    sighting: Sighting = field(repr=False)
    reports: int


@dataclass(frozen=True)
class NewCountry:
    """Substance known from elsewhere before the span, reported from this country for the first time."""

    sighting: Sighting = field(repr=False)
    elsewhere: tuple[str, ...]


@dataclass(frozen=True)
class Rise:
    """Reports of a substance or a class in the span against the spans before. `newest` is a report to begin with."""

    name: str = field(repr=False)
    is_class: bool
    count: int
    before: Baseline
    chance: float
    newest: Sighting = field(repr=False)


@dataclass(frozen=True)
class Cluster:
    """Cases of harm of one place in one week, beginning on Monday `week`, against the weeks before it."""

    country: str = field(repr=False)
    region: str = field(repr=False)
    week: dt.date
    cases: int
    fatal: int
    before: Baseline
    chance: float
    sightings: tuple[Sighting, ...] = field(repr=False)


@dataclass(frozen=True)
class LastHarmReview:
    """Newest harm review of one alert: its day, and when the next is due; None: only after another report."""

    day: dt.date
    next_on: dt.date | None


@dataclass(frozen=True)
class HarmReviewDue:
    """Substance whose reports all say that no harm is known, the last one long ago.

    `since` is when the review became due; `looked` is the day of the last review, None before the first.
    """

    sighting: Sighting = field(repr=False)
    reports: int
    since: dt.date
    looked: dt.date | None = None


@dataclass(frozen=True)
class Week:
    """Reports of one week."""

    monday: dt.date
    reports: int
    cases: int


@dataclass(frozen=True)
class Board:
    """The whole board for one span of days that ends today."""

    days: int
    since: dt.date
    today: dt.date
    reports: int
    cases: int
    substances: int
    remembered_since: dt.date | None
    first: tuple[FirstSighting, ...]
    countries: tuple[NewCountry, ...]
    rising: tuple[Rise, ...]
    clusters: tuple[Cluster, ...]
    second_look: tuple[HarmReviewDue, ...]
    looked_later: int
    """Number of substances that were reviewed and wait for a later day, or for another report."""
    by_country: tuple[tuple[str, int], ...]
    weeks: tuple[Week, ...]


def draw_board(
    seen: Sequence[Sighting],
    *,
    days: int,
    today: dt.date,
    looks: Mapping[uuid.UUID, LastHarmReview] = MappingProxyType({}),
) -> Board:
    """Draw the board from sightings, in the order in which they became known. `looks` are harm reviews by alert."""
    since = today - dt.timedelta(days=days - 1)
    lately = [sighting for sighting in seen if sighting.known >= since]
    by_key = _grouped(seen, _key)
    waiting = list(_waiting(by_key, looks))
    countries = Counter(sighting.country for sighting in lately if sighting.country)
    return Board(
        days=days,
        since=since,
        today=today,
        reports=len(lately),
        cases=sum(sighting.cases for sighting in lately),
        substances=len({sighting.key for sighting in lately}),
        remembered_since=seen[0].known if seen else None,
        first=tuple(_first(by_key, since)),
        countries=tuple(_new_countries(by_key, since)),
        rising=tuple(_rising(seen, days, since)),
        clusters=tuple(_clusters(seen, since, today)),
        second_look=tuple(_second_look(waiting, today)),
        looked_later=sum(1 for look, since in waiting if look.looked and (since is None or today < since)),
        by_country=tuple(countries.most_common()),
        weeks=tuple(_weeks(seen, today)),
    )


def monday_of(day: dt.date) -> dt.date:
    """Return the Monday of the day's week, as ISO 8601 counts weeks."""
    return day - dt.timedelta(days=day.weekday())


_Grouped = dict[str, list[Sighting]]


def _grouped(seen: Iterable[Sighting], key: Callable[[Sighting], str]) -> _Grouped:
    groups: _Grouped = defaultdict(list)
    for sighting in seen:
        if key(sighting):
            groups[key(sighting)].append(sighting)
    return groups


def _key(sighting: Sighting) -> str:
    return sighting.key


def _drug_class(sighting: Sighting) -> str:
    return sighting.drug_class


def _first(by_key: _Grouped, since: dt.date) -> list[FirstSighting]:
    found = [FirstSighting(group[0], len(group)) for group in by_key.values() if group[0].known >= since]
    return sorted(found, key=lambda first: first.sighting.known, reverse=True)


def _new_countries(by_key: _Grouped, since: dt.date) -> list[NewCountry]:
    found = []
    for group in by_key.values():
        before = {sighting.country for sighting in group if sighting.known < since and sighting.country}
        new = {
            sighting.country: sighting
            for sighting in reversed(group)
            if sighting.country and sighting.country not in before
        }
        if before:
            found += [NewCountry(sighting, tuple(sorted(before))) for sighting in new.values()]
    return sorted(found, key=lambda entry: entry.sighting.known, reverse=True)


def _rising(seen: Sequence[Sighting], days: int, since: dt.date) -> list[Rise]:
    """Return substances and classes whose reports stand out; none before there is a span to compare with."""
    spans = min(BASELINE_SPANS, (since - seen[0].known).days // days) if seen else 0
    if spans < 1:
        return []
    start = since - dt.timedelta(days=days * spans)
    rises = []
    for is_class, key in ((False, _key), (True, _drug_class)):
        for name, group in _grouped(seen, key).items():
            count = sum(1 for one in group if one.known >= since)
            before = baseline(sum(1 for one in group if start <= one.known < since), spans)
            if before.total and stands_out(count, before):
                shown = name if is_class else group[-1].name
                rises.append(Rise(shown, is_class, count, before, chance_of(count, before), group[-1]))
    return sorted(rises, key=lambda rise: rise.chance)


def _clusters(seen: Sequence[Sighting], since: dt.date, today: dt.date) -> list[Cluster]:
    """Return clusters of weeks that end in the span, each against as many weeks before it as are remembered."""
    harmful = [sighting for sighting in seen if sighting.cases and sighting.country]
    if not harmful:
        return []
    remembered = monday_of(min(sighting.day for sighting in seen))
    found = []
    places = _grouped(harmful, lambda one: f"{one.country}\n{one.region.casefold()}")
    for group in places.values():
        by_week = _grouped(group, lambda one: monday_of(one.day).isoformat())
        for monday, sightings in by_week.items():
            week = dt.date.fromisoformat(monday)
            cluster = _cluster(week, sightings, by_week, remembered)
            if since <= week + WEEK - dt.timedelta(days=1) and week <= today and cluster is not None:
                found.append(cluster)
    return sorted(found, key=lambda cluster: (cluster.week, cluster.cases), reverse=True)


def _cluster(
    week: dt.date, sightings: list[Sighting], by_week: _Grouped, remembered: dt.date
) -> Cluster | None:
    weeks = min(WEEKS_BEFORE, (week - remembered).days // 7)
    if weeks < LEAST_WEEKS:
        return None
    past = (by_week.get((week - number * WEEK).isoformat(), ()) for number in range(1, weeks + 1))
    before = baseline(sum(one.cases for group in past for one in group), weeks)
    cases = sum(one.cases for one in sightings)
    if not stands_out(cases, before):
        return None
    first, fatal = sightings[0], sum(one.fatal or 0 for one in sightings)
    chance = chance_of(cases, before)
    return Cluster(first.country, first.region, week, cases, fatal, before, chance, tuple(sightings))


def _waiting(
    by_key: _Grouped, looks: Mapping[uuid.UUID, LastHarmReview]
) -> Iterator[tuple[HarmReviewDue, dt.date | None]]:
    """Yield every substance without known harm, with the day of its next review; None where a review closed it.

    A report after the last review starts the waiting time again.
    """
    for group in by_key.values():
        if not _says_no_harm(group):
            continue
        known = group[-1].known
        found = [looks[one.alert_id] for one in group if one.alert_id in looks]
        last = max(found, key=lambda look: look.day, default=None)
        counts = last is not None and known <= last.day
        since = last.next_on if last is not None and counts else known + SECOND_LOOK_AFTER
        yield (
            HarmReviewDue(group[-1], len(group), since or known, last.day if last and counts else None),
            since,
        )


def _second_look(
    waiting: Iterable[tuple[HarmReviewDue, dt.date | None]], today: dt.date
) -> list[HarmReviewDue]:
    due = [look for look, since in waiting if since is not None and since <= today]
    return sorted(due, key=lambda look: look.since)


def _says_no_harm(group: Sequence[Sighting]) -> bool:
    """Tell whether the reports say at least once that no harm is known, and never anything else."""
    said = {one.harm for one in group}
    return "none_yet" in said and said <= {"none_yet", ""} and not any(one.cases for one in group)


def _weeks(seen: Sequence[Sighting], today: dt.date) -> list[Week]:
    """Return the last 52 weeks up to this one, by the day of the event."""
    by_week = _grouped(seen, lambda one: monday_of(one.day).isoformat())
    this = monday_of(today)
    mondays = [this - number * WEEK for number in range(WEEKS_BEFORE - 1, -1, -1)]
    return [
        Week(monday, len(group), sum(one.cases for one in group))
        for monday in mondays
        for group in [by_week.get(monday.isoformat(), [])]
    ]
