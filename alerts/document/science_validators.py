# SPDX-License-Identifier: Apache-2.0
"""Shape checks of structure, evidence, profile and control status.

Numbers are sent as decimal texts: signed JSON holds no floats. Whether a structure can be read is not checked here;
a structure is read only in a worker process that may crash.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from alerts.document import choices as c
from alerts.document.characters import hidden_characters
from alerts.document.kinds import Field, Kind
from alerts.document.substance_rows import STRUCTURE_CHARS
from substances.errors import InputRefusedError
from substances.profiles.region import read_region_evidence

LINE_CHARS: Final = 200
EVIDENCE_MEMBERS: Final = ("technique", "method", "reference", "conclusion", "file", "note")
EVIDENCE_CHARS: Final[Mapping[str, int]] = {"method": 120, "file": 255, "note": 300}
PROFILE_MEMBERS: Final = ("method", "version", "values")
REGION_TEXTS: Final = ("region", "certainty", "basis")
REGION_MEMBERS: Final = ("ratios", *REGION_TEXTS)
RATIO_NUMBERS: Final = ("value", "uncertainty")
RATIO_MEMBERS: Final = ("isotope", "standard", *RATIO_NUMBERS)
COMPARISON_NUMBERS: Final = ("score", "threshold", "log10_lr", "false_link_rate")
COMPARISON_MEMBERS: Final = ("method", "version", "verdict", "pairs", *COMPARISON_NUMBERS)
COMPARISON_VERDICTS: Final = ("linked", "possible", "not_linked", "not_comparable")
RULE_MEMBERS: Final = ("jurisdiction", "effective", "file")
SCREENING_SCHEMA_PATTERN: Final = r"accord-screening/[1-9][0-9]{0,3}"
"""The number is the version of the engine that gave the verdicts."""
SCREENING_LISTS: Final = ("listings", "precursors")
SCREENING_MAPS: Final = ("standings", "verdicts")
SCREENING_DIGESTS: Final = ("ruleset", "listing_set", "precursor_set")
SCREENING_MEMBERS: Final = ("schema", "on", *SCREENING_DIGESTS, *SCREENING_MAPS, *SCREENING_LISTS)
SCREENING_ROWS: Final = 200
PAIRS_AT_MOST: Final = 10_000_000

STRUCTURE_PATTERN: Final = r"[!-~]+"
CODE_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}"
NUMBER_PATTERN: Final = r"[0-9]{1,12}(\.[0-9]{1,9})?"
SIGNED_PATTERN: Final = r"-?[0-9]{1,12}(\.[0-9]{1,9})?"
NO_NUMBER_PATTERN: Final = r"[+-]?(?i:nan|inf|infinity)"
JURISDICTION_PATTERN: Final = r"[A-Z]{2,3}"
DIGEST_PATTERN: Final = r"[A-Za-z0-9_-]{43}"
DAY_PATTERN: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def is_structure(field: Field, value: Any) -> bool:
    """Tell whether the value is one line of printable ASCII, as canonical SMILES is."""
    return _fits(value, STRUCTURE_PATTERN) and len(value) <= min(field.max_length, STRUCTURE_CHARS)


def is_lines(field: Field, value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= field.max_length
        and all(_is_line(item, LINE_CHARS) and item for item in value)
        and len(set(value)) == len(value)
    )


def is_evidence(field: Field, value: Any) -> bool:
    return isinstance(value, list) and len(value) <= field.max_length and all(map(_is_analysis, value))


def _is_analysis(row: Any) -> bool:
    return (
        _has_members(row, EVIDENCE_MEMBERS)
        and row["technique"] in dict(c.TECHNIQUES)
        and row["reference"] in dict(c.REFERENCES)
        and row["conclusion"] in dict(c.CONCLUSIONS)
        and all(row[name] is None or _is_line(row[name], most) for name, most in EVIDENCE_CHARS.items())
    )


def is_profile(field: Field, value: Any) -> bool:
    return (
        _has_members(value, PROFILE_MEMBERS)
        and _fits(value["method"], CODE_PATTERN)
        and _fits(value["version"], CODE_PATTERN)
        and isinstance(value["values"], list)
        and 0 < len(value["values"]) <= field.max_length
        and all(number is None or _fits(number, NUMBER_PATTERN) for number in value["values"])
    )


def is_region_evidence(field: Field, value: Any) -> bool:
    """Tell whether region and basis are one line each and the science core accepts the measurement."""
    return (
        _has_members(value, REGION_MEMBERS)
        and all(_is_line(value[name], field.max_length) for name in ("region", "basis"))
        and region_refusal(value) is None
    )


def region_refusal(value: Any) -> InputRefusedError | None:
    """Return the science core's refusal of isotope data, or None; decimal texts are read as numbers for this check alone."""
    rows = value.get("ratios") if isinstance(value, dict) else None
    try:
        if not isinstance(rows, list):
            read_region_evidence(value)
        else:
            read_region_evidence({**value, "ratios": [_with_numbers(row) for row in rows]})
    except InputRefusedError as refused:
        return refused
    return None


