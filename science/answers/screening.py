# SPDX-License-Identifier: Apache-2.0
"""Screening in words and pictures, for every page that shows one: the science page, the alert page, the draft.

Text of rules and lists is English data and stays as it is. Drawings are made by the worker process.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from science.answers.words import (
    CLAUSES,
    EFFECTS,
    EXTENTS,
    FOUND_BY,
    IN_A_LINE,
    INSTRUMENTS,
    KINDS,
    LIMITS,
    MEDICINES,
    NOT_NAMED_TO,
    PHASE_TONES,
    PHASES,
    REASONS,
    SENTENCES,
    STANDINGS,
    TONES,
    VERDICT_TONES,
    VERDICTS,
)
from science.law.places import OTHER_CODES, place_name
from substances.control.covering import LISTS, TAKES_OUT, UNDECIDED
from substances.control.precursors import PrecursorHit
from substances.control.results import (
    ENDED,
    NOT_ASKED,
    NOT_COVERED,
    NOT_KNOWN_THEN,
    NOT_NAMED,
    NOT_YET,
    SILENT,
    CoverageStatus,
    JurisdictionStatus,
    ListingStatus,
    MedicineNote,
    RuleStatus,
    Screening,
)
from substances.control.verdicts import Finding, Reason, Verdict
from substances.errors import InputRefusedError, WorkerLostError
from substances.sandbox import sandboxed
from substances.structures.shapes import Mark

DRAWN_AT_MOST: Final = 8
WIDTH, HEIGHT = 300, 220
_MARKS: Final = ("law", "warn", "quiet")
"""Tones of a jurisdiction in the order in which a reader needs them: controlled, undecided or coming, no match."""
_EFFECT_TONES: Final = {UNDECIDED: "warn", TAKES_OUT: "quiet"}
_BOUND: Final = re.compile(r"_c(\d+)\Z")


@dataclass(frozen=True)
class ClauseShown:
    """Verdict of one clause on some atoms; `number` is written beside them in the drawing, 0 where none is."""

    tone: str
    tone_text: str
    clause: str
    label: str
    sentence: str
    number: int


@dataclass(frozen=True)
class VerdictShown:
    """Verdict of one rule with everything that a reader needs to weigh it."""

    rule_id: str
    title: str
    text: str
    tone: str
    because: tuple[str, ...]
    clauses: tuple[ClauseShown, ...]
    drawing: str = field(repr=False)
    is_open: bool
    in_force: str
    instrument: str
    effect: str
    summary: str
    interpretation: tuple[str, ...]
    part: str


@dataclass(frozen=True)
class ListingShown:
    """Entry that was found. `note` says why it does not simply list it; `credit` is the text that its source requires."""

    title: str
    name: str
    tone: str
    text: str
    note: str
    dates: str
    how: str
    seen: str
    link: str
    credit: str
    part: str


@dataclass(frozen=True)
class LineShown:
    """Ground of a verdict: an entry of a list with its place and its source, or the title of a class rule."""

    text: str
    since: str = ""
    link: str = ""


@dataclass(frozen=True)
class PlaceShown:
    """One jurisdiction: its status, and the grounds; where it is silent, also how far its lists are known (`coverage`).

    `verdict` and `when` are for a line: the status in fewer words, and since when its first ground is law.
    """

    code: str
    name: str
    standing: str
    standing_text: str
    notes: tuple[str, ...]
    tone: str
    by: tuple[LineShown, ...]
    coverage: tuple[str, ...]
    listings: tuple[ListingShown, ...]
    verdicts: tuple[VerdictShown, ...]
    silent: tuple[str, ...]
    verdict: str = ""
    when: str = ""

    @property
    def is_no_match(self) -> bool:
        """Tell whether nothing known here reaches the substance, which does not say that it is free."""
        return self.standing in SILENT

    @property
    def has_drawings(self) -> bool:
        return any(verdict.drawing for verdict in self.verdicts)


@dataclass(frozen=True)
class PrecursorShown:
    """Row of the precursor tables."""

    name: str
    table: str
    since: str
    how: str
    part: str


@dataclass(frozen=True)
class ScreeningShown:
    """Screening as `accord/science/verdict.html` shows it.

    `prepared` is the date of the rule set, `credits` are the texts that the sources' licences require.
    """

    on: date
    ruleset: str
    medicine: str
    places: tuple[PlaceShown, ...]
    precursors: tuple[PrecursorShown, ...]
    limits: tuple[str, ...]
    has_drawings: bool
    prepared: str = ""
    credits: tuple[str, ...] = ()


@dataclass(frozen=True)
class LawLines:
    """Jurisdictions as an alert's page lists them: the reader's own first, silent or not, then those that say something.

    The rest is `silent`: not asked for want of a structure, without a match on lists that are complete, or with lists that
    are not known here, or not for that date.
    """

    open: tuple[PlaceShown, ...]
    unasked: tuple[PlaceShown, ...]
    no_match: tuple[PlaceShown, ...]
    not_then: tuple[PlaceShown, ...]
    not_known: tuple[PlaceShown, ...]

    @property
    def silent(self) -> tuple[PlaceShown, ...]:
        return (*self.unasked, *self.no_match, *self.not_then, *self.not_known)


def law_lines(shown: ScreeningShown, country: str) -> LawLines:
    """Return the lines for a reader of this country (ISO 3166); none has an empty text."""
    code = OTHER_CODES.get(country, country)
    home = [place for place in shown.places if place.code == code]
    rest = [place for place in shown.places if place.code != code]
    silent = {standing: [place for place in rest if place.standing == standing] for standing in SILENT}
    said = sorted(
        (place for place in rest if not place.is_no_match), key=lambda place: _MARKS.index(place.tone)
    )
    return LawLines(
        open=(*(_in_a_line(place) for place in home), *said),
        unasked=tuple(silent[NOT_ASKED]),
        no_match=tuple(silent[NOT_NAMED]),
        not_then=tuple(silent[NOT_KNOWN_THEN]),
        not_known=tuple(silent[NOT_COVERED]),
    )


def _in_a_line(place: PlaceShown) -> PlaceShown:
    """Return a place that is silent with its reason in the line."""
    reason = next(iter(place.notes), "").rstrip(".") if place.is_no_match else ""
    return replace(place, when=reason) if reason else place


def show_screening(screening: Screening, *, draws: bool = True) -> ScreeningShown:
    """Return the screening in words; without pictures if not `draws`, or if the worker could not draw."""
    left = DRAWN_AT_MOST if draws else 0
    places = []
    for status in screening.jurisdictions:
        place = _place(status, screening.parent_smiles, left)
        left -= sum(1 for verdict in place.verdicts if verdict.drawing)
        places.append(place)
    return ScreeningShown(
        on=screening.on,
        ruleset=screening.ruleset,
        medicine=_medicine(screening.medicine),
        places=tuple(places),
        precursors=tuple(_precursor(hit) for hit in screening.precursors),
        limits=tuple(str(LIMITS[code]) for code in screening.limits if code in LIMITS),
        has_drawings=any(verdict.drawing for place in places for verdict in place.verdicts),
        prepared=_month(screening.prepared),
        credits=tuple(dict.fromkeys(one.credit for place in places for one in place.listings if one.credit)),
    )


def without_rules(shown: ScreeningShown, country: str) -> str:
    """Return the name of this country (ISO 3166) where nothing of its law is among what was asked; else an empty text."""
    asked = {place.code for place in shown.places}
    return "" if not country or OTHER_CODES.get(country, country) in asked else place_name(country)


def group_text(label: str) -> str:
    """Return the rule files' name for a group of atoms as people write it: `alkoxy_c4` is an alkoxy up to C4."""
    name = _BOUND.sub(r" (up to C\1)", label)
    return name.replace("_", " ")


