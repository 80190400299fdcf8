# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schema of the alert document, as shipped with the client.

The hub makes it from its table of fields and serves an equivalent text at `/api/schema/alert.json`; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

FILE: Final = "alert.json"
READING_ORDER: Final = (
    "title", "alert_type", "question", "request_priority", "due_reason", "narrative", "summary_safe", "event_date",
    "place_country", "place_region", "identity_state",
    "preferred_name", "alternatives", "synonyms", "iupac_name", "proposed_rule", "answer_code",
    "refusal_reason", "expected_at", "opinion", "opinion_text", "comparison", "profile", "contact", "physical_form", "quantity", "route", "concealment", "parties", "red_flags", "kyc_result",
    "assessment_kind", "certainty", "source_grade", "info_grade", "harm_evidence", "severity", "cases_non_fatal",
    "cases_fatal", "age_band", "tox_matrix", "tox_outcome", "naloxone", "health_measures", "technique", "reference",
    "exhibit_no", "region_evidence", "cas_rn", "formula", "inchikey", "inchi", "structure",
)  # fmt: skip
"""The order of an alert's page at the desk; every other member follows in the order of the schema."""


@cache
def alert_schema() -> dict[str, Any]:
    """Return the schema; do not change it."""
    schema: dict[str, Any] = json.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    return schema


def in_reading_order(names: Iterable[str]) -> list[str]:
    """Return these members in a reader's order; unknown ones come last, in their own order."""
    order = dict.fromkeys((*READING_ORDER, *alert_schema()["properties"]))
    place = {name: n for n, name in enumerate(order)}
    return sorted(names, key=lambda name: place.get(name, len(place)))
