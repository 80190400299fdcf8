# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schema of the alert document, as it is shipped with the client.

The hub makes it from its table of fields and serves the same octets' meaning at `/api/schema/alert.json`; a test
holds the two together.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

FILE: Final = "alert.json"
READING_ORDER: Final = (
    "title", "alert_type", "narrative",
)  # fmt: skip
"""What a reader meets first; every other member follows in the order of the schema."""


@cache
def alert_schema() -> dict[str, Any]:
    """The schema; do not change it."""
    schema: dict[str, Any] = json.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    return schema
