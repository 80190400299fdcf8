# SPDX-License-Identifier: Apache-2.0
"""A stranger's rule that searches without end is reported before anybody adopts it, and delays nothing for long."""

import time
from datetime import date
from typing import Any, Final

import pytest

from substances.control import safe, stressing
from substances.control.checking import check_rules_text
from substances.control.listings import shipped_listings_text
from substances.control.rules import read_rules
from substances.control.shipped import shipped_rules, shipped_rules_text
from substances.errors import WorkerLostError
from substances.rulefacts import StructureIn
from substances.sandbox import law as sandbox_law
from tests.substances.control.law_made_up import GROUPS, made_up, text_of

TODAY: Final = date(2026, 11, 1)


def chain(length: int) -> str:
    """Return a pattern of `length` carbons in a row, and an atom that is in no structure."""
    return "[C,c]~" * length + "[#92]"


HANGS, SLOW = chain(30), chain(18)
"""Patterns that never return, and that return after their budget; both are within every limit of a text."""
OPTION: Final = {"clause": "(i)", "label": "x", "smarts": "[*:90]~" + SLOW}
PLACES: Final[dict[str, tuple[dict[str, Any], dict[str, Any], str]]] = {
    "a core": ({"cores": [{"id": "c", "smarts": "[#6:1]~" + SLOW}], "slots": []}, {}, "rules.XA-SLOW"),
    "an option used once a core was found": (
        {"slots": [{"name": "ring", "at": 1, "options": [OPTION]}]},
        {},
        "rules.XA-SLOW",
    ),
    "a group that no rule names": ({}, {"slow": {"smarts": "[*]~" + SLOW, "closed": True}}, "groups"),
}


def hanging() -> str:
    """Return a file with a rule that never returns on a cage."""
    return text_of(made_up(cores=[{"id": "c", "smarts": "[#6:1]~" + HANGS}], slots=[]))


@pytest.mark.parametrize("place", PLACES)
def test_a_pattern_above_its_budget_is_named_wherever_it_stands(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stressing, "CPU_SECS_A_RULE", stressing.CPU_SECS_A_RULE / 2)
    parts, groups, path = PLACES[place]
    text = text_of(made_up(), made_up(id="XA-SLOW", **parts), groups=GROUPS | groups)
    (fault,) = check_rules_text(text).faults
    assert (fault.path, fault.code) == (path, "too_slow")


def test_a_pattern_above_its_budget_and_one_that_hangs_are_told_by_the_sandbox() -> None:
    slow = text_of(made_up(), made_up(id="XA-SLOW", **PLACES["a core"][0]))
    assert [(fault.path, fault.code) for fault in sandbox_law.slow_rules(slow)] == [
        ("rules.XA-SLOW", "too_slow")
    ]
    text = hanging()
    assert read_rules(text).rules, "its text is within every limit"
    began = time.monotonic()
    assert [(fault.path, fault.code) for fault in sandbox_law.slow_rules(text)] == [("rules", "too_slow")]
    assert time.monotonic() - began < 40


def test_the_shipped_rules_keep_far_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stressing, "CPU_SECS_A_RULE", stressing.CPU_SECS_A_RULE / 2)
    assert stressing.first_slow_rule(shipped_rules()) == ()
    assert sandbox_law.slow_rules(shipped_rules_text()) == ()


def test_a_faulty_file_is_for_the_reader_to_tell() -> None:
    assert sandbox_law.slow_rules("rules: [") == ()


def test_a_structure_that_hangs_ends_the_process_soon_and_stops_no_other() -> None:
    text, listings = hanging(), shipped_listings_text()
    began = time.monotonic()
    with pytest.raises(WorkerLostError):
        sandbox_law.judge_structures(text, listings, [StructureIn(stressing._FULLERENE)], today=TODAY)
    assert time.monotonic() - began < 40, "not the thirty seconds of processor time of a batch"
    (read,) = sandbox_law.judge_structures(text, listings, [StructureIn("Cc1ccncc1")], today=TODAY)
    assert read.is_read


def test_a_rescreening_that_hangs_ends_soon_too() -> None:
    began = time.monotonic()
    with pytest.raises(WorkerLostError):
        safe.rescreen([stressing._FULLERENE], rules=hanging())
    assert time.monotonic() - began < 40
