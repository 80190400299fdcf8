# SPDX-License-Identifier: Apache-2.0
"""The audit at size: found by person, act, item and day, paged without losing the question, exported as inert CSV."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from alerts.receiving.opening import open_alert
from desk.agency.audit.export_page import COLUMNS
from desk.web.downloads import neutral
from ledger.audit import record_event
from ledger.models import AuditEvent
from officers.accounts import change_roles
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def auditor(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.edda)


def exported(client: Client, **question: str) -> list[dict[str, str]]:
    answer = client.post("/audit/export/", question)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def record(desk: DeskWorld, subject: str, reason: str = "") -> None:
    with transaction.atomic():
        record_event(
            "alert.opened",
            actor=desk.ilka.audit_name,
            agency="xa-lab",
            subject=subject,
            reason=reason,
            now=timezone.now(),
        )


def test_the_auditor_finds_who_opened_an_item_by_the_reference_of_its_mail(
    desk: DeskWorld, auditor: Client
) -> None:
    desk.send(desk.draft(desk.aroha), desk.haitham)
    received = desk.received(desk.benno)
    open_alert(desk.benno, received, reason="case_number", reference="B 77/26", now=desk.tick())
    rows = auditor.get(f"/audit/?item={received.reference.lower()}&act=alert.opened").content.decode()
    body = rows.split("<tbody")[1]
    assert body.count("<tr>") == 1
    for text in ("Benno Ashgrove", "opened an alert", "Case number: B 77/26", received.reference):
        assert text in body
    only = exported(auditor, item=received.reference, act="alert.opened")
    assert [(row["who"], row["item"], row["reason"]) for row in only] == [
        ("Benno Ashgrove", received.reference, "Case number: B 77/26")
    ]


def test_an_own_alert_is_found_by_its_id_and_by_its_digest(auditor: Client, sent: Alert) -> None:
    by_id = {row["act_code"] for row in exported(auditor, item=str(sent.pk))}
    assert {"alert.drafted", "alert.submitted", "alert.released"} <= by_id
    assert "alert.released" in {row["act_code"] for row in exported(auditor, item=sent.md)}


def test_another_agencys_items_are_not_found(desk: DeskWorld, as_officer: SignIn, auditor: Client) -> None:
    assert exported(auditor, item=str(desk.draft(desk.aroha).pk)) == []
    assert as_officer(desk.ilka).post("/audit/export/").status_code == 403
    assert as_officer(desk.sunniva).post("/audit/export/").status_code == 403


def test_old_and_new_stand_beside_a_change(desk: DeskWorld, auditor: Client) -> None:
    change_roles(desk.sunniva, desk.ilka, ["author", "releaser"], now=timezone.now())
    page = auditor.get("/audit/?act=officer.roles_changed").content.decode()
    assert "Author → Author, Releaser" in page
    assert "Ilka Torvane" in page


def test_cells_cannot_become_formulas_and_times_have_their_zone(desk: DeskWorld, auditor: Client) -> None:
    for reason in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", 'a,"b"\nc', "نورين"):
        record(desk, reason, f"case_number: {reason}" if reason == "نورين" else reason)
    rows = exported(auditor, act="alert.opened")
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 8
    for row in rows:
        assert all(not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
        assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\+0[12]:00", row["time"]), "Vienna"
        assert row["time_utc"].endswith("+00:00")
    assert any(row["reason"] == "Case number: نورين" for row in rows)
    assert any('a,"b"\nc' in row["item_id"] for row in rows)
    assert neutral("plain - text") == "plain - text"


def test_the_export_is_audited_and_is_not_in_itself(desk: DeskWorld, auditor: Client) -> None:
    rows = exported(auditor, act="agency.admitted")
    event = AuditEvent.objects.get(act="audit.exported")
    assert event.detail == {"count": len(rows), "act": "agency.admitted"}
    assert (event.actor, event.agency) == (desk.edda.audit_name, "xa-lab")
    assert "audit.exported" not in {
        row["act_code"] for row in exported(auditor) if row["log_digest"].removeprefix("'") != event.od
    }
    assert "exported the audit" in auditor.get("/audit/").content.decode()


def test_the_export_streams_every_row_once_and_in_order(desk: DeskWorld, auditor: Client) -> None:
    now = timezone.now()
    with transaction.atomic():
        for n in range(120):
            record_event(
                "alert.opened", actor=desk.ilka.audit_name, agency="xa-lab", subject=f"n{n}", now=now
            )
    rows = exported(auditor, act="alert.opened")
    assert [row["item_id"] for row in rows] == [f"n{n}" for n in reversed(range(120))]


def test_older_pages_keep_the_whole_question(desk: DeskWorld, auditor: Client) -> None:
    now = timezone.now()
    with transaction.atomic():
        for n in range(60):
            record_event(
                "alert.opened", actor=desk.ilka.audit_name, agency="xa-lab", subject=f"n{n}", now=now
            )
        record_event(
            "alert.opened",
            actor=desk.ilka.audit_name,
            agency="xa-lab",
            subject="old",
            now=now - timedelta(days=9),
        )
    since = (now - timedelta(days=2)).date().isoformat()
    page = auditor.get(
        f"/audit/?act=alert.opened&officer={desk.ilka.public_id}&since={since}"
    ).content.decode()
    older = re.search(r'href="(\?[^"]+)" rel="next"', page)
    assert older is not None
    second = auditor.get("/audit/" + older[1].replace("&amp;", "&")).content.decode()
    assert second.split("<tbody")[1].count("<tr>") == 10
    assert 'title="old"' not in second


def test_the_page_asks_as_much_of_the_database_at_any_size(
    desk: DeskWorld, auditor: Client, django_assert_max_num_queries: object
) -> None:
    for n in range(60):
        record(desk, f"n{n}")
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        assert auditor.get("/audit/?act=alert.opened").status_code == 200