def _with_numbers(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {name: _as_number(part) if name in RATIO_NUMBERS else part for name, part in row.items()}


def _as_number(text: Any) -> object:
    """Return the number; None where the text is no decimal number, since signed documents hold no JSON numbers of this kind."""
    is_known = _fits(text, SIGNED_PATTERN) or _fits(text, NO_NUMBER_PATTERN)
    return float(text) if is_known else None


def is_comparison(field: Field, value: Any) -> bool:
    """Tell whether the value is a comparison; "not comparable" has no numbers."""
    return (
        _has_members(value, COMPARISON_MEMBERS)
        and value["verdict"] in COMPARISON_VERDICTS
        and all(_fits(value[name], CODE_PATTERN) for name in ("method", "version"))
        and (_has_no_number(value) if value["verdict"] == "not_comparable" else _has_numbers(value))
    )


def _has_numbers(value: Mapping[str, Any]) -> bool:
    pairs = value["pairs"]
    counted = type(pairs) is int and 0 <= pairs <= PAIRS_AT_MOST
    return counted and all(_fits(value[name], SIGNED_PATTERN) for name in COMPARISON_NUMBERS)


def _has_no_number(value: Mapping[str, Any]) -> bool:
    return all(value[name] is None for name in ("pairs", *COMPARISON_NUMBERS))


def is_proposed_rule(field: Field, value: Any) -> bool:
    return (
        _has_members(value, RULE_MEMBERS)
        and _fits(value["jurisdiction"], JURISDICTION_PATTERN)
        and _is_day(value["effective"])
        and (value["file"] is None or _is_line(value["file"], field.max_length))
    )


def is_screening(field: Field, value: Any) -> bool:
    return (
        _has_members(value, SCREENING_MEMBERS)
        and _fits(value["schema"], SCREENING_SCHEMA_PATTERN)
        and _is_day(value["on"])
        and all(_fits(value[name], DIGEST_PATTERN) for name in SCREENING_DIGESTS)
        and all(map(_is_code_map, (value[name] for name in SCREENING_MAPS)))
        and all(map(_are_lines, (value[name] for name in SCREENING_LISTS)))
    )


def _is_code_map(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= SCREENING_ROWS
        and all(_fits(text, CODE_PATTERN) for pair in value.items() for text in pair)
    )


def _are_lines(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= SCREENING_ROWS
        and all(_is_line(item, LINE_CHARS) for item in value)
    )


def texts_in(kind: Kind, value: Any) -> list[str]:
    """Return every text that people would read in a value of these kinds, valid or not."""
    if kind is Kind.LINES and isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    if kind is Kind.EVIDENCE and isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        return [str(row.get(name) or "") for row in rows for name in EVIDENCE_CHARS]
    if kind is Kind.REGION_EVIDENCE and isinstance(value, dict):
        return [str(value.get(name) or "") for name in ("region", "basis")]
    return []


def _has_members(value: Any, members: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and set(value) == set(members)


def _is_line(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and not hidden_characters(value, lines=False)


def _is_day(value: Any) -> bool:
    """Tell whether the value is a real date; a sender could write 30 February."""
    if not _fits(value, DAY_PATTERN):
        return False
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _fits(value: Any, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


SCIENCE_SHAPES: Final[Mapping[Kind, Callable[[Field, Any], bool]]] = {
    Kind.STRUCTURE: is_structure,
    Kind.LINES: is_lines,
    Kind.EVIDENCE: is_evidence,
    Kind.PROFILE: is_profile,
    Kind.REGION_EVIDENCE: is_region_evidence,
    Kind.COMPARISON: is_comparison,
    Kind.PROPOSED_RULE: is_proposed_rule,
    Kind.SCREENING: is_screening,
}
