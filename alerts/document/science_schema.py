# SPDX-License-Identifier: Apache-2.0
"""JSON Schema of structure, evidence, profile and control status."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from alerts.document import choices as c
from alerts.document import science_validators as s
from alerts.document.characters import HIDDEN_PATTERN
from alerts.document.kinds import Field, Kind
from substances.profiles.region import MAX_RATIOS, SCALES, Scale

Shape = dict[str, Any]
ON_ONE_LINE: Final = rf"^[^\t\n\u2028\u2029{HIDDEN_PATTERN}]*$"
_NULL: Final = {"type": "null"}
_EXAMPLES: Final[Mapping[str, str]] = {
    s.CODE_PATTERN: "irms-2",
    s.NUMBER_PATTERN: "12.5",
    s.SIGNED_PATTERN: "-12.5",
    s.DAY_PATTERN: "2027-01-31",
    s.JURISDICTION_PATTERN: "NL",
    s.DIGEST_PATTERN: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    s.SCREENING_SCHEMA_PATTERN: "accord-screening/1",
}


def science_shape(field: Field) -> Shape | None:
    """Return the schema of a field of these kinds; None for other kinds."""
    make = _MAKERS.get(field.kind)
    return None if make is None else make(field)


def _line(most: int, least: int = 0) -> Shape:
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": ON_ONE_LINE}


def _text(pattern: str) -> Shape:
    return {"type": "string", "pattern": f"^{pattern}$", "examples": [_EXAMPLES[pattern]]}


def _or_null(shape: Shape) -> Shape:
    return {"anyOf": [shape, _NULL]}


def _one_of(choices: Iterable[tuple[str, object]]) -> Shape:
    return {"enum": [value for value, _ in choices]}


def _closed(properties: Mapping[str, Shape]) -> Shape:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }


def _structure(field: Field) -> Shape:
    pattern = f"^{s.STRUCTURE_PATTERN}$"
    return {"type": "string", "pattern": pattern, "maxLength": field.max_length, "examples": ["CCO"]}


def _lines(field: Field) -> Shape:
    items = _line(s.LINE_CHARS, least=1)
    return {"type": "array", "uniqueItems": True, "maxItems": field.max_length, "items": items}


def _evidence(field: Field) -> Shape:
    texts = {name: _or_null(_line(most)) for name, most in s.EVIDENCE_CHARS.items()}
    row = {
        "technique": _one_of(c.TECHNIQUES),
        "reference": _one_of(c.REFERENCES),
        "conclusion": _one_of(c.CONCLUSIONS),
    }
    return {"type": "array", "maxItems": field.max_length, "items": _closed({**row, **texts})}


def _profile(field: Field) -> Shape:
    values = {
        "type": "array",
        "minItems": 1,
        "maxItems": field.max_length,
        "items": _or_null(_text(s.NUMBER_PATTERN)),
    }
    return _closed({"method": _text(s.CODE_PATTERN), "version": _text(s.CODE_PATTERN), "values": values})


def _region_evidence(field: Field) -> Shape:
    """Return the schema of isotope data. It cannot forbid a second entry for an isotope or limit a ratio; the form's check does."""
    rows = {"anyOf": [_ratio(isotope, scale) for isotope, scale in SCALES.items()]}
    text = _line(field.max_length, least=1)
    return _closed(
        {
            "ratios": {"type": "array", "minItems": 1, "maxItems": MAX_RATIOS, "items": rows},
            "region": text,
            "certainty": _one_of(c.REGION_CERTAINTIES),
            "basis": text,
        }
    )


def _ratio(isotope: str, scale: Scale) -> Shape:
    numbers = {"value": _text(s.SIGNED_PATTERN), "uncertainty": _text(s.NUMBER_PATTERN)}
    return _closed({"isotope": {"const": isotope}, "standard": {"const": scale.standard}, **numbers})


def _comparison(field: Field) -> Shape:
    pairs = {"type": "integer", "minimum": 0, "maximum": s.PAIRS_AT_MOST}
    names = {"method": _text(s.CODE_PATTERN), "version": _text(s.CODE_PATTERN)}
    numbers = {"pairs": pairs} | {name: _text(s.SIGNED_PATTERN) for name in s.COMPARISON_NUMBERS}
    compared = [verdict for verdict in s.COMPARISON_VERDICTS if verdict != "not_comparable"]
    return {
        "anyOf": [
            _closed({**names, "verdict": {"enum": compared}, **numbers}),
            _closed({**names, "verdict": {"const": "not_comparable"}, **dict.fromkeys(numbers, _NULL)}),
        ]
    }


def _proposed_rule(field: Field) -> Shape:
    return _closed(
        {
            "jurisdiction": _text(s.JURISDICTION_PATTERN),
            "effective": _text(s.DAY_PATTERN),
            "file": _or_null(_line(field.max_length)),
        }
    )


def _screening(field: Field) -> Shape:
    codes = {
        "type": "object",
        "maxProperties": s.SCREENING_ROWS,
        "propertyNames": _text(s.CODE_PATTERN),
        "additionalProperties": _text(s.CODE_PATTERN),
    }
    lines = {"type": "array", "maxItems": s.SCREENING_ROWS, "items": _line(s.LINE_CHARS)}
    return _closed(
        {
            "schema": _text(s.SCREENING_SCHEMA_PATTERN),
            "on": _text(s.DAY_PATTERN),
            **dict.fromkeys(s.SCREENING_DIGESTS, _text(s.DIGEST_PATTERN)),
            **dict.fromkeys(s.SCREENING_MAPS, codes),
            **dict.fromkeys(s.SCREENING_LISTS, lines),
        }
    )


_MAKERS: Final[Mapping[Kind, Callable[[Field], Shape]]] = {
    Kind.STRUCTURE: _structure,
    Kind.LINES: _lines,
    Kind.EVIDENCE: _evidence,
    Kind.PROFILE: _profile,
    Kind.REGION_EVIDENCE: _region_evidence,
    Kind.COMPARISON: _comparison,
    Kind.PROPOSED_RULE: _proposed_rule,
    Kind.SCREENING: _screening,
}
