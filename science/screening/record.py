# SPDX-License-Identifier: Apache-2.0
"""Control status of an alert, computed from what it says of its substance, by its agency's rules.

- The compact record with the digests of rules and lists is in the signed document, so that a reader can compute the same.
- Nothing here stops an alert: if the worker process is lost, or the agency's rules do not open, there is no record, and the
  page says so.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from alerts.document.fields import EMPTY, FIELDS, is_asked
from alerts.document.science_validators import LINE_CHARS, SCREENING_LISTS, SCREENING_MEMBERS
from alerts.document.validators import is_acceptable
from science.law.controls import ruleset_for
from substances.control.faults import RulesRefusedError
from substances.control.results import Query, Screening
from substances.control.safe import LawTexts, screen
from substances.errors import InputRefusedError, SubstanceError, WorkerAwayError
from vault.errors import VaultError

SCREENING: Final = "screening"
ASKED_BY: Final = ("structure", "inchi", "preferred_name", "cas_rn", "synonyms")
"""Fields by which a control status is looked up."""


def law_for(agency_id: str) -> LawTexts:
    """Return the rules that the agency follows, and the hub's lists."""
    return ruleset_for(agency_id).law


def query_of(document: Mapping[str, Any]) -> Query:
    """Return what an alert says of its substance; fields of a draft with a wrong shape are left out."""
    good = {
        name: document[name]
        for name in ASKED_BY
        if document.get(name) not in EMPTY and is_acceptable(FIELDS[name], document[name])
    }
    return Query(
        smiles=str(good.get("structure") or good.get("inchi") or ""),
        name=str(good.get("preferred_name") or ""),
        cas=str(good.get("cas_rn") or ""),
        synonyms=tuple(good.get("synonyms") or ()),
    )


def is_empty(query: Query) -> bool:
    """Tell whether an alert has nothing by which a status could be looked up."""
    return not (query.smiles or query.cas or query.names)


def screen_query(query: Query, *, on: dt.date, law: LawTexts) -> Screening:
    """Screen the query; if its structure cannot be read, by name and number alone.

    Raises WorkerLostError, and WorkerAwayError also for rules of an older reader, which this one cannot read.
    """
    try:
        try:
            return screen(query, on=on, law=law)
        except InputRefusedError:
            return screen(Query(name=query.name, cas=query.cas, synonyms=query.synonyms), on=on, law=law)
    except RulesRefusedError:
        raise WorkerAwayError("rules not read") from None


def record_of(screening: Screening) -> dict[str, Any]:
    """Return the compact record as a document holds it."""
    compact = screening.compact()
    record = {name: compact[name] for name in SCREENING_MEMBERS}
    for name in SCREENING_LISTS:
        lines = compact[name]
        assert isinstance(lines, list)
        record[name] = [str(line)[:LINE_CHARS] for line in lines]
    return record


def still_holds(data: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether a record that was computed from `before` is about the same substance as a draft's fields now."""
    return is_asked(FIELDS[SCREENING], data) and query_of(data) == query_of(before)


def computed_record(document: Mapping[str, Any], *, agency_id: str, on: dt.date) -> dict[str, Any] | None:
    """Return the record for a day; None where the alert has nothing to look up, or it cannot be computed now."""
    query = query_of(document)
    if is_empty(query) or not is_asked(FIELDS[SCREENING], document):
        return None
    try:
        record = record_of(screen_query(query, on=on, law=law_for(agency_id)))
    except (SubstanceError, VaultError):
        return None
    return record if is_acceptable(FIELDS[SCREENING], record) else None
