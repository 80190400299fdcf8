# SPDX-License-Identifier: Apache-2.0
"""Here is what a jurisdiction's listings and rule verdicts come to on a day: one standing, the strongest, and why.

Guarantees: what is not in force on the day never decides for that day; a law to come or a law that ended is told as
such; "no class rule known here" is told apart from "known rules do not reach it", from rules that were not in force
that day, and from rules that cannot be asked without a structure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from substances.control import results, verdicts
from substances.control.listings import ListingHit
from substances.control.results import JurisdictionStatus, ListingStatus, RuleStatus
from substances.control.rules import Interval, Rule
from substances.control.verdicts import Verdict

_OF_VERDICT = {
    verdicts.IN: (results.MEETS_DEFINITION, "meets_definition"),
    verdicts.PARENT: (results.PARENT, "class_parent"),
    verdicts.REVIEW: (results.REVIEW, "needs_a_person"),
    verdicts.EXCLUDED: (results.EXCLUDED, "excluded_by_name"),
    verdicts.NOT_DECIDED: (results.OUTSIDE, "rule_partly_encoded"),
    verdicts.OUT: (results.OUTSIDE, "outside_known_rules"),
}
_REACHES = frozenset({verdicts.IN, verdicts.PARENT, verdicts.REVIEW})
_NAMES_ONLY = "UN"  # the conventions name substances and have no class rules


@dataclass(frozen=True)
class Judged:
    """A rule's most telling verdict; `part` is the component it is about, empty where that is the parent."""

    rule: Rule
    verdict: Verdict
    part: str = ""


@dataclass(frozen=True)
class Assessment:
    """What is known about one substance whatever the day: listings that name it, verdicts of all rules.

    `judged` is empty where there is no structure; `has_structure` tells that from rules that are not there.
    `listings_known` counts the entries of each jurisdiction's lists, whatever they name.
    """

    jurisdictions: tuple[str, ...]
    listings: tuple[ListingHit, ...]
    judged: tuple[Judged, ...]
    rules_known: frozenset[str]
    has_structure: bool
    listings_known: Mapping[str, int]


@dataclass(frozen=True)
class _Ground:
    """One thing that gives a jurisdiction a standing."""

    standing: str
    sentence: str
    by: str

    @property
    def rank(self) -> int:
        return results.STANDINGS.index(self.standing)


def status_on(assessment: Assessment, jurisdiction: str, on: date) -> JurisdictionStatus:
    """The jurisdiction's standing on the day, with everything it rests on."""
    hits = [hit for hit in assessment.listings if hit.listing.jurisdiction == jurisdiction]
    judged = [one for one in assessment.judged if one.rule.jurisdiction == jurisdiction]
    grounds = [*_of_listings(hits, on), *_of_rules(judged, on)] or [_nothing(assessment, jurisdiction)]
    grounds.sort(key=lambda ground: ground.rank)
    return JurisdictionStatus(
        jurisdiction=jurisdiction,
        standing=grounds[0].standing,
        by=grounds[0].by,
        sentences=tuple(dict.fromkeys(ground.sentence for ground in grounds)),
        listings=tuple(_listing_status(hit, on) for hit in hits),
        rules=tuple(_rule_status(one, on) for one in _one_version_each(judged, on)),
        listings_known=assessment.listings_known.get(jurisdiction, 0),
    )


def _of_listings(hits: Sequence[ListingHit], on: date) -> Iterator[_Ground]:
    for listing in (hit.listing for hit in hits):
        phase = listing.phase_on(on)
        if phase == "in_force":
            sentence = "listed_by_name" if listing.start else "listed_since_unknown"
            yield _Ground(results.LISTED, sentence, listing.title)
        elif phase == "day_not_known":
            yield _Ground(results.REVIEW, "day_in_year_unknown", listing.title)
        elif phase == "proposed":
            yield _Ground(results.REVIEW, "proposed_only", listing.title)
        elif phase == "not_yet":
            yield _Ground(results.NOT_YET, "applies_from", listing.title)
        else:
            yield _Ground(results.ENDED, "applied_until", listing.title)


