# SPDX-License-Identifier: Apache-2.0
"""Records of the laboratory and the health authority of the tests' desk, read by an officer of each."""

from datetime import datetime, timedelta
from typing import Any

from accord.document.agreement_texts import agreement_text
from accord.reciprocity import Period
from alerts.agency.agreement_versions import Terms, answer_version, propose_agreement
from callers.closed_lists import Purpose
from officers.models import Officer
from reciprocity.brief import Brief, read_brief
from reciprocity.commitments import commitments_of
from tests.pages.desk_world import DeskWorld
from tests.stages import act


def around(desk: DeskWorld) -> Period:
    """Return a period around the world's time."""
    today = desk.hub.now.date()
    return Period(today - timedelta(days=40), today + timedelta(days=1))


def brief_of(desk: DeskWorld, officer: Officer, period: Period | None = None) -> Brief:
    """Return the officer's brief on the other of the two."""
    peer = "xb-health" if officer.agency_id == "xa-lab" else "xa-lab"
    return read_brief(officer, peer, period or around(desk), now=desk.hub.now)


def briefs(desk: DeskWorld) -> tuple[Brief, Brief]:
    """Return the brief of the laboratory and that of the health authority."""
    return brief_of(desk, desk.ilka), brief_of(desk, desk.aroha)


@act
def agree(desk: DeskWorld, *commitments: dict[str, Any]) -> None:
    """Have the two sign an agreement, from now on, whose text has these commitments."""
    text = agreement_text("Exchange", "1. Purpose\n\nThe parties share.", commitments)
    terms = Terms(
        ref="LH 2027-1",
        parties=frozenset({"xb-health"}),
        lanes=frozenset({"science", "public_health"}),
        tlp="AMBER",
        purposes=frozenset(Purpose.values),
        begins=desk.hub.now,
        until=desk.hub.now + timedelta(days=365),
        clocks="freeze",
        text=text,
    )
    od = propose_agreement(desk.sunniva, terms, now=desk.tick())
    desk.settle()
    answer_version(desk.haitham, od, "accept", now=desk.tick())
    desk.settle()


def commitment(desk: DeskWorld, what: str, **changes: Any) -> dict[str, Any]:
    """Return a row by which the laboratory gives this to the health authority, every day of UTC from today on; not just before midnight."""
    if desk.hub.now.hour == 23:
        desk.hub.later(minutes=60)
    span = {"within": {"n": 1, "unit": "hour"}} if what == "answers" else {"every": {"n": 1, "unit": "day"}}
    usual = {"by": "xa-lab", "to": "xb-health", "what": what, "zone": "UTC"}
    return usual | {"from": desk.hub.now.date().isoformat()} | span | changes


def states(officer: Officer, now: datetime) -> dict[str, list[str]]:
    """Return the states of the officer's commitments, the oldest first, by what is given."""
    return {
        one.commitment.what: [str(owed.state) for owed in one.owed]
        for one in commitments_of(officer, now=now)
    }
