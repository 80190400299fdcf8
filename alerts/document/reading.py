# SPDX-License-Identifier: Apache-2.0
"""Reading of an opened alert's document. Its signature was verified; its content is still another agency's input.

- Any schema other than `accord-alert/1` is refused whole.
- Members that this hub does not know, or whose value has the wrong shape, are kept apart as text under their own names, and
  missing required ones are named: a reader loses nothing that was sent, and sees what the hub did not understand.
- A handling code that this desk does not know binds like H2.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from accord.envelope.encoding import digest, members, timestamp, uuid7
from accord.envelope.errors import MalformedError
from alerts.document.building import GRADING_SCHEME, RESENT, SCHEMA
from alerts.document.characters import made_visible
from alerts.document.choices import HANDLING_CODES
from alerts.document.fields import DOCUMENT_FIELDS, EMPTY
from alerts.document.files import AttachmentFile
from alerts.document.schema import REQUIRED
from alerts.document.validators import is_acceptable
from alerts.errors import UnknownSchemaError

MOST_LISTED: Final = 50
NAME_CHARS: Final = 60
TEXT_CHARS: Final = 500

_FIXED: Final = {"schema": SCHEMA, "grading_scheme": GRADING_SCHEME}


@dataclass(frozen=True)
class AsText:
    """Member that was not understood: its name and its value, each on one line and cut to a length."""

    name: str
    text: str


@dataclass(frozen=True)
class ReadDocument:
    """Document that was read. `data` holds every field, `as_text` the members that were not understood.

    `more` is how many of those are not listed, `missing` the names of required members that are absent or empty.
    `digests` are SHA-256 of its files in hexadecimal, `files` by number those that projections need in the clear.
    """

    data: Mapping[str, Any]
    as_text: tuple[AsText, ...] = ()
    more: int = 0
    missing: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    files: Mapping[int, AttachmentFile] = field(default_factory=dict, repr=False)


def read_document(alert: Mapping[str, Any]) -> ReadDocument:
    """Read the document; raises `UnknownSchemaError` for another schema or version."""
    if alert.get("schema") != SCHEMA:
        raise UnknownSchemaError(str(alert.get("schema"))[:40])
    data: dict[str, Any] = {one.name: None for one in DOCUMENT_FIELDS}
    shown = {name for name, value in _FIXED.items() if alert.get(name) == value}
    for one in DOCUMENT_FIELDS:
        value = alert.get(one.name)
        if value in EMPTY or is_acceptable(one, value):
            data[one.name] = value
            shown.add(one.name)
        elif one.name == "handling":
            data[one.name] = restricting(value)
    if (resent := alert.get(RESENT)) is None:
        shown.add(RESENT)
    elif _is_resent(resent):
        data[RESENT] = resent
        shown.add(RESENT)
    missing = tuple(name for name in REQUIRED if _is_missing(name, alert))
    return _kept_apart(data, [name for name in alert if name not in shown], alert, missing)


def restricting(codes: object) -> list[str]:
    """Return the handling codes that are known, and H2 for whatever is not: it may forbid as much."""
    listed = codes if isinstance(codes, list) else []
    known = {code for code, _ in HANDLING_CODES if code in listed}
    return sorted(known - {"H0"} | {"H2"})


def read_as_text(alert: Mapping[str, Any]) -> ReadDocument:
    """Read a document of another schema: all of it as text."""
    return _kept_apart({}, alert, alert, ())


def _is_resent(value: object) -> bool:
    """Tell whether this names what an alert that was sent after a suspension repeats."""
    try:
        named = members(value, frozenset({"jti", "md", "logged"}), RESENT)
        uuid7(named["jti"], RESENT)
        digest(named["md"], RESENT)
        timestamp(named["logged"], RESENT)
    except MalformedError:
        return False
    return True


def _kept_apart(
    data: Mapping[str, Any], names: Iterable[str], alert: Mapping[str, Any], missing: tuple[str, ...]
) -> ReadDocument:
    others = iter(names)
    listed = tuple(
        AsText(_cut(name, NAME_CHARS), _text_of(alert[name])) for name in islice(others, MOST_LISTED)
    )
    return ReadDocument(data, listed, more=sum(1 for _ in others), missing=missing)


def _is_missing(name: str, alert: Mapping[str, Any]) -> bool:
    """Tell whether a required member is absent or empty. The kind may be null: a life-safety alert is sent without it."""
    return name not in alert or (name != "alert_type" and alert[name] in EMPTY)


def _text_of(value: object) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), TEXT_CHARS)


def _cut(text: str, most: int) -> str:
    return made_visible(text if len(text) <= most else f"{text[:most]}…")
