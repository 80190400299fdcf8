# SPDX-License-Identifier: Apache-2.0
"""The pages of replies, reviews and profile questions: their texts before each act, and the pages that follow."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from alerts.review.validation import return_alert, submit_alert
from alerts.states import AlertState
from officers.models import Officer
from tests.alerts.replies.profile_samples import linked_pair
from tests.page_queries import reads_of
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld, Stage

NEW: Mapping[str, Any] = {
    "alert_type": "new_substance",
    "lane": "science",
    "purpose": "science",
    "harm_evidence": "none_yet",
    "cases_non_fatal": "unknown",
    "cases_fatal": "unknown",
}
SEIZURE: Mapping[str, Any] = {**NEW} | {
    "alert_type": "seizure",
    "harm_evidence": None,
    "cases_non_fatal": None,
    "cases_fatal": None,
}


def open_at_health(desk: DeskWorld, browser: Client, received: ReceivedAlert | None = None) -> str:
    """Open the alert with the reason "on duty"; return its page."""
    row = received or desk.received(desk.aroha)
    return browser.post(f"/inbox/{row.pk}/", {"reason": "on_duty"}, follow=True).content.decode()


def submit_and_check(draft: Alert, second: Client, author: Client) -> str:
    """Submit a complete draft and validate it; return the page on which it is sent."""
    draft.refresh_from_db()
    answer = author.post(f"/drafts/{draft.pk}/submit/", {"revision": draft.current})
    assert answer.status_code == 302, answer.content.decode()
    page = second.get(f"/queue/{draft.pk}/").content.decode()
    found = re.search(r'name="preview" value="([^"]+)"', page)
    assert found
    checked = {"revision": draft.current, "preview": found[1]}
    return second.post(f"/queue/{draft.pk}/validate/", checked, follow=True).content.decode()


def send_it(desk: DeskWorld, draft: Alert, second: Officer | None = None) -> None:
    """Send a draft that a page made."""
    draft.refresh_from_db()
    desk.hub.now = max(desk.hub.now, timezone.now())
    desk.send(draft, second)


def send_new_substance(desk: DeskWorld) -> None:
    analysis = {"technique": "ms", "method": "GC-MS (EI)", "reference": "literature"}
    line = analysis | {"conclusion": "identified", "file": None, "note": None}
    desk.send(desk.draft(**NEW, evidence=[line]))


def send_samples(desk: DeskWorld) -> tuple[Alert, Alert]:
    """Send one sample of each agency, neither to the other agency."""
    first, second = linked_pair()
    own = desk.send(desk.draft(**SEIZURE, profile=first, recipients=["xd-reg"], exhibit_no="EX-77"))
    other = desk.draft(desk.aroha, **SEIZURE, profile=second, recipients=["xd-reg"], exhibit_no="B-12")
    return own, desk.send(other, desk.haitham)


class TestReviews:
    @pytest.fixture
    def stage(self) -> Stage:
        return send_new_substance

    def test_a_review_begins_beside_the_alert_and_stands_on_its_senders_page(
        self, desk: DeskWorld, as_officer: SignIn
    ) -> None:
        alert = Alert.objects.get()
        aroha, ilka = as_officer(desk.aroha), as_officer(desk.ilka)
        row = desk.received(desk.aroha)
        assert aroha.get(f"/inbox/{row.pk}/review/").status_code == 302, "it is opened first, with a reason"
        page = open_at_health(desk, aroha)
        assert "Review the identification…" in page and "No other laboratory has reviewed" in page
        form = aroha.get(f"/inbox/{row.pk}/review/").content.decode()
        assert "One review of each agency stands" in form and "Also to" in form
        assert "GC-MS (EI)" in form and "Meets the minimum scheme; identity not confirmed." in form, (
            "what is judged"
        )
        empty = aroha.post(f"/inbox/{row.pk}/review/", {})
        assert empty.status_code == 422 and "Opinion: choose one." in empty.content.decode()
        answer = aroha.post(
            f"/inbox/{row.pk}/review/", {"opinion": "agree", "opinion_text": "As ours.", "contact": "desk"}
        )
        draft = Alert.objects.get(agency="xb-health")
        assert answer.headers["Location"] == f"/drafts/{draft.pk}/9/"
        waits = open_at_health(desk, aroha)
        assert waits.count("review is under way: Draft") == 2, "in the section of reviews and at its act"
        assert "Review the identification…" not in waits and f"/drafts/{draft.pk}/" in waits
        draft = submit_alert(desk.aroha, draft, revision=draft.current, now=desk.tick())
        releaser, waiting = as_officer(desk.haitham), f"/queue/{draft.pk}/"
        assert "Read what is reviewed, on duty" in releaser.get(waiting).content.decode()
        releaser.post(waiting, {"reading": "yes", "reading_reason": "on_duty"})
        beside = releaser.get(waiting).content.decode()
        assert "GC-MS (EI)" in beside and "Tentative" in beside, "claim and evidence beside the review"
        assert "Counted: Mass spectrometry (A), Gas chromatography (B)." in beside
        return_alert(desk.aroha, draft, reason="To send it at once.", now=desk.tick())
        send_it(desk, draft, desk.haitham)
        with CaptureQueriesContext(connection) as asked:
            sent = ilka.get(f"/outbox/{alert.pk}/").content.decode()
        replies = [sql for sql in reads_of(asked) if 'FROM "alerts_reply"' in sql]
        assert len(replies) == len(set(replies)) > 0, "thread and reviews read each level once"
        assert "Reviewed by <bdi>Health Authority, Belmora</bdi>: agrees" in sent
        assert "Signature verified, post-quantum and classical together (PQ1)" in sent and "As ours." in sent
        inbox = ilka.get("/inbox/").content.decode()
        assert f"Reply to <bdi>Nine collapses {CONTENT}</bdi>" in inbox
        back = open_at_health(desk, aroha)
        assert "reviewed it: agrees" in back, "the thread, on the reviewer's side too"

    def test_a_reply_stays_what_it_is_and_is_no_template(self, desk: DeskWorld, as_officer: SignIn) -> None:
        aroha = as_officer(desk.aroha)
        open_at_health(desk, aroha)
        aroha.post(f"/inbox/{desk.received(desk.aroha).pk}/review/", {"opinion": "agree"})
        draft = Alert.objects.get(agency="xb-health")
        kinds = aroha.get(f"/drafts/{draft.pk}/1/").content.decode()
        assert 'value="peer_review"' in kinds and 'value="seizure"' not in kinds
        last = aroha.get(f"/drafts/{draft.pk}/4/").content.decode()
        assert "Keep as a template" not in last
        assert f'Reply to <a href="/inbox/{desk.received(desk.aroha).pk}/">' in last
        ordinary = as_officer(desk.ilka).get(f"/drafts/{desk.draft().pk}/1/").content.decode()
        assert 'value="seizure"' in ordinary and 'value="peer_review"' not in ordinary

    def test_a_reader_and_a_withdrawn_alert_get_no_form(self, desk: DeskWorld, as_officer: SignIn) -> None:
        alert = Alert.objects.get()
        row = desk.received(desk.aroha)
        casimir = as_officer(desk.casimir)
        open_at_health(desk, casimir)
        assert casimir.get(f"/inbox/{row.pk}/reply/").status_code == 403
        aroha = as_officer(desk.aroha)
        open_at_health(desk, aroha)
        as_officer(desk.benno).post(f"/outbox/{alert.pk}/withdraw/", {"code": "error"})
        desk.catch_up()
        refused = aroha.get(f"/inbox/{row.pk}/reply/")
        assert (
            refused.status_code == 409
            and "withdrew this alert: it takes no reply" in refused.content.decode()
        )


def test_a_question_is_asked_answered_and_agreed_on_pages(desk: DeskWorld, as_officer: SignIn) -> None:
    own, theirs = send_samples(desk)
    ilka = as_officer(desk.ilka)
    aroha, haitham = as_officer(desk.aroha), as_officer(desk.haitham)
    page = ilka.get(f"/outbox/{own.pk}/profile/").content.decode()
    assert "A lead, not proof." in page and "You have asked nobody about this profile." in page
    form = ilka.get(f"/outbox/{own.pk}/profile/ask/").content.decode()
    assert "They get no case" in form and "holds its own keys" in form
    ilka.post(f"/outbox/{own.pk}/profile/ask/", {"recipients": ["xb-health"], "contact": "lab desk"})
    question = Alert.objects.get(agency="xa-lab", state=AlertState.DRAFT)
    send_it(desk, question)
    assert "No answer. That is no consent" in ilka.get(f"/outbox/{own.pk}/profile/").content.decode()

    asked = desk.received(desk.aroha)
    assert "Only you see what comparing finds" in open_at_health(desk, aroha, asked)
    leads = aroha.get(f"/inbox/{asked.pk}/profile/").content.decode()
    assert "learns nothing</b>" in leads and "Linked" in leads and "Likelihood ratio" in leads
    confirm = aroha.get(f"/inbox/{asked.pk}/profile/answer/{theirs.pk}/").content.decode()
    assert "They learn that you hold a sample with this likeness." in confirm
    refused = aroha.post(f"/inbox/{asked.pk}/profile/answer/{theirs.pk}/", {"contact": ""})
    assert refused.status_code == 422
    aroha.post(f"/inbox/{asked.pk}/profile/answer/{theirs.pk}/", {"contact": "health desk"})
    answer = Alert.objects.get(agency="xb-health", state=AlertState.DRAFT)
    waiting = submit_and_check(answer, haitham, aroha)
    assert "Answer to Forensic Laboratory, Arvenia? They learn" in waiting
    haitham.post(f"/queue/{answer.pk}/release/", {"revision": answer.current})
    desk.catch_up()

    told = ilka.get(f"/outbox/{own.pk}/profile/").content.decode()
    assert "health desk" in told and "Nobody has agreed yet." in told and "B-12" not in told
    row = desk.received(desk.ilka)
    ilka.post(f"/inbox/{row.pk}/", {"reason": "on_duty"})
    assert "Agree to exchange case details…" in ilka.get(f"/inbox/{row.pk}/profile/").content.decode()
    assert "carries no detail of yours" in ilka.get(f"/inbox/{row.pk}/profile/agree/").content.decode()
    ilka.post(f"/inbox/{row.pk}/profile/agree/", {"contact": "lab desk"})
    send_it(desk, Alert.objects.get(agency="xa-lab", state=AlertState.DRAFT))
    assert "silence is not consent" in ilka.get(f"/outbox/{own.pk}/profile/").content.decode()

    agreed = desk.received(desk.aroha)
    open_at_health(desk, aroha, agreed)
    assert "They have agreed. You have not." in aroha.get(f"/inbox/{agreed.pk}/profile/").content.decode()
    assert "You choose what goes out." in aroha.get(f"/inbox/{agreed.pk}/profile/agree/").content.decode()
    aroha.post(f"/inbox/{agreed.pk}/profile/agree/", {"told": ["exhibit"], "contact": "health desk"})
    draft = Alert.objects.get(agency="xb-health", state=AlertState.DRAFT)
    assert "B-12" in aroha.get(f"/drafts/{draft.pk}/4/").content.decode(), "what goes out is seen before"


def test_whoever_holds_the_alert_may_read_the_review_too_and_nobody_else_is_offered(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    desk.send(desk.draft(**NEW, recipients=["xb-health"]))
    aroha = as_officer(desk.aroha)
    open_at_health(desk, aroha)
    row = desk.received(desk.aroha)
    assert "Also to" not in aroha.get(f"/inbox/{row.pk}/review/").content.decode()
