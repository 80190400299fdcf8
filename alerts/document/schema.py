# SPDX-License-Identifier: Apache-2.0
"""The alert document as JSON Schema (draft 2020-12), made from the table of fields."""

from typing import Any, Final

from accord.document.chemistry import FORMULA_PATTERN, INCHI_PATTERN
from accord.document.rules import LEAST_WIDE_TITLE
from accord.moments import LATEST_SHOWN
from alerts.document import choices as c
from alerts.document.building import GRADING_SCHEME, RESENT, SCHEMA
from alerts.document.characters import HIDDEN_PATTERN
from alerts.document.countries import listed_codes
from alerts.document.fields import DOCUMENT_FIELDS, Field, Kind
from alerts.document.science_schema import ON_ONE_LINE, science_shape
from alerts.document.validators import MAX_CASES, PARTY_NAME_AT_MOST, UNKNOWN

REQUIRED: Final = ("schema", "alert_type", "title")
_PATTERNS: Final = {
    "inchikey": "^[A-Z]{14}-[A-Z]{10}-[A-Z]$",
    "cas_rn": "^[0-9]{2,7}-[0-9]{2}-[0-9]$",
    "formula": f"^{FORMULA_PATTERN}$",
    "inchi": f"^{INCHI_PATTERN}$",
}
_ON_LINES: Final = rf"^[^\u2028\u2029{HIDDEN_PATTERN}]*$"
_COUNTRY: Final = {"enum": listed_codes(), "examples": ["NL"]}
_EXAMPLES: Final = {
    "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
    "cas_rn": "58-08-2",
    "formula": "C8H10N4O2",
    "inchi": "InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3",
}
"""Values of caffeine."""
RESENT_SHAPE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["jti", "md", "logged"],
    "properties": {
        "jti": {
            "type": "string",
            "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        },
        "md": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
        "logged": {"type": "integer", "minimum": 0, "maximum": LATEST_SHOWN},
    },
}
"""What its originator had sent to others before, and when that was logged, in seconds."""


def json_schema() -> dict[str, Any]:
    """Return the schema. It is closed: no other members.

    A member that is not required may be null or absent. The kind may be null too, since a life-safety alert is sent without it.
    """
    members = {field.name: _member(field) for field in DOCUMENT_FIELDS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:accord:schema:accord-alert:1",
        "title": "Accord alert document, version 1",
        "type": "object",
        "additionalProperties": False,
        "required": list(REQUIRED),
        "properties": {
            "schema": {"const": SCHEMA},
            "grading_scheme": {"const": GRADING_SCHEME},
            RESENT: {"title": "Sent after a suspension", "anyOf": [RESENT_SHAPE, {"type": "null"}]},
        }
        | members,
    }


def _member(field: Field) -> dict[str, Any]:
    described = {"title": str(field.label), "description": str(field.help)}
    shape = _shape(field)
    if field.name in REQUIRED and field.name != "alert_type":
        return described | shape
    return described | {"anyOf": [shape, {"type": "null"}]}


def _shape(field: Field) -> dict[str, Any]:
    of_science = science_shape(field)
    if of_science is not None:
        return of_science
    if field.kind is Kind.CHOICE:
        return {"enum": [value for value, _ in field.choices]}
    if field.kind is Kind.CHOICES:
        return {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": [value for value, _ in field.choices]},
        }
    if field.kind is Kind.PARTIES:
        rows = {"type": "array", "minItems": 1, "maxItems": field.max_length, "items": _party()}
        return {"anyOf": [rows, {"const": UNKNOWN}]}
    if field.kind is Kind.ROUTE:
        return {"type": "array", "maxItems": field.max_length, "items": _stop()}
    return _text_shape(field) if field.kind in (Kind.LINE, Kind.TEXT) else dict(_PLAIN[field.kind])


def _text_shape(field: Field) -> dict[str, Any]:
    if field.name in _PATTERNS:
        pattern, example = _PATTERNS[field.name], _EXAMPLES[field.name]
        return {"type": "string", "pattern": pattern, "maxLength": field.max_length, "examples": [example]}
    least = LEAST_WIDE_TITLE if field.name == "title" else field.min_length
    pattern = _ON_LINES if field.kind is Kind.TEXT else ON_ONE_LINE
    return {"type": "string", "minLength": least, "maxLength": field.max_length, "pattern": pattern}


def _stop() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["country", "part", "basis"],
        "properties": {
            "country": _COUNTRY,
            "part": {"enum": [value for value, _ in c.ROUTE_PARTS]},
            "basis": {"enum": [value for value, _ in c.ROUTE_BASES]},
        },
    }


def _party() -> dict[str, Any]:
    name = {"type": "string", "minLength": 1, "maxLength": PARTY_NAME_AT_MOST, "pattern": ON_ONE_LINE}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["role", "name", "category", "country"],
        "properties": {
            "role": {"enum": [value for value, _ in c.PARTY_ROLES]},
            "name": name,
            "category": {"enum": [value for value, _ in c.PERSON_CATEGORIES]},
            "country": {"anyOf": [_COUNTRY, {"type": "null"}]},
        },
    }


_PLAIN: Final[dict[Kind, dict[str, Any]]] = {
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.COUNT: {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_CASES}, {"const": "unknown"}]},
    Kind.DECIMAL: {
        "type": "string",
        "pattern": r"^(?=[0-9.]*[1-9])[0-9]{1,12}(\.[0-9]{1,9})?$",
        "examples": ["12.5"],
    },
    Kind.COUNTRY: _COUNTRY,
    Kind.AGENCIES: {
        "type": "array",
        "uniqueItems": True,
        "maxItems": 500,
        "items": {"type": "string", "pattern": "^[a-z]{2}-[a-z0-9]{2,20}$"},
    },
    Kind.OFFICERS: {
        "type": "array",
        "uniqueItems": True,
        "maxItems": 100,
        "items": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    },
}
