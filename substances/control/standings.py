# SPDX-License-Identifier: Apache-2.0
"""Standing of a jurisdiction on a day, from its lists and rule verdicts: one standing, the strongest, and its grounds.

- Law that is not in force on the day never decides for that day; future and ended law is reported as such.
- An entry that no text supports, or a second-hand one, never decides alone.
- "Not named" is only said of lists that are known whole, for a day that their texts are as old as.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from substances.control import covering, listings, results, verdicts
from substances.control.covering import Cover, Drawn, covers
from substances.control.listings import Coverage, Listing, ListingHit
from substances.control.results import CoverageStatus, JurisdictionStatus, ListingStatus, RuleStatus
from substances.control.rules import Interval, Rule
from substances.control.verdicts import Verdict

_OF_VERDICT = {
    verdicts.IN: (results.MEETS_DEFINITION, "meets_definition"),
    verdicts.PARENT: (results.PARENT, "class_parent"),
    verdicts.REVIEW: (results.REVIEW, "needs_a_person"),
    verdicts.EXCLUDED: (results.EXCLUDED, "excluded_by_name"),
}
_SILENT_VERDICT = {verdicts.NOT_DECIDED: "rule_partly_encoded", verdicts.OUT: "outside_known_rules"}
_OF_ANOTHER_FORM = frozenset({"other_form", "only_if_misused"})
_OF_RULES_ALONE = frozenset({results.EXCLUDED, results.NOT_YET, results.ENDED})
_PROVES_NOTHING = frozenset({results.NOT_KNOWN_THEN, results.NOT_COVERED})
_SAYS_LITTLE = frozenset({"lists_partial", "not_covered", "not_known_for_date"})
_REACHES = frozenset({verdicts.IN, verdicts.PARENT, verdicts.REVIEW})


@dataclass(frozen=True)
class Judged:
    """A rule's most telling verdict; `part` is the component it is about, empty where that is the parent."""

    rule: Rule
    verdict: Verdict
    part: str = ""


@dataclass(frozen=True)
class Assessment:
    """The facts about one substance whatever the day: listings that name it, verdicts of all rules.

    `judged` is empty where there is no structure; `has_structure` tells that from missing rules. `derived` are entries of what
    it is an ester or ether of, `by_skeleton` those whose skeleton it bears, both only of jurisdictions whose lists name
    nothing; `same_substance` are all entries that name a form of it, where one excludes it.
    """

    jurisdictions: tuple[str, ...]
    hits: tuple[ListingHit, ...]
    judged: tuple[Judged, ...]
    rules_known: frozenset[str]
    has_structure: bool
    drawn: Drawn = field(default_factory=Drawn)
    derived: tuple[ListingHit, ...] = ()
    by_skeleton: tuple[ListingHit, ...] = ()
    same_substance: tuple[Listing, ...] = ()
    coverage: Mapping[str, tuple[Coverage, ...]] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()
    by_name_only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Ground:
    """One ground of a jurisdiction's standing."""

    standing: str
    sentence: str
    by: str

    @property
    def rank(self) -> int:
        return results.STANDINGS.index(self.standing)


Covered = tuple[ListingHit, Cover]


def status_on(assessment: Assessment, jurisdiction: str, on: date) -> JurisdictionStatus:
    """Return the jurisdiction's standing on the day, with all its grounds."""
    covered = covered_by(assessment, jurisdiction)
    judged = [one for one in assessment.judged if one.rule.jurisdiction == jurisdiction]
    grounds = [*_of_listings(covered, on), *_of_rules(judged, on)]
    beside: tuple[str, ...] = ()
    if not grounds:
        grounds = [_nothing(assessment, jurisdiction, on)]
        beside = tuple(_beside(assessment, jurisdiction, judged, on, grounds[0]))
    elif _is_weak(grounds):
        beside = tuple(_of_silent_rules(judged, on))
    if not covered and all(ground.standing in _OF_RULES_ALONE for ground in grounds):
        worth = _nothing(assessment, jurisdiction, on)
        beside += (worth.sentence,) if worth.standing in _PROVES_NOTHING else ()
    grounds.sort(key=lambda ground: ground.rank)
    coverage = assessment.coverage.get(jurisdiction, ())
    until = _complete_to(coverage)
    standing = grounds[0].standing
    sentences = tuple(dict.fromkeys([*(ground.sentence for ground in grounds), *beside]))
    return JurisdictionStatus(
        jurisdiction=jurisdiction,
        standing=standing,
        by=grounds[0].by,
        sentences=sentences,
        told=_told(standing, sentences),
        listings=tuple(_merged(_listing_status(hit, cover, on) for hit, cover in covered)),
        rules=tuple(_rule_status(one, on) for one in _one_version_each(judged, on)),
        complete_to=until.isoformat() if until else "",
        coverage=tuple(_coverage_status(one) for one in coverage),
    )


