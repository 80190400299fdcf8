# SPDX-License-Identifier: Apache-2.0
"""The stories of `data/stories.json`: alerts as data, with who sent, read, answered and withdrew them, and when.

Days are relative to the day of seeding. Fields of an alert are those of its form; an alert states what differs from the common
ones and from those of its kind. A substance is named as in the reference library of the product, which gives its structure and
identifiers; a profile is named by a sample of the shipped reference profiles.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from demo.world import agency_of

DATA: Final = Path(__file__).with_name("data")
REFERENCE: Final = Path(__file__).resolve().parent.parent / "substances" / "data"
METHOD: Final = {"method": "reference-18", "version": "1"}
"""The method by which the shipped reference profiles were measured."""


@dataclass(frozen=True)
class Answered:
    """One agency's answer to a question: the answering officer's login, day and hour, and the members of the answer."""

    by: str
    day: int
    code: str
    hour: float = 9
    text: str | None = None
    expected: int | None = None
    """The day for which an interim answer announces the next one."""


@dataclass(frozen=True)
class Withdrawn:
    """The withdrawal of an alert, and the agencies that confirmed it."""

    day: int
    code: str
    confirmed: Sequence[str] = ()


@dataclass(frozen=True)
class Told:
    """One alert of a story. `read` and `opened` give by agency the minutes until it acknowledged or only opened it."""

    day: int
    by: str
    to: Sequence[str]
    fields: Mapping[str, Any]
    hour: float = 9
    read: Mapping[str, float] = field(default_factory=dict)
    opened: Mapping[str, float] = field(default_factory=dict)
    withdrawn: Withdrawn | None = None
    answers: Sequence[Answered] = ()
    file: str = ""
    """The name of an attached file, one of `data/`."""
    in_force: int = 0
    """Of a change of the law: the day from which it holds."""
    adopted_by: Sequence[str] = ()
    """Logins of officers whose agencies follow the attached rule from then on."""


@dataclass(frozen=True)
class Story:
    """Alerts that tell one course of events. The small world has the stories that are `is_small`."""

    story: str
    about: str
    alerts: Sequence[Told]
    is_small: bool = False


def read_stories(*, is_whole: bool) -> list[Story]:
    """Return all stories, or those of the small world."""
    written = _written()
    stories = [_read_story(raw, written) for raw in written["stories"]]
    return [story for story in stories if is_whole or story.is_small]


def first_day(stories: Sequence[Story]) -> int:
    """Return the day of the earliest alert."""
    return min(told.day for story in stories for told in story.alerts)


@cache
def _written() -> dict[str, Any]:
    written: dict[str, Any] = json.loads((DATA / "stories.json").read_text(encoding="utf-8"))
    return written


def _read_story(raw: Mapping[str, Any], written: Mapping[str, Any]) -> Story:
    alerts = [_read_told(dict(row), written) for row in raw["alerts"]]
    return Story(**{**raw, "alerts": alerts})


def _read_told(row: dict[str, Any], written: Mapping[str, Any]) -> Told:
    own = {"place_country": agency_of(row["by"]).country, **dict(row["fields"])}
    fields = written["common"] | written["kinds"][own["alert_type"]] | own
    row["fields"] = dict(_completed({**fields, "recipients": row["to"]}))
    row["answers"] = [Answered(**answered) for answered in row.get("answers", ())]
    if "withdrawn" in row:
        row["withdrawn"] = Withdrawn(**row["withdrawn"])
    return Told(**row)


def _completed(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields with identifiers of the substance and the values of the profile."""
    yield from fields.items()
    name = fields.get("preferred_name")
    if name:
        known = _substances()[name]
        yield from (
            ("structure", known["smiles"]),
            ("inchikey", known["inchikey"]),
            ("formula", known["formula"]),
        )
    if "profile" in fields:
        yield "profile", METHOD | {"values": _profiles()[fields["profile"]]}


@cache
def _substances() -> dict[str, dict[str, str]]:
    with (REFERENCE / "substances-dev.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


@cache
def _profiles() -> dict[str, list[str | None]]:
    with (REFERENCE / "profiles-dev.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    peaks = [name for name in rows[0] if name.startswith("peak")]
    return {row["sample"]: [row[peak] if float(row[peak]) else None for peak in peaks] for row in rows}
