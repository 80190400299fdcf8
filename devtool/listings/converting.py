# SPDX-License-Identifier: Apache-2.0
"""Turn entries of a gathered legal text into rows of the list that the product reads (substances.control.listings).

Nothing is added that the entry does not say: kind, clause and dates come from its own words, by the tables below.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from devtool.listings.resolving import NO_NAMES, Entry
from devtool.listings.spelling import plain
from devtool.listings.texts import TextRow
from substances.control.fields import day_of
from substances.control.naming import name_key

GERMAN: Final = ("Betäubungsmittelgesetz", "Neue-psychoaktive-Stoffe-Gesetz", "Austria")
_MATERIAL: Final = re.compile(
    r"\b(?:opium|poppy|papaver|mohnstroh\w*|coca|cocablätter|erythroxylum|cannabis\w*|marihuana|marijuana|peyote|khat|"
    r"catha|salvia)\b|黄樟油|麻黄浸膏|Pulvis",
    re.IGNORECASE,
)
_CLASS: Final = re.compile(
    r"^any substance|^any salt|^those compounds|(?:and|und) (?:other|andere) |its esters|seine ester|"
    r"any derivative|cannabinol derivatives|^(?:eight|seven) esters|^tetrahydrocannabinols\Z|^cannabimimetic agents|"
    r"^fentanyl-related substances|グリシジルエステル",
    re.IGNORECASE,
)
_NOTED_CLASS: Final = re.compile(r"class entry|class definition")
_PREPARATION: Final = re.compile(
    r"limited to:|limited-quantity|^preparations|^not more than|^any drug product|exempted preparations|"
    r"复方|制剂|原料药和注射剂|其它单方|nur in Zubereitungen",
    re.IGNORECASE,
)
MAX_SYNONYMS: Final = 12
_NATIONAL: Final = ("Austria", "France")
_OF_CONVENTIONS: Final = {
    ("Single Convention", "Schedule I"): (
        "salts",
        "isomers",
        "esters",
        "ethers",
        "compounds",
        "preparations",
    ),
    ("Single Convention", "Schedule II"): ("salts", "isomers", "preparations"),
    ("Convention on Psychotropic", "Schedule I"): ("salts", "stereoisomers", "preparations"),
    ("Convention on Psychotropic", ""): ("salts", "preparations"),
}
"""The coverage by the closing paragraphs of the schedules of 1961 and 1971; national law may cover more."""
_DAYS: Final = ("%b. %d, %Y", "%B %d, %Y", "%B. %d, %Y", "%Y-%m-%d")
_UNTIL: Final = re.compile(r"(?:expires|period ends) ([A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}|\d{4}-\d{2}-\d{2})")
_GRADES: Final = re.compile(r"grade ([ABCD])")
_WORDS: Final = (
    ("salts", r"\bsalts?\b"), ("isomers", r"(?<!stereo)\bisomers"), ("position_isomers", r"\bisomers \([^)]*\bposition"),
    ("esters", r"\besters?\b"), ("ethers", r"\bethers?\b"),
    ("compounds", r"molecular compounds"), ("preparations", r"\bpreparations?\b"), ("derivatives", r"\bderivatives\b"),
    ("analogues", r"\banalog(?:ue)?s\b"), ("stereoisomers", r"^stereoisomers"),
)  # fmt: skip


def is_german(row: TextRow) -> bool:
    """Tell whether its names are German."""
    return row.instrument.startswith(GERMAN) or row.source.startswith("Austria")


def schedule_of(row: TextRow) -> str:
    """Return the schedule; a bare Roman number becomes "Schedule" and the number."""
    return f"Schedule {row.schedule}" if re.fullmatch(r"[IVX]+", row.schedule) else row.schedule


def kind_of(row: TextRow) -> str:
    """Return what an entry names: a substance, a class, a material, a preparation, or an exclusion."""
    if row.note.startswith("named exclusion"):
        return "exclusion"
    if _PREPARATION.search(row.name) or _PREPARATION.search(row.note):
        return "preparation"
    if _CLASS.search(row.name) or _NOTED_CLASS.search(row.note):
        return "class"
    if "head of the item" in row.note:
        return "material"
    return "material" if _MATERIAL.search(row.name.split(" (")[0]) else "substance"


def clause_of(row: TextRow) -> str:
    """Return what the entry includes beside what it names, as codes; "not_seen" where its clause was not read."""
    said = row.includes if row.includes != "as printed in the name" else row.name
    if "not seen" in said and not said.startswith("salts for"):
        return "not_seen"
    if row.includes.startswith("limits summarised"):
        return "none"
    if not said:
        return "none" if row.instrument.startswith("Controlled Drugs") else "not_seen"
    said = re.sub(r"\bno salts or isomers\b", "", said)
    if row.schedule == "Anlage I" or "when meant for misuse" in said:
        said = re.sub(r"stereoisomers[^;]*", "", said)
        codes = [code for code, pattern in _WORDS if re.search(pattern, said)]
        return " ".join([*codes, "stereoisomers_if_misused"])
    codes = [code for code, pattern in _WORDS if re.search(pattern, said, re.IGNORECASE)]
    return " ".join(_of_convention(row, codes)) or "none"


def _of_convention(row: TextRow, codes: list[str]) -> list[str]:
    """Keep, of a national text that names a schedule of the United Nations, only what that schedule itself includes."""
    if not row.source.startswith(_NATIONAL):
        return codes
    for (instrument, schedule), taken_in in _OF_CONVENTIONS.items():
        if row.instrument.startswith(instrument) and schedule in ("", row.schedule):
            if "stereoisomers" in taken_in and "isomers" in codes:
                codes = [*codes, "stereoisomers"]
            return [code for code in taken_in if code in codes]
    return codes


def grade_of(row: TextRow) -> str:
    """Return the grade: A the text of the instrument, B national law that names it, C its body's notice or list, D second hand."""
    if found := _GRADES.search(row.note):
        return found[1]
    if row.source.startswith(("DEA Diversion", "Home Office")):
        return "C"
    if re.search(r"DRAFT|elimination|secondary source|class by count", row.note) or row.source.startswith(
        ("UNODC", "Draft")
    ):
        return "D"
    return "A"


