# SPDX-License-Identifier: Apache-2.0
"""Seven weeks between a hosted laboratory and a health authority with a desk of its own: spectra and answers within ten days each.

Spectra are given in time, excused by a suspension, missed and made up for; then the two meet, with briefs that are the same,
differ by one withdrawal that has not come yet, and are the same again.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from accord.reciprocity import Period
from alerts.receiving.following import follow_feed
from alerts.sending.withdrawal import withdraw_alert
from notices.models import Notification
from notices.states import Occasion
from reciprocity.brief import compare_lists
from reciprocity.reminding import remind_of_commitments
from sharing.hours import log_hour
from tests.alerts.replies.test_answers import ask, sent_answer
from tests.alerts.replies.test_suspension import resume, suspend
from tests.pages.desk_world import DeskWorld
from tests.reciprocity.pairs import agree, brief_of, commitment, states


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger", own=("xb-health",))


def spectra(desk: DeskWorld) -> None:
    desk.send(desk.draft(supplies=["spectra"]))


def pass_time(desk: DeskWorld, **delta: float) -> None:
    """Let time pass; the desk-worker reminds whom it has to."""
    desk.hub.later(**delta)
    log_hour("system:exchange-worker", now=desk.hub.now)
    desk.settle()
    remind_of_commitments(now=desk.hub.now)


def told(desk: DeskWorld) -> set[str]:
    rows = Notification.objects.filter(occasion=Occasion.COMMITMENT_DUE)
    return {row.recipient_id or "" for row in rows}


def test_weeks_of_commitments_and_the_meeting_after_it(desk: DeskWorld) -> None:
    every = {"every": {"n": 10, "unit": "day"}}
    answers = {"within": {"n": 10, "unit": "day"}, "by": "xb-health", "to": "xa-lab"}
    rows = commitment(desk, "spectra", **every), commitment(desk, "answers", **answers)
    agree(desk, *rows)
    began = desk.hub.now.date()
    spectra(desk)
    ask(desk)
    pass_time(desk, days=5)
    sent_answer(desk)
    assert told(desk) == set()
    pass_time(desk, days=13)
    assert told(desk) == {"xa-lab"}, "spectra of the second period are due soon: the laboratory alone is told"
    suspend(desk, desk.health)
    pass_time(desk, days=4)
    resume(desk, desk.health)
    for officer in (desk.ilka, desk.aroha):
        assert states(officer, desk.hub.now) == {
            "spectra": ["kept", "excused", "excused"],
            "answers": ["kept"],
        }
    pass_time(desk, days=20)
    for officer in (desk.ilka, desk.aroha):
        kept = states(officer, desk.hub.now)["spectra"]
        assert kept == ["kept", "excused", "excused", "missed", "due"]
    spectra(desk)
    spectra(desk)
    late = desk.hub.now
    for officer in (desk.ilka, desk.aroha):
        assert states(officer, late)["spectra"] == ["kept", "excused", "excused", "late", "kept"]
    whole = Period(began - timedelta(days=1), late.date() + timedelta(days=1))
    ours, theirs = (brief_of(desk, officer, whole) for officer in (desk.ilka, desk.aroha))
    assert ours.items == theirs.items and ours.digest == theirs.digest
    _one_withdrawal_apart(desk, whole)


def _one_withdrawal_apart(desk: DeskWorld, whole: Period) -> None:
    """Have the laboratory withdraw an alert: its own brief knows first, then both are the same again."""
    newest = desk.send(desk.draft())
    withdraw_alert(desk.benno, newest, code="error", now=desk.tick())
    desk.hub.sequence()
    follow_feed(desk.lab, now=desk.tick())
    ours, theirs = (brief_of(desk, officer, whole) for officer in (desk.ilka, desk.aroha))
    assert ours.digest != theirs.digest
    found = compare_lists(desk.aroha, "xa-lab", whole, ours.items, now=desk.hub.now)
    assert [item.md for item in found.ours] == [newest.md] and not found.theirs
    desk.settle()
    ours, theirs = (brief_of(desk, officer, whole) for officer in (desk.ilka, desk.aroha))
    assert ours.digest == theirs.digest and newest.md not in ours.items
