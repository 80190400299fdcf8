# SPDX-License-Identifier: Apache-2.0
"""Sections of an alert page: their order, what nobody stated in one line, and nothing that a kind cannot state."""

from typing import Any, Final

import pytest

from desk.alerts.display.sections import UNSTATED, PageSection, page_sections

FULL: Final[dict[str, Any]] = {
    "alert_type": "new_substance",
    "narrative": "A tablet.",
    "certainty": "likely",
    "severity": "severe",
    "formula": "C21H27N3O",
}
ROWS: Final[dict[str, tuple[dict[str, Any], frozenset[str], list[str], list[str]]]] = {
    # document, what else has content, the sections in order, the names in the line
    "everything stated": (
        FULL,
        frozenset({"controlled"}),
        ["asked", "happened", "sure", "dangerous", "evidence", "controlled"],
        [],
    ),
    "harm not stated": (
        FULL | {"severity": None},
        frozenset({"controlled"}),
        ["asked", "happened", "sure", "evidence", UNSTATED, "controlled"],
        ["how dangerous"],
    ),
    "a file is evidence": (
        FULL | {"formula": None},
        frozenset({"evidence"}),
        ["asked", "happened", "sure", "dangerous", "evidence", UNSTATED],
        ["where controlled"],
    ),
    "nothing but a kind": (
        {"alert_type": "seizure"},
        frozenset(),
        ["asked", "happened", UNSTATED],
        ["how sure", "how dangerous", "evidence", "where controlled"],
    ),
    "a reply has no harm, no evidence and no control status": (
        {"alert_type": "reply", "narrative": "Yes."},
        frozenset(),
        ["asked", "happened", UNSTATED],
        ["how sure"],
    ),
    "a question about a profile is graded by nobody": (
        {"alert_type": "profile_query"},
        frozenset(),
        ["asked", "happened"],
        [],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_order_and_the_line_of_what_is_not_stated(name: str) -> None:
    document, filled, anchors, names = ROWS[name]
    sections = page_sections(document, asked="Acknowledge.", filled=filled)
    assert [section.anchor for section in sections] == anchors
    assert [str(name) for section in sections for _anchor, name in section.unstated] == names


def test_what_stands_beside_the_evidence_and_after_all_keeps_its_place() -> None:
    reviews, thread = PageSection("reviews", "Reviews"), PageSection("thread", "Thread")
    sections = page_sections(
        FULL | {"severity": None},
        asked="Acknowledge.",
        filled=frozenset({"controlled"}),
        beside_evidence=[reviews],
        after=[thread],
    )
    order = [section.anchor for section in sections]
    assert order == ["asked", "happened", "sure", "evidence", "reviews", UNSTATED, "controlled", "thread"]
