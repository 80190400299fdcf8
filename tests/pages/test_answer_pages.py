# SPDX-License-Identifier: Apache-2.0
"""Questions on pages: what waits for an answer, the page that answers, and the table that the asking agency reads."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from alerts.boxes.start import read_start
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.sending.release import release_alert
from alerts.states import AlertState
from desk.alerts.boxes.start_rows import rows_of_work
from ledger.models import AuditEvent
from officers.models import Officer
from peers.models import SentEnvelope
from tests.alerts.replies.test_answers import QUESTION
from tests.alerts.replies.test_suspension import opened, suspend
from tests.bound_rows import rewrite
from tests.due_times import due
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld, Stage
from tests.pages.test_in_doubt import lose_key
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
    assert QUESTION["title"] in start and "answer by" in start
    listed = browser.get("/inbox/?to_answer=yes").content.decode()
    assert QUESTION["title"] in listed and "answer by" in listed
    page = open_at_health(desk, browser)
    assert f"/inbox/{desk.received(desk.aroha).pk}/answer/" in page and "?code=refused" in page
    assert page.index(CONTENT) < page.index('id="happened"'), "the question stands before what happened"
    at = f"/inbox/{desk.received(desk.aroha).pk}/"
    assert "<h1>Cannot answer</h1>" in browser.get(f"{at}answer/?code=refused").content.decode()
    assert "<h1>Answer the question</h1>" in browser.get(f"{at}answer/").content.decode()
    assert 'value="normal" selected' in browser.get(f"{at}ask-back/").content.decode()


def test_an_answer_is_submitted_from_its_one_page_and_the_second_person_reads_the_question_beside_it(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    browser, second = as_officer(desk.aroha), as_officer(desk.haitham)
    reply = answered(desk, browser)
    assert reply.state == AlertState.SUBMITTED
    page = browser.get(f"/inbox/{desk.received(desk.aroha).pk}/").content.decode()
    assert f"/queue/{reply.pk}/" in page and "An answer is under way" in page
    assert "/answer/" not in page
    for address in ("/", "/inbox/?to_answer=yes"):
        assert "a reply waits to be sent" in browser.get(address).content.decode()

    start = second.get("/").content.decode()
    assert ">Assign</span>" in start and ">Answer</span>" not in start, "who does not write answers assigns"
    rows = rows_of_work(desk.haitham, read_start(desk.haitham, now=timezone.now()), ())
    release = next(row for row in rows if str(row.verb) == "Release")
    assert release.due == desk.received(desk.aroha).answer_by is not None
    at, question = f"/queue/{reply.pk}/", f"<bdi>{QUESTION['question']}</bdi>"
    asks = second.post(at, {"question": "yes"}).content.decode()
    assert "Why do you open this?" in asks and f'action="{at}"' in asks
    page = second.get(at).content.decode()
    assert question not in page and "Read the question on duty" in page
    given = second.post(at, {"reading": "yes", "reading_reason": "on_duty"})
    assert given.status_code == 302 and given.headers["Location"] == at
    assert question in second.get(at).content.decode()
    assert AuditEvent.objects.filter(
        act="alert.opened", reason="on_duty", actor=desk.haitham.audit_name
    ).exists()


def test_an_alert_that_answers_nothing_has_no_question_beside_it(desk: DeskWorld, as_officer: SignIn) -> None:
    own = desk.draft(**QUESTION)
    as_officer(desk.ilka).post(f"/drafts/{own.pk}/submit/", {"revision": own.current})
    told = as_officer(desk.benno).post(f"/queue/{own.pk}/", follow=True).content.decode()
    assert "Waiting for release" in told and "Read the question" not in told


def test_of_two_who_answer_at_once_the_second_keeps_on_the_page_what_was_typed(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    colleague = desk.hub.make_officer(desk.health, "author", name="Second Author")
    later = as_officer(colleague)
    open_at_health(desk, later)
    first = answered(desk, as_officer(desk.aroha))
    at = f"/inbox/{desk.received(desk.aroha).pk}/answer/"
    typed = {"answer_code": "hit", "narrative": f"Two since May. {CONTENT}", "then": "submit"}
    refused = later.post(at, typed)
    page = refused.content.decode()
    assert refused.status_code == 422 and f"/queue/{first.pk}/" in page
    assert f"Two since May. {CONTENT}" in page and desk.aroha.display_name in page
    same = later.post(at, {"answer_code": "no_hit", "then": "submit"})
    assert same.status_code == 302 and same["Location"] == f"/queue/{first.pk}/"
    assert Alert.objects.filter(agency=desk.health, kind="reply").count() == 1


def test_an_answer_of_a_question_in_doubt_is_not_offered_and_its_clock_stands(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    lose_key(desk, desk.benno)
    desk.wait_for_the_clock()
    browser = as_officer(desk.aroha)
    page = open_at_health(desk, browser)
    assert (
        "Its clock is stopped: call <bdi>Forensic Laboratory, Arvenia</bdi>" in page
        and "/answer/" not in page
    )
    start = browser.get("/").content.decode()
    assert ">Phone</span>" in start and ">Answer</span>" not in start


def test_with_files_it_stays_a_draft(desk: DeskWorld, as_officer: SignIn) -> None:
    assert answered(desk, as_officer(desk.aroha), then="later").state == AlertState.DRAFT


def test_the_asking_agency_reads_who_answered_what_and_who_still_owes_it(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    asked = Alert.objects.get(agency=desk.lab, kind="alert")
    send_it(desk, answered(desk, as_officer(desk.aroha), then="later"), desk.haitham)
    browser = as_officer(desk.ilka)
    page = browser.get(f"/outbox/{asked.pk}/").content.decode()
    assert "1 of 2 answered." in page and "No hit" in page and "answer due in " in page
    assert (
        "Its recipients have to answer: 1 of 2 have answered."
        in browser.get("/drafts/on-the-way/").content.decode()
    )
    rewrite(SentEnvelope.objects.filter(md=asked.md), reply_by=timezone.now() - timedelta(minutes=1))
    page = browser.get(f"/outbox/{asked.pk}/").content.decode()
    assert "Answer due since" in page
    start = browser.get("/").content.decode()
    assert (
        "has not answered a question of yours" in start and f"/outbox/{asked.pk}/call/?agency=xd-reg" in start
    )
    of_health = as_officer(desk.aroha).get("/").content.decode()
    assert "answer by" not in of_health


CONTRADICTIONS: tuple[tuple[dict[str, str], str], ...] = (
    ({"answer_code": ""}, "Answer: choose one."),
    ({"answer_code": "refused"}, "Reason for refusing: choose one."),
    ({"answer_code": "information_supplied"}, "this answer says nothing without one"),
    ({"answer_code": "needs_judicial_authorisation", "expected_at": "soon"}, "enter a day from today on"),
)


def test_what_contradicts_the_code_is_said_on_the_page_and_nothing_is_kept(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    browser = as_officer(desk.aroha)
    open_at_health(desk, browser)
    at, more = f"/inbox/{desk.received(desk.aroha).pk}/answer/", {"contact": "Duty desk", "then": "submit"}
    for fields, text in CONTRADICTIONS:
        answer = browser.post(at, fields | more)
        assert answer.status_code == 422, text
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
    ReceivedAlert.objects.filter(agency=desk.health).update(**due(moment))
    page = as_officer(desk.aroha).get("/overdue/").content.decode()
    assert QUESTION["title"] in page and "Forensic Laboratory, Arvenia" in page


def test_the_asker_closes_the_question_on_its_page_and_everybody_reads_that(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    asked, browser = Alert.objects.get(agency=desk.lab, kind="alert"), as_officer(desk.ilka)
    assert "close_question" in browser.get(f"/outbox/{asked.pk}/").content.decode()
    browser.post(f"/outbox/{asked.pk}/amend/", {"close_question": "yes"})
    closing = Alert.objects.get(previous=asked)
    assert closing.state == AlertState.SUBMITTED
    desk.hub.now = max(desk.hub.now, timezone.now())
    desk.validate(closing)
    release_alert(desk.benno, closing, revision=closing.current, now=desk.tick())
    desk.settle()
    page = browser.get(f"/outbox/{closing.pk}/").content.decode()
    assert "Question closed" in page and "0 of 2 answered." in page and "close_question" not in page
    listed = as_officer(desk.aroha).get("/inbox/").content.decode()
    assert "Question closed" in listed
    page = open_at_health(desk, as_officer(desk.aroha))
    assert "your agency owes none" in page and "/answer/" not in page


def test_an_expired_question_offers_to_be_closed_and_nothing_else(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    asked, browser = Alert.objects.get(agency=desk.lab, kind="alert"), as_officer(desk.ilka)
    rewrite(SentEnvelope.objects.filter(md=asked.md), exp=timezone.now() - timedelta(minutes=1))
    page = browser.get(f"/outbox/{asked.pk}/").content.decode()
    assert "waits on until you close it" in page
    assert "close_question" in page and "change_question" not in page


def test_the_page_of_a_question_leads_to_asking_anew_and_only_a_next_version_says_what_changes(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    asked, browser = Alert.objects.get(agency=desk.lab, kind="alert"), as_officer(desk.ilka)
    first = desk.draft(**QUESTION)
    assert 'name="question_change"' not in browser.get(f"/drafts/{first.pk}/2/").content.decode()
    assert "Change the question or ask again" in browser.get(f"/outbox/{asked.pk}/").content.decode()
    answer = browser.post(f"/outbox/{asked.pk}/amend/", {"change_question": "yes"})
    draft = Alert.objects.get(previous=asked)
    assert answer["Location"] == f"/drafts/{draft.pk}/2/#id_question_change"
    page = browser.get(answer["Location"]).content.decode()
    assert 'id="id_question_change"' in page and 'name="question_change"' in page
    assert "Ask anew where everybody is to answer again" in page


def local_time(officer: Officer) -> str:
    """Return the present minute as the officer's browser gives it."""
    return f"{timezone.now().astimezone(ZoneInfo(officer.effective_timezone)):%Y-%m-%dT%H:%M}"


