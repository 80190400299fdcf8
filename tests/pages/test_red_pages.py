# SPDX-License-Identifier: Apache-2.0
"""RED on the pages and in the JSON of an own desk: for officers who are not named it is absent."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from alerts.drafting.drafts import read_draft
from alerts.models import Alert
from alerts.receiving.following import follow_feed
from callers.capabilities import Role
from officers.models import Officer
from tests.api.sessions import Session
from tests.builders import reference_to
from tests.own_desk import ASKED, CONTENT, RedDesk
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

OFFICER_7 = "xe-drugs officer-7"
QUESTION = {
    "alert_type": "request_for_information",
    "question": "Have you seen it?",
    "request_priority": "urgent_direct",
}
RULE = {"jurisdiction": "XE", "effective": "2027-01-01", "file": "profile.csv"}
DOCUMENT: dict[str, Any] = {
    "schema": "accord-alert/1",
    "alert_type": "new_substance",
    "title": f"Blue tablets {CONTENT}",
    "narrative": f"Reported by one laboratory. {CONTENT}",
    "inchikey": "VMZUTJCNQWMAGF-UHFFFAOYSA-N",
    "preferred_name": "etizolam",
    "proposed_rule": RULE,
}


@pytest.fixture
def red(db: None, settings: Settings, tmp_path: Path) -> RedDesk:
    settings.OWN_DESK = True
    return RedDesk.kept(tmp_path / "ledger")


def text_of(answer: Any) -> str:
    return str((b"".join(answer) if answer.streaming else answer.content).decode())


PAGES: dict[str, Callable[[Client, str], Any]] = {
    "itself": lambda client, at: client.get(reverse("admin:received", args=[at])),
    "a file": lambda client, at: client.get(reverse("admin:received_attachment", args=[at, 0])),
    "what changed": lambda client, at: client.get(reverse("admin:received_changes", args=[at]), follow=True),
    "a copy as new": lambda client, at: client.post(reverse("admin:received_copy", args=[at])),
    "a reply": lambda client, at: client.get(reverse("admin:reply", args=[at])),
    "a review": lambda client, at: client.get(reverse("admin:peer_review", args=[at])),
    "its profile": lambda client, at: client.get(reverse("admin:received_profile", args=[at])),
    "its rule": lambda client, at: client.get(reverse("admin:science_change", args=[at])),
    "its file, as a spectrum": lambda client, at: client.post(
        reverse("admin:science_match"), {"received": at, "n": 0, "reason": "on_duty", "text": ""}
    ),
    "a later look at it": lambda client, at: client.get(reverse("admin:science_look", args=[at])),
    "an acknowledgement": lambda client, at: client.post(reverse("admin:received_acknowledge", args=[at])),
    "the inbox": lambda client, at: client.get(reverse("admin:inbox")),
    "a search by words": lambda client, at: _search(client, CONTENT),
    "a search by key": lambda client, at: _search(client, DOCUMENT["inchikey"]),
    "the start": lambda client, at: client.get(reverse("admin:index")),
}
ABSENT = PAGES.keys() - {"the inbox", "a search by words", "a search by key", "the start"}
"""Addresses of the alert itself; each answers as one that never was."""


def _search(client: Client, words: str) -> Any:
    found: Any = client.post(reverse("admin:search"), {"q": words, "in_words": "yes"}, follow=True)
    # The form repeats the typed words, which are no hit.
    found.content = found.content.replace(b'value="%s"' % words.encode(), b"")
    return found


class TestOnPages:
    def test_whom_it_names_reads_and_acknowledges_it(self, red: RedDesk, as_officer: SignIn) -> None:
        row = red.received(red.named, alert=dict(DOCUMENT))
        client, at = as_officer(red.named), f"/inbox/{row.pk}/"
        assert CONTENT not in text_of(client.get(at))
        page = text_of(client.post(at, {"reason": "on_duty"}, follow=True))
        assert CONTENT in page and "Named of your agency" in page and red.named.display_name in page
        assert "Reply…" not in page and "Copy as new" not in page
        client.post(f"{at}acknowledge/", {"answer": "opened"})
        row.refresh_from_db()
        assert row.acknowledged_by == red.named

    def test_for_nobody_else_does_a_word_or_its_reference_stand_anywhere(
        self, red: RedDesk, as_officer: SignIn
    ) -> None:
        first = red.deliver(
            tlp="GREEN", names=(), alert={**DOCUMENT, "title": "Before", "narrative": "Before"}
        )
        follow_feed(red.agency, now=red.hub.now)
        row = red.received(red.named, alert=dict(DOCUMENT), kind="update", re=reference_to(first))
        as_officer(red.named).post(f"/inbox/{row.pk}/", {"reason": "on_duty"}, follow=True)
        drafts = Alert.objects.count()
        for name, way in PAGES.items():
            client = as_officer(red.other)
            assert client.post(f"/inbox/{row.pk}/", {"reason": "on_duty"}).status_code == 404
            answer, never = way(client, str(row.pk)), way(client, str(uuid.uuid4()))
            said = text_of(answer)
            assert CONTENT not in said and row.reference not in said, name
            assert answer.status_code == never.status_code < 500, name
            assert (answer.status_code == 404) is (name in ABSENT), name
            row.refresh_from_db()
            assert (row.acknowledged_at, Alert.objects.count()) == (None, drafts), name

    def test_a_rule_marked_red_is_adopted_by_nobody(self, red: RedDesk, as_officer: SignIn) -> None:
        changes = {**DOCUMENT, "alert_type": "legal_status_change"}
        row = red.received(red.releaser, alert=changes)
        client = as_officer(red.releaser)
        client.post(f"/inbox/{row.pk}/", {"reason": "on_duty"})
        page = text_of(client.get(f"/inbox/{row.pk}/rule/"))
        assert "what the agency follows is read by all of it" in page


class TestQuestions:
    def test_whom_it_names_answers_it_on_its_page(self, red: RedDesk, as_officer: SignIn) -> None:
        row = red.asked()
        client, at = as_officer(red.named), f"/inbox/{row.pk}/"
        assert row.reference in text_of(client.get("/inbox/?to_answer=yes"))
        page = text_of(client.post(at, {"reason": "on_duty"}, follow=True))
        assert f"{at}answer/" in page and f"{at}ask-back/" in page
        assert "Also to" not in text_of(client.get(f"{at}answer/"))
        sent = client.post(f"{at}answer/", {"answer_code": "no_hit", "then": "submit"})
        assert sent.status_code == 302, text_of(sent)
        reply = Alert.objects.get(kind="reply")
        assert (reply.state, reply.tlp) == ("submitted", "RED")
        client = as_officer(red.other)
        assert client.get(f"{at}answer/").status_code == 404
        assert row.reference not in text_of(client.get("/inbox/?to_answer=yes"))

    def test_one_that_names_nobody_for_its_answers_says_to_call(
        self, red: RedDesk, as_officer: SignIn
    ) -> None:
        row = red.asked(alert={**ASKED, "reply_to": []})
        client, at = as_officer(red.named), f"/inbox/{row.pk}/"
        page = text_of(client.post(at, {"reason": "on_duty"}, follow=True))
        assert f"{at}answer/" not in page and "call the sender, or write a new alert" in page

    def test_the_page_of_recipients_asks_who_may_open_the_answers(
        self, red: RedDesk, as_officer: SignIn
    ) -> None:
        draft, client = red.draft(OFFICER_7, **QUESTION), as_officer(red.named)
        page = text_of(client.get(f"/drafts/{draft.pk}/3/"))
        assert f'value="{red.named.public_id}" checked' in page, "the author, until somebody is chosen"
        assert f'value="{red.releaser.public_id}"' in page and red.other.public_id not in page
        shown = {"revision": "1", "shown": "reply_to", "go": "save"}
        client.post(f"/drafts/{draft.pk}/3/", shown | {"reply_to": red.releaser.public_id})
        assert read_draft(red.named, draft).data["reply_to"] == [red.releaser.public_id]

    def test_who_may_open_the_answers_reads_who_has_given_one(self, red: RedDesk, as_officer: SignIn) -> None:
        asked = red.sent(OFFICER_7, **QUESTION, reply_to=[red.named.public_id])
        red.answered(asked)
        page = text_of(as_officer(red.named).get(f"/outbox/{asked.pk}/"))
        assert "1 of 1 answered." in page and "Close the question" in page
        page = text_of(as_officer(red.releaser).get(f"/outbox/{asked.pk}/"))
        assert "answered." not in page and "The answers are RED" in page


class TestInJson:
    def test_a_question_is_answered_and_its_answer_read_by_those_it_names(self, red: RedDesk) -> None:
        row = red.asked()
        at, body = f"alerts/received/{row.pk}/reply", {"kind": "answer", "answer_code": "hit"}
        begun = Session(red.named)("POST", at, body | {"reason": "on_duty"})
        assert begun.status_code == 201, begun.content
        assert Session(red.other)("POST", at, body | {"reason": "on_duty"}).status_code == 404
        assert not Session(red.other)("GET", "alerts?box=inbox").json()["items"]
        asked = red.sent(OFFICER_7, **QUESTION, reply_to=[red.named.public_id])
        red.answered(asked)
        for officer, code in ((red.named, "hit"), (red.releaser, None)):
            shown = Session(officer)("GET", f"alerts/{asked.pk}").json()
            (told,) = shown["recipients"]
            assert (told["answer"] and told["answer"]["code"], shown["shows_answers"]) == (code, bool(code))

    def test_each_operation_answers_as_of_one_that_never_was(self, red: RedDesk) -> None:
        row = red.received(red.named, alert=dict(DOCUMENT))
        named, other = Session(red.named), Session(red.other)
        at, why = f"alerts/received/{row.pk}", {"reason": "on_duty"}
        assert CONTENT in named("POST", f"{at}/open", why).content.decode()
        for path in ("open", "attachments/0", "copy", "profile", "rule"):
            answer = other("POST", f"{at}/{path}", why)
            assert (answer.status_code, answer.json()["type"]) == (404, "urn:accord:problem:absent"), path
        assert other("POST", f"{at}/acknowledge").status_code == 404
        assert other("POST", f"{at}/reply", {"kind": "reply", **why}).status_code == 404
        many = other("POST", "alerts/received/acknowledge", {"ids": [str(row.pk)], **why})
        assert many.json()["items"][0]["outcome"] == "refused"
        assert named("POST", f"{at}/acknowledge").status_code == 200


class TestWriting:
    def test_the_page_of_recipients_asks_whom_it_names(self, red: RedDesk, as_officer: SignIn) -> None:
        draft, client = red.draft(), as_officer(red.named)
        page = text_of(client.get(f"/drafts/{draft.pk}/3/"))
        assert 'name="named_officers"' in page
        assert "Whoever administers this machine can read it." in page
        typed = {"revision": "1", "shown": "named_officers", "named_officers": f"{OFFICER_7}\n", "go": "save"}
        client.post(f"/drafts/{draft.pk}/3/", typed)
        assert read_draft(red.named, draft).data["named_officers"] == [OFFICER_7]

    def test_a_hosted_agency_is_not_asked(self, desk: DeskWorld, as_officer: SignIn) -> None:
        page = text_of(as_officer(desk.ilka).get(f"/drafts/{desk.draft().pk}/3/"))
        assert "named_officers" not in page and "administers this machine" not in page
        assert "Your id for RED" not in text_of(as_officer(desk.ilka).get("/account/"))

    def test_the_second_person_sees_who_is_named(self, red: RedDesk, as_officer: SignIn) -> None:
        alert = red.validated(OFFICER_7)
        assert OFFICER_7 in text_of(as_officer(red.releaser).get(f"/queue/{alert.pk}/"))
        assert as_officer(red.other).get(f"/queue/{alert.pk}/").status_code in (403, 404)
        assert CONTENT not in text_of(as_officer(red.other).get("/drafts/"))

    def test_what_was_sent_shows_whom_it_names_to_few(self, red: RedDesk, as_officer: SignIn) -> None:
        alert = red.sent(OFFICER_7)
        page = text_of(as_officer(red.releaser).get(f"/outbox/{alert.pk}/"))
        assert OFFICER_7 in page
        reader = red.hub.make_officer(red.agency, Role.READER)
        for officer in (reader, red.other):
            client = as_officer(officer)
            assert client.get(f"/outbox/{alert.pk}/").status_code == 404
            assert alert.md[:8] not in text_of(client.get("/outbox/"))
            assert CONTENT not in text_of(client.get("/outbox/"))

    def test_the_account_says_by_what_one_is_named(self, red: RedDesk, as_officer: SignIn) -> None:
        page = text_of(as_officer(red.named).get("/account/"))
        assert f"xa-own {red.named.public_id}" in page
        assert "Hand it to whoever is to name you" in page
        keeper = Officer(email="noor@own.example", full_name="Noor Ashdene", roles=[Role.KEEPER])
        keeper.joined_at = red.hub.now
        keeper.set_unusable_password()
        keeper.save()
        assert "Your id for RED" not in text_of(as_officer(keeper).get("/account/"))
