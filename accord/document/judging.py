# SPDX-License-Identifier: Apache-2.0
"""Faults of an alert document: its schema, then what a schema cannot express, in the order of checking.

The hub's forms check a draft alike; docs/accord.md lists what only they check.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from accord.document.checking import Finding, findings, hidden_findings, is_empty, step
from accord.document.chemistry import is_cas_number, is_formula, is_inchi
from accord.document.rules import LEAST_TITLE, LEAST_WIDE_TITLE, Clash, clashes, latest_today, least_title
from accord.document.schema import alert_schema

_OWN_FORMS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "title": (
        lambda title: len(title) >= least_title(title),
        f"use at least {LEAST_TITLE} characters; {LEAST_WIDE_TITLE} are enough only in Chinese, Japanese or Korean.",
    ),
    "cas_rn": (is_cas_number, "the check digit is wrong; compare the source."),
    "formula": (is_formula, "it names an element or a count that does not exist; correct it."),
    "inchi": (is_inchi, "its formula layer cannot be read; copy it whole, from InChI=1 on."),
}
_CLASHES: Final[Mapping[Clash, str]] = {
    Clash.FUTURE: "it lies in the future; write a day up to today.",
    Clash.NO_NAME: "a tentative or confirmed identity has a name; add it or lower the identity.",
    Clash.OTHER_FORMULA: "it counts other atoms than the InChI; correct one.",
    Clash.OTHER_KEY: "it is not the key of the InChI; correct one.",
    Clash.NO_UNIT: "the quantity has no unit; choose one.",
    Clash.TOO_MUCH: "write more than 0, up to 1,000 t.",
    Clash.LICENCE: "a licence ended; write fail or conditional.",
    Clash.NOT_ALONE: "H0 stands alone; leave out H0 or the others.",
    Clash.NO_CONDITION: "H3 has a condition; write it in handling_condition.",
    Clash.NOT_IDENTIFIED: "no analysis identified it; write tentative, or the analysis that did.",
    Clash.NO_REASON: "another time to answer by has a reason; write it.",
    Clash.NO_REFUSAL: "a refusal has a reason; write one of the listed.",
    Clash.NOT_REFUSED: "only a refusal has a reason; leave it out, or write refused as answer_code.",
    Clash.NO_TEXT: "this answer says nothing without a text; write it.",
    Clash.NO_EXPECTED_DAY: "write the day on which you expect the authorisation.",
    Clash.NOTHING_EXPECTED: "after this answer nothing follows; leave it out.",
    Clash.EXPECTED_BEFORE: "it lies in the past; write a day from today on.",
}


def check_alert(document: object, *, now: int, at: str = "") -> list[Finding]:
    """Return the faults of an alert document; `at` is the pointer of the document within its file."""
    found = list(findings(alert_schema(), document, at))
    if not isinstance(document, Mapping):
        return found
    seen = {finding.pointer for finding in found}
    found += [finding for finding in _beyond(document, at) if finding.pointer not in seen]
    unfit = {finding.pointer[len(at) + 1 :].partition("/")[0] for finding in found}
    today = latest_today(now)
    found += [
        Finding(step(at, name), _CLASHES[clash]) for name, clash in clashes(document, unfit, today=today)
    ]
    return found


def check_references(document: Mapping[str, Any], files: Collection[str], *, at: str = "") -> list[Finding]:
    """Return a finding for each file that the document names and that is not among the attachments' names."""
    rows = document.get("evidence")
    named = [(f"{at}/evidence/{n}/file", row) for n, row in enumerate(rows if isinstance(rows, list) else ())]
    named.append((f"{at}/proposed_rule/file", document.get("proposed_rule")))
    return [
        Finding(pointer, "no attachment has this name; attach the file, or write null.")
        for pointer, row in named
        if isinstance(row, Mapping) and isinstance(row.get("file"), str) and row["file"] not in files
    ]


def misfits(document: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return by name the unknown or unfit members of a received document, and the missing required ones."""
    schema = alert_schema()
    shapes = schema["properties"]
    unfit = [
        name
        for name, value in document.items()
        if name not in shapes or (not is_empty(value) and not _fits(name, value))
    ]
    missing = [
        name
        for name in schema["required"]
        if name not in document or (is_empty(document[name]) and not _fits(name, document[name]))
    ]
    return unfit, missing


def _fits(name: str, value: object) -> bool:
    shape = alert_schema()["properties"][name]
    return not (any(findings(shape, value, "")) or any(_beyond({name: value}, "")))


def _beyond(document: Mapping[str, Any], at: str) -> Iterator[Finding]:
    """Yield faults of a single member that a schema cannot express."""
    for name, (fits, remedy) in _OWN_FORMS.items():
        value = document.get(name)
        if isinstance(value, str) and value and not fits(value):
            yield Finding(step(at, name), remedy)
    yield from hidden_findings(document, at)
