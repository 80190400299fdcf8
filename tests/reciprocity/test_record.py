# SPDX-License-Identifier: Apache-2.0
"""Records of what two agencies gave each other, counted by each of them from what it holds."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accord.reciprocity import Period
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.sending.amendment import amend_alert
from alerts.sending.withdrawal import withdraw_alert
from reciprocity.brief import Brief, compare_lists
from reciprocity.models import Contribution, DailyCount
from tests.alerts.replies.test_answers import ask, sent_answer
from tests.alerts.replies.test_suspension import resume, suspend
from tests.page_queries import reads_of
from tests.pages.desk_world import DeskWorld
from tests.reciprocity.pairs import around, brief_of, briefs
from tests.stages import act

Rows = dict[str, tuple[int, int]]


def kinds(brief: Brief) -> Rows:
    return {row.code: (row.gave, row.got) for row in brief.record.kinds}


def supplied(brief: Brief) -> Rows:
    return {row.code: (row.gave, row.got) for row in brief.record.supplies if row.gave or row.got}


def agreed(desk: DeskWorld) -> tuple[Brief, Brief]:
    """Return both briefs, which say the same from either side."""
    desk.settle()
    assert_counted()
    ours, theirs = briefs(desk)
    for rows in (kinds, supplied):
        assert rows(ours) == {code: (gave, got) for code, (got, gave) in rows(theirs).items()}
    assert (ours.items, ours.digest) == (theirs.items, theirs.digest)
    assert ours.record.disputed == theirs.record.disputed
    assert ours.suspensions == theirs.suspensions
    assert ours.record.answers_got == theirs.record.answers_gave
    assert ours.record.outcomes_gave == theirs.record.outcomes_got
    return ours, theirs


def assert_counted() -> None:
    """Compare the counts of days, which the database keeps, with the items."""
    by_items = Counter(
        (row.agency_id, row.peer_id, row.logged_at.date(), row.is_given, row.is_red, row.counts_as)
        for row in Contribution.objects.exclude(logged_at=None)
        if row.logged_at
    )
    by = ("agency_id", "peer_id", "day", "is_given", "is_red", "counts_as", "n")
    assert {tuple(row[:-1]): row[-1] for row in DailyCount.objects.exclude(n=0).values_list(*by)} == by_items


@act
def reply(desk: DeskWorld, **data: Any) -> Alert:
    """Send the health authority's reply to the alert that it received last."""
    asked = ReceivedAlert.objects.filter(agency=desk.health).latest("number")
    opened = open_to_answer(desk.aroha, asked, reason="on_duty", now=desk.tick())
    draft = start_reply(
        desk.aroha, opened, alert_type="reply", data={"narrative": "See below."} | data, now=desk.tick()
    )
    return desk.send(draft, desk.haitham)


def test_both_sides_count_the_same_in_as_many_queries_however_much_was_exchanged(desk: DeskWorld) -> None:
    goods: dict[str, Any] = {"supplies": ["samples_offered", "court_outcomes"], "verdict_on": "2026-01-05"}
    desk.send(desk.draft(**goods))
    ask(desk)
    sent_answer(desk, "partial", narrative="More follows.")
    sent_answer(desk)
    ours, _theirs = agreed(desk)
    assert kinds(ours) == {
        "harm_cluster": (1, 0),
        "request_for_information": (1, 0),
        "answer": (0, 1),
        "interim_answer": (0, 1),
    }
    assert len(ours.items) == 4 and sum(row.gave for row in ours.record.months) == 2
    assert ours.record.answers_got.n == 1 and ours.record.answers_gave.n == 0
    once = reads(desk)
    desk.send(desk.draft(**goods))
    ask(desk)
    sent_answer(desk)
    assert reads(desk) == once <= 24


def reads(desk: DeskWorld) -> int:
    """Return how many queries a brief costs."""
    with CaptureQueriesContext(connection) as asked:
        brief_of(desk, desk.ilka)
    return len(reads_of(asked))


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({"status": "exercise"}, {}),
        ({"tlp": "AMBER"}, {"harm_cluster": (1, 0)}),
        ({"supplies": ["methods", "court_outcomes"]}, {"harm_cluster": (1, 0)}),
    ],
)
def test_a_real_alert_counts_by_its_type(desk: DeskWorld, changes: dict[str, Any], counted: Rows) -> None:
    desk.send(desk.draft(**changes))
    ours, _theirs = agreed(desk)
    assert kinds(ours) == counted


def test_nothing_in_clear_says_what_it_counts_as(desk: DeskWorld) -> None:
    desk.send(desk.draft(supplies=["court_outcomes"], verdict_on="2026-01-05"))
    desk.settle()
    for row in Contribution.objects.values():
        assert "harm" not in str(row) and "court" not in str(row) and "2026-01-05" not in str(row)
    tokens = [bytes(row.counts_as or b"") for row in Contribution.objects.exclude(counts_as=None)]
    assert len(set(tokens)) == 2, "two agencies' tokens of one kind cannot be compared"


def test_goods_count_once_their_receiver_has_acknowledged_them(desk: DeskWorld) -> None:
    desk.send(desk.draft(supplies=["samples_offered", "spectra"]))
    ours, _theirs = agreed(desk)
    assert supplied(ours) == {"spectra": (1, 0)}
    received = open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick()).received
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    desk.settle()
    ours, _theirs = agreed(desk)
    assert supplied(ours) == {"spectra": (1, 0), "samples_offered": (1, 0)}