def day(value: date | str | None) -> str:
    """Return a day, or a month or year where no more is known."""
    if not value:
        return ""
    if isinstance(value, str) and len(value) == 4:
        return value
    if isinstance(value, str) and len(value) == 7:
        return str(date_format(date.fromisoformat(f"{value}-01"), _("F Y")))
    return str(date_format(date.fromisoformat(value) if isinstance(value, str) else value, _("j M Y")))


def _month(prepared: str) -> str:
    """Return the date of a rule set as its file states it: a day, a month such as 2026-11, or any other text."""
    try:
        day_or_month = date.fromisoformat(f"{prepared}-01" if len(prepared) == len("2026-11") else prepared)
    except ValueError:
        return prepared
    return str(date_format(day_or_month, _("F Y") if len(prepared) == len("2026-11") else _("j M Y")))


def _medicine(note: MedicineNote | None) -> str:
    if note is None or note.kind not in MEDICINES:
        return ""
    return capfirst(str(MEDICINES[note.kind]) % {"name": note.name})


def _sentence(code: str, status: JurisdictionStatus) -> str:
    """Return a code in words; where the law begins later or has ended, with the day."""
    if code == "applies_from":
        begins = [rule.start.isoformat() for rule in status.rules if _reaches(rule, "not_yet")]
        begins += [one.since for one in status.listings if one.phase == "not_yet" and one.since]
        if begins:
            return _("Law reaches it from %(day)s.") % {"day": day(min(begins))}
    if code == "applied_until":
        ends = [rule.end.isoformat() for rule in status.rules if rule.end and _reaches(rule, "ended")]
        ends += [listing.until for listing in status.listings if listing.phase == "ended" and listing.until]
        if ends:
            return _("Law reached it until %(day)s.") % {"day": day(max(ends))}
    return str(SENTENCES.get(code, ""))


