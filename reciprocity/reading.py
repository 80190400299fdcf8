# SPDX-License-Identifier: Apache-2.0
"""The record of an agency with a peer: what each gave the other in a period, as `accord.reciprocity` counts it.

It is of one pair: nothing here compares partners. Figures are of all items of the agency, the same for each of its readers whom no
ceiling limits; others have none (`reciprocity.models.sees_records`).
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Final, Self

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accord.commitments import COURT_OUTCOMES
from accord.envelope.worth import has_force
from accord.moments import moment_of
from accord.reciprocity import (
    DISPUTED,
    FINAL_ANSWER,
    GOODS,
    RED,
    RETRACTED_WITHIN,
    SETTLED,
    SUPPLIES,
    UNREAD,
    Period,
    all_counts,
)
from accord.suspensions import Span, Suspension
from alerts.document.choices import ALERT_TYPES
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.suspensions import ROUTINE, Suspensions, suspensions_of
from alerts.projections.tokens import tokens_of
from alerts.receiving.signature_judging import judge_statements
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from officers.models import Officer
from peers.agreements import kept_agreements
from peers.models import Agency, HeldStatement
from peers.sent import deliveries_of
from reciprocity.contributions import COUNTS_AS, VERDICTS, row_id
from reciprocity.models import Contribution, DailyCount, sees_records
from vault.sealed_store import REVISION

GAVE: Final = True
GOT: Final = False
BOTH: Final = (GAVE, GOT)
_EXCHANGED: Final = "exchanged"


@dataclass(frozen=True)
class Figure:
    """One row: how many each side gave of a kind. `code` is a type of alert, what was supplied, or a word of `accord.reciprocity`."""

    code: str
    gave: int
    got: int


@dataclass(frozen=True)
class MonthRow:
    """Items of one month, whatever their kind."""

    month: date
    gave: int
    got: int


@dataclass(frozen=True)
class Times:
    """Times of one direction: how many there are, and the median; None where there is none."""

    n: int = 0
    middle: timedelta | None = None

    @classmethod
    def of(cls, times: Collection[timedelta]) -> Self:
        middle = timedelta(seconds=median(took.total_seconds() for took in times)) if times else None
        return cls(len(times), middle)


@dataclass(frozen=True)
class Record:
    """Record of a pair.

    `answers_...` are the times from a question to its first final answer, `outcomes_...` those from a verdict to its being told.
    `withdrawn` counts what was retracted within 30 days, which no other figure has. `disputed` are items whose newest word in a
    reply about them is that they do not count.
    """

    agency: Agency
    peer: Agency
    period: Period
    kinds: tuple[Figure, ...]
    supplies: tuple[Figure, ...]
    months: tuple[MonthRow, ...]
    total: Figure
    withdrawn: Figure
    answers_gave: Times
    answers_got: Times
    outcomes_gave: Times
    outcomes_got: Times
    disputed: tuple[str, ...]
    """Addresses of the disputed ones."""

    @property
    def is_empty(self) -> bool:
        return not (self.total.gave or self.total.got or self.withdrawn.gave or self.withdrawn.got)


class _Words:
    """Words of what items count as, by their tokens, which are the agency's."""

    def __init__(self, agency_id: str) -> None:
        words = list(all_counts(code for code, _label in ALERT_TYPES))
        self._words = dict(
            zip(tokens_of(agency_id, [(COUNTS_AS, word) for word in words]), words, strict=True)
        )

    def of(self, token: bytes | memoryview | None, *, is_red: bool) -> str:
        return RED if is_red else UNREAD if token is None else self._words.get(bytes(token), UNREAD)

    def tokens(self, wanted: Callable[[str], bool]) -> list[bytes]:
        """Return the tokens of the words that fit."""
        return [token for token, word in self._words.items() if wanted(word)]


