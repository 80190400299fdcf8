# SPDX-License-Identifier: Apache-2.0
"""A list as a file: the rows of the list and no more, without RED, inert in a spreadsheet, audited once."""

import csv
import io
import json

import pytest
from django.test import Client

from alerts.boxes import export as exporting
from alerts.models import Alert, ReceivedAlert
from desk.alerts.boxes.export_page import COLUMNS
from desk.web.downloads import neutral
from ledger.models import AuditEvent
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld


def text_of(client: Client, **given: str) -> str:
    answer = client.post("/export/", given)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Disposition"].startswith(
        f'attachment; filename="alerts-{given["box"]}-without-red-'
    )
    assert "no-store" in answer["Cache-Control"]
    return b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]


def table_of(client: Client, **given: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(client, format="csv", **given))))


def lines_of(client: Client, **given: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text_of(client, format="jsonl", **given).splitlines()]


def test_the_inbox_goes_out_as_it_is_filtered(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.send(desk.draft(title='=HYPERLINK("x")'))
    older = desk.received(desk.aroha)
    desk.send(desk.draft(title="حبوب زرقاء", pri="routine"))
    reader = as_officer(desk.haitham)
    newest, oldest = table_of(reader, box="inbox")
    assert tuple(newest) == COLUMNS
    assert (newest["title"], newest["speed"], newest["list"]) == ("حبوب زرقاء", "routine", "received")
    assert oldest["title"] == '\'=HYPERLINK("x")'
    named = {name: oldest[name] for name in ("reference", "id", "digest", "from", "to", "state")}
    assert named == {
        "reference": older.reference,
        "id": older.jti,
        "digest": neutral(older.md),
        "from": "xa-lab",
        "to": older.agency_id,
        "state": "unread",
    }
    assert [row["title"] for row in table_of(reader, box="inbox", pri="routine")] == ["حبوب زرقاء"]
    (line,) = lines_of(reader, box="inbox", pri="routine")
    listed = line["received"], line["card"], line["list"]
    assert isinstance(listed[0], dict) and neutral(listed[0]["md"]) == newest["digest"]
    assert isinstance(listed[1], dict) and (listed[1]["title"], listed[2]) == ("حبوب زرقاء", "received")
    whole = text_of(reader, box="inbox", format="jsonl")
    assert "collapsed" not in whole, "only what the list shows"


def test_the_outbox_and_the_hits_of_a_search_go_out_too(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    author = as_officer(desk.ilka)
    (row,) = table_of(author, box="outbox")
    assert (row["digest"], row["title"], row["recipients"]) == (
        neutral(sent.md),
        f"Nine collapses {CONTENT}",
        "2",
    )
    assert table_of(author, box="outbox", state="withdrawn") == []
    link = author.post("/search/", {"q": "collapses"}).headers["Location"].partition("s=")[2]
    assert table_of(author, box="search", s=link) == [row]
    assert (
        as_officer(desk.benno).post("/export/", {"box": "search", "s": link, "format": "csv"}).status_code
        == 422
    )


def test_red_stays_in_the_hub(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    ReceivedAlert.objects.update(tlp="RED")
    Alert.objects.filter(pk=sent.pk).update(tlp="RED")
    link = as_officer(desk.ilka).post("/search/", {"q": CONTENT}).headers["Location"].partition("s=")[2]
    assert table_of(as_officer(desk.haitham), box="inbox") == []
    assert table_of(as_officer(desk.ilka), box="outbox") == []
    assert table_of(as_officer(desk.ilka), box="search", s=link) == []
    left_out = AuditEvent.objects.filter(act="alert.exported").values_list("detail__red_left_out", flat=True)
    assert list(left_out) == [1, 1, 1]


def test_an_export_is_audited_once_with_its_filters_and_how_many(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    table_of(as_officer(desk.haitham), box="inbox", pri="urgent", unread="yes", tlp="no such")
    event = AuditEvent.objects.get(act="alert.exported")
    assert (event.actor, event.agency) == (desk.haitham.audit_name, desk.haitham.agency_id)
    shown = {
        "list": "inbox",
        "format": "csv",
        "count": 1,
        "red_left_out": 0,
        "pri": "urgent",
        "unread": "yes",
        "alerts": [exporting.export_mark(sent.md)],
    }
    assert event.detail == shown
    assert "exported a list of alerts" in as_officer(desk.edda).get("/audit/").content.decode()


def test_who_may_take_out_what(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    given = {"box": "inbox", "format": "csv"}
    assert as_officer(desk.haitham).get("/export/").status_code == 405
    assert as_officer(desk.edda).post("/export/", given).status_code == 403
    for wrong in ({"box": "drafts"}, {"format": "xlsx"}, {"box": ""}, {"box": "search", "s": "x"}):
        assert as_officer(desk.haitham).post("/export/", given | wrong).status_code == 422
    assert not AuditEvent.objects.filter(act="alert.exported").exists()
    assert table_of(as_officer(desk.ilka), box="inbox") == [], "another agency's"


def test_one_export_has_a_bound_and_comes_in_parts(
    desk: DeskWorld, as_officer: SignIn, monkeypatch: pytest.MonkeyPatch, sent: Alert
) -> None:
    desk.send(desk.draft(title="Tablets"))
    reader = as_officer(desk.haitham)
    monkeypatch.setattr(exporting, "PART_ROWS", 1)
    assert [row["title"] for row in table_of(reader, box="inbox")] == [
        "Tablets",
        f"Nine collapses {CONTENT}",
    ]
    monkeypatch.setattr(exporting, "MOST_ALERTS", 1)
    answer = reader.post("/export/", {"box": "inbox", "format": "csv"})
    assert answer.status_code == 422 and "more than 1 alert" in answer.content.decode()


def test_the_lists_offer_it_with_what_is_set(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    client = as_officer(desk.haitham)
    page = client.get("/inbox/?pri=urgent").content.decode()
    assert 'action="/export/"' in page and '<input type="hidden" name="pri" value="urgent">' in page
    assert "alerts marked RED stay" in page
    assert "Export as CSV" not in client.get("/inbox/?pri=routine").content.decode(), "nothing to take"
    hits = client.post("/search/", {"q": CONTENT}, follow=True).content.decode()
    assert 'action="/export/"' in hits and 'name="s"' in hits


def test_a_long_export_names_its_alerts_in_several_events(
    desk: DeskWorld, as_officer: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        desk.send(desk.draft())
    monkeypatch.setattr(exporting, "NAMED_IN_AN_EVENT", 2)
    assert len(table_of(as_officer(desk.haitham), box="inbox")) == 3
    events = AuditEvent.objects.filter(act="alert.exported").order_by("seq")
    assert [(row.detail["part"], row.detail["parts"]) for row in events] == [(1, 2), (2, 2)]
    named = [mark for row in events for mark in row.detail["alerts"]]
    assert set(named) == {exporting.export_mark(md) for md in Alert.objects.values_list("md", flat=True)}
    assert len(named) == 3
