# SPDX-License-Identifier: Apache-2.0
"""Reader of the test kit, tests/vectors/accord, whose cases each name an operation and its expected result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.envelope.kit.building import expand

KIT: Final = Path(__file__).parents[2] / "vectors" / "accord"


@dataclass(frozen=True)
class Case:
    """A case; `given` holds its own members over those of its file."""

    topic: str
    name: str
    do: str
    given: dict[str, Any]
    expect: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.topic}: {self.name}"


def topics() -> list[str]:
    """The names of the files with cases."""
    return sorted(path.stem for path in KIT.glob("*.json") if path.stem != "agencies")


@cache
def load(topic: str) -> dict[str, Any]:
    """Read a file, with every text whole."""
    value = json.loads((KIT / f"{topic}.json").read_text("utf-8"))
    assert isinstance(value, dict)
    return expand(value) if "cases" in value else value


def cases_of(topic: str) -> list[Case]:
    document = load(topic)
    return [
        Case(topic, case["name"], case["do"], given_by(document, case), case["expect"])
        for case in document["cases"]
    ]


def given_by(document: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a case: its own members over those of its file."""
    shared = {name: value for name, value in document.items() if name not in ("about", "cases", "profile")}
    return shared | dict(case["in"])


def all_cases() -> list[Case]:
    return [case for topic in topics() for case in cases_of(topic)]


def opening_cases(suite: str | None = None) -> list[Case]:
    """Slices with the result that a reader must give, for vault, client and the openers in other languages."""
    return [
        case for case in all_cases() if case.do == "open" and (suite is None or case.given["suite"] == suite)
    ]


# Inputs beyond a slice, its blobs and the time: facts that a reader keeps, or another directory.
_MORE = {
    "agencies",
    "consistency",
    "kept",
    "keyless",
    "ledger",
    "met",
    "reaffirms",
    "revocations",
    "unreleased",
}


def plain_opening_cases(reader: str) -> list[Case]:
    """Slices for one agency of the kit, for a vault or client that has only its keys and keysets."""
    return [
        case for case in opening_cases() if case.given["reader"] == reader and not _MORE & case.given.keys()
    ]
