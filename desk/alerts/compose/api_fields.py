# SPDX-License-Identifier: Apache-2.0
"""Fields of a draft as the API describes them: the JSON types that a draft can hold, valid or not.

The alert document's own schema says what a submitted alert needs, and in full the check of the forms.
"""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from alerts.document.fields import FIELDS, Field, Kind
from alerts.document.science_validators import (
    EVIDENCE_MEMBERS,
    RATIO_MEMBERS,
    RATIO_NUMBERS,
    REGION_TEXTS,
    RULE_MEMBERS,
)
from alerts.document.values import ROWS_AT_MOST, TYPED_AT_MOST

_TEXT: Final[dict[str, Any]] = {"type": ["string", "null"]}
_TEXTS: Final[dict[str, Any]] = {"type": ["array", "null"], "items": {"type": "string"}}
_STOP: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(("country", "part", "basis"), _TEXT),
}
_ANALYSIS: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(EVIDENCE_MEMBERS, _TEXT),
}
_NUMBER: Final[dict[str, Any]] = {"type": ["number", "string", "null"]}
_NUMBERS: Final[dict[str, Any]] = {"type": ["array", "null"], "items": _NUMBER}
_PROFILE: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {"method": _TEXT, "version": _TEXT, "values": _NUMBERS},
}
_RATIO: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(RATIO_MEMBERS, _TEXT) | dict.fromkeys(RATIO_NUMBERS, _NUMBER),
}
_REGION_EVIDENCE: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {"ratios": {"type": ["array", "null"], "items": _RATIO}}
    | dict.fromkeys(REGION_TEXTS, _TEXT),
}
_RULE: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": dict.fromkeys(RULE_MEMBERS, _TEXT),
}
_COMPUTED: Final[dict[str, Any]] = {"type": ["object", "null"], "readOnly": True}
_SHAPES: Final[dict[Kind, dict[str, Any]]] = {
    Kind.LINES: _TEXTS,
    Kind.EVIDENCE: {"type": ["array", "null"], "items": _ANALYSIS},
    Kind.PROFILE: _PROFILE,
    Kind.REGION_EVIDENCE: _REGION_EVIDENCE,
    Kind.PROPOSED_RULE: _RULE,
    Kind.SCREENING: _COMPUTED,
    Kind.COMPARISON: _COMPUTED,
    Kind.CHOICES: _TEXTS,
    Kind.AGENCIES: _TEXTS,
    Kind.OFFICERS: _TEXTS,
    Kind.COUNT: {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 999_999_999}, _TEXT]},
    Kind.ROUTE: {"type": ["array", "null"], "items": _STOP},
    Kind.REASONS: {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
}


def _described(field: Field) -> dict[str, Any]:
    listed = ", ".join(value for value, _label in field.choices)
    told = f"{field.label}. {field.help}" + (f" One of: {listed}." if listed else "")
    return {**_SHAPES.get(field.kind, _TEXT), "description": told}


FIELDS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": f"Texts up to {TYPED_AT_MOST} characters and lists up to {ROWS_AT_MOST} rows are kept.",
    "additionalProperties": False,
    "properties": {name: _described(field) for name, field in FIELDS.items()},
}


@extend_schema_field(FIELDS_SCHEMA)
class DraftFields(s.DictField):
    """Fields by name; what each may hold stands in the table of fields."""