def _reaches(rule: RuleStatus, phase: str) -> bool:
    return rule.phase == phase and rule.verdict.verdict in {"in", "parent", "review"}


def _place(status: JurisdictionStatus, parent: str, left: int) -> PlaceShown:
    said = [rule for rule in status.rules if _says_something(rule)]
    silent = [rule for rule in status.rules if not _says_something(rule)]
    verdicts = []
    for rule in said:
        shown = _rule(rule, parent, draws=left > 0)
        left -= bool(shown.drawing)
        verdicts.append(shown)
    return PlaceShown(
        code=status.jurisdiction,
        name=place_name(status.jurisdiction),
        standing=status.standing,
        standing_text=_standing(status),
        notes=tuple(text for code in status.told if (text := _sentence(code, status))),
        tone=TONES.get(status.standing, "quiet"),
        by=_by(status),
        coverage=tuple(_coverage(one) for one in status.coverage) if status.standing in SILENT else (),
        listings=tuple(_listing(listing) for listing in status.listings),
        verdicts=tuple(verdicts),
        silent=tuple(rule.title for rule in silent),
        verdict=str(IN_A_LINE.get(status.standing) or _standing(status)),
        when=_when(status),
    )


def _when(status: JurisdictionStatus) -> str:
    """Return since when the deciding ground is law; where it is law no longer or not yet, that sentence without its full stop."""
    if status.standing in {NOT_YET, ENDED}:
        return _sentence(status.sentences[0], status).rstrip(".")
    grounds = _by(status)
    since = grounds[0].since if grounds else ""
    return _("since %(start)s") % {"start": since} if since else ""


def _says_something(rule: RuleStatus) -> bool:
    """Tell whether the rule's scaffold, or a sign of an open-textured law, is present at all."""
    return rule.verdict.verdict not in {"out", "not-decided"} or bool(rule.verdict.findings)


def _by(status: JurisdictionStatus) -> tuple[LineShown, ...]:
    """Return the deciding grounds first, then everything else that is law that day."""
    lines = [
        LineShown(_place_in(listing), day(listing.since), listing.link)
        for listing in sorted(status.listings, key=lambda one: one.title != status.by)
        if listing.phase == "in_force" and (listing.effect == LISTS or listing.title == status.by)
    ]
    reaching = [
        rule
        for rule in status.rules
        if rule.verdict.verdict in {"in", "parent", "review", "excluded"} and rule.phase == "in_force"
    ]
    lines += [
        LineShown(rule.title, day(rule.start))
        for rule in sorted(reaching, key=lambda one: one.rule_id != status.by)
    ]
    deciding = next(
        (rule.title for rule in status.rules if rule.rule_id == status.by), named_instrument(status.by)
    )
    lines.sort(key=lambda line: not line.text.startswith(deciding) if deciding else False)
    return tuple(dict.fromkeys(lines)) or ((LineShown(deciding),) if deciding else ())


def _standing(status: JurisdictionStatus) -> str:
    if status.standing == NOT_NAMED and status.complete_to:
        return str(NOT_NAMED_TO) % {"day": day(status.complete_to)}
    return str(STANDINGS[status.standing])


def named_instrument(title: str) -> str:
    """Return the printed name; where its script is another, after what it is in the reader's language."""
    words = next((str(words) for printed, words in INSTRUMENTS.items() if title.startswith(printed)), "")
    return f"{words} ({title})" if words else title


def _place_in(listing: ListingStatus) -> str:
    """Return the list with the item; items of a national text are left out where it carries over a convention."""
    title = named_instrument(listing.title)
    return f"{title}, {listing.item}" if listing.item and listing.grade == "A" else title


def extent_text(extent: str, until: str) -> str:
    """Return the extent to which an instrument is known, with the day to which it is complete."""
    return str(EXTENTS[extent]) % {"day": day(until)}


