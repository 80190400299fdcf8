# SPDX-License-Identifier: Apache-2.0
"""A question in each situation that changes what is owed: one table of what answerer, asker, boards and reminders say.

Each is looked at twelve hours after it was asked; its answer was due after eight.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.forms.models import model_to_dict
from pytest_django import Settings

from alerts.boxes.inbox import Owed, list_received
from alerts.boxes.outbox import read_sent
from alerts.boxes.overdue import answers_owed_to_us, read_overdue
from alerts.errors import ReplyRefusedError
from alerts.models import Alert, ReceivedAlert
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.replies.reminding import remind_of_answers
from alerts.sending.withdrawal import withdraw_alert
from notices.models import Notification
from notices.states import ANSWER_OCCASIONS, Occasion
from officers.models import Officer
from sharing.models import Envelope
from tests.alerts.replies.test_answers import ask as ask_all
from tests.alerts.replies.test_answers import sent_answer
from tests.alerts.replies.test_red_questions import ask as ask_red
from tests.alerts.replies.test_suspension import suspend
from tests.own_desk import RedDesk
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.pages.test_in_doubt import lose_key
from tests.role_logins import under_login_of


@dataclass(frozen=True)
class Expected:
    """Statements about the question.

    - `state`: of the row in the answering agency's inbox, None where that officer has none.
    - `refused`: the code of the refusal of an answer, "" where it is taken.
    - `owed`: on the answering agency's overdue board; `missing`: on the asking one's, and on its start page.
    - `told`: who is reminded: "answerer", "asker".
    """

    state: str | None
    refused: str
    owed: bool
    missing: bool
    told: frozenset[str]


OWN_FACTS = frozenset(
    [
        "id",
        "md",
        "jti",
        "iat",
        "exp",
        "keep",
        "ack_by",
        "received_at",
        "manifest",
        "jwe_head",
        "origin_entry",
        "entries",
        "sigs",
        "blobs",
    ]
)
"""Columns that differ between any two envelopes: ids, times, ciphertext and signatures."""
BOTH = frozenset({"answerer", "asker"})
NOBODY = frozenset[str]()


def ask(desk: DeskWorld, **changes: str) -> Alert:
    return ask_all(desk, recipients=["xb-health"], **changes)


def plain(desk: DeskWorld) -> Alert:
    return ask(desk)


def exercise(desk: DeskWorld) -> Alert:
    return ask(desk, status="exercise")


def suspended(desk: DeskWorld) -> Alert:
    asked = ask(desk)
    suspend(desk, desk.health)
    return asked


def withdrawn(desk: DeskWorld) -> Alert:
    asked = ask(desk)
    withdraw_alert(desk.benno, asked, code="error", now=desk.tick())
    desk.settle()
    return asked


def repudiated(desk: DeskWorld) -> Alert:
    asked = ask(desk)
    desk.hub.now += timedelta(hours=1)
    lose_key(desk, desk.benno)
    return asked


TABLE: dict[str, tuple[Callable[[DeskWorld], Alert], Expected]] = {
    "nothing changes it": (plain, Expected("answer_overdue", "", owed=True, missing=True, told=BOTH)),
    "exercise": (exercise, Expected("answer_overdue", "", owed=False, missing=False, told=NOBODY)),
    "suspended": (suspended, Expected("unread", "", owed=False, missing=False, told=NOBODY)),
    "withdrawn": (withdrawn, Expected("withdrawn", "withdrawn", owed=False, missing=False, told=NOBODY)),
    "repudiated": (
        repudiated,
        Expected("repudiated", "in-doubt", owed=False, missing=True, told=frozenset({"asker"})),
    ),
}


def told() -> frozenset[str]:
    rows = Notification.objects.filter(occasion__in=(*ANSWER_OCCASIONS, Occasion.ANSWERS_MISSING))
    of = {Occasion.ANSWERS_MISSING.value: "asker"}
    return frozenset(of.get(occasion, "answerer") for occasion in rows.values_list("occasion", flat=True))


def refusal(officer: Officer, received: ReceivedAlert, desk: DeskWorld) -> str:
    try:
        opened = open_to_answer(officer, received, reason="on_duty", now=desk.tick())
        start_reply(officer, opened, alert_type="answer", data={"answer_code": "no_hit"}, now=desk.tick())
    except ReplyRefusedError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(("arrange", "expected"), TABLE.values(), ids=TABLE)
def test_what_is_said_of_a_question(
    db: None, tmp_path: Path, arrange: Callable[[DeskWorld], Alert], expected: Expected
) -> None:
    desk = DeskWorld.kept(tmp_path / "ledger")
    asked = arrange(desk)
    desk.hub.now = (asked.released_at or desk.hub.now) + timedelta(hours=12)
    received = ReceivedAlert.objects.get(agency=desk.health, md=asked.md)
    with under_login_of("desk-worker"):
        remind_of_answers(now=desk.hub.now)
    (row,) = list_received(desk.aroha, now=desk.hub.now).rows
    ours = read_overdue(desk.aroha, now=desk.hub.now).we_owe
    theirs = read_overdue(desk.ilka, now=desk.hub.now).they_owe
    of_health = [one for one in theirs if (one.agency.pk, one.owed) == ("xb-health", Owed.ANSWER)]
    on_start = [
        one for one in answers_owed_to_us(desk.ilka, now=desk.hub.now) if one.agency.pk == "xb-health"
    ]
    seen = Expected(
        row.state.value,
        refusal(desk.aroha, received, desk),
        owed=any(one.owed is Owed.ANSWER for one in ours),
        missing=bool(of_health),
        told=told(),
    )
    assert seen == expected
    assert len(on_start) == len(of_health), "the start page says what the board says"


def test_an_exercise_is_answered_as_an_exercise_by_its_time(db: None, tmp_path: Path) -> None:
    desk = DeskWorld.kept(tmp_path / "ledger")
    asked = exercise(desk)
    received = ReceivedAlert.objects.get(agency=desk.health, md=asked.md)
    assert received.answer_by == received.iat + timedelta(hours=8)
    opened = open_to_answer(desk.aroha, received, reason="on_duty", now=desk.tick())
    draft = start_reply(desk.aroha, opened, alert_type="answer", data={"answer_code": "hit"}, now=desk.tick())
    sent = desk.send(draft, desk.haitham)
    assert sent.status == "exercise"
    recipients = read_sent(desk.ilka, asked, now=desk.hub.now).recipients
    answer = next(row.answer for row in recipients if row.agency == "xb-health")
    assert answer is not None and (answer.code, answer.is_late) == ("hit", False)
    assert ReceivedAlert.objects.get(pk=received.pk).remind_at is None


def test_a_red_question_is_its_named_officers_alone(db: None, settings: Settings, tmp_path: Path) -> None:
    """The row *RED* of the table; the partner's desk is played, so that both sides are two tests of one officer each."""
    settings.OWN_DESK = True
    red = RedDesk.kept(tmp_path / "ledger")
    received = red.asked()
    asked = ask_red(red)
    red.hub.now += timedelta(hours=12)
    for officer, state in ((red.named, "answer_overdue"), (red.other, None)):
        rows = list_received(officer, now=red.hub.now).rows
        assert [row.state.value for row in rows] == ([state] if state else [])
        ours = read_overdue(officer, now=red.hub.now).we_owe
        assert any(one.owed is Owed.ANSWER for one in ours) is bool(state)
        theirs = answers_owed_to_us(officer, now=red.hub.now)
        assert [one.alert.pk for one in theirs] == ([asked.pk] if state else [])
    assert received.tlp == "RED"


def test_the_exchange_holds_neither_question_nor_code_and_tells_interim_from_final_by_nothing(
    db: None, tmp_path: Path
) -> None:
    desk = DeskWorld.kept(tmp_path / "ledger")
    ask(desk)
    day = (desk.hub.now + timedelta(days=9)).date().isoformat()
    interim = sent_answer(desk, "needs_judicial_authorisation", expected_at=day)
    final = sent_answer(desk, "not_relevant_here")
    rows = {one.md: one for one in Envelope.objects.filter(md__in=[interim.md, final.md])}
    facts = [
        {name: value for name, value in model_to_dict(rows[one.md]).items() if name not in OWN_FACTS}
        for one in (interim, final)
    ]
    assert facts[0] == facts[1], "kind, what it answers, lane, marking: alike"
    with connection.cursor() as cursor:
        for model in apps.get_app_config("sharing").get_models():
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{model._meta.db_table}" t')  # noqa: S608
            kept = cursor.fetchone()[0] or ""
            for word in ("needs_judicial", "not_relevant", day, CONTENT):
                assert word not in kept, (model.__name__, word)
