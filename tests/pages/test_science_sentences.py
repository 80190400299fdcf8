# SPDX-License-Identifier: Apache-2.0
"""Every fault that a reader of the science core can find has its sentence: the field, and the remedy."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.document.science_sentences import SENTENCES as READER_SENTENCES
from alerts.document.science_sentences import sentence_of
from science.answers.fit import CHECKS, OUTCOMES
from science.answers.fit import REASONS as FIT_REASONS
from science.answers.fit import VERDICTS as FITS
from science.answers.profiles import BANDS
from science.answers.profiles import REASONS as PROFILE_REASONS
from science.answers.spectra import REASONS as MATCH_REASONS
from science.answers.words import CLAUSES, LIMITS, REASONS, SENTENCES, STANDINGS, VERDICTS
from substances.control import results, verdicts
from substances.errors import InputRefusedError
from substances.spectra import answers, fits
from substances.spectra.library import LIBRARY_CODES
from substances.spectra.limits import CODES

ROOT = Path(__file__).parents[2] / "substances"
FIELDS = {"structure", "spectrum", "profile", "isotopes"}
"""Fields that people fill in; the others are between programs."""
HELPERS = {"structures": "structure", "spectra": "spectrum"}
"""In these folders a helper `_refused(code)` or `refuse(code)` names the field by itself."""


def _codes_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield field and code of every refusal whose code is a text constant of the module."""
    constants = dict(
        re.findall(r'^([A-Z_]+)(?:: Final)? = "([a-z_]+)"', path.read_text("utf-8"), re.MULTILINE)
    )
    field = HELPERS.get(path.relative_to(ROOT).parts[0], "")
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        texts = [_text(argument, constants) for argument in call.args]
        if name == "InputRefusedError" and len(texts) > 1:
            yield texts[0] or field, texts[1]
        elif name in {"_refused", "refuse", "_refuse"} and field:
            yield field, texts[0]


def _text(node: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return constants.get(node.id, "") if isinstance(node, ast.Name) else ""


REFUSALS = sorted(
    {
        (field, code)
        for path in ROOT.rglob("*.py")
        for field, code in _codes_in(path)
        if field in FIELDS and code
    }
    | {("spectrum", code) for code in CODES | LIBRARY_CODES}
)


def test_there_are_refusals_of_every_field() -> None:
    assert {field for field, _code in REFUSALS} == FIELDS


def test_every_refusal_has_a_sentence_that_names_the_field_and_a_remedy() -> None:
    for field, code in REFUSALS:
        sentence = sentence_of(InputRefusedError(field, code))
        assert code in READER_SENTENCES[field], f"{field}: {code} has no sentence"
        assert sentence.startswith(f"{field.capitalize()}: "), (field, code)
        assert sentence.endswith(".") and len(sentence) > 30, (field, code)


def test_the_place_is_named_and_an_unknown_code_still_gets_a_sentence() -> None:
    assert sentence_of(InputRefusedError("spectrum", "not_finite", "line 7")).endswith("(line 7)")
    assert sentence_of(InputRefusedError("structure", "never_heard_of")).startswith("structure: ")


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (results.STANDINGS, STANDINGS),
        (verdicts.VERDICTS, VERDICTS),
        (verdicts.FINDING_CODES, CLAUSES),
        (verdicts.REASON_CODES, REASONS),
        (answers.REASONS, MATCH_REASONS),
        (fits.CHECKS, CHECKS),
        (fits.REASONS, FIT_REASONS),
        (["fits", "unclear", "does_not_fit", "not_checked"], FITS),
        (["agrees", "unclear", "disagrees", "not_checked"], OUTCOMES),
        (["method", "version", "length", "not_calibrated", "too_few_shared", "flat"], PROFILE_REASONS),
        (
            [f"{side}_{word}" for side in ("same", "different") for word in ("weak", "moderate", "strong")],
            BANDS,
        ),
    ],
)
def test_every_code_of_an_answer_has_words(codes: object, words: dict[str, object]) -> None:
    assert set(codes) - set(words) == set()  # type: ignore[call-overload]


def test_the_codes_that_say_nothing_new_are_the_only_ones_without_a_sentence() -> None:
    said_by_the_standing = {"listed_by_name", "meets_definition"}
    assert set(results.SENTENCES) - set(SENTENCES) == said_by_the_standing
    assert set(results.LIMITS) - set(LIMITS) == {"not_legal_advice", "lists_are_not_complete"}


def test_no_word_says_illegal_or_safe() -> None:
    texts = [
        str(text)
        for table in (STANDINGS, VERDICTS, CLAUSES, REASONS, SENTENCES, LIMITS, MATCH_REASONS)
        for text in table.values()
    ]
    assert not [
        text for text in texts if re.search(r"\b(il)?legal\b|\bsafe\b|\ballowed\b", text, re.IGNORECASE)
    ]