def test_a_call_is_noted_on_its_page_and_read_on_the_alert_and_the_board(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    desk.wait_for_the_clock()
    asked, browser = Alert.objects.get(agency=desk.lab, kind="alert"), as_officer(desk.ilka)
    at = f"/outbox/{asked.pk}/call/"
    page = browser.get(at).content.decode()
    assert "Health Authority" in page and QUESTION["title"] in page
    called = {"agency": "xb-health", "called_at": local_time(desk.ilka)}
    refused = browser.post(at, called | {"text": ""})
    assert refused.status_code == 422 and "whom you spoke to" in refused.content.decode()
    noted = browser.post(at, called | {"text": "They look on Monday."})
    assert noted.status_code == 302, noted.content.decode()
    assert "They look on Monday." in browser.get(f"/outbox/{asked.pk}/").content.decode()
    received, theirs = desk.received(desk.aroha), as_officer(desk.aroha)
    ReceivedAlert.objects.filter(pk=received.pk).update(**due(timezone.now() - timedelta(hours=1)))
    told = {"called_at": local_time(desk.aroha), "text": "Told them Monday."}
    noted = theirs.post(f"/inbox/{received.pk}/call/", told)
    assert noted.status_code == 302, noted.content.decode()
    assert "called" in theirs.get("/overdue/").content.decode()
    assert "Told them Monday." in open_at_health(desk, theirs)


def test_recipients_are_marked_for_attention_in_the_draft_and_read_so(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    browser, draft = as_officer(desk.ilka), desk.draft(**QUESTION)
    page = browser.get(f"/drafts/{draft.pk}/3/").content.decode()
    assert 'name="for_attention"' in page
    typed = {
        "revision": str(draft.current),
        "shown": "for_attention",
        "for_attention": "xb-health",
        "go": "save",
    }
    assert browser.post(f"/drafts/{draft.pk}/3/", typed).status_code == 302
    draft.refresh_from_db()
    desk.hub.now = max(desk.hub.now, timezone.now())
    assert ">for attention</span>" in browser.get(f"/drafts/{draft.pk}/4/").content.decode()
    sent = desk.send(draft)
    assert "owes no answer: for attention" in browser.get(f"/outbox/{sent.pk}/").content.decode()
    theirs = as_officer(desk.aroha)
    assert "For your attention" in theirs.get("/inbox/").content.decode()
    assert "It may give one." in open_at_health(desk, theirs)


def test_an_alert_without_a_question_marks_nobody_for_attention(desk: DeskWorld, as_officer: SignIn) -> None:
    draft = desk.draft()
    assert 'name="for_attention"' not in as_officer(desk.ilka).get(f"/drafts/{draft.pk}/3/").content.decode()


def test_while_the_lane_is_suspended_an_answer_waits_and_its_clock_stands_still(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    asked = Alert.objects.get(agency=desk.lab, kind="alert")
    acknowledge_alert(desk.aroha, opened(desk), now=desk.tick())
    suspend(desk, desk.lab)
    desk.wait_for_the_clock()
    browser = as_officer(desk.aroha)
    assert "Frozen: suspended since" in browser.get("/inbox/").content.decode()
    assert "Frozen: suspended since" in browser.get("/").content.decode()
    page = open_at_health(desk, browser)
    assert (
        "Frozen: suspended with" in page and "Suspended by <bdi>Forensic Laboratory, Arvenia</bdi>." in page
    )
    reply = answered(desk, browser)
    assert reply.state == AlertState.SUBMITTED
    assert "Held by suspension since" in browser.get("/drafts/on-the-way/").content.decode()
    checker = as_officer(desk.haitham)
    page = checker.get(f"/queue/{reply.pk}/").content.decode()
    assert "Held by suspension: " in page and "Mark as checked" not in page
    refused = checker.post(f"/queue/{reply.pk}/validate/", {"revision": reply.current})
    assert refused.status_code == 409 and "Held by suspension: " in refused.content.decode()
    page = as_officer(desk.ilka).get(f"/outbox/{asked.pk}/").content.decode()
    assert "answer frozen: suspended since" in page and "Suspended by your agency." in page
