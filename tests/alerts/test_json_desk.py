# SPDX-License-Identifier: Apache-2.0
"""The desk over JSON: an alert's whole life with ETags, refusals, and acts that an API key may not do."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from alerts.drafting.drafts import create_draft, read_draft
from alerts.models import Alert, ReceivedAlert
from callers.capabilities import Capability, Role
from hub.problems import ROWS
from officers.deskkeys import issue_key
from tests.alerts.conftest import GOOD, Desks, kept_desks_of_now
from tests.api.sessions import Session

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def desks(db: None, tmp_path: Path) -> Desks:
    """Desks of now, since the JSON desk reads the real clock."""
    return kept_desks_of_now(tmp_path / "ledger")


def fields(desks: Desks, **changes: Any) -> dict[str, Any]:
    today = desks.hub.now.date()
    return {**GOOD, "event_date": today.isoformat(), "recipients": [desks.health.id], **changes}


class TestLife:
    def test_written_checked_sent_received_and_answered(self, desks: Desks) -> None:
        author, releaser = Session(desks.lab.author), Session(desks.lab.releaser)
        reader = Session(desks.health.reader)

        made = author("POST", "alerts", {"alert_type": "new_substance", "data": fields(desks)})
        assert made.status_code == 201, made.content
        alert = f"alerts/{made.json()['id']}"
        saved = author("PATCH", alert, {"data": {"place_region": "South"}}, etag=made["ETag"])
        assert (saved.status_code, saved["ETag"]) == (200, '"2-draft"')
        assert saved.json()["findings"]["blocks"] is False
        assert [row["agency"] for row in saved.json()["preview"]["items"]] == ["xb-health"]

        submitted = author("POST", f"{alert}/submit", etag=saved["ETag"])
        preview = submitted.json()["preview"]["digest"]
        checked = releaser("POST", f"{alert}/validate", {"preview": preview}, etag=submitted["ETag"])
        sent = releaser("POST", f"{alert}/release", etag=checked["ETag"])
        assert (sent.status_code, sent.json()["state"]) == (200, "released"), sent.content

        desks.settle()
        row = reader("GET", "alerts?box=inbox").json()["items"][0]
        assert (row["card"]["title"], row["state"]) == (GOOD["title"], "unread")
        received = f"alerts/received/{row['received']['id']}"
        opened = reader("POST", f"{received}/open", {"reason": "on_duty"})
        assert opened.json()["document"]["title"] == GOOD["title"]
        assert opened.json()["verification"]["state"] == "verified"
        answered = reader("POST", f"{received}/acknowledge")
        assert answered.json()["acknowledged_at"] is not None

        became = author("GET", alert).json()
        assert became["recipients"][0]["acknowledged_at"] is not None
        withdrawn = releaser("POST", f"{alert}/withdraw", {"code": "error"})
        assert withdrawn.json()["state"] == "withdrawn"
        desks.settle()
        confirmed = reader("POST", f"{received}/confirm-withdrawal")
        assert confirmed.json()["withdrawal_confirmed_at"] is not None

    def test_files_go_in_and_come_out_as_downloads(self, desks: Desks) -> None:
        author = Session(desks.lab.author)
        alert = desks.draft()
        upload = author.client.post(
            f"/api/v1/alerts/{alert.pk}/attachments",
            {"file": io.BytesIO(b"<svg onload=alert(1)>")},
            headers={"if-match": '"1-draft"'},
        )
        assert upload.status_code == 201, upload.content
        assert upload.json()["attachments"][0]["media_type"] == "application/octet-stream"
        file = author("GET", f"alerts/{alert.pk}/attachments/0")
        assert file["Content-Disposition"].startswith("attachment;")
        assert file["X-Content-Type-Options"] == "nosniff"
        gone = author("DELETE", f"alerts/{alert.pk}/attachments/0", etag=upload["ETag"])
        assert gone.json()["attachments"] == []

    def test_boxes_and_recipients(self, desks: Desks) -> None:
        author, releaser = Session(desks.lab.author), Session(desks.lab.releaser)
        desks.draft()
        desks.submitted()
        assert len(author("GET", "alerts?box=drafts&mine=1").json()["items"]) == 1
        assert len(releaser("GET", "alerts?box=queue").json()["items"]) == 1
        assert author("GET", "alerts?box=outbox").json() == {"items": [], "next": None}
        judged = author("POST", "alerts/check-recipients", {"data": fields(desks, status="actual", pri="routine", lane="science", purpose="science")})  # fmt: skip
        assert [(row["agency"], row["will"]) for row in judged.json()["items"]] == [("xb-health", True)]
        assert author("GET", "alerts/schema").json()["properties"]["schema"] == {"const": "accord-alert/1"}

    def test_a_draft_is_discarded_or_returned(self, desks: Desks) -> None:
        author, releaser = Session(desks.lab.author), Session(desks.lab.releaser)
        alert = desks.submitted()
        back = releaser("POST", f"alerts/{alert.pk}/return", {"reason": "Say where."})
        assert back.json()["state"] == "draft"
        read = author("GET", f"alerts/{alert.pk}")
        assert read.json()["return_note"] == "Say where."
        assert author("DELETE", f"alerts/{alert.pk}").status_code == 428
        assert author("DELETE", f"alerts/{alert.pk}", etag=read["ETag"]).status_code == 204
        assert author("GET", f"alerts/{alert.pk}").status_code == 404


class TestRevisions:
    def test_a_change_must_say_what_it_was_made_from(self, desks: Desks) -> None:
        author, alert = Session(desks.lab.author), desks.draft()
        for method, path, body in (
            ("PATCH", f"alerts/{alert.pk}", {"data": {"title": "Other title"}}),
            ("POST", f"alerts/{alert.pk}/submit", None),
        ):
            answer = author(method, path, body)
            assert (answer.status_code, answer.json()["type"]) == (
                428,
                "urn:accord:problem:revision-required",
            )
        assert read_draft(desks.lab.author, alert).number == 1

    def test_the_loser_gets_both_texts(self, desks: Desks) -> None:
        author, alert = Session(desks.lab.author), desks.draft()
        first = author("PATCH", f"alerts/{alert.pk}", {"data": {"title": "First title"}}, etag='"1-draft"')
        second = author("PATCH", f"alerts/{alert.pk}", {"data": {"title": "Second title"}}, etag='"1-draft"')
        problem = second.json()
        assert (first.status_code, second.status_code) == (200, 412)
        assert (problem["theirs"]["title"], problem["mine"]["title"]) == ("First title", "Second title")
        assert (problem["differing"], problem["number"]) == (["title"], 2)

    def test_a_tag_the_alert_does_not_have_is_refused(self, desks: Desks) -> None:
        author, alert = Session(desks.lab.author), desks.draft()
        for etag in ['"0-draft"', '"2-draft"', '"999999999-draft"', '"1-submitted"']:
            for method, path, body in (
                ("PATCH", f"alerts/{alert.pk}", {"data": {"title": "Other title"}}),
                ("POST", f"alerts/{alert.pk}/submit", None),
                ("DELETE", f"alerts/{alert.pk}/attachments/0", None),
            ):
                answer = author(method, path, body, etag=etag)
                assert (answer.status_code, answer.json()) == (
                    412,
                    {
                        **ROWS["stale-tag"].as_json(),
                        "number": 1,
                        "state": "draft",
                    },
                )
            alert.refresh_from_db()
            assert (alert.current, alert.state) == (1, "draft")

    def test_a_move_sent_again_with_its_key_is_answered_though_the_state_has_changed(
        self, desks: Desks
    ) -> None:
        author, alert = Session(desks.lab.author), desks.draft()
        one, two = (
            author("POST", f"alerts/{alert.pk}/submit", etag='"1-draft"', **{"idempotency-key": "k-2"})
            for _ in range(2)
        )
        assert (one.status_code, two.status_code, two["ETag"]) == (200, 200, '"2-submitted"'), two.content
        late = author("POST", f"alerts/{alert.pk}/submit", etag='"1-draft"')
        assert (late.status_code, late.json()["state"]) == (412, "submitted")

    def test_the_same_request_twice_is_done_once(self, desks: Desks) -> None:
        author = Session(desks.lab.author)
        body = {"data": fields(desks)}
        one, two = (author("POST", "alerts", body, **{"idempotency-key": "k-1"}) for _ in range(2))
        other = author(
            "POST", "alerts", {"data": fields(desks, title="Other title")}, **{"idempotency-key": "k-1"}
        )
        assert one.json()["id"] == two.json()["id"] and other.status_code == 422
        assert Alert.objects.count() == 1


class TestRefusals:
    def test_each_field_is_named_with_its_sentence(self, desks: Desks) -> None:
        author = Session(desks.lab.author)
        alert = desks.draft(event_date="2099-01-01", quantity="12a", unit="kg", cas_rn="58-08-3")
        answer = author("POST", f"alerts/{alert.pk}/submit", etag='"1-draft"')
        assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
        assert answer.json()["errors"] == {
            "event_date": ["When: enter a day up to today."],
            "cas_rn": ["CAS number: check digit wrong; compare the source."],
            "quantity": ["Amount: enter more than 0, up to 1,000 t."],
        }

    def test_what_is_no_draft_is_refused_without_a_trace(self, desks: Desks) -> None:
        refused: list[tuple[Any, str]] = [
            ({"data": {"state": "released"}}, "state"),
            ({"data": {"title": {"nested": True}}}, "title"),
            ({"data": "text"}, "data"),
            ([], "non_field_errors"),
            ({"data": {"recipients": [["xa-lab"]]}}, "recipients"),
        ]
        for body, field in refused:
            answer = Session(desks.lab.author)("POST", "alerts", body)
            assert answer.status_code == 422 and not Alert.objects.exists()
            assert field in {answer.json().get("field"), *answer.json().get("errors", ())}

    def test_bytes_that_are_no_json_are_refused(self, desks: Desks) -> None:
        session = Session(desks.lab.author)
        for raw in (b"{", b"\xff", b'{"data": NaN}'):
            answer = session.client.post("/api/v1/alerts", raw, content_type="application/json")
            assert (answer.status_code, answer.json()["type"]) == (
                400,
                "urn:accord:problem:malformed-request",
            )

    def test_the_author_is_told_that_a_second_person_is_needed(self, desks: Desks) -> None:
        both = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR, Role.RELEASER)
        alert = create_draft(both, data=fields(desks), now=desks.hub.now)
        session = Session(both)
        session("POST", f"alerts/{alert.pk}/submit", etag='"1-draft"')
        answer = session("POST", f"alerts/{alert.pk}/validate", {}, etag='"1-submitted"')
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:accord:problem:second-person-needed")

    def test_opening_needs_a_reason_and_acknowledging_an_opening(self, desks: Desks) -> None:
        desks.received()
        received = f"alerts/received/{ReceivedAlert.objects.get().pk}"
        reader = Session(desks.health.reader)
        assert reader("POST", f"{received}/open", {}).status_code == 422
        assert reader("POST", f"{received}/acknowledge").json()["type"] == "urn:accord:problem:not-opened"
        assert "document" not in reader("GET", received).json()


class TestCallers:
    def test_without_a_session_nothing_is_said(self, desks: Desks) -> None:
        assert Client().get("/api/v1/alerts").status_code == 401

    def test_a_write_needs_the_form_token(self, desks: Desks) -> None:
        session = Session(desks.lab.author, enforce_csrf_checks=True)
        assert session("POST", "alerts", {"data": {}}).status_code == 403
        assert not Alert.objects.exists()


def test_a_draft_says_who_could_send_it_and_nobody_submits_what_nobody_could(desks: Desks) -> None:
    session, alert = Session(desks.lab.author), desks.draft()
    shown = session("GET", f"alerts/{alert.pk}")
    releaser = desks.lab.releaser
    (could,) = shown.json()["could_release"]
    assert could == {"id": releaser.public_id, "full_name": releaser.full_name, "unit": ""}
    releaser.is_active = False
    releaser.save()
    assert session("GET", f"alerts/{alert.pk}").json()["could_release"] == []
    refused = session("POST", f"alerts/{alert.pk}/submit", etag=shown["ETag"])
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:accord:problem:nobody-to-release")


class TestDeskKey:
    def key(self, desks: Desks, *scopes: Capability) -> dict[str, str]:
        admin = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)
        _, text = issue_key(
            admin,
            desks.lab.agency,
            client="laboratory system",
            scopes=scopes,
            lifetime=timedelta(days=1),
            networks=(),
            now=desks.hub.now,
        )
        return {"HTTP_AUTHORIZATION": f"Desk-Key {text}"}

    def test_it_may_put_a_draft_here(self, desks: Desks) -> None:
        client = Client(**self.key(desks, Capability.DRAFT_WRITE))  # type: ignore[arg-type]
        answer = client.post("/api/v1/alerts", {"data": fields(desks)}, content_type="application/json")
        assert answer.status_code == 201 and "data" not in answer.json()
        alert = Alert.objects.get()
        assert (alert.author, alert.created_by) == (None, "client:xa-lab/laboratory system")
        assert read_draft(desks.lab.author, alert).data["title"] == GOOD["title"]

    def test_it_may_do_nothing_else_on_the_desk(self, desks: Desks) -> None:
        client = Client(**self.key(desks, Capability.DRAFT_WRITE, Capability.SCIENCE_QUERY))  # type: ignore[arg-type]
        alert = desks.validated()
        for method, path in (
            ("GET", "alerts"),
            ("GET", f"alerts/{alert.pk}"),
            ("PATCH", f"alerts/{alert.pk}"),
            ("POST", f"alerts/{alert.pk}/submit"),
            ("POST", f"alerts/{alert.pk}/release"),
            ("POST", f"alerts/received/{NOBODY}/open"),
            ("POST", f"alerts/received/{NOBODY}/acknowledge"),
        ):
            answer = client.generic(method, f"/api/v1/{path}", b"{}", content_type="application/json")
            assert answer.status_code == 403, path

    def test_without_the_scope_it_may_not_even_draft(self, desks: Desks) -> None:
        client = Client(**self.key(desks, Capability.SCIENCE_QUERY))  # type: ignore[arg-type]
        answer = client.post("/api/v1/alerts", {"data": {}}, content_type="application/json")
        assert answer.status_code == 403 and not Alert.objects.exists()