def _told(standing: str, sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Choose the sentences to show: all for silence; where only rules decide, the first and any gap of the lists; else the first."""
    if standing in results.SILENT:
        return sentences
    rest = sentences[1:] if standing in _OF_RULES_ALONE else ()
    return (sentences[0], *(code for code in rest if code in _SAYS_LITTLE))


def covered_by(assessment: Assessment, jurisdiction: str) -> list[Covered]:
    """Return the entries with an effect, with their effects.

    An entry that names the very salt goes before those of its base; an exclusion by name goes before entries that would reach
    the substance as one form of two; esters, ethers and derivatives are considered only for what no entry names itself.
    """
    found = _said(assessment, assessment.hits, jurisdiction)
    if any(hit.listing.kind == listings.EXCLUSION and cover.reason != "form_decides" for hit, cover in found):
        found = [(hit, cover) for hit, cover in found if not _as_one_form(hit, cover)]
    if any(cover.effect == covering.LISTS for _hit, cover in found):
        found = [(hit, cover) for hit, cover in found if cover.reason not in _OF_ANOTHER_FORM]
    salts = [
        hit
        for hit, cover in found
        if hit.is_whole and assessment.drawn.is_salt and hit.found_by == "structure"
    ]
    if salts:
        found = [(hit, cover) for hit, cover in found if hit.is_whole or "except" not in hit.listing.name]
    return (
        found
        or _said(assessment, assessment.derived, jurisdiction)
        or _said(assessment, assessment.by_skeleton, jurisdiction)
    )


def decided_by(assessment: Assessment) -> frozenset[str]:
    """Return jurisdictions of which some entry has an effect: their lists are not searched further."""
    found: set[str] = set()
    for hit in (*assessment.hits, *assessment.derived):
        if hit.listing.jurisdiction not in found:
            cover = covers(hit, assessment.drawn, assessment.same_substance)
            found |= {hit.listing.jurisdiction} if cover.effect != covering.IGNORED else set()
    return frozenset(found)


def _said(assessment: Assessment, hits: Sequence[ListingHit], jurisdiction: str) -> list[Covered]:
    said = [
        (hit, covers(hit, assessment.drawn, assessment.same_substance))
        for hit in hits
        if hit.listing.jurisdiction == jurisdiction
    ]
    return [(hit, cover) for hit, cover in said if cover.effect != covering.IGNORED]


def _as_one_form(hit: ListingHit, cover: Cover) -> bool:
    return cover.effect != covering.TAKES_OUT and (hit.listing.is_racemate or hit.found_by == "other_form")


def _of_listings(covered: Sequence[Covered], on: date) -> Iterator[_Ground]:
    for hit, cover in covered:
        listing, phase = hit.listing, hit.listing.phase_on(on)
        if cover.effect == covering.TAKES_OUT:
            yield _Ground(results.EXCLUDED, cover.reason, listing.title)
        elif phase == "ended" and listing.decides:
            yield _Ground(results.ENDED, "applied_until", listing.title)
        elif phase == "not_yet" and listing.decides:
            yield _Ground(results.NOT_YET, "applies_from", listing.title)
        elif phase in ("not_yet", "not_known_then"):
            yield _Ground(results.NOT_KNOWN_THEN, "not_known_for_date", listing.title)
        elif cover.effect == covering.UNDECIDED:
            yield _Ground(results.REVIEW, cover.reason, listing.title)
        elif phase == "day_not_known":
            yield _Ground(results.REVIEW, "day_in_year_unknown", listing.title)
        else:
            is_plain = cover.reason == covering.NAMED and listing.start is None
            yield _Ground(results.LISTED, "listed_since_unknown" if is_plain else cover.reason, listing.title)


def telling(verdict: Verdict) -> int:
    """Rank a verdict by how much it tells, most first: a definition that is met goes before silence."""
    if verdict.verdict in _SILENT_VERDICT:
        return len(results.STANDINGS) + (not verdict.findings)
    return results.STANDINGS.index(_OF_VERDICT[verdict.verdict][0])


def _of_rules(judged: Sequence[Judged], on: date) -> Iterator[_Ground]:
    current = [one for one in judged if one.rule.interval_on(on)]
    for one in current:
        if one.verdict.verdict in _OF_VERDICT:
            yield _Ground(*_OF_VERDICT[one.verdict.verdict], one.rule.id)
    for rule, reaches in ((one.rule, one.verdict.verdict in _REACHES) for one in judged):
        phase = rule.phase_on(on)
        if phase == "in_force" or not reaches:
            continue
        if phase == "not_yet":
            yield _Ground(results.NOT_YET, "applies_from", rule.id)
        elif not any(other.rule.id == rule.id for other in current):
            yield _Ground(results.ENDED, "applied_until", rule.id)


def _is_weak(grounds: Sequence[_Ground]) -> bool:
    """Tell whether no law in force that day supports it."""
    return all(ground.standing in (results.ENDED, *results.SILENT) for ground in grounds)


def _nothing(assessment: Assessment, jurisdiction: str, on: date) -> _Ground:
    """Return the ground for silence (no entry, no rule), which depends on how far the lists are known."""
    coverage = assessment.coverage.get(jurisdiction, ())
    days = _complete_days(coverage)
    if not assessment.has_structure and (days or jurisdiction in assessment.rules_known):
        return _Ground(results.NOT_ASKED, "structure_needed", "")
    if days and on < max(days):
        return _Ground(results.NOT_KNOWN_THEN, "not_known_for_date", "")
    if days:
        return _Ground(results.NOT_NAMED, "not_named", "")
    is_partial = any(one.extent == listings.PARTIAL for one in coverage)
    return _Ground(results.NOT_COVERED, "lists_partial" if is_partial else "not_covered", "")


def _beside(
    assessment: Assessment, jurisdiction: str, judged: Sequence[Judged], on: date, silence: _Ground
) -> Iterator[str]:
    """Yield the sentences beside silence: about class rules; beside "not named" also about gaps of the lists."""
    yield from _of_silent_rules(judged, on)
    if silence.standing != results.NOT_NAMED:
        return
    coverage = assessment.coverage.get(jurisdiction, ())
    if any(one.extent == listings.NOT_COVERED for one in coverage):
        yield "laws_not_covered"
    if jurisdiction in assessment.classes:
        yield "classes_for_a_person"
    if jurisdiction in assessment.by_name_only:
        yield "entries_by_name_only"


def _of_silent_rules(judged: Sequence[Judged], on: date) -> Iterator[str]:
    current = [one for one in judged if one.rule.interval_on(on)]
    yield from (
        _SILENT_VERDICT[one.verdict.verdict] for one in current if one.verdict.verdict in _SILENT_VERDICT
    )
    if judged and not current:
        yield "no_rule_in_force"


def _complete_to(coverage: Sequence[Coverage]) -> date | None:
    """Return the earliest day to which a list that is known whole is complete."""
    return min(_complete_days(coverage), default=None)


def _complete_days(coverage: Sequence[Coverage]) -> list[date]:
    """Return the days to which the lists that are known whole are complete: each text states the law from its day on."""
    return [one.until for one in coverage if one.extent == listings.COMPLETE and one.until is not None]


def _coverage_status(coverage: Coverage) -> CoverageStatus:
    until = coverage.until.isoformat() if coverage.until else ""
    return CoverageStatus(coverage.instrument, coverage.extent, until, coverage.note)


def _one_version_each(judged: Sequence[Judged], on: date) -> list[Judged]:
    """Choose, for each rule, the version for the day: in force, else the next, else the last."""
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
    """Return the interval that covers the day, else the next one, else the last."""
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


def _merged(found: Iterator[ListingStatus]) -> Iterator[ListingStatus]:
    """Keep, of several texts of one list with the same statement, the best: law on the day, then by grade, then the newest."""
    best: dict[tuple[str, str, str], ListingStatus] = {}
    for one in found:
        place = (one.title, one.effect, one.part)
        before = best.get(place)
        if before is None or _weight(one) < _weight(before):
            best[place] = one
    decided = {one.title for one in best.values() if one.effect == covering.LISTS and one.phase == "in_force"}
    yield from (one for one in best.values() if one.effect != covering.UNDECIDED or one.title not in decided)


def _weight(one: ListingStatus) -> tuple[bool, int, bool, int]:
    is_law = one.phase == "in_force"
    age = -date.fromisoformat(one.seen).toordinal() if one.seen else 0
    return not is_law, listings.GRADES.index(one.grade), not one.since, age


def _listing_status(hit: ListingHit, cover: Cover, on: date) -> ListingStatus:
    listing = hit.listing
    since = "" if listing.start is None else listing.start.isoformat()
    return ListingStatus(
        jurisdiction=listing.jurisdiction,
        title=listing.title,
        schedule=listing.schedule,
        item=listing.item,
        name=listing.name,
        since=since[: {"year": 4, "month": 7}.get(listing.precision, 10)],
        precision=listing.precision,
        until=listing.end.isoformat() if listing.end else "",
        phase=listing.phase_on(on),
        found_by=hit.way,
        effect=cover.effect,
        reason=cover.reason,
        grade=listing.grade,
        source=listing.source.citation,
        seen=listing.source.seen.isoformat() if listing.source.seen else "",
        link=listing.source.link,
        credit=listing.source.credit,
        part=hit.part,
    )
