# SPDX-License-Identifier: Apache-2.0
"""Here is how a reader's own hub computes the control status that a signed alert states, and compares the two."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from agencies.vault.errors import VaultError
from alerts.document.shapes import read_day
from alerts.science.controls import rules_with_digest
from alerts.science.screening import is_empty, law_for, query_of, record_of, screen_query
from substances.control.results import Screening
from substances.control.safe import LawTexts
from substances.errors import SubstanceError

COMPARED: Final = ("verdicts", "standings", "listings", "precursors")
LISTS: Final = ("listing_set", "precursor_set")


class Replay(StrEnum):
    """How the signed record and this hub's own computation stand to each other."""

    NO_RECORD = "no_record"  # the alert states no control status
    SAME = "same"  # same rules and lists, same answer
    SAME_BY_ITS_RULES = (
        "same_by_its_rules"  # this hub uses others by now; by those of the record the answer is the same
    )
    OTHER_LAW = "other_law"  # the record's rules or lists are not here, so nothing can be compared
    DIFFERS = "differs"  # by the very same rules and lists the answer is another
    LOST = "lost"  # nobody could compute it just now


@dataclass(frozen=True)
class Replayed:
    """`screening` is by this hub's own law for the day asked; `day` that day, `stated_on` the day of the record."""

    state: Replay
    day: dt.date
    screening: Screening | None = field(default=None, repr=False)
    stated_on: dt.date | None = None
    ruleset: str = ""


def replay_document(
    document: Mapping[str, Any], *, agency_id: str, sent_on: dt.date, asked: dt.date | None = None
) -> Replayed:
    """The status for the day asked, without one for the day of the alert; never raises for what a document says."""
    record = document.get("screening")
    stated_on = read_day(record["on"]) if record else None
    day = asked or stated_on or sent_on
    query = query_of(document)
    if is_empty(query):
        return Replayed(Replay.NO_RECORD, day)
    try:
        law = law_for(agency_id)
        screening = screen_query(query, on=day, law=law)
        found = Replayed(Replay.NO_RECORD, day, screening, stated_on, record["ruleset"] if record else "")
        if not record or stated_on is None:
            return found
        then = screening if day == stated_on else screen_query(query, on=stated_on, law=law)
        return replace(
            found, state=_compare(record, then, query_document=document, law=law, agency_id=agency_id)
        )
    except (SubstanceError, VaultError):
        return Replayed(Replay.LOST, day, None, stated_on, record["ruleset"] if record else "")


def _compare(
    record: Mapping[str, Any],
    own: Screening,
    *,
    query_document: Mapping[str, Any],
    law: LawTexts,
    agency_id: str,
) -> Replay:
    mine = record_of(own)
    if _is_same_law(record, mine):
        return Replay.SAME if _is_same_answer(record, mine) else Replay.DIFFERS
    text = rules_with_digest(agency_id, record["ruleset"])
    if text is None:
        return Replay.OTHER_LAW
    again = record_of(
        screen_query(query_of(query_document), on=own.on, law=LawTexts(text, law.listings, law.precursors))
    )
    if not _is_same_law(record, again):
        return Replay.OTHER_LAW
    return Replay.SAME_BY_ITS_RULES if _is_same_answer(record, again) else Replay.DIFFERS


def _is_same_law(record: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
    return all(record[name] == mine[name] for name in ("ruleset", *LISTS))


def _is_same_answer(record: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
    return all(record[name] == mine[name] for name in COMPARED)
