# SPDX-License-Identifier: Apache-2.0
"""A hosted agency's own system reads its drafts, attaches files, checks them, and learns what became of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from alerts.drafting.drafts import attach_file, save_revision
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Capability, Role
from officers.deskkeys import authenticate_key, issue_key, rotate_own_key
from peers.models import Agency
from tests.alerts.conftest import GOOD, Desks
from tests.api.sessions import Session

PEAKS = b"Name: etizolam\nPrecursorMZ: 343.0779\nNum Peaks: 1\n314.0388 100\n"
Answer = Any


class System:
    """An agency's system with an API key."""

    def __init__(self, desks: Desks, agency: Agency, name: str = "laboratory system", *scopes: str) -> None:
        self.desks = desks
        _, self.text = issue_key(
            desks.hub.make_officer(agency, Role.AGENCY_ADMIN), agency, client=name,
            scopes=scopes or [Capability.DRAFT_WRITE], lifetime=timedelta(days=1), now=desks.hub.now,
        )  # fmt: skip

    def get(self, path: str) -> Answer:
        return Client().get(f"/api/v1/{path}", headers={"authorization": f"Desk-Key {self.text}"})

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        kind = MULTIPART_CONTENT if "file" in body else "application/json"
        sent = {"authorization": f"Desk-Key {self.text}"} | headers
        return Client().post(f"/api/v1/{path}", body, content_type=kind, headers=sent)

    def draft(self, **changes: Any) -> str:
        data = {**GOOD, "recipients": [self.desks.health.id], **changes}
        answer = self.post("alerts", {"data": data})
        assert answer.status_code == 201, answer.content
        made: str = answer.json()["id"]
        return made

    def attach(self, alert_id: str, name: str = "peaks.msp", **headers: str) -> Answer:
        file = SimpleUploadedFile(name, PEAKS, "application/octet-stream")
        return self.post(f"alerts/written/{alert_id}/attachments", {"file": file}, **headers)

    def read(self, alert_id: str) -> Any:
        answer = self.get(f"alerts/written/{alert_id}")
        assert answer.status_code == 200, answer.content
        return answer.json()


@pytest.fixture
def system(desks: Desks) -> System:
    return System(desks, desks.lab.agency)


def test_it_lists_and_reads_what_it_wrote_page_by_page(system: System) -> None:
    made = [system.draft(title=f"Number {n}") for n in range(3)]
    first = system.get("alerts/written?limit=2").json()
    second = system.get(f"alerts/written?limit=2&cursor={first['next']}").json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    shown = system.read(made[0])
    assert (shown["data"]["title"], shown["state"], shown["is_changed"]) == ("Number 0", "draft", False)
    assert shown["findings"]["errors"] == {}
    assert shown["deliveries"] == []


def test_it_attaches_a_file_once_and_reads_it_back(system: System) -> None:
    made = system.draft()
    first = system.attach(made, **{"idempotency-key": "one"})
    again = system.attach(made, **{"idempotency-key": "one"})
    assert (first.status_code, again.status_code) == (201, 201), first.content
    (file,) = system.read(made)["attachments"]
    assert (file["filename"], file["size"]) == ("peaks.msp", len(PEAKS))
    assert system.get(f"alerts/written/{made}/attachments/{file['n']}").content == PEAKS
    assert system.get(f"alerts/written/{made}/attachments/7").status_code == 404


def test_it_checks_before_it_writes(system: System) -> None:
    answer = system.post("alerts/check", {"data": {"alert_type": "new_substance"}})
    assert answer.status_code == 200, answer.content
    assert answer.json()["blocks"] and "title" in answer.json()["errors"]


def test_what_an_officer_changed_is_not_read(system: System, desks: Desks) -> None:
    made, now = system.draft(title="As the system wrote it"), desks.hub.now
    alert = Alert.objects.get(pk=made)
    save_revision(desks.lab.author, alert, data={"title": "Known to officers"}, base=1, now=now)
    attach_file(desks.lab.author, alert, base=2, filename="secret.msp", data=PEAKS, now=now)
    answer = system.get(f"alerts/written/{made}")
    assert b"Known to officers" not in answer.content and b"secret.msp" not in answer.content
    assert (answer.json()["data"]["title"], answer.json()["is_changed"]) == ("As the system wrote it", True)
    assert system.get(f"alerts/written/{made}/attachments/0").status_code == 404
    refused = system.attach(made)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:accord:problem:draft-taken-over")


def test_it_learns_that_its_draft_went_out_and_what_became_of_it(system: System, desks: Desks) -> None:
    made = system.draft()
    alert, now = Alert.objects.get(pk=made), desks.hub.now
    submit_alert(desks.lab.author, alert, revision=1, now=now)
    assert system.read(made)["state"] == "submitted"
    refused = system.attach(made)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:accord:problem:alert-move-refused")
    alert.refresh_from_db()
    validate_alert(desks.lab.releaser, alert, revision=alert.current, now=now)
    release_alert(desks.lab.releaser, alert, revision=alert.current, now=now)
    desks.hub.sequence()
    desks.follow()
    received = ReceivedAlert.objects.get(agency=desks.health.agency, md=Alert.objects.get(pk=made).md)
    open_alert(desks.health.reader, received, reason="on_duty", now=desks.hub.now)
    acknowledge_alert(desks.health.reader, received, now=desks.hub.now)
    shown = system.read(made)
    assert (shown["state"], bool(shown["md"]), shown["is_changed"]) == ("released", True, False)
    (fact,) = shown["deliveries"]
    assert fact["recipient"] == desks.health.id and fact["opened_at"] and fact["acknowledged_at"]
    assert system.get(f"alerts/received/{received.pk}").status_code == 403


def test_nobody_else_s_are_its_own(system: System, desks: Desks) -> None:
    made, officers = system.draft(), desks.draft()
    namesake = System(desks, desks.lab.agency)
    foreign = System(desks, desks.health.agency)
    for other in (namesake, foreign):
        assert other.get("alerts/written").json()["items"] == []
        assert other.get(f"alerts/written/{made}").status_code == 404
        assert other.attach(made).status_code == 404
    assert system.get(f"alerts/written/{officers.pk}").status_code == 404
    narrow = System(desks, desks.lab.agency, "reader", Capability.SCIENCE_QUERY)
    assert narrow.get("alerts/written").status_code == 403
    assert Session(desks.lab.author)("GET", "alerts/written").status_code == 403


def test_the_key_that_took_its_place_goes_on_with_what_it_wrote(system: System, desks: Desks) -> None:
    made = system.draft()
    client = authenticate_key(system.text, "127.0.0.1", now=desks.hub.now)
    _, system.text = rotate_own_key(client, now=desks.hub.now)
    assert system.read(made)["id"] == made
    assert system.attach(made).status_code == 201
