# SPDX-License-Identifier: Apache-2.0
"""Replay of the control status that a signed alert states: computed by the reader's own hub, and compared."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from accord.document.rules import read_day
from science.law.controls import rules_with_digest
from science.screening.record import is_empty, law_for, query_of, record_of, screen_query
from substances.control.listings import shipped_listings
from substances.control.precursors import shipped_precursors
from substances.control.results import Screening
from substances.control.safe import LawTexts
from substances.errors import SubstanceError
from substances.models import ControlKind
from substances.versions import law_with_digest, shipped_law
from vault.errors import VaultError

COMPARED: Final = ("verdicts", "standings", "listings", "precursors")
LISTS: Final = ("listing_set", "precursor_set")
DAYS_BEFORE: Final = dt.timedelta(days=31)
DAYS_AFTER: Final = dt.timedelta(days=2)
"""Days that a record may differ from its alert: it is computed at submission, by the author's clock."""


class Replay(StrEnum):
    """Result of comparing the signed record with this hub's own computation."""

    NO_RECORD = "no_record"  # the alert states no control status
    SAME = "same"  # same rules and lists, same answer
    SAME_BY_ITS_RULES = (
        "same_by_its_rules"  # this hub uses other rules by now; by those of the record the answer is the same
    )
    OTHER_LAW = "other_law"  # the record's rules or lists are not here, so nothing can be compared
    DIFFERS = "differs"  # by the very same rules and lists the answer differs
    OTHER_ENGINE = "other_engine"  # the same, and another engine than this hub's made the record
    OTHER_DAY = (
        "other_day"  # the same answer, for a day that is not the alert's: the law may have been another
    )
    NOTHING_TO_ASK = "nothing_to_ask"  # it states a status, but nothing from which one could be computed
    LOST = "lost"  # the worker could not compute it just now


@dataclass(frozen=True)
class Replayed:
    """Replay of one alert. `screening` is by this hub's own law for `day`, the day asked.

    `own_day` is the day of the alert, `stated_on` that of the record.
    """

    state: Replay
    day: dt.date
    screening: Screening | None = field(default=None, repr=False)
    stated_on: dt.date | None = None
    ruleset: str = ""
    own_day: dt.date | None = None


def replay_document(
    document: Mapping[str, Any], *, agency_id: str, sent_on: dt.date, asked: dt.date | None = None
) -> Replayed:
    """Replay the status for the day asked, or else for the day of the alert; no content of a document raises.

    The day of the alert is that of its record, if that is near to when it was sent.
    """
    record = document.get("screening")
    stated_on = read_day(record["on"]) if record else None
    is_near = stated_on is not None and sent_on - DAYS_BEFORE <= stated_on <= sent_on + DAYS_AFTER
    own_day = stated_on if stated_on is not None and is_near else sent_on
    day, query = asked or own_day, query_of(document)
    bare = Replayed(Replay.NO_RECORD, day, None, stated_on, record["ruleset"] if record else "", own_day)
    if is_empty(query):
        return replace(bare, state=Replay.NOTHING_TO_ASK) if record else bare
    try:
        law = law_for(agency_id)
        screening = screen_query(query, on=day, law=law)
        found = replace(bare, screening=screening)
        if not record or stated_on is None:
            return found
        then = screening if day == stated_on else screen_query(query, on=stated_on, law=law)
        state = _compare(record, then, query_document=document, agency_id=agency_id)
        is_same = state in (Replay.SAME, Replay.SAME_BY_ITS_RULES)
        return replace(found, state=Replay.OTHER_DAY if is_same and not is_near else state)
    except (SubstanceError, VaultError):
        return replace(bare, state=Replay.LOST)


def _compare(
    record: Mapping[str, Any],
    own: Screening,
    *,
    query_document: Mapping[str, Any],
    agency_id: str,
) -> Replay:
    mine = record_of(own)
    if _is_same_law(record, mine):
        return Replay.SAME if _is_same_answer(record, mine) else _other_answer(record, mine)
    then = _law_named(agency_id, record)
    if then is None:
        return Replay.OTHER_LAW
    again = record_of(screen_query(query_of(query_document), on=own.on, law=then))
    if not _is_same_law(record, again):
        return Replay.OTHER_LAW
    return Replay.SAME_BY_ITS_RULES if _is_same_answer(record, again) else _other_answer(record, again)


def _law_named(agency_id: str, record: Mapping[str, Any]) -> LawTexts | None:
    """Return rules and lists by the digests in the record; None where one of them was never here."""
    rules = rules_with_digest(agency_id, record["ruleset"])
    listings = _list_named(ControlKind.LISTINGS, record["listing_set"], shipped_listings().digest)
    precursors = _list_named(ControlKind.PRECURSORS, record["precursor_set"], shipped_precursors().digest)
    if rules is None or listings is None or precursors is None:
        return None
    return LawTexts(rules, listings, precursors)


def _list_named(kind: ControlKind, digest: str, shipped: str) -> str | None:
    if digest == shipped:
        return shipped_law(kind).text
    law = law_with_digest(kind, digest)
    return None if law is None else law.text


def _other_answer(record: Mapping[str, Any], mine: Mapping[str, Any]) -> Replay:
    """Return the result for another answer. Another engine excuses nothing: the record's word for it is unproven too."""
    return Replay.DIFFERS if record["schema"] == mine["schema"] else Replay.OTHER_ENGINE


def _is_same_law(record: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
    return all(record[name] == mine[name] for name in ("ruleset", *LISTS))


def _is_same_answer(record: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
    return all(record[name] == mine[name] for name in COMPARED)
