# SPDX-License-Identifier: Apache-2.0
"""Here is how the shipped listings were made out of the reference set and the list of further UN decisions, so that anybody can make them again.

Nothing is added that the rows or the rules do not say: schedule, year and note as they stand there, each with its
source. A date that a row does not give stays unknown.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from substances.control.listings import COLUMNS
from substances.control.naming import spelled
from substances.control.precursors import Precursor
from substances.control.rules import RuleSet
from substances.structures.patterns import full_inchikey

_UN: Final = re.compile(r"(1961|1971) (I|II|III|IV)( and IV)?(?: \((\d{4})\))?\Z")
_US: Final = re.compile(r"(I|II|III|IV|V|List I chemical)(?: \((.+)\))?\Z")
_CONVENTIONS: Final = {
    "1961": "Single Convention on Narcotic Drugs, 1961",
    "1971": "Convention on Psychotropic Substances, 1971",
    "1988": "Convention against Illicit Traffic in Narcotic Drugs and Psychotropic Substances, 1988",
}
_US_ACT: Final = "US Controlled Substances Act schedules"
_UK_ACT: Final = "Misuse of Drugs Act 1971"
_DATED_NOTE: Final = re.compile(r"UK (Class [ABC]) since (\d{4}-\d{2}-\d{2})\Z")
_NAMED_NOTE: Final = re.compile(r"named in UK paragraph (\S+)\Z")
_CANADIAN: Final = re.compile(
    r"national: Canada (Schedule V) \(([0-9-]+) to ([0-9-]+)\), later (Schedule VI) as derivative\Z"
)
_LIST_IN_EXCLUSION: Final = {
    "US-FRS": ("US", _US_ACT, r"listed in (?P<place>schedule \w+)\Z"),
    "CN-FENT": ("CN", "", r"in the (?P<place>.+) by name(?: since (?P<since>[0-9-]+))?\Z"),
    "UK-FENT": ("UK", _UK_ACT, r"named in (?P<place>paragraph \S+)\Z"),
}


@dataclass(frozen=True)
class _Row:
    """A line of the listings; what a source does not say stays empty."""

    name: str
    inchikey: str
    synonyms: tuple[str, ...] = ()
    cas: str = ""
    jurisdiction: str = ""
    instrument: str = ""
    schedule: str = ""
    start: str = ""
    end: str = ""
    state: str = "listed"
    source: str = ""
    confidence: str = "medium"

    @property
    def cells(self) -> dict[str, str]:
        return {
            "jurisdiction": self.jurisdiction,
            "instrument": self.instrument,
            "schedule": self.schedule,
            "name": self.name,
            "synonyms": "|".join(self.synonyms),
            "cas": self.cas,
            "inchikey": self.inchikey,
            "from": self.start,
            "precision": "unknown" if not self.start else "year" if len(self.start) == 4 else "day",
            "to": self.end,
            "state": self.state,
            "source": self.source,
            "confidence": self.confidence,
        }


def derive_listings(
    substances: Sequence[dict[str, str]],
    decisions: Sequence[dict[str, str]],
    precursors: Sequence[Precursor],
    rules: RuleSet,
) -> str:
    """The CSV text of the listings that the reference rows, the decisions of the United Nations and the rules' named
    exclusions state. Where a decision is given for a substance of the reference set, it takes the place of that."""
    dated = [row for precursor in precursors for row in _of_precursor(precursor)]
    better = {(row.jurisdiction, row.schedule, row.inchikey) for row in dated}
    rows = [row for substance in substances for row in _of_substance(substance)]
    rows = [row for row in rows if (row.jurisdiction, row.schedule, row.inchikey) not in better] + dated
    decided = list(_of_decisions(decisions))
    corrected = {(row.instrument, row.inchikey) for row in decided}
    rows = [row for row in rows if (row.instrument, row.inchikey) not in corrected] + decided
    seen = {(row.jurisdiction, row.inchikey[:14]) for row in rows if row.jurisdiction != "UN"}
    rows += [row for row in _of_exclusions(rules) if (row.jurisdiction, row.inchikey[:14]) not in seen]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.cells for row in sorted(set(rows), key=lambda row: tuple(row.cells.values())))
    return out.getvalue()


def _named(written: str, inchikey: str) -> _Row:
    """A row with the name before the brackets as its name and the one in brackets as its synonym."""
    whole, *parts = spelled(written)
    return _Row(parts[0], inchikey, (parts[1],)) if parts else _Row(whole, inchikey)


def _of_substance(substance: dict[str, str]) -> Iterator[_Row]:
    row = _named(substance["name"], substance["inchikey"])
    yield from _un(row, substance["un_schedule"], read="press copy read" in substance["source"])
    yield from _us(row, substance["us_named"])
    yield from _of_note(row, substance["note"])


def _of_decisions(decisions: Sequence[dict[str, str]]) -> Iterator[_Row]:
    """Substances beside the reference set, each with its source; what has no one structure is found by name alone."""
    for decision in decisions:
        synonyms = tuple(part for part in decision["synonyms"].split("|") if part)
        inchikey = full_inchikey(decision["smiles"]) if decision["smiles"] else ""
        row = _Row(decision["name"], inchikey, synonyms, decision["cas"])
        schedule = (
            f"{decision['schedule']} ({decision['year']})" if decision["year"] else decision["schedule"]
        )
        for listed in _un(row, schedule, read=decision["source"].endswith(" read")):
            yield replace(listed, source=decision["source"])


def _un(row: _Row, schedule: str, *, read: bool) -> Iterator[_Row]:
    found = _UN.match(schedule)
    if found:
        yield replace(
            row,
            jurisdiction="UN",
            instrument=_CONVENTIONS[found[1]],
            schedule=f"Schedule {found[2]}{found[3] or ''}",
            start=found[4] or "",
            source="reference row: UN " + ("decision, press copy read" if read else "schedule, from memory"),
            confidence="high" if read else "medium",
        )


def _us(row: _Row, schedule: str) -> Iterator[_Row]:
    found = _US.match(schedule)
    if not found:
        return
    shown = found[1] if found[1].startswith("List") else f"Schedule {found[1]}"
    remark = found[2] or ""
    year = re.search(r"\d{4}", remark)
    words = remark.replace(year[0], "").strip() if year else remark
    yield replace(
        row,
        jurisdiction="US",
        instrument=_US_ACT,
        schedule=f"{shown} ({words})" if words else shown,
        start=year[0] if year else "",
        source="reference row: US listing, from memory",
    )


def _of_note(row: _Row, note: str) -> Iterator[_Row]:
    row = replace(row, source="reference row, note")
    dated, named = _DATED_NOTE.match(note), _NAMED_NOTE.match(note)
    if dated:
        yield replace(row, jurisdiction="UK", instrument=_UK_ACT, schedule=dated[1], start=dated[2])
    if named:
        yield replace(
            row, jurisdiction="UK", instrument=_UK_ACT, schedule=f"Schedule 2, paragraph {named[1]}"
        )
    if note == "narcotics-act substance in Germany":
        yield replace(row, jurisdiction="DE", instrument="Betäubungsmittelgesetz")


def _of_precursor(precursor: Precursor) -> Iterator[_Row]:
    row = replace(
        _named(precursor.name, precursor.inchikey),
        cas=precursor.cas,
        jurisdiction=precursor.jurisdiction,
        start=precursor.since,
        source=f"precursor table: {precursor.source}",
        confidence=precursor.confidence,
    )
    if precursor.jurisdiction == "UN":
        yield replace(row, instrument=_CONVENTIONS["1988"], schedule=precursor.table.removeprefix("1988 "))
    elif precursor.jurisdiction == "US":
        list_name = precursor.table.removeprefix("national: US ").replace("List I", "List I chemical", 1)
        state = "proposed" if "proposed" in list_name else "listed"
        yield replace(row, instrument=_US_ACT, schedule=list_name, state=state)
    else:
        yield from _canadian(replace(row, instrument="Controlled Drugs and Substances Act"), precursor.table)


def _canadian(row: _Row, table: str) -> Iterator[_Row]:
    found = _CANADIAN.match(table)
    if found:
        yield replace(row, schedule=found[1], start=found[2], end=found[3])
        yield replace(row, schedule=f"{found[4]}, as derivative", start=found[3])


def _of_exclusions(rules: RuleSet) -> Iterator[_Row]:
    """A rule's named exclusion that says on which list the substance stands instead."""
    for rule in rules:
        jurisdiction, instrument, pattern = _LIST_IN_EXCLUSION.get(rule.id, ("", "", r"\Z."))
        for named in rule.exclude_named:
            found = re.match(pattern, named.reason)
            if not found:
                continue
            place = found["place"]
            place = place[0].upper() + place[1:] if place.islower() else place
            yield _Row(
                named.name,
                full_inchikey(named.smiles),
                jurisdiction=jurisdiction,
                instrument=instrument or place,
                schedule=f"{'Schedule 2, ' if jurisdiction == 'UK' else ''}{found['place']}"
                if instrument
                else "",
                start=found.groupdict().get("since") or "",
                source=f"rule {rule.id}, named exclusion",
            )
