# SPDX-License-Identifier: Apache-2.0
"""Standing commitments of the agreements in force, and how they were kept: read from the sealed texts and from what was exchanged.

Nothing of it is stored: states follow from agreements, items and suspensions as the desk holds them now.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from accord.agreements import SignedVersion, VersionState
from accord.commitment_states import Kept, Owed, due_after, judge_cause, judge_periods, newest
from accord.commitments import ANSWERS, COURT_OUTCOMES, Commitment, read_commitments
from accord.document.rules import CLOSED
from accord.moments import moment_of, moment_or_none
from accord.reciprocity import Period
from accord.suspensions import move_due
from alerts.agency.agreement_texts import texts_of
from alerts.models import Alert, ReceivedAlert
from alerts.peers.signed_agreements import signed_versions
from alerts.rows.agreement_texts import AgreementText
from officers.models import Officer
from peers.models import Agency
from peers.sent import envelopes_of
from reciprocity.models import Contribution, sees_records
from reciprocity.reading import GAVE, GOT, Pair

SHOWN: Final = 24
"""Limit of periods or causes of one commitment that are listed, newest first."""


@dataclass(frozen=True)
class Standing:
    """Commitment of an agreement in force between the agency and a peer; `is_ours` where the agency is to give.

    `n` is its row in the text. `owed` has everything that was owed so far, the oldest first.
    """

    version: SignedVersion
    n: int
    commitment: Commitment
    peer: Agency
    is_ours: bool
    owed: tuple[Owed, ...]

    @property
    def next(self) -> Owed | None:
        """Next one that is due, else the last that was owed."""
        return newest(self.owed)

    @property
    def shown(self) -> tuple[Owed, ...]:
        return self.owed[: -SHOWN - 1 : -1]

    def counts_in(self, period: Period) -> Mapping[Kept, int]:
        """Return how often it came to each state, of what was due in a period."""
        due = [one for one in self.owed if period.begins <= one.due < period.ends]
        return {state: sum(one.state == state for one in due) for state in Kept}

    def kept_ahead_in(self, period: Period) -> int:
        """Return how often something was given in a period that is due only after it."""
        given = [(one.given_at, one.due) for one in self.owed if one.given_at is not None]
        return sum(period.begins <= at < period.ends <= due for at, due in given)


def commitments_of(officer: Officer, *, now: datetime) -> tuple[Standing, ...]:
    """Return the commitments between the officer's agency and others, own first, each by what is due next; none unless the officer
    sees records, from which their states are read.
    """
    if officer.agency is None or not sees_records(officer):
        return ()
    found = standing_commitments(officer.agency, now=now)
    return tuple(sorted(found, key=lambda one: (not one.is_ours, one.next.due if one.next else now)))


def standing_commitments(agency: Agency, *, now: datetime, peer: str = "") -> Iterator[Standing]:
    """Yield the commitments of an agency, or only those with one peer; raises NotBoundError, SecretMissingError."""
    rows = list(_rows(agency, now))
    known = Agency.objects.in_bulk({_other(one, agency) for _version, _n, one in rows})
    pairs: dict[str, Pair] = {}
    first = min((one.begins for _version, _n, one in rows), default=now.date())
    for version, n, commitment in rows:
        other = _other(commitment, agency)
        if other not in known or (peer and other != peer):
            continue
        whole = Period(first - timedelta(days=1), now.date())
        pair = pairs.setdefault(other, Pair(agency, known[other], whole, now))
        is_ours = commitment.by == agency.pk
        owed = tuple(_owed(pair, commitment, frozenset(version.body["lanes"]), is_ours, now))
        yield Standing(version, n, commitment, known[other], is_ours, owed)


def _rows(agency: Agency, now: datetime) -> Iterator[tuple[SignedVersion, int, Commitment]]:
    """Yield the commitments of the versions in force that concern the agency, with their places in the texts."""
    if not AgreementText.objects.filter(agency=agency).exists():
        return
    at = int(now.timestamp())
    versions = [
        one
        for one in signed_versions(agency.pk, now=now)
        if one.state(at) == VersionState.IN_FORCE and agency.pk not in one.left
    ]
    texts = texts_of(agency.pk, versions)
    for version in versions:
        for n, one in enumerate(read_commitments(texts[version.od].document or {})):
            if agency.pk in (one.by, one.to) and not {one.by, one.to} & version.left.keys():
                yield version, n, one


def _other(commitment: Commitment, agency: Agency) -> str:
    return commitment.to if commitment.by == agency.pk else commitment.by


def _owed(
    pair: Pair, commitment: Commitment, lanes: Collection[str], is_ours: bool, now: datetime
) -> Iterator[Owed]:
    side = GAVE if is_ours else GOT
    if commitment.what == ANSWERS:
        yield from _answers_owed(pair, commitment, side, now)
    elif commitment.what == COURT_OUTCOMES:
        yield from _outcomes_owed(pair, commitment, side, now)
    else:
        stopped = [
            (moment_of(one.since), moment_or_none(one.until) or now)
            for one in pair.suspensions
            if one.lane in lanes
        ]
        given = pair.supplying(commitment.what, side).values_list("logged_at", flat=True)
        yield from judge_periods(
            commitment,
            [at for at in given if at is not None],
            now=now,
            excused=lambda begins, ends: any(since < ends and until > begins for since, until in stopped),
        )


def _outcomes_owed(pair: Pair, commitment: Commitment, side: bool, now: datetime) -> Iterator[Owed]:
    """Yield the outcomes that were told, in time or late: of one that was not told nobody else knows."""
    for md, day, told_at in pair.outcomes(side):
        if day >= commitment.begins:
            verdict = datetime.combine(day, time.max, commitment.tz).astimezone(UTC)
            due = due_after(commitment, verdict)
            yield judge_cause(md, verdict, due, told_at, is_held=False, now=now)


def _answers_owed(pair: Pair, commitment: Commitment, side: bool, now: datetime) -> Iterator[Owed]:
    begins = datetime.combine(commitment.begins, time(), commitment.tz).astimezone(UTC)
    asked = list(
        _questions(pair, side)
        .filter(logged_at__gte=begins)
        .order_by("logged_at")
        .values_list("md", "logged_at", "received__lane" if side is GAVE else "alert__lane")
    )
    first_of = _first_versions(pair, [md for md, _at, _lane in asked], side)
    answered: dict[str, datetime] = {}
    for md, at in pair.final_answers(side, first_of):
        answered.setdefault(first_of[md], at)
    for md, at, lane in asked:
        stops = pair.stops(lane)
        moved = move_due(
            int(due_after(commitment, at).timestamp()), came=int(at.timestamp()), keep=None, spans=stops
        )
        is_held = bool(stops) and stops[-1].until is None and stops[-1].since < moved
        yield judge_cause(md, at, moment_of(moved), answered.get(md), is_held=is_held, now=now)


def _questions(pair: Pair, side: bool) -> QuerySet[Contribution]:
    """Select the first versions of questions to which this side owes, or owed, an answer."""
    rows = pair.rows.filter(is_given=not side)
    if side is GAVE:
        return rows.filter(
            received__reply_by__isnull=False,
            received__for_attention=False,
            received__withdrawn_at=None,
            received__version=1,
        ).exclude(received__replaced_by__question_change=CLOSED)
    asking = envelopes_of(pair.agency.pk).filter(md=OuterRef("md"), reply_by__isnull=False)
    closed = Alert.objects.filter(previous=OuterRef("alert"), question_change=CLOSED)
    return rows.filter(Exists(asking), ~Exists(closed), alert__withdrawn_at=None, alert__previous=None)


def _first_versions(pair: Pair, mds: Collection[str], side: bool) -> dict[str, str]:
    """Return the first version of each version of these questions, by address."""
    first = {md: md for md in mds}
    if side is GAVE:
        later = ReceivedAlert.objects.filter(agency=pair.agency, first_md__in=list(mds))
        return first | {md: of for md, of in later.values_list("md", "first_md") if of != md}
    step = list(mds)
    while step:
        next_ones = Alert.objects.filter(agency=pair.agency, previous__md__in=step).exclude(md="")
        step = []
        for md, before in next_ones.values_list("md", "previous__md"):
            first[md] = first[before]
            step.append(md)
    return first
