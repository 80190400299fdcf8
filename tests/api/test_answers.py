# SPDX-License-Identifier: Apache-2.0
"""Questions in JSON: what waits for an answer, the answer, and the state at each recipient."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from peers.models import SentEnvelope
from tests.alerts.replies.test_answers import QUESTION
from tests.alerts.replies.test_suspension import opened, suspend
from tests.api.sessions import Session
from tests.bound_rows import rewrite
from tests.due_times import due
from tests.pages.desk_world import DeskWorld

WHY = {"reason": "on_duty"}


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    desk = DeskWorld.kept(tmp_path / "ledger")
    desk.send(desk.draft(**QUESTION))
    desk.wait_for_the_clock()
    return desk


def test_a_system_lists_answers_and_reads_answers(desk: DeskWorld) -> None:
    answerer, asker = Session(desk.aroha), Session(desk.ilka)
    (listed,) = answerer("GET", "alerts?box=inbox&to_answer=1").json()["items"]
    facts = listed["received"]
    assert facts["reply_by"] and (facts["answered_at"], facts["interim_at"]) == (None, None)
    body = WHY | {
        "kind": "answer",
        "answer_code": "needs_judicial_authorisation",
        "expected_at": "2199-05-06",
    }
    begun = answerer("POST", f"alerts/received/{facts['id']}/reply", body)
    assert begun.status_code == 201, begun.content
    draft = Alert.objects.get(pk=begun.json()["id"])
    desk.send(draft, desk.haitham)
    (listed,) = answerer("GET", "alerts?box=inbox&to_answer=1").json()["items"]
    assert (listed["received"]["answered_at"], listed["state"]) == (None, "to_answer")
    assert listed["received"]["interim_at"]
    asked = Alert.objects.get(agency=desk.lab, kind="alert")
    shown = asker("GET", f"alerts/{asked.pk}").json()
    answers = {row["agency"]: row["answer"] for row in shown["recipients"]}
    assert shown["reply_by"] and answers["xd-reg"] is None
    said = answers["xb-health"]
    assert (said["code"], said["is_final"], said["expected_on"]) == (
        "needs_judicial_authorisation",
        False,
        "2199-05-06",
    )


def test_a_bad_answer_names_its_member(desk: DeskWorld) -> None:
    at, session = f"alerts/received/{desk.received(desk.aroha).pk}/reply", Session(desk.aroha)
    for body, field in (
        ({"kind": "answer"}, "answer_code"),
        ({"kind": "clarification"}, "question"),
        ({"kind": "answer", "answer_code": "perhaps"}, "answer_code"),
        ({"kind": "answer", "answer_code": "partial", "expected_at": "soon"}, "expected_at"),
    ):
        refused = session("POST", at, WHY | body)
        assert refused.status_code == 422, refused.content
        assert field in str(refused.json())


def test_a_system_reads_the_board_of_what_is_overdue_both_ways(desk: DeskWorld) -> None:
    asked = Alert.objects.get(agency=desk.lab, kind="alert")
    moment = timezone.now() - timedelta(minutes=1)
    rewrite(SentEnvelope.objects.filter(md=asked.md), reply_by=moment)
    ReceivedAlert.objects.filter(agency=desk.health).update(**due(moment))
    ours = Session(desk.aroha)("GET", "alerts/overdue").json()
    assert [(one["owed"], one["received"]["md"]) for one in ours["we_owe"]] == [("answer", asked.md)]
    theirs = Session(desk.ilka)("GET", "alerts/overdue").json()
    owed = [(one["owed"], one["agency"], one["alert"]["id"]) for one in theirs["they_owe"]]
    assert sorted(owed) == [("answer", one, str(asked.pk)) for one in ("xb-health", "xd-reg")]


def test_who_is_asked_for_attention_is_marked_on_both_sides(desk: DeskWorld) -> None:
    asked = desk.send(desk.draft(**QUESTION, for_attention=["xb-health"]))
    desk.wait_for_the_clock()
    shown = Session(desk.ilka)("GET", f"alerts/{asked.pk}").json()
    assert {row["agency"]: row["for_attention"] for row in shown["recipients"]} == {
        "xb-health": True,
        "xd-reg": False,
    }
    listed = Session(desk.aroha)("GET", "alerts?box=inbox").json()["items"]
    marked = {row["received"]["md"]: row["received"]["for_attention"] for row in listed}
    assert marked[asked.md] is True and sum(marked.values()) == 1


def test_a_system_asks_anew_and_closes_by_amending(desk: DeskWorld) -> None:
    asker, asked = Session(desk.ilka), Alert.objects.get(agency=desk.lab, kind="alert")
    refused = asker("POST", f"alerts/{asked.pk}/amend", {"question_change": "forgotten"})
    assert refused.status_code == 422 and "question_change" in str(refused.json())
    begun = asker("POST", f"alerts/{asked.pk}/amend", {"question_change": "closed"})
    assert begun.status_code == 201, begun.content
    closing = desk.send(Alert.objects.get(pk=begun.json()["id"]))
    shown = asker("GET", f"alerts/{closing.pk}").json()
    assert (shown["question_change"], shown["reply_by"]) == ("closed", None)
    listed = Session(desk.aroha)("GET", "alerts?box=inbox").json()["items"][0]
    assert (listed["state"], listed["received"]["question_change"]) == ("closed", "closed")


def test_a_system_notes_a_call_and_lists_the_notes(desk: DeskWorld) -> None:
    asked, received = Alert.objects.get(agency=desk.lab, kind="alert"), desk.received(desk.aroha)
    body = {"called_at": desk.hub.now.isoformat(), "text": "They look on Monday."}
    for officer, at, to in (
        (desk.ilka, f"alerts/{asked.pk}/calls", {"agency": "xb-health"}),
        (desk.aroha, f"alerts/received/{received.pk}/calls", {}),
    ):
        session = Session(officer)
        refused = session("POST", at, body | to | {"text": ""})
        assert refused.status_code == 422 and "text" in str(refused.json())
        assert session("POST", at, body | to).status_code == 201
        (listed,) = session("GET", at).json()["items"]
        assert (listed["text"], listed["noted_by"]) == (body["text"], officer.display_name)


def test_a_clock_that_a_suspension_stops_says_since_when(desk: DeskWorld) -> None:
    asked = Alert.objects.get(agency=desk.lab, kind="alert")
    acknowledge_alert(desk.aroha, opened(desk), now=desk.tick())
    suspend(desk, desk.health)
    desk.wait_for_the_clock()
    (listed,) = Session(desk.aroha)("GET", "alerts?box=inbox").json()["items"]
    assert listed["state"] == "frozen" and listed["received"]["frozen_since"]
    rows = Session(desk.ilka)("GET", f"alerts/{asked.pk}").json()["recipients"]
    frozen = {row["agency"]: bool(row["frozen_since"]) for row in rows}
    assert frozen == {"xb-health": True, "xd-reg": False}
