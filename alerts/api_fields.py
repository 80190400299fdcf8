# SPDX-License-Identifier: Apache-2.0
"""A draft's fields as the API describes them: the shapes that a draft can keep, right or wrong.

What a submitted alert needs is the alert document's own schema, and in full the check of the forms.
"""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from alerts.document.fields import FIELDS, Field, Kind
from alerts.document.values import ROWS_AT_MOST, TYPED_AT_MOST

_TEXT: Final[dict[str, Any]] = {"type": ["string", "null"]}
_TEXTS: Final[dict[str, Any]] = {"type": ["array", "null"], "items": {"type": "string"}}
_STOP: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(("country", "part", "basis"), _TEXT),
}
_SHAPES: Final[dict[Kind, dict[str, Any]]] = {
    Kind.CHOICES: _TEXTS,
    Kind.AGENCIES: _TEXTS,
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