def _coverage(coverage: CoverageStatus) -> str:
    return f"{named_instrument(coverage.instrument)}: {extent_text(coverage.extent, coverage.until)}"


def _rule(rule: RuleStatus, parent: str, *, draws: bool) -> VerdictShown:
    verdict = rule.verdict
    clauses = tuple(_clause(finding, number) for number, finding in _numbered(verdict.findings))
    return VerdictShown(
        rule_id=rule.rule_id,
        title=rule.title,
        text=_verdict_text(rule),
        tone=VERDICT_TONES.get(verdict.verdict, "quiet") if rule.phase == "in_force" else "quiet",
        because=tuple(dict.fromkeys(_because(reason, clauses) for reason in verdict.because)),
        clauses=clauses,
        drawing=_drawing(rule.part or parent, verdict, rule.title)
        if draws and parent and verdict.findings
        else "",
        is_open=verdict.verdict != "out",
        in_force=_times(rule),
        instrument=rule.instrument,
        effect=rule.effect,
        summary=rule.summary,
        interpretation=rule.interpretation,
        part=rule.part,
    )


def _verdict_text(rule: RuleStatus) -> str:
    text = str(VERDICTS[rule.verdict.verdict])
    if rule.verdict.verdict != "in" or rule.phase == "in_force":
        return text
    if rule.phase == "not_yet":
        return _("Meets the definition, law from %(day)s") % {"day": day(rule.start)}
    return _("Meets the definition, law until %(day)s") % {"day": day(rule.end)}


def _times(rule: RuleStatus) -> str:
    words = {"start": day(rule.start), "end": day(rule.end)}
    text = _("%(start)s to %(end)s") % words if rule.end else _("since %(start)s") % words
    if rule.phase == "not_yet":
        text = _("not yet: from %(start)s") % words
    return f"{text} ({rule.basis})" if rule.basis else text


def _because(reason: Reason, clauses: tuple[ClauseShown, ...]) -> str:
    """Return the reason, without a sentence that a clause gives already."""
    text = str(REASONS.get(reason.code, reason.code))
    is_said = any(clause.sentence == reason.sentence for clause in clauses)
    return f"{text} {reason.sentence}" if reason.sentence and not is_said else text


def _numbered(findings: Sequence[Finding]) -> Iterator[tuple[int, Finding]]:
    """Yield the findings with the numbers that drawing and list share; core and parent are coloured and have none (0)."""
    number = 0
    for finding in findings:
        is_core = KINDS.get(finding.kind, "review") == "core"
        number += not is_core
        yield 0 if is_core else number, finding


def _clause(finding: Finding, number: int) -> ClauseShown:
    return ClauseShown(
        tone=KINDS.get(finding.kind, "review"),
        tone_text=str(CLAUSES.get(finding.code, finding.code)),
        clause="" if finding.clause in {"core", "parent"} else finding.clause,
        label=group_text(finding.label),
        sentence=finding.sentence,
        number=number,
    )


def _drawing(parent: str, verdict: Verdict, title: str) -> str:
    marks = [
        Mark(finding.atoms, KINDS.get(finding.kind, "review"), str(number or ""))  # type: ignore[arg-type]
        for number, finding in _numbered(verdict.findings)
        if finding.atoms
    ]
    try:
        return sandboxed.draw(parent, marks=marks, width=WIDTH, height=HEIGHT, title=title)
    except (InputRefusedError, WorkerLostError):
        return ""


def _listing(listing: ListingStatus) -> ListingShown:
    words = {"since": day(listing.since), "until": day(listing.until)}
    since = _("since %(since)s") % words if listing.since else ""
    lists = listing.effect == LISTS
    return ListingShown(
        title=_place_in(listing),
        name=listing.name,
        tone=PHASE_TONES.get(listing.phase, "quiet") if lists else _EFFECT_TONES[listing.effect],
        text=str(PHASES[listing.phase] if lists or listing.phase != "in_force" else EFFECTS[listing.effect]),
        note=str(SENTENCES.get(listing.reason, "")),
        dates=f"{since} {_('until %(until)s') % words}".strip() if listing.until else since,
        how=str(FOUND_BY.get(listing.found_by, "")),
        seen=day(listing.seen),
        link=listing.link,
        credit=listing.credit,
        part=listing.part,
    )


def _precursor(hit: PrecursorHit) -> PrecursorShown:
    return PrecursorShown(
        name=hit.name,
        table=hit.table,
        since=day(hit.since),
        how=str(FOUND_BY.get(hit.found_by, "")),
        part=hit.part,
    )