def test_a_court_outcome_has_the_time_since_the_verdict(desk: DeskWorld) -> None:
    verdict = desk.hub.now.date() - timedelta(days=9)
    desk.send(desk.draft(supplies=["court_outcomes"], verdict_on=verdict.isoformat()))
    desk.send(desk.draft(supplies=["court_outcomes"]))
    ours, _theirs = agreed(desk)
    assert supplied(ours) == {"court_outcomes": (2, 0)}
    assert (ours.record.outcomes_gave.n, ours.record.outcomes_gave.middle) == (1, timedelta(days=9))


def test_a_later_version_counts_as_one_and_supplies_nothing_again(desk: DeskWorld) -> None:
    sent = desk.send(desk.draft(supplies=["spectra"]))
    desk.send(amend_alert(desk.ilka, sent, now=desk.tick()))
    ours, _theirs = agreed(desk)
    assert kinds(ours) == {"harm_cluster": (1, 0), "version": (1, 0)}
    assert supplied(ours) == {"spectra": (1, 0)}


def test_an_answer_time_leaves_out_a_suspension(desk: DeskWorld) -> None:
    ask(desk)
    before = desk.hub.now
    suspend(desk, desk.lab)
    desk.hub.later(seconds=3600)
    resume(desk, desk.lab)
    sent_answer(desk)
    ours, _theirs = agreed(desk)
    (stop,) = ours.suspensions
    assert (stop.by, stop.lane) == ("xa-lab", "science") and stop.until is not None
    earlier = Period(stop.since.date() - timedelta(days=9), stop.since.date() - timedelta(days=2))
    assert brief_of(desk, desk.ilka, earlier).suspensions == ()
    took = ours.record.answers_got.middle
    assert took is not None and desk.hub.now - before > timedelta(hours=1) > timedelta(minutes=1) > took


def test_a_withdrawn_item_counts_as_a_number_alone(desk: DeskWorld) -> None:
    withdraw_alert(desk.benno, desk.send(desk.draft()), code="error", now=desk.tick())
    desk.settle()
    ours, _theirs = agreed(desk)
    assert (kinds(ours), ours.items, ours.record.withdrawn.gave) == ({}, (), 1)


def test_after_thirty_days_a_withdrawal_changes_nothing(desk: DeskWorld) -> None:
    sent = desk.send(desk.draft())
    period = around(desk)
    desk.hub.later(seconds=31 * 24 * 3600)
    withdraw_alert(desk.benno, sent, code="error", now=desk.tick())
    desk.settle()
    assert kinds(brief_of(desk, desk.ilka, period)) == {"harm_cluster": (1, 0)}


def test_figures_differ_by_a_retract_that_one_side_does_not_know(desk: DeskWorld) -> None:
    sent = desk.send(desk.draft())
    desk.send(desk.draft())
    withdraw_alert(desk.benno, sent, code="error", now=desk.tick())
    desk.hub.sequence()
    follow_feed(desk.lab, now=desk.tick())
    ours, theirs = briefs(desk)
    assert (ours.record.total.gave, theirs.record.total.got) == (1, 2)
    assert ours.digest != theirs.digest
    found = compare_lists(desk.ilka, "xb-health", around(desk), ours.items + theirs.items, now=desk.hub.now)
    assert [(item.md, item.alert) for item in found.theirs] == [(sent.md, sent)] and not found.ours


def test_a_disputed_item_is_marked_on_both_sides_until_it_is_settled(desk: DeskWorld) -> None:
    sent = desk.send(desk.draft())
    reply(desk, dispute="disputed")
    ours, _theirs = agreed(desk)
    assert ours.record.disputed == (sent.md,)
    reply(desk, dispute="settled")
    ours, _theirs = agreed(desk)
    assert ours.record.disputed == ()
    assert kinds(ours) == {"harm_cluster": (1, 0), "disputed": (0, 1), "settled": (0, 1)}


def test_a_period_begins_and_ends_in_utc(desk: DeskWorld) -> None:
    desk.send(desk.draft())
    desk.settle()
    day = Contribution.objects.filter(agency="xa-lab").latest("logged_at").logged_at.date()  # type: ignore[union-attr]
    counted = {
        shift: brief_of(desk, desk.ilka, Period(*[day + timedelta(days=shift)] * 2)).record.total.gave
        for shift in (-1, 0, 1)
    }
    assert counted == {-1: 0, 0: 1, 1: 0}


def test_the_counts_of_days_follow_every_change_of_the_items(desk: DeskWorld) -> None:
    for _ in range(3):
        desk.send(desk.draft())
    desk.settle()
    rows = Contribution.objects.order_by("pk")
    assert_counted()
    rows.update(counts_as=b"of another kind")
    assert_counted()
    rows.filter(is_given=True).update(logged_at=F("logged_at") + timedelta(days=1))
    assert_counted()
    rows.filter(pk=rows[0].pk).update(logged_at=None)
    assert_counted()
    rows.filter(pk=rows[1].pk).delete()
    assert_counted()
    assert DailyCount.objects.filter(n__gt=0).exists()
