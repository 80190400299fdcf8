# SPDX-License-Identifier: Apache-2.0
"""What two agencies gave each other, counted by each of them from what it holds."""

from datetime import timedelta


from accord.reciprocity import Period
from alerts.sending.withdrawal import withdraw_alert
from tests.alerts.replies.test_answers import ask, sent_answer
from tests.pages.desk_world import DeskWorld
from tests.reciprocity.pairs import brief_of, briefs, settle


def test_both_sides_count_the_same(desk: DeskWorld) -> None:
    desk.send(desk.draft())
    ask(desk)
    sent_answer(desk)
    settle(desk)
    ours, theirs = briefs(desk)
    figures = {one.code: (one.gave, one.got) for one in ours.record.kinds}
    assert figures == {"harm_cluster": (1, 0), "request_for_information": (1, 0), "answer": (0, 1)}
    assert {one.code: (one.got, one.gave) for one in theirs.record.kinds} == figures
    assert (ours.record.answers_got.n, theirs.record.answers_gave.n) == (1, 1)
    assert ours.record.answers_got == theirs.record.answers_gave
    assert ours.items == theirs.items and len(ours.items) == 3
    assert ours.digest == theirs.digest
