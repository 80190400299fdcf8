# SPDX-License-Identifier: Apache-2.0
"""Replies, reviews and profile questions in Chromium: light, dark and 360 pixels wide, a picture of each."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import discard_draft
from alerts.models import Alert, ReceivedAlert
from alerts.profiles.questions import start_answer, start_question
from alerts.receiving.opening import OpeningReason
from alerts.replies.beginning import open_to_answer, start_reply
from officers.models import Officer
from tests.alerts.replies.profile_samples import linked_pair
from tests.pages.desk_world import DeskWorld

Shoot = Callable[..., None]
SignIn = Callable[[Officer], None]
ON_DUTY = OpeningReason.ON_DUTY.value
pytestmark = pytest.mark.slow

NEW: Mapping[str, Any] = {
    "alert_type": "new_substance",
    "title": "Metodesnitazene in a pressed tablet",
    "preferred_name": "metodesnitazene",
    "lane": "science",
    "purpose": "science",
    "harm_evidence": "none_yet",
    "cases_non_fatal": "unknown",
    "cases_fatal": "unknown",
}
SEIZURE: Mapping[str, Any] = {**NEW} | {
    "alert_type": "seizure",
    "title": "Post parcel, 412 g",
    "harm_evidence": None,
    "cases_non_fatal": None,
    "cases_fatal": None,
}


def open_on_duty(page: Page, live_server: LiveServer, received: ReceivedAlert) -> None:
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="How dangerous")).to_be_visible()


def begin_review(desk: DeskWorld, received: ReceivedAlert, opinion: str, text: str) -> Alert:
    opened = open_to_answer(desk.aroha, received, reason=ON_DUTY, now=desk.tick())
    data = {"opinion": opinion, "opinion_text": text, "contact": "Spectroscopy desk, +000 1 5550 140"}
    return start_reply(desk.aroha, opened, alert_type="peer_review", data=data, now=desk.tick())


def send_review(desk: DeskWorld, received: ReceivedAlert, opinion: str, text: str) -> Alert:
    return desk.send(begin_review(desk, received, opinion, text), desk.haitham)


def test_pages_of_a_review(
    shoot: Shoot, sign_in: SignIn, page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    alert = desk.send(desk.draft(**NEW))
    received = desk.received(desk.aroha)
    desk.wait_for_the_clock()
    sign_in(desk.aroha)
    open_on_duty(page, live_server, received)
    shoot("reply-received", f"/inbox/{received.pk}/")
    shoot("reply-form", f"/inbox/{received.pk}/reply/")
    shoot("review-form", f"/inbox/{received.pk}/review/")
    waiting = begin_review(desk, received, "agree", "As ours.")
    for step in (1, 2, 3, 6):
        shoot(f"review-draft-{step}", f"/drafts/{waiting.pk}/{step}/")
    discard_draft(desk.aroha, waiting, now=desk.tick())
    review = send_review(
        desk, received, "agree", "The 1H spectrum and both transitions are those of our reference."
    )
    shoot("review-own", f"/outbox/{review.pk}/")
    sign_in(desk.ilka)
    shoot("reply-inbox", "/inbox/")
    shoot("reviewed-sent", f"/outbox/{alert.pk}/")
    open_on_duty_of_reply(page, live_server, desk.received(desk.ilka))
    shoot("review-received", f"/inbox/{desk.received(desk.ilka).pk}/")


def open_on_duty_of_reply(page: Page, live_server: LiveServer, received: ReceivedAlert) -> None:
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Verification").first).to_be_visible()


def test_pages_of_a_profile_question(
    shoot: Shoot, sign_in: SignIn, page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    first, second = linked_pair()
    own = desk.send(desk.draft(**SEIZURE, profile=first, recipients=["xd-reg"]))
    theirs = desk.draft(
        desk.aroha, **{**SEIZURE} | {"title": "Two bags in a hire car"}, profile=second, recipients=["xd-reg"]
    )
    theirs = desk.send(theirs, desk.haitham)
    sign_in(desk.ilka)
    shoot("profile-own", f"/outbox/{own.pk}/profile/")
    shoot("profile-ask", f"/outbox/{own.pk}/profile/ask/")
    question = start_question(
        desk.ilka, own, agencies=["xb-health", "xd-reg"], contact="Lab desk", now=desk.tick()
    )
    shoot("profile-question-draft", f"/drafts/{question.pk}/6/")
    desk.send(question)
    shoot("profile-silence", f"/outbox/{own.pk}/profile/")
    asked = desk.received(desk.aroha)
    sign_in(desk.aroha)
    open_on_duty_of_reply(page, live_server, asked)
    shoot("profile-question-received", f"/inbox/{asked.pk}/")
    shoot("profile-question-leads", f"/inbox/{asked.pk}/profile/")
    shoot("profile-answer", f"/inbox/{asked.pk}/profile/answer/{theirs.pk}/")
    opened = open_to_answer(desk.aroha, asked, reason=ON_DUTY, now=desk.tick())
    answer = start_answer(desk.aroha, opened, sample=theirs, contact="Health desk", now=desk.tick())
    checked = desk.validate(desk.submit(answer), desk.haitham)
    sign_in(desk.haitham)
    shoot("profile-answer-checked", f"/queue/{checked.pk}/")
    from alerts.sending.release import release_alert

    release_alert(desk.haitham, checked, revision=checked.current, now=desk.tick())
    desk.settle()
    sign_in(desk.ilka)
    shoot("profile-answered", f"/outbox/{own.pk}/profile/")
    told = desk.received(desk.ilka)
    open_on_duty_of_reply(page, live_server, told)
    shoot("profile-answer-received", f"/inbox/{told.pk}/profile/")
    shoot("profile-agree", f"/inbox/{told.pk}/profile/agree/")