def partners_of(officer: Officer, *, now: datetime) -> list[tuple[Agency, bool]]:
    """Return the agencies with which an agreement is in force, or anything was exchanged, by name, and whether anything was.

    None for an officer who sees no records. Raises NotBoundError.
    """
    require(officer, Capability.ALERT_READ)
    if not sees_records(officer):
        return []
    own = Contribution.objects.visible_to(officer)
    rows = Agency.objects.visible_to(officer).exclude(pk=officer.agency_id or "")
    rows = rows.annotate(**{_EXCHANGED: Exists(own.filter(peer=OuterRef("pk")))})
    rows = rows.filter(Q(**{_EXCHANGED: True}) | Q(pk__in=_agreed(officer, now)))
    return [(row, getattr(row, _EXCHANGED)) for row in rows.order_by("name", "pk")]


def _agreed(officer: Officer, now: datetime) -> set[str]:
    """Return the parties of the agreements in force, by the exchange's word."""
    kept, at = kept_agreements(officer.agency_id or ""), int(now.timestamp())
    in_force = (one for one in kept.agreements if one.is_in_force(at)) if kept else ()
    return {party for one in in_force for party in one.parties}


def read_record(officer: Officer, peer_id: str, period: Period, *, now: datetime) -> Record:
    """Return the record with a peer; the number of queries does not depend on how much was exchanged."""
    return record_of(find_pair(officer, peer_id, period, now=now))


def find_pair(officer: Officer, peer_id: str, period: Period, *, now: datetime) -> "Pair":
    """Return the items of the officer's agency and a peer; raises `AbsentError`, also for an officer who sees no records."""
    if not sees_records(officer):
        raise AbsentError
    peer = Agency.objects.visible_to(officer).exclude(pk=officer.agency_id or "").filter(pk=peer_id).first()
    if peer is None or officer.agency is None:
        raise AbsentError
    return Pair(officer.agency, peer, period, now)


def record_of(pair: "Pair") -> Record:
    """Return the record of a pair."""
    return Record(
        agency=pair.agency,
        peer=pair.peer,
        period=pair.period,
        kinds=pair.kinds,
        supplies=pair.supplies,
        months=pair.months,
        total=Figure("total", *(pair.counted_of(side) for side in BOTH)),
        withdrawn=Figure(
            "withdrawn", *(sum(row.is_given is side for row in pair.withdrawn) for side in BOTH)
        ),
        answers_gave=pair.answer_times(GAVE),
        answers_got=pair.answer_times(GOT),
        outcomes_gave=pair.outcome_times(GAVE),
        outcomes_got=pair.outcome_times(GOT),
        disputed=pair.disputed,
    )


