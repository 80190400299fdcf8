# SPDX-License-Identifier: Apache-2.0
"""Export of lists in JSON: the filters of the list or a search, one line for each alert."""

import json
from typing import Any

from alerts.boxes.export import export_mark
from ledger.models import AuditEvent
from tests.alerts.conftest import Desks
from tests.api.sessions import Session


def test_a_line_is_an_item_of_the_list(desks: Desks) -> None:
    received = desks.received()
    reader = Session(desks.health.reader)
    listed = reader("GET", "alerts?box=inbox&unread=1").json()["items"]
    taken: Any = reader("POST", "alerts/export", {"format": "jsonl", "box": "inbox", "unread": "1"})
    assert (taken.status_code, taken["Content-Type"]) == (200, "application/jsonl; charset=utf-8")
    lines = [json.loads(line) for line in taken.getvalue().decode().splitlines()]
    assert lines == [{"list": "received", **item} for item in listed]
    assert [line["received"]["md"] for line in lines] == [received.md]
    event = AuditEvent.objects.get(act="alert.exported")
    facts = {"list": "inbox", "format": "jsonl", "count": 1, "red_left_out": 0, "unread": "1"}
    assert event.detail == facts | {"alerts": [export_mark(received.md)]}

    sought = Session(desks.lab.author)(
        "POST", "alerts/export", {"format": "jsonl", "search": {"text": "impregnated"}}
    )
    assert [json.loads(line)["list"] for line in sought.getvalue().decode().splitlines()] == ["sent"]


def test_what_cannot_be_exported_is_named(desks: Desks) -> None:
    reader = Session(desks.health.reader)
    for body, field in (
        ({"format": "csv"}, "box"),
        ({"format": "xlsx", "box": "inbox"}, "format"),
        ({"format": "csv", "box": "drafts"}, "box"),
        ({"format": "csv", "box": "inbox", "to": "xa-lab"}, "to"),
        ({"format": "csv", "box": "inbox", "search": {"text": "blue"}}, "box"),
        ({"format": "csv", "search": {}}, "text"),
    ):
        answer = reader("POST", "alerts/export", body)
        said = answer.json()
        assert answer.status_code == 422 and field in (said.get("field"), *said.get("errors", ())), said
    assert not AuditEvent.objects.filter(act="alert.exported").exists()
