# SPDX-License-Identifier: Apache-2.0
"""Several alerts acknowledged in JSON: the page's service, an answer for each, nothing signed twice."""

import uuid

from alerts.errors import NotOpenedError
from alerts.problems import words_for
from alerts.receiving.opening import open_alert
from sharing.models import Statement
from tests.alerts.conftest import Desks
from tests.api.sessions import Session

ADDRESS = "alerts/received/acknowledge"


def test_each_has_its_own_answer_and_again_is_once(desks: Desks) -> None:
    opened, unopened = desks.received(), desks.received(title="Not opened yet")
    open_alert(desks.health.reader, opened, reason="on_duty", now=desks.hub.now)
    reader, foreign = Session(desks.health.reader), str(uuid.uuid4())
    body = {"ids": [str(opened.pk), str(unopened.pk), foreign], "reason": "on_duty"}
    first = reader("POST", ADDRESS, body, idempotency_key="ack-1")
    assert first.status_code == 200, first.content
    items = first.json()["items"]
    assert [item["outcome"] for item in items] == ["acknowledged", "refused", "refused"]
    assert items[1]["text"] == words_for(NotOpenedError())
    assert (items[2]["id"], items[2]["received"]) == (foreign, None)
    again = reader("POST", ADDRESS, body, idempotency_key="ack-1").json()["items"]
    assert [item["outcome"] for item in again] == ["already", "refused", "refused"]
    assert Statement.objects.filter(k="ack", iss_id=desks.health.id).count() == 1


def test_wrong_input_and_strangers(desks: Desks) -> None:
    row = desks.received()
    reader = Session(desks.health.reader)
    for body in (
        {},
        {"ids": [], "reason": "on_duty"},
        {"ids": ["x"], "reason": "on_duty"},
        {"ids": [str(uuid.uuid4()) for _ in range(51)], "reason": "on_duty"},
        {"ids": [str(row.pk)], "reason": "because"},
        {"ids": [str(row.pk)], "reason": "case_number"},
    ):
        assert reader("POST", ADDRESS, body).status_code == 422, body
    strange = Session(desks.stranger.reader)("POST", ADDRESS, {"ids": [str(row.pk)], "reason": "on_duty"})
    assert strange.json()["items"] == [
        {"id": str(row.pk), "outcome": "refused", "text": "There is no such alert for you.", "received": None}
    ]
