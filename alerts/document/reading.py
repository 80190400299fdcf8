# SPDX-License-Identifier: Apache-2.0
"""Reads the document of an opened alert. Its signature is good by now; its content is still foreign.

Another schema than `accord-alert/1` is refused whole. Members this hub does not know, or that hold another
shape than theirs, are not shown and are counted, so that a reader knows there is more than the page says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from alerts.document.building import GRADING_SCHEME, SCHEMA
from alerts.document.fields import DOCUMENT_FIELDS, EMPTY
from alerts.document.shapes import is_acceptable
from alerts.errors import UnknownSchemaError

_FIXED: Final = {"schema": SCHEMA, "grading_scheme": GRADING_SCHEME}


@dataclass(frozen=True)
class ReadDocument:
    """`data` holds every field of the document, `not_shown` how many members could not be read.

    `digests` are SHA-256 of its files in hexadecimal, `spectra` the files that may hold some, where they were asked for.
    """

    data: Mapping[str, Any]
    not_shown: int = 0
    digests: tuple[str, ...] = ()
    spectra: tuple[Any, ...] = ()


def read_document(alert: Mapping[str, Any]) -> ReadDocument:
    """Raises `UnknownSchemaError` for another schema or version."""
    if alert.get("schema") != SCHEMA:
        raise UnknownSchemaError(str(alert.get("schema"))[:40])
    data: dict[str, Any] = {field.name: None for field in DOCUMENT_FIELDS}
    shown = {name for name, value in _FIXED.items() if alert.get(name) == value}
    for field in DOCUMENT_FIELDS:
        value = alert.get(field.name)
        if value in EMPTY or is_acceptable(field, value):
            data[field.name] = value
            shown.add(field.name)
    return ReadDocument(data, not_shown=len(set(alert) - shown))