class Pair:
    """Items that an agency and a peer gave each other in a period, read as they are asked for."""

    def __init__(self, agency: Agency, peer: Agency, period: Period, now: datetime) -> None:
        self.agency, self.peer, self.period, self._now = agency, peer, period, now
        self.rows = Contribution.objects.filter(agency=agency, peer=peer).order_by()
        self._words = _Words(agency.pk)

    @cached_property
    def _all(self) -> QuerySet[Contribution]:
        return self.rows.filter(logged_at__gte=self.period.begins, logged_at__lt=self.period.ends)

    @property
    def standing(self) -> QuerySet[Contribution]:
        """Select what counts: the items of the period that were not retracted within 30 days."""
        return self._all.exclude(pk__in=[row.pk for row in self.withdrawn])

    @cached_property
    def withdrawn(self) -> tuple[Contribution, ...]:
        """Items of the period that were retracted within 30 days, by retracts that are in the ledger and count now."""
        both, since = (self.agency.pk, self.peer.pk), int(self.period.begins.timestamp())
        said = HeldStatement.objects.filter(
            reader=self.agency.pk, iss__in=both, k="retract", log_time__gte=since
        )
        retracts = [row for row in said if row.is_bound]
        worth = judge_statements(VerifiedDirectory(self.agency.pk, self._now), retracts) if retracts else {}
        counting = [row for row in retracts if has_force(worth.get(row.od))]
        at = {(row.sub_d, row.iss == self.agency.pk): moment_of(row.stated_at) for row in counting}
        found = []
        for row in self._all.filter(md__in={md for md, _is_own in at}):
            retracted_at = at.get((row.md, row.is_given))
            if retracted_at and row.logged_at and retracted_at < row.logged_at + RETRACTED_WITHIN:
                found.append(row)
        return tuple(found)

    @cached_property
    def _counted(self) -> Counter[tuple[bool, date, str]]:
        """Items by direction, month and word."""
        days = (self.period.first, self.period.last)
        rows = DailyCount.objects.filter(agency=self.agency, peer=self.peer, day__range=days)
        by = rows.annotate(month=TruncMonth("day")).values_list("is_given", "month", "counts_as", "is_red")
        found = Counter[tuple[bool, date, str]]()
        for is_given, month, token, is_red, n in by.annotate(total=Sum("n")):
            found[is_given, month, self._words.of(token, is_red=is_red)] += n
        for row in self.withdrawn:
            if row.logged_at is not None:
                month = row.logged_at.astimezone(UTC).date().replace(day=1)
                found[row.is_given, month, self._words.of(row.counts_as, is_red=row.is_red)] -= 1
        return +found

    def counted_of(self, side: bool, fits: Callable[[list[str]], bool] = lambda parts: True) -> int:
        """Return how many items of one direction fit, by the parts of their word."""
        found = self._counted.items()
        return sum(n for (is_given, _month, word), n in found if is_given is side and fits(word.split("+")))

    @property
    def kinds(self) -> tuple[Figure, ...]:
        """Figures by type; types of which neither gave any are left out."""
        codes = dict.fromkeys(word.split("+")[0] for _side, _month, word in sorted(self._counted, key=_order))
        return tuple(Figure(code, *(self._of_kind(code, side) for side in BOTH)) for code in codes)

    def _of_kind(self, code: str, side: bool) -> int:
        return self.counted_of(side, lambda parts: parts[0] == code)

    @property
    def supplies(self) -> tuple[Figure, ...]:
        """Figures of everything that agencies commit themselves to but answers; goods as far as they were acknowledged."""
        return tuple(Figure(code, *(self._supplied(code, side) for side in BOTH)) for code in SUPPLIES)

    def _supplied(self, code: str, side: bool) -> int:
        n = self.counted_of(side, lambda parts: code in parts[1:])
        return self.supplying(code, side).count() if n and code in GOODS else n

    def supplying(self, code: str, side: bool) -> QuerySet[Contribution]:
        """Select the items of one direction that supply this."""
        counted = {word for _side, _month, word in self._counted if code in word.split("+")[1:]}
        rows = self.standing.filter(is_given=side, counts_as__in=self._words.tokens(counted.__contains__))
        if code not in GOODS:
            return rows
        if side is GOT:
            return rows.filter(received__acknowledged_at__isnull=False)
        said = deliveries_of(self.agency.pk).filter(
            md=OuterRef("md"), recipient=self.peer.pk, acknowledged_at__isnull=False
        )
        return rows.filter(Exists(said))

    @property
    def months(self) -> tuple[MonthRow, ...]:
        """Items of each month of the period."""
        found = Counter[tuple[bool, date]]()
        for (is_given, month, _word), n in self._counted.items():
            found[is_given, month] += n
        return tuple(MonthRow(month, found[GAVE, month], found[GOT, month]) for month in self.period.months)

    def answer_times(self, side: bool) -> Times:
        """Return the times of questions whose first final answer was given in the period, without what a suspension held up."""
        return Times.of([one.took for one in self.answers(side)] if self._of_kind(FINAL_ANSWER, side) else [])

    def answers(self, side: bool) -> "list[AnswerTime]":
        """Return the questions whose first final answer one side gave in the period."""
        given = self.standing.filter(is_given=side, counts_as__in=self._final).exclude(re_md="")
        about = set(given.values_list("re_md", flat=True))
        first: dict[str, datetime] = {}
        for md, at in self.final_answers(side, about):
            first.setdefault(md, at)
        inside = [md for md, at in first.items() if self.period.begins <= at < self.period.ends]
        asked = self.rows.filter(is_given=not side, md__in=inside, logged_at__isnull=False)
        lanes = asked.values_list("md", "logged_at", "alert__lane" if side is GOT else "received__lane")
        return [
            AnswerTime(md, at, first[md], self.held_up(lane, at, first[md])) for md, at, lane in lanes if at
        ]

    @cached_property
    def _final(self) -> list[bytes]:
        return self._words.tokens(lambda word: word.split("+")[0] == FINAL_ANSWER)

    def final_answers(self, side: bool, about: Collection[str]) -> list[tuple[str, datetime]]:
        """Return the final answers of one side to these questions that were not withdrawn, whenever they were given, in their order."""
        rows = self.rows.filter(
            is_given=side, re_md__in=about, counts_as__in=self._final, logged_at__isnull=False
        ).exclude(pk__in=[row.pk for row in self.withdrawn])
        return [(md, at) for md, at in rows.order_by("logged_at").values_list("re_md", "logged_at") if at]

    def held_up(self, lane: str, start: datetime, end: datetime) -> timedelta:
        """Return how long a suspension of the lane stopped the clock of an answer in this time."""
        spans = self.stops(lane)
        stops = ((moment_of(one.since), end if one.until is None else moment_of(one.until)) for one in spans)
        each = (max(min(until, end) - max(since, start), timedelta()) for since, until in stops)
        return sum(each, timedelta())

    def stops(self, lane: str) -> list[Span]:
        """Return when clocks of answers on the lane stood still between the two, in order and apart."""
        return self._known.stopping(self.peer.pk, lane, ROUTINE)

    @cached_property
    def _known(self) -> Suspensions:
        return suspensions_of(self.agency.pk, now=self._now)

    @property
    def suspensions(self) -> tuple[Suspension, ...]:
        """Suspensions of lanes by either of the two with the other, past and present."""
        return tuple(one for one in self._known.stated if one.other(self.agency.pk) == self.peer.pk)

    def outcome_times(self, side: bool) -> Times:
        """Return the times from the stated days of verdicts to the outcomes; one without a day has none."""
        n = self.counted_of(side, lambda parts: COURT_OUTCOMES in parts[1:])
        told = self.outcomes(side) if n else []
        return Times.of([max(at.date() - day, timedelta()) for _md, day, at in told])

    def outcomes(self, side: bool) -> list[tuple[str, date, datetime]]:
        """Return the court outcomes of one side that state the day of the verdict: address, day, when it was told."""
        rows = self.supplying(COURT_OUTCOMES, side).filter(sealed__isnull=False)
        found = [
            (md, sealed, at)
            for md, sealed, at in rows.values_list("md", "sealed", "logged_at")
            if sealed is not None and at is not None
        ]
        days = VERDICTS.open_many(
            self.agency.pk, [(row_id(md, self.peer.pk), REVISION, sealed) for md, sealed, _at in found]
        )
        return [(md, day, at) for (md, _sealed, at), day in zip(found, days, strict=True) if day is not None]

    @cached_property
    def disputed(self) -> tuple[str, ...]:
        """Addresses of items that count and whose newest word in a reply of either side is that they do not, sorted."""
        tokens = self._words.tokens({DISPUTED, SETTLED}.__contains__)
        said = self.rows.filter(counts_as__in=tokens, logged_at__isnull=False).exclude(re_md="")
        said = said.order_by("logged_at", "md")
        newest = dict(said.values_list("re_md", "counts_as"))
        words = {md: self._words.of(token, is_red=False) for md, token in newest.items()}
        doubted = [md for md, word in words.items() if word == DISPUTED]
        return tuple(sorted(self.standing.filter(md__in=doubted).values_list("md", flat=True)))

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Addresses of everything that counts, sorted."""
        return tuple(sorted(self.standing.values_list("md", flat=True)))


@dataclass(frozen=True)
class AnswerTime:
    """Question with its first final answer; `held_up` is how long a suspension stopped the clock between."""

    md: str
    asked_at: datetime
    answered_at: datetime
    held_up: timedelta

    @property
    def took(self) -> timedelta:
        return self.answered_at - self.asked_at - self.held_up


_ORDER: Final = {code: n for n, (code, _label) in enumerate(ALERT_TYPES)}


def _order(key: tuple[bool, date, str]) -> tuple[int, str]:
    code = key[2].split("+")[0]
    return _ORDER.get(code, len(_ORDER)), code
