# SPDX-License-Identifier: Apache-2.0
"""The glossary explains the subjects of the audit's acts, in 60 words at most, each with its source."""

import re
from pathlib import Path

from desk.agency.audit.words import ACTS

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
MOST_WORDS = 60
OF_ALL_PROGRAMS = frozenset(
    {
        "content",
        "retract",
        "rule",
        "spectra",
        "spectrum",
        "substance",
        "task",
        "template",
        "unit",
        "vault",
        "view",
        "watch",
    }
)
"""Words of chemistry, of the law and of programs that need no line in the glossary."""
OF_MANY = {"agreements": "agreement", "deliveries": "delivery"}
"""Acts on many at once, by the word for one."""


def _rows() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| (\w+) \| (.+?) \| (.+?) \|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return {word: (meaning, source) for word, meaning, source in rows if word != "word"}


def test_it_is_short_in_order_and_each_word_has_its_source() -> None:
    rows = _rows()
    assert 0 < len(rows) <= MOST_WORDS
    assert list(rows) == sorted(rows)
    assert all(meaning and source for meaning, source in rows.values())


def test_every_act_of_the_audit_is_about_one_of_its_words() -> None:
    named = {act.partition(".")[0] for act in ACTS}
    subjects = {OF_MANY.get(word, word) for word in named}
    assert named >= OF_MANY.keys()
    assert subjects - _rows().keys() - OF_ALL_PROGRAMS == set()
    assert subjects >= OF_ALL_PROGRAMS
