# SPDX-License-Identifier: Apache-2.0
"""Conversion of posted structure, evidence, profile and rule change into the JSON values that a draft keeps."""

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from alerts.document.characters import without_breaks
from alerts.document.kinds import Kind
from alerts.document.science_validators import (
    EVIDENCE_MEMBERS,
    PROFILE_MEMBERS,
    RATIO_MEMBERS,
    RATIO_NUMBERS,
    REGION_MEMBERS,
    REGION_TEXTS,
    RULE_MEMBERS,
)

TYPED_AT_MOST: Final = 20_000
ROWS_AT_MOST: Final = 500
STRUCTURE_TYPED_AT_MOST: Final = 200_000
"""Length of a MOL text of the largest structure that is read; an unreadable text is kept up to `TYPED_AT_MOST`."""


def read_structure_text(value: object) -> str | None:
    """Return a structure as it was typed. Lines of a MOL text keep their place: its first may be empty."""
    text = _typed(value, STRUCTURE_TYPED_AT_MOST)
    if text is None or not text.strip():
        return None
    return text if "\n" in text.strip() else text.strip()


def read_line(value: object) -> str | None:
    text = _typed(value, TYPED_AT_MOST)
    return None if text is None else (unicodedata.normalize("NFC", text).strip() or None)


def read_lines(value: object) -> list[str]:
    lines = [read_line(item) for item in _items(value)]
    return list(dict.fromkeys(line for line in lines if line))


def read_evidence(value: object) -> list[dict[str, str | None]]:
    """Return the rows of evidence; empty ones are left out."""
    rows = [_members(item, EVIDENCE_MEMBERS) for item in _items(value)]
    return [row for row in rows if any(row.values())]


def read_profile(value: object) -> dict[str, Any] | None:
    """Return a profile. An absent value means below detection and stays null; it is never a zero."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not set(value) <= set(PROFILE_MEMBERS):
        raise TypeError
    profile = {name: read_line(value.get(name)) for name in ("method", "version")}
    numbers = [_number(item) for item in _items(value.get("values"))]
    if not any(profile.values()) and not any(number is not None for number in numbers):
        return None
    return {**profile, "values": numbers}


def read_region_evidence(value: object) -> dict[str, Any] | None:
    """Return isotope data; empty ratios are left out, and the typographic minus sign is read as a minus."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not set(value) <= set(REGION_MEMBERS):
        raise TypeError
    ratios = [row for row in map(_ratio, _items(value.get("ratios"))) if any(row.values())]
    texts = {name: " ".join((read_line(value.get(name)) or "").split()) or None for name in REGION_TEXTS}
    return {"ratios": ratios, **texts} if ratios or any(texts.values()) else None


def _ratio(item: object) -> dict[str, str | None]:
    row = _members(item, RATIO_MEMBERS)
    return row | {name: _number((row[name] or "").replace("\u2212", "-")) for name in RATIO_NUMBERS}


def read_proposed_rule(value: object) -> dict[str, str | None] | None:
    if value is None:
        return None
    rule = _members(value, RULE_MEMBERS)
    return rule if any(rule.values()) else None


def _members(item: object, members: tuple[str, ...]) -> dict[str, str | None]:
    if not isinstance(item, Mapping) or not set(item) <= set(members):
        raise TypeError
    return {name: read_line(item.get(name)) for name in members}


def _number(value: object) -> str | None:
    """Return decimal text without an exponent; a text that is no number stays as it was typed."""
    text = read_line(value)
    if text is None:
        return None
    digits = "".join(str(unicodedata.decimal(character, character)) for character in text)
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return digits
    plain = number.is_finite() and abs(number.adjusted()) < 20
    return f"{number:f}" if plain else digits


def _items(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > ROWS_AT_MOST:
        raise TypeError
    return list(value)


def _typed(value: object, most: int) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    text = without_breaks(str(value))
    if len(text) > most or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_nothing(value: object) -> None:
    """Return nothing: a posted value of a field that the hub computes is dropped."""


SCIENCE_READERS: Final[Mapping[Kind, Callable[[object], Any]]] = {
    Kind.STRUCTURE: read_structure_text,
    Kind.LINES: read_lines,
    Kind.EVIDENCE: read_evidence,
    Kind.PROFILE: read_profile,
    Kind.REGION_EVIDENCE: read_region_evidence,
    Kind.PROPOSED_RULE: read_proposed_rule,
    Kind.SCREENING: read_nothing,
    Kind.COMPARISON: read_nothing,
}
