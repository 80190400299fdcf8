# SPDX-License-Identifier: Apache-2.0
"""Row type of the table of fields: the shapes of values, the pages of the form, the kinds of alert, the row itself."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from accord.document.rules import ASKING as ASKING  # noqa: PLC0414
from accord.document.unusual import OF_CASES

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
    OFFICERS = "officers"  # list of ids of officers of the own agency
    REASONS = "reasons"  # {agency id: text}
    STRUCTURE = "structure"  # canonical isomeric SMILES; a draft may hold text that could not be read
    LINES = "lines"  # list of lines, no repeats
    EVIDENCE = "evidence"  # list of {technique, method, reference, conclusion, file, note}
    PROFILE = "profile"  # {method, version, values: list of decimal texts, null = below detection}
    REGION_EVIDENCE = "region_evidence"  # {ratios: list of {isotope, standard, value, uncertainty}, region, certainty, basis}
    COMPARISON = "comparison"  # result of comparing two profiles; numbers as decimal texts
    SCREENING = "screening"  # control status that the hub computed, with the digest of its rules
    PROPOSED_RULE = "proposed_rule"  # {jurisdiction, effective, file}


class Step(IntEnum):
    """Page of the form: four on the way of every alert, and those that an author adds where there is something to say."""

    KIND = 1
    KNOWN = 2
    RECIPIENTS = 3
    CHECK = 4
    QUESTION = 5
    CASES = 6
    AMOUNT = 7
    CUSTOMER = 8
    ANALYSIS = 9
    FILES = 10
    MORE = 11


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
CASES: Final = OF_CASES | REQUEST
OFFERED: Final = CASES | LEGAL
"""Kinds that an author starts from the page of new alerts; the others start from the alert they answer or compare."""
REPLIES: Final = REPLY | ANSWER | CLARIFICATION | PEER_REVIEW | PROFILE_ANSWER | PROFILE_DETAILS
"""Kinds that answer an envelope."""

ALL: Final = OFFERED | REPLIES | PROFILE_QUERY
CARRY_A_QUESTION: Final = OFFERED | CLARIFICATION
"""Kinds that may carry a question; those in `ASKING` are nothing else."""


@dataclass(frozen=True)
class Field:
    """Row of the table of fields.

    `problem` is the sentence for a bad value; choices without one say "<label>: choose one.". `asked_for` are the
    kinds of alert whose form shows the field, `known_for` those in which it belongs to what every such alert says: its
    page is then "What is known" and not `step`. `hinted_for` are those in which leaving it empty is a hint. A field is
    required in its kinds, or only `needed_with` one of these fields. The hub itself writes a `computed` field: no form
    shows it, and a posted value is not kept. A field `for_red` is checked for TLP:RED alone, and shown only where RED is
    possible; one `for_police` is not asked of laboratories and health agencies; one `for_update` belongs to a next version
    alone.
    """

    name: str
    step: Step
    label: "Text"
    help: "Text"
    widget: str
    kind: Kind
    problem: "Text" = ""
    choices: "Choices" = ()
    default: object = None
    required_for: frozenset[str] = frozenset()
    needed_with: tuple[str, ...] = ()
    asked_for: frozenset[str] = CASES
    known_for: frozenset[str] = frozenset()
    hint_group: str = ""
    hinted_for: frozenset[str] = CASES
    min_length: int = 0
    max_length: int = 0
    in_document: bool = True
    computed: bool = False
    for_red: bool = False
    for_police: bool = False
    for_update: bool = False

    @property
    def hint(self) -> bool:
        """Tell whether leaving it empty is counted as a hint (once per group)."""
        return bool(self.hint_group)
