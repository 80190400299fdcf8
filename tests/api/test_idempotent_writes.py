# SPDX-License-Identifier: Apache-2.0
"""Every write of desk and exchange takes an `Idempotency-Key`: it is done once, answered alike, and its content not stored."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from callers.idempotency import GIVEN_UP_AFTER
from callers.models import IdempotentRequest
from ledger.models import AuditEvent
from sharing.models import Envelope, Statement
from tests.alerts.conftest import GOOD, Desks, make_desks
from tests.api.sessions import Session
from tests.builders import Hub
from tests.sharing.callers import Caller

pytestmark = pytest.mark.no_retry

KEY = "write-0001"
REUSED = "urn:accord:problem:idempotency-key-reused"


def twice(session: Session, method: str, path: str, body: Any, *, etag: str = "") -> tuple[Any, Any]:
    one, two = (session(method, path, body, etag=etag, idempotency_key=KEY) for _ in range(2))
    return one, two


def _written(desks: Desks) -> list[tuple[str, Session, str, str, Any, Any, str]]:
    """Each write of the desk as name, caller, method, path, body, another body, ETag."""
    author, releaser = Session(desks.lab.author), Session(desks.lab.releaser)
    reader = Session(desks.health.reader)
    received = desks.received()
    sent = Alert.objects.get(md=received.md)
    reader("POST", f"alerts/received/{received.pk}/open", {"reason": "on_duty"})
    draft, other, submitted, validated = desks.draft(), desks.draft(), desks.submitted(), desks.validated()
    waiting = desks.submitted()
    at = f"alerts/received/{received.pk}"
    fields = {"data": {"title": "Another title"}}
    return [
        ("create", author, "POST", "alerts", fields, {"data": {}}, ""),
        ("bulk", author, "POST", "alerts/bulk", {"drafts": [fields]}, {"drafts": [{}]}, ""),
        ("check", author, "POST", "alerts/check", fields, {"data": {}}, ""),
        ("check-recipients", author, "POST", "alerts/check-recipients", fields, {"data": {}}, ""),
        ("search", reader, "POST", "alerts/search", {"text": "paper"}, {"text": "book"}, ""),
        ("change", author, "PATCH", f"alerts/{draft.pk}", fields, {"data": {}}, '"1-draft"'),
        ("discard", author, "DELETE", f"alerts/{other.pk}", None, {"x": 1}, '"1-draft"'),
        ("submit", author, "POST", f"alerts/{draft.pk}/submit", None, {"x": 1}, '"2-draft"'),
        (
            "return",
            releaser,
            "POST",
            f"alerts/{waiting.pk}/return",
            {"reason": "Where?"},
            {"reason": "x"},
            "",
        ),
        (
            "validate",
            releaser,
            "POST",
            f"alerts/{submitted.pk}/validate",
            {},
            {"preview": "x"},
            '"1-submitted"',
        ),
        ("release", releaser, "POST", f"alerts/{validated.pk}/release", None, {"x": 1}, '"1-validated"'),
        ("amend", author, "POST", f"alerts/{sent.pk}/amend", None, {"question_change": "asks_anew"}, ""),
        ("open", reader, "POST", f"{at}/open", {"reason": "on_duty"}, {"reason": "assigned"}, ""),
        ("acknowledge", reader, "POST", f"{at}/acknowledge", {}, {"answer": "policy"}, ""),
        (
            "withdraw",
            releaser,
            "POST",
            f"alerts/{sent.pk}/withdraw",
            {"code": "error"},
            {"code": "legal"},
            "",
        ),
    ]


def test_every_write_of_the_desk_is_done_once_and_answered_alike(desks: Desks) -> None:
    for name, session, method, path, body, other, etag in _written(desks):
        IdempotentRequest.objects.all().delete()
        one, two = twice(session, method, path, body, etag=etag)
        assert one.status_code < 300, (name, one.content)
        assert two.status_code == one.status_code, (name, two.content)
        if name != "open":
            assert two.content == one.content, name
        third = session(method, path, other, etag=etag, idempotency_key=KEY)
        assert (third.status_code, third.json()["type"]) == (422, REUSED), name
    assert Alert.objects.filter(state="draft").count() > 0


def test_of_a_request_only_digests_and_an_id_are_kept(desks: Desks) -> None:
    author = Session(desks.lab.author)
    author("POST", "alerts", {"data": {"title": "Zirrostratus"}}, idempotency_key=KEY)
    row = IdempotentRequest.objects.get()
    assert len(bytes(row.request_mac)) == 32
    assert "Zirrostratus" not in json.dumps({key: str(value) for key, value in vars(row).items()})
    assert row.resource == str(Alert.objects.get().pk)


def test_opening_again_with_the_same_key_is_an_opening_of_its_own(desks: Desks) -> None:
    received = desks.received()
    path = f"alerts/received/{received.pk}/open"
    before = AuditEvent.objects.filter(act="alert.opened").count()
    one, two = twice(Session(desks.health.reader), "POST", path, {"reason": "on_duty"})
    assert one.json()["document"] == two.json()["document"]
    assert AuditEvent.objects.filter(act="alert.opened").count() - before == 2


def test_a_key_of_another_form_is_refused_and_nothing_is_done(desks: Desks) -> None:
    author = Session(desks.lab.author)
    for key in ("", "x" * 121, "with space", "ümlaut"):
        answer = author("POST", "alerts", {"data": {}}, idempotency_key=key)
        assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key"), key
    assert not Alert.objects.exists()


def test_another_s_key_is_another_key(desks: Desks) -> None:
    body: dict[str, Any] = {"data": {}}
    one = Session(desks.lab.author)("POST", "alerts", body, idempotency_key=KEY)
    two = Session(desks.health.author)("POST", "alerts", body, idempotency_key=KEY)
    assert one.status_code == two.status_code == 201 and one.json()["id"] != two.json()["id"]


def test_a_refused_request_leaves_its_key_free(desks: Desks) -> None:
    author = Session(desks.lab.author)
    refused = author("POST", "alerts", {"data": {"no_such": 1}}, idempotency_key=KEY)
    assert refused.status_code == 422
    assert author("POST", "alerts", {"data": {}}, idempotency_key=KEY).status_code == 201


def test_the_same_write_sent_at_the_same_time_is_done_once(transactional_db: None, tmp_path: Path) -> None:
    desks = make_desks(Hub(tmp_path / "ledger", now=timezone.now().replace(microsecond=0)))
    sessions = [Session(desks.lab.author) for _ in range(6)]
    start, answers = threading.Barrier(len(sessions)), []

    def send(session: Session) -> None:
        try:
            start.wait()
            answers.append(session("POST", "alerts", {"data": dict(GOOD)}, idempotency_key=KEY))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert Alert.objects.count() == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "urn:accord:problem:request-in-progress"
            assert int(answer["Retry-After"]) >= 1


def test_while_the_first_is_worked_on_the_second_is_told_to_wait_and_a_lost_one_is_taken_over(
    desks: Desks,
) -> None:
    author = Session(desks.lab.author)
    body: dict[str, Any] = {"data": {}}
    made = author("POST", "alerts", body, idempotency_key=KEY)
    rows = IdempotentRequest.objects.filter(key=KEY)
    rows.update(status=None, resource="")
    waits = author("POST", "alerts", body, idempotency_key=KEY)
    assert (waits.status_code, waits["Retry-After"]) == (409, "2")
    rows.update(created_at=timezone.now() - GIVEN_UP_AFTER)
    taken_over = author("POST", "alerts", body, idempotency_key=KEY)
    assert taken_over.status_code == 201 and taken_over.json()["id"] != made.json()["id"]


class TestExchange:
    @pytest.fixture
    def hub(self, db: None, tmp_path: Path) -> Hub:
        return Hub(tmp_path / "ledger", now=timezone.now().replace(microsecond=0))

    def test_envelopes_and_statements_take_a_key_beside_their_own_id(self, hub: Hub) -> None:
        alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo")
        hub.sequence()
        hub.make_agreement("G1", alpha, bravo)
        headers = {"HTTP_IDEMPOTENCY_KEY": KEY}
        sender, sealed = Caller(hub.api_key(alpha), headers), hub.alert_to(bravo, sender=alpha)
        one, two = (sender.post_envelope(sealed) for _ in range(2))
        assert (one.status_code, two.status_code) == (202, 202) and one.json() == two.json()
        another = sender.post_envelope(hub.alert_to(bravo, sender=alpha))
        assert (another.status_code, another.json()["type"]) == (422, REUSED)
        assert Envelope.objects.count() == 1
        hub.sequence()
        reader = Caller(hub.api_key(bravo), headers)
        reader.get(f"envelopes/{sealed.md}")
        jws = hub.acknowledgement(bravo, sealed)
        one, two = (reader.post_statement(jws) for _ in range(2))
        assert (one.status_code, two.status_code) == (202, 202) and one.json() == two.json()
        assert Statement.objects.count() == 1


def test_files_of_a_draft_are_added_once(desks: Desks) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    author, alert = Session(desks.lab.author), desks.draft()

    def upload(octets: bytes) -> Any:
        return author.client.post(
            f"/api/v1/alerts/{alert.pk}/attachments",
            {"file": SimpleUploadedFile("spectrum.msp", octets)},
            headers={"if-match": '"1-draft"', "idempotency-key": KEY},
        )

    one, two, other = upload(b"343 100"), upload(b"343 100"), upload(b"343 101")
    assert (one.status_code, two.status_code, other.status_code) == (201, 201, 422)
    assert one.json()["attachments"] == two.json()["attachments"] and len(one.json()["attachments"]) == 1
    assert ReceivedAlert.objects.count() == 0
