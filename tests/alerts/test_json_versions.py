# SPDX-License-Identifier: Apache-2.0
"""Versions over JSON: amended, listed, announced and answered, with the refusals that the pages have."""

from pathlib import Path

import pytest
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from tests.alerts.conftest import Desks, kept_desks_of_now
from tests.alerts.test_json_desk import fields
from tests.api.sessions import Session
from tests.stages import act


@pytest.fixture
def desks(db: None, tmp_path: Path) -> Desks:
    return kept_desks_of_now(tmp_path / "ledger")


@pytest.fixture
@act
def sent(desks: Desks) -> Alert:
    alert = desks.released(**fields(desks))
    settle(desks)
    return alert


def settle(desks: Desks) -> None:
    desks.hub.now = max(desks.hub.now, timezone.now())
    for _ in range(2):
        desks.hub.later(seconds=1)
        desks.settle()


def next_version(desks: Desks, alert: Alert) -> str:
    """Amend, change, submit, check and send the next version, all in JSON; return its id."""
    author, releaser = Session(desks.lab.author), Session(desks.lab.releaser)
    made = author("POST", f"alerts/{alert.pk}/amend")
    assert made.status_code == 201, made.content
    place = f"alerts/{made.json()['id']}"
    changed = author("PATCH", place, {"data": {"title": "Impregnated paper, two books"}}, etag=made["ETag"])
    step = author("POST", f"{place}/submit", etag=changed["ETag"])
    step = releaser("POST", f"{place}/validate", {}, etag=step["ETag"])
    step = releaser("POST", f"{place}/release", etag=step["ETag"])
    assert step.status_code == 200, step.content
    settle(desks)
    return str(made.json()["id"])


def test_amended_and_listed_with_what_was_said(desks: Desks, sent: Alert) -> None:
    second = next_version(desks, sent)
    reader = Session(desks.lab.reader)
    for alert_id in (sent.pk, second):
        rows = reader("GET", f"alerts/{alert_id}/versions").json()["items"]
        assert [(row["id"], row["version"], row["replaced"]) for row in rows] == [
            (second, 2, False),
            (str(sent.pk), 1, True),
        ]
    thread = reader("GET", f"alerts/{second}/thread").json()["items"]
    assert [(entry["what"], entry["version"], entry["agency"]) for entry in thread] == [
        ("sent", 1, desks.lab.id),
        ("sent", 2, desks.lab.id),
    ]
    facts = reader("GET", f"alerts/{second}").json()["alert"]
    assert (facts["version"], facts["previous"], facts["replaced_at"]) == (2, str(sent.pk), None)


def test_recipients_see_the_newest_and_what_it_replaces(desks: Desks, sent: Alert) -> None:
    next_version(desks, sent)
    reader = Session(desks.health.reader)
    rows = reader("GET", "alerts?box=inbox").json()["items"]
    assert [row["received"]["version"] for row in rows] == [2]
    old = ReceivedAlert.objects.get(agency=desks.health.agency, md=sent.md)
    newest = rows[0]["received"]["id"]
    assert reader("GET", f"alerts/received/{old.pk}").json()["replaced_by"] == newest
    versions = reader("GET", f"alerts/received/{old.pk}/versions").json()["items"]
    assert [row["version"] for row in versions] == [2, 1]


def test_an_answer_may_say_that_it_is_not_taken_and_why(desks: Desks, sent: Alert) -> None:
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=sent.md)
    reader, place = Session(desks.health.reader), f"alerts/received/{row.pk}"
    assert reader("POST", f"{place}/open", {"reason": "on_duty"}).status_code == 200
    wrong = reader("POST", f"{place}/acknowledge", {"answer": "bored"})
    assert wrong.status_code == 422
    told = reader("POST", f"{place}/acknowledge", {"answer": "policy"})
    assert told.status_code == 200 and told.json()["answer"] == "policy"
    settle(desks)
    thread = Session(desks.lab.reader)("GET", f"alerts/{sent.pk}/thread").json()["items"]
    assert thread[-1]["text"] == "did not accept it: its rules do not let it use this"
    recipient = Session(desks.lab.reader)("GET", f"alerts/{sent.pk}").json()["recipients"][0]
    assert recipient["text"] == "Not accepted"


def test_withdrawn_and_reminded(desks: Desks, sent: Alert) -> None:
    releaser = Session(desks.lab.releaser)
    assert releaser("POST", f"alerts/{sent.pk}/remind").status_code == 404, "nothing was withdrawn"
    assert releaser("POST", f"alerts/{sent.pk}/withdraw", {"code": "error"}).status_code == 200
    settle(desks)
    key = {"idempotency-key": "remind-1"}
    for _ in range(2):
        answer = releaser("POST", f"alerts/{sent.pk}/remind", **key)
        assert answer.json() == {"agencies": [desks.health.id]}, "the same request again is the same answer"
    again = releaser("POST", f"alerts/{sent.pk}/remind")
    assert again.status_code == 409 and again.json()["type"] == "urn:accord:problem:reminder-too-soon"
    refused = Session(desks.lab.author)("POST", f"alerts/{sent.pk}/amend")
    assert refused.status_code == 409
    assert (refused.json()["type"], refused.json()["cause"]) == (
        "urn:accord:problem:amendment-refused",
        "withdrawn",
    )
