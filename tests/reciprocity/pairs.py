# SPDX-License-Identifier: Apache-2.0
"""Records of the laboratory and the health authority of the tests' desk, read by an officer of each."""

from datetime import timedelta

from accord.reciprocity import Period
from officers.models import Officer
from reciprocity.brief import Brief, read_brief
from tests.pages.desk_world import DeskWorld


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
