# SPDX-License-Identifier: Apache-2.0
"""Timeline of a case: who did what when, from the agency's audit, as long as that is kept.

Acts on what the officer may not see are left out. Readings are for auditors and not among them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from casework.models import Case, CaseItem, Note, Task
from ledger.models import AuditEvent
from officers.models import Officer

SHOWN: Final = 100
_ABOUT: Final = ("item", "task", "note")


@dataclass(frozen=True)
class Act:
    """Act of one person, done so many `times`, the last time `at`; `who` is an audit name."""

    act: str
    who: str
    at: datetime
    times: int = 1


def timeline_of(officer: Officer, case: Case) -> list[Act]:
    """Return the newest acts on a case, a row for a person and an act, the newest first."""
    events = AuditEvent.objects.filter(agency=case.agency_id, subject=str(case.pk)).order_by("-seq")[:SHOWN]
    seen = _seen(officer, case)
    told = [one for one in events if all(one.detail[name] in seen for name in _ABOUT if name in one.detail)]
    return list(_folded(told))


def _seen(officer: Officer, case: Case) -> set[str]:
    """Return the ids of what the officer may see of the case, also of what was taken out or superseded."""
    rows = (
        model.objects.visible_to(officer).filter(case=case).values_list("pk", flat=True)
        for model in (CaseItem, Task, Note)
    )
    return {str(pk) for found in rows for pk in found}


def _folded(events: list[AuditEvent]) -> Iterator[Act]:
    """Yield an act for each person and act among these events, which are the newest first."""
    times = Counter((event.act, event.actor) for event in events)
    newest: dict[tuple[str, str], AuditEvent] = {}
    for event in events:
        newest.setdefault((event.act, event.actor), event)
    for (act, who), event in newest.items():
        yield Act(act, who, event.at, times[act, who])