def dates_of(row: TextRow) -> tuple[str, str, str]:
    """Return first day, its precision, and the first day on which the entry no longer stands.

    Raises ValueError with the column and the remedy.
    """
    precision = {0: "unknown", 4: "year", 7: "month", 10: "day"}.get(len(row.from_date), "")
    start = day_of(row.from_date + {"year": "-01-01", "month": "-01"}.get(precision, ""))
    if not precision or (row.from_date and start is None):
        raise ValueError("from_date: a day (2026-01-31), a month (2026-01), a year, or nothing")
    found = _UNTIL.search(row.note)
    end = _day(found[1]) + timedelta(days=1) if found else None
    if row.temporary and end is None and "no expiry date" not in row.note:
        raise ValueError(
            'temporary: say in the note until when, as "period ends 2027-06-04", or "no expiry date"'
        )
    if start and end and end <= start:
        raise ValueError("from_date: it lies behind the day on which the entry ends")
    return row.from_date, precision, end.isoformat() if end else ""


def synonyms_of(entry: Entry, right: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return other names of the entry: short ones within its printed name, and corrected misprints.

    A misprint is a Greek rho that stands for "p", or what `right` says by the key of a name.
    """
    row = entry.row
    short = [name for name in entry.spellings if _is_short(name)]
    if entry.german:
        short = [name for name in short if name in (row.name, *row.other_names)]
    mended = [*right.get(name_key(row.name), ()), *([plain(row.name)] if "\u03c1" in row.name else ())]
    seen: dict[str, str] = {}
    printed = [name for name in row.other_names if len(name) > 1 and name_key(name) not in NO_NAMES]
    for name in [*printed, *mended, *short]:
        if name_key(name) != name_key(row.name):
            seen.setdefault(name_key(name), name)
    return tuple(seen.values())[:MAX_SYNONYMS]


def _is_short(name: str) -> bool:
    return bool(
        len(name) <= 60
        and re.search(r"[A-Za-z]{2}", name)
        and not re.search(r"[\[\]{}|]", name)
        and _is_balanced(name)
        and " its " not in name
        and name_key(name) not in NO_NAMES
    )


def _is_balanced(name: str) -> bool:
    depths = list(accumulate((letter == "(") - (letter == ")") for letter in name))
    return min(depths) >= 0 and depths[-1] == 0


def convert(entry: Entry, source: str, right: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the row of the list, still without a structure. Raises ValueError with the column and the remedy."""
    row = entry.row
    start, precision, end = dates_of(row)
    return {
        "kind": kind_of(row),
        "jurisdiction": entry.list,
        "instrument": row.instrument,
        "schedule": schedule_of(row),
        "item": row.item,
        "name": row.name,
        "synonyms": "|".join(synonyms_of(entry, right)),
        "code": row.code,
        "clause": clause_of(row),
        "from": start,
        "precision": precision,
        "to": end,
        "grade": grade_of(row),
        "source": source,
        "note": row.note,
    }


def _day(written: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(written.replace("Sept.", "Sep."), form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise ValueError(f"note: {written} is no day; write it as 2027-06-04")
