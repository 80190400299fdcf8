# SPDX-License-Identifier: Apache-2.0
"""Row type of the table of fields: the shapes of values, the kinds of alert, the row itself."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from accord.document.rules import ASKING as ASKING  # noqa: PLC0414

if TYPE_CHECKING:
    from alerts.document.choices import Choices, Text


class Kind(StrEnum):
    """Shape of a field's value in JSON."""

    CHOICE = "choice"  # one of `choices`
    CHOICES = "choices"  # list of `choices`, no repeats
    LINE = "line"  # text without line breaks
    TEXT = "text"  # text
    DATE = "date"  # YYYY-MM-DD
    COUNT = "count"  # integer from 0, or "unknown"
    DECIMAL = "decimal"  # decimal number as text
    COUNTRY = "country"  # alpha-2 code
    ROUTE = "route"  # list of {country, part, basis}
    PARTIES = "parties"  # list of {role, name, category, country}, or "unknown"
    MOMENT = "moment"  # YYYY-MM-DDThh:mmZ, in UTC
    AGENCIES = "agencies"  # list of agency ids
    REASONS = "reasons"  # {agency id: text}
    STRUCTURE = "structure"  # canonical isomeric SMILES; a draft may hold text that could not be read
    LINES = "lines"  # list of lines, no repeats
    EVIDENCE = "evidence"  # list of {technique, method, reference, conclusion, file, note}
    PROFILE = "profile"  # {method, version, values: list of decimal texts, null = below detection}
    REGION_EVIDENCE = "region_evidence"  # {ratios: list of {isotope, standard, value, uncertainty}, region, certainty, basis}
    COMPARISON = "comparison"  # result of comparing two profiles; numbers as decimal texts
    SCREENING = "screening"  # control status that the hub computed, with the digest of its rules
    PROPOSED_RULE = "proposed_rule"  # {jurisdiction, effective, file}


EMPTY: Final[tuple[object, ...]] = (None, "", [], (), {})
"""Empty values; 0 is not one of them."""

NEW: Final = frozenset({"new_substance"})
HARM: Final = frozenset({"harm_cluster"})
SEIZURE: Final = frozenset({"seizure"})
ORDER: Final = frozenset({"suspicious_order"})
REQUEST: Final = frozenset({"request_for_information"})
LEGAL: Final = frozenset({"legal_status_change"})
REPLY: Final = frozenset({"reply"})
ANSWER: Final = frozenset({"answer"})
CLARIFICATION: Final = frozenset({"clarification"})
PEER_REVIEW: Final = frozenset({"peer_review"})
PROFILE_QUERY: Final = frozenset({"profile_query"})
PROFILE_ANSWER: Final = frozenset({"profile_answer"})
PROFILE_DETAILS: Final = frozenset({"profile_details"})
CASES: Final = NEW | HARM | SEIZURE | ORDER | REQUEST
OFFERED: Final = CASES | LEGAL
"""Kinds that an author starts from the page of new alerts; the others start from the alert they answer or compare."""
REPLIES: Final = REPLY | ANSWER | CLARIFICATION | PEER_REVIEW | PROFILE_ANSWER | PROFILE_DETAILS
"""Kinds that answer an envelope."""

ALL: Final = OFFERED | REPLIES | PROFILE_QUERY


@dataclass(frozen=True)
class Field:
    """Row of the table of fields.

    `problem` is the sentence for a bad value; choices without one say "<label>: choose one.". `asked_for` are the
    kinds of alert whose form shows the field, `hinted_for` those in which leaving it empty is a hint. The hub itself
    writes a `computed` field: no form shows it, and a posted value is not kept. A field `for_red` is checked for TLP:RED
    alone, and shown only where RED is possible. One `for_update` belongs to a next version alone.
    """

    name: str
    step: int
    label: "Text"
    help: "Text"
    widget: str
    kind: Kind
    problem: "Text" = ""
    choices: "Choices" = ()
    default: object = None
    required_for: frozenset[str] = frozenset()
    asked_for: frozenset[str] = CASES
    hint_group: str = ""
    hinted_for: frozenset[str] = CASES
    min_length: int = 0
    max_length: int = 0
    in_document: bool = True
    computed: bool = False
    for_red: bool = False
    for_update: bool = False

    @property
    def hint(self) -> bool:
        """Tell whether leaving it empty is counted as a hint (once per group)."""
        return bool(self.hint_group)
