# SPDX-License-Identifier: Apache-2.0
"""Many drafts in one request: each is stored whole or not at all and has its own answer; none is made twice."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.test import Client

from alerts.models import Alert, AlertRevision
from callers.capabilities import Capability, Role
from callers.models import IdempotentRequest
from ledger.models import AuditEvent
from officers.deskkeys import issue_key
from tests.alerts.conftest import Desks
from tests.api.sessions import Session

Fields = Mapping[str, Any]


def test_each_draft_has_its_own_answer_and_a_bad_one_holds_up_no_other(desks: Desks, fields: Fields) -> None:
    author = Session(desks.lab.author)
    drafts = [
        {"data": dict(fields)},
        {"data": {"no_such_field": 1}},
        {"data": {"title": {"nested": True}}},
        "not an object",
        {"date": {}},
        {"alert_type": "harm_cluster"},
    ]
    answer = author("POST", "alerts/bulk", {"drafts": drafts})
    body = answer.json()
    assert (answer.status_code, body["created"], body["refused"]) == (200, 2, 4)
    assert [item["index"] for item in body["items"]] == [0, 1, 2, 3, 4, 5]
    assert [item["status"] for item in body["items"]] == [201, 422, 422, 422, 422, 201]
    assert {item["problem"]["type"] for item in body["items"] if "problem" in item} == {
        "urn:accord:problem:input-refused"
    }
    assert Alert.objects.count() == AlertRevision.objects.count() == 2
    first = body["items"][0]
    assert (
        author("PATCH", f"alerts/{first['alert']['id']}", {"data": {}}, etag=first["etag"]).status_code == 200
    )


def test_none_and_more_than_a_hundred_are_refused_whole_and_a_hundred_are_looked_at(desks: Desks) -> None:
    author = Session(desks.lab.author)
    for count in (0, 101):
        answer = author("POST", "alerts/bulk", {"drafts": [{}] * count})
        assert answer.status_code == 422 and not Alert.objects.exists(), count
    answer = author("POST", "alerts/bulk", {"drafts": ["not an object"] * 100})
    assert (answer.status_code, answer.json()["refused"]) == (200, 100)


def test_no_draft_of_many_is_screened_by_being_put_or_changed(desks: Desks, fields: Fields) -> None:
    author = Session(desks.lab.author)
    asked = [{"data": {**fields, "structure": f"{'C' * n}N"}} for n in (1, 2)]
    answer = author("POST", "alerts/bulk", {"drafts": asked}).json()
    assert answer["created"] == 2 and "screening" not in json.dumps(answer)
    first = answer["items"][0]
    changed = author(
        "PATCH", f"alerts/{first['alert']['id']}", {"data": {"structure": "CCO"}}, etag=first["etag"]
    ).json()
    read = author("GET", f"alerts/{first['alert']['id']}").json()
    assert (changed["data"]["structure"], changed["data"]["screening"], read["data"]["screening"]) == (
        "CCO",
        None,
        None,
    )
    assert not AuditEvent.objects.filter(act="substance.screened").exists()


def test_sent_again_it_answers_the_same_and_makes_nothing_twice(desks: Desks, fields: Fields) -> None:
    author = Session(desks.lab.author)
    body = {"drafts": [{"data": dict(fields)}, {"data": {"bad": 1}}, {}]}
    one, two = (author("POST", "alerts/bulk", body, idempotency_key="bulk-1") for _ in range(2))
    assert one.json() == two.json() and Alert.objects.count() == 2
    other = author("POST", "alerts/bulk", {"drafts": [{}]}, idempotency_key="bulk-1")
    assert (other.status_code, other.json()["type"]) == (422, "urn:accord:problem:idempotency-key-reused")


def test_what_broke_off_half_way_is_finished_by_sending_it_again(desks: Desks) -> None:
    author = Session(desks.lab.author)
    body: dict[str, Any] = {"drafts": [{}, {}, {}]}
    first = author("POST", "alerts/bulk", body, idempotency_key="bulk-2").json()
    # The state that a process leaves which dies after the second draft: request and third part are unfinished.
    lost = Alert.objects.get(pk=first["items"][2]["alert"]["id"])
    rows = IdempotentRequest.objects.order_by("pk")
    rows.filter(resource=str(lost.pk)).delete()
    rows.filter(key="bulk-2").update(
        status=None, resource="", created_at=desks.hub.now - timedelta(minutes=5)
    )
    again = author("POST", "alerts/bulk", body, idempotency_key="bulk-2").json()
    assert [item["alert"]["id"] for item in again["items"][:2]] == [
        item["alert"]["id"] for item in first["items"][:2]
    ]
    assert Alert.objects.count() == 4


def test_a_system_may_put_many_drafts_and_another_s_agency_sees_none(desks: Desks, fields: Fields) -> None:
    admin = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)
    _, text = issue_key(
        admin, desks.lab.agency, client="laboratory system", scopes=[Capability.DRAFT_WRITE],
        lifetime=timedelta(days=1), now=desks.hub.now,
    )  # fmt: skip
    answer = Client().post(
        "/api/v1/alerts/bulk",
        {"drafts": [{"data": dict(fields)}]},
        content_type="application/json",
        headers={"authorization": f"Desk-Key {text}"},
    )
    made = answer.json()["items"][0]["alert"]["id"]
    assert Session(desks.lab.author)("GET", f"alerts/{made}").status_code == 200
    assert Session(desks.health.author)("GET", f"alerts/{made}").status_code == 404
