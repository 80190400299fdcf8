# SPDX-License-Identifier: Apache-2.0
"""Questions on pages: what waits for an answer, the page that answers, and the table that the asking agency reads."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from alerts.sending.release import release_alert
from alerts.states import AlertState
from tests.alerts.replies.test_answers import QUESTION
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld, Stage
from tests.pages.test_reply_pages import open_at_health, send_it


def ask(desk: DeskWorld) -> None:
    desk.send(desk.draft(**QUESTION))


@pytest.fixture
def stage() -> Stage:
    return ask


def answered(desk: DeskWorld, browser: Client, **fields: str) -> Alert:
    """Answer by the page; return the draft or the submitted answer."""
    open_at_health(desk, browser)
    at = f"/inbox/{desk.received(desk.aroha).pk}/answer/"
    sent = browser.post(at, {"answer_code": "no_hit", "then": "submit"} | fields)
    assert sent.status_code == 302, sent.content.decode()
    return Alert.objects.filter(agency=desk.health, kind="reply").latest("created_at")


def test_what_waits_for_an_answer_is_on_the_start_page_in_the_list_and_on_the_alert(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    browser = as_officer(desk.aroha)
    start = browser.get("/").content.decode()
    assert 'id="w-answer"' in start and "?to_answer=yes" in start
    listed = browser.get("/inbox/?to_answer=yes").content.decode()
    assert QUESTION["title"] in listed and ">Answer</span>" in listed
    page = open_at_health(desk, browser)
    assert f"/inbox/{desk.received(desk.aroha).pk}/answer/" in page and "?code=refused" in page
    assert page.index(CONTENT) < page.index('id="happened"'), "the question stands before what happened"


def test_an_answer_is_submitted_from_its_one_page_and_waits_for_a_second_person(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    browser = as_officer(desk.aroha)
    reply = answered(desk, browser)
    assert reply.state == AlertState.SUBMITTED
    page = browser.get(f"/inbox/{desk.received(desk.aroha).pk}/").content.decode()
    assert f"/queue/{reply.pk}/" in page and "An answer is under way" in page
    assert "/answer/" not in page


def test_with_files_it_stays_a_draft(desk: DeskWorld, as_officer: SignIn) -> None:
    assert answered(desk, as_officer(desk.aroha), then="later").state == AlertState.DRAFT


def test_the_asking_agency_reads_who_answered_what_and_who_still_owes_it(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    asked = Alert.objects.get(agency=desk.lab, kind="alert")
    send_it(desk, answered(desk, as_officer(desk.aroha), then="later"), desk.haitham)
    page = as_officer(desk.ilka).get(f"/outbox/{asked.pk}/").content.decode()
    assert "1 of 2 answered." in page and "No hit" in page
    of_health = as_officer(desk.aroha).get("/").content.decode()
    assert 'id="w-answer"' not in of_health


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"answer_code": ""}, "Answer: choose one."),
        ({"answer_code": "refused"}, "Reason for refusing: choose one."),
        ({"answer_code": "information_supplied"}, "this answer says nothing without one"),
        ({"answer_code": "needs_judicial_authorisation", "expected_at": "soon"}, "enter a day from today on"),
    ],
)
def test_what_contradicts_the_code_is_said_on_the_page_and_nothing_is_kept(
    desk: DeskWorld, as_officer: SignIn, fields: dict[str, str], text: str
) -> None:
    browser = as_officer(desk.aroha)
    open_at_health(desk, browser)
    answer = browser.post(
        f"/inbox/{desk.received(desk.aroha).pk}/answer/", fields | {"contact": "Duty desk", "then": "submit"}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert text in page and "Duty desk" in page
    assert not Alert.objects.filter(agency=desk.health, kind="reply").exists()


def test_who_asks_back_reads_that_it_waits_for_the_asker_who_reads_the_question(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    browser, received = as_officer(desk.aroha), desk.received(desk.aroha)
    open_at_health(desk, browser)
    sent = browser.post(
        f"/inbox/{received.pk}/ask-back/",
        {"question": "Which?", "request_priority": "normal", "then": "submit"},
    )
    assert sent.status_code == 302, sent.content.decode()
    back = Alert.objects.get(agency=desk.health, kind="reply")
    assert back.state == AlertState.SUBMITTED
    desk.hub.now = max(desk.hub.now, timezone.now())
    desk.validate(back, desk.haitham)
    release_alert(desk.haitham, back, revision=back.current, now=desk.tick())
    desk.settle()
    assert "This waits for the asker." in browser.get(f"/inbox/{received.pk}/").content.decode()
    asked = Alert.objects.get(agency=desk.lab, kind="alert")
    page = as_officer(desk.ilka).get(f"/outbox/{asked.pk}/").content.decode()
    assert "asks back: answer them" in page


def test_the_overdue_board_names_both_sides_with_whom_to_call(desk: DeskWorld, as_officer: SignIn) -> None:
    empty = as_officer(desk.aroha).get("/overdue/").content.decode()
    assert "owes nothing that is overdue" in empty and "Nobody owes your agency" in empty
    moment = timezone.now() - timedelta(hours=1)
    ReceivedAlert.objects.filter(agency=desk.health).update(reply_by=moment)
    page = as_officer(desk.aroha).get("/overdue/").content.decode()
    assert QUESTION["title"] in page and "Forensic Laboratory, Arvenia" in page