def telling(verdict: Verdict) -> int:
    """How much a verdict tells, least first: what a definition reaches goes before what it leaves alone."""
    if verdict.verdict in (verdicts.OUT, verdicts.NOT_DECIDED):
        return len(results.STANDINGS) + (not verdict.findings)
    return results.STANDINGS.index(_OF_VERDICT[verdict.verdict][0])


def _of_rules(judged: Sequence[Judged], on: date) -> Iterator[_Ground]:
    current = [one for one in judged if one.rule.interval_on(on)]
    for one in current:
        standing, sentence = _OF_VERDICT[one.verdict.verdict]
        yield _Ground(standing, sentence, "" if standing == results.OUTSIDE else one.rule.id)
    for rule, reaches in ((one.rule, one.verdict.verdict in _REACHES) for one in judged):
        phase = rule.phase_on(on)
        if phase == "in_force" or not reaches:
            continue
        if phase == "not_yet":
            yield _Ground(results.NOT_YET, "applies_from", rule.id)
        elif not any(other.rule.id == rule.id for other in current):
            yield _Ground(results.ENDED, "applied_until", rule.id)
    if judged and not current:
        yield _Ground(results.NONE_IN_FORCE, "no_rule_in_force", "")


def _nothing(assessment: Assessment, jurisdiction: str) -> _Ground:
    """No listing names it and no rule was asked: because there is none, or because there is no structure."""
    if jurisdiction in assessment.rules_known and not assessment.has_structure:
        return _Ground(results.NOT_ASKED, "structure_needed", "")
    if jurisdiction == _NAMES_ONLY:
        return _Ground(results.NOT_LISTED, "names_only", "")
    return _Ground(results.NO_RULE_KNOWN, "no_rule_known", "")


def _one_version_each(judged: Sequence[Judged], on: date) -> list[Judged]:
    """Of the versions of one rule the one for the day: in force, else the next to come, else the last."""
    chosen: dict[str, Judged] = {}
    for one in judged:
        before = chosen.get(one.rule.id)
        if before is None or _nearness(one.rule, on) < _nearness(before.rule, on):
            chosen[one.rule.id] = one
    return list(chosen.values())


def _nearness(rule: Rule, on: date) -> tuple[int, int]:
    interval = interval_meant(rule, on)
    phase = rule.phase_on(on)
    rank = ("in_force", "not_yet", "ended").index(phase)
    return rank, abs((interval.start - on).days)


def interval_meant(rule: Rule, on: date) -> Interval:
    """The interval that covers the day, else the next one to come, else the last that was."""
    current = rule.interval_on(on)
    if current is not None:
        return current
    ordered = sorted(rule.in_force, key=lambda interval: interval.start)
    return next((interval for interval in ordered if on < interval.start), ordered[-1])


def _rule_status(judged: Judged, on: date) -> RuleStatus:
    rule = judged.rule
    interval = interval_meant(rule, on)
    return RuleStatus(
        rule_id=rule.id,
        jurisdiction=rule.jurisdiction,
        title=rule.title,
        instrument=rule.instrument,
        effect=rule.effect,
        phase=rule.phase_on(on),
        start=interval.start,
        end=interval.end,
        basis=interval.basis,
        summary=rule.summary,
        interpretation=rule.interpretation,
        confidence=rule.confidence,
        text_seen=rule.text_seen,
        partial=rule.partial,
        open_textured=rule.open_textured,
        verdict=judged.verdict,
        part=judged.part,
    )


def _listing_status(hit: ListingHit, on: date) -> ListingStatus:
    listing = hit.listing
    since = "" if listing.start is None else listing.start.isoformat()
    return ListingStatus(
        jurisdiction=listing.jurisdiction,
        title=listing.title,
        schedule=listing.schedule,
        name=listing.name,
        since=since[:4] if listing.precision == "year" else since,
        precision=listing.precision,
        until=listing.end.isoformat() if listing.end else "",
        phase=listing.phase_on(on),
        found_by=hit.found_by,
        source=listing.source,
        confidence=listing.confidence,
        part=hit.part,
    )
