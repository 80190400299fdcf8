# SPDX-License-Identifier: Apache-2.0
"""Step-up: acts that cannot be undone ask again for a proof of identity; pages carry the form on, JSON answers a problem."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from alerts.review.preview import preview_release
from callers.capabilities import SENSITIVE
from desk.web.urls import PAGES
from ledger.models import AuditEvent
from officers.login.proof import FRESH_FOR
from officers.session_rows import OfficerSession
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import PASSWORD, DeskWorld, Stage
from tests.pages.test_second_factors import Telephone


@pytest.fixture
def desk(db: None, tmp_path: Path, stage: Stage | None) -> DeskWorld:
    """The small hub, with passwords."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True, stage=stage)


@pytest.fixture
def benno(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.benno)


def grow_old(*, by: timedelta = FRESH_FOR) -> None:
    """Set every session's last proof back by this time."""
    rewrite(OfficerSession.objects.all(), proved_at=timezone.now() - by)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def release_form(desk: DeskWorld, alert: Alert) -> dict[str, str]:
    seen = preview_release(desk.benno, alert, now=timezone.now()).digest
    return {"revision": str(alert.current), "preview": seen, "note": 'kept "as" <it> was'}


def state_of(alert: Alert) -> str:
    alert.refresh_from_db()
    return str(alert.state)


def hidden_fields(page: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)


def test_a_release_asks_again_and_goes_on_with_what_was_sent(
    desk: DeskWorld, checked: Alert, benno: Client
) -> None:
    address, form = f"/queue/{checked.pk}/release/", release_form(desk, checked)
    grow_old()
    question = benno.post(address, form)
    assert question.status_code == 403
    carried = dict(hidden_fields(text(question)))
    assert carried["revision"] == form["revision"]
    assert carried["note"] == "kept &quot;as&quot; &lt;it&gt; was"
    assert "Is it still you?" in text(question) and state_of(checked) == "validated"
    again = benno.post(address, {**form, "proof_password": "wrong"})
    assert "That was not right." in text(again) and state_of(checked) == "validated"
    assert "wrong" not in text(again)
    assert benno.post(address, {**form, "proof_password": PASSWORD}).status_code == 302
    assert state_of(checked) == "released"
    assert AuditEvent.objects.filter(act="officer.proved_again").count() == 1


def test_the_proof_counts_for_its_minutes(desk: DeskWorld, checked: Alert, benno: Client) -> None:
    form = release_form(desk, checked)
    benno.get("/inbox/")
    for ago, asks in (
        (FRESH_FOR, True),
        (timedelta(minutes=-5), True),
        (FRESH_FOR - timedelta(seconds=20), False),
    ):
        grow_old(by=ago)
        benno.post(f"/queue/{checked.pk}/release/", form)
        assert (state_of(checked) == "validated") is asks, ago


def test_who_has_a_second_factor_does_not_get_by_with_the_password(
    desk: DeskWorld, checked: Alert, benno: Client
) -> None:
    telephone = Telephone(desk.benno, now=timezone.now())
    address, form = f"/queue/{checked.pk}/release/", release_form(desk, checked)
    grow_old()
    assert "One-time code" in text(benno.post(address, form))
    assert benno.post(address, {**form, "proof_password": PASSWORD}).status_code == 403
    assert benno.post(address, {**form, "proof_code": telephone.code()}).status_code == 302
    assert state_of(checked) == "released"


def test_guesses_at_the_question_are_limited(desk: DeskWorld, checked: Alert, benno: Client) -> None:
    grow_old()
    address = f"/queue/{checked.pk}/release/"
    for _ in range(10):
        benno.post(address, {"proof_password": "wrong"})
    page = text(benno.post(address, {"proof_password": PASSWORD}))
    assert "Sign-in is closed for 15 minutes. Wait or ask your agency admin." in page
    assert state_of(checked) == "validated"


def test_every_act_of_a_sensitive_capability_asks(desk: DeskWorld, as_officer: SignIn) -> None:
    """The question comes before the view, so acts that are added later ask too."""
    officers = (desk.sunniva, desk.benno, desk.haitham, desk.noor, desk.edda)
    clients = [(officer.capabilities, as_officer(officer)) for officer in officers]
    for _, client in clients:
        client.get("/")
    grow_old()
    asked = 0
    samples = {"uuid:": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "int:": "1", "str:": "x", "": "x"}
    for page in PAGES:
        if page.capability not in SENSITIVE or "POST" not in page.methods:
            continue
        route = re.sub(r"<(\w+:)?\w+>", lambda found: samples[found[1] or ""], page.route)
        client = next(client for capabilities, client in clients if page.capability in capabilities)
        answer = client.post(f"/{route}")
        assert answer.status_code == 403 and "Is it still you?" in text(answer), page.route
        asked += 1
    assert asked >= 15


def test_missing_rights_are_told_before_anything_is_asked(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.casimir)
    client.get("/")
    grow_old()
    answer = client.post("/keys/create/")
    assert answer.status_code == 403 and "Your role cannot" in text(answer)


def test_a_form_with_a_file_goes_back_to_its_page_after_the_question(benno: Client) -> None:
    benno.get("/")
    grow_old()
    answer = benno.post("/keys/create/", {"signed": SimpleUploadedFile("root.jws", b"x")})
    assert answer.headers["Location"] == "/confirm/?next=%2Fkeys%2Fcreate%2F"
    page = text(benno.get(answer.headers["Location"]))
    assert ("next", "/keys/create/") in list(hidden_fields(page))
    proved = benno.post("/confirm/", {"next": "/keys/create/", "proof_password": PASSWORD})
    assert proved.headers["Location"] == "/keys/create/"
    assert "Is it still you?" not in text(benno.post("/keys/create/"))


def test_the_question_leads_nowhere_else(benno: Client) -> None:
    for elsewhere in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
    ):
        grow_old()
        answer = benno.post("/confirm/", {"next": elsewhere, "proof_password": PASSWORD})
        assert answer.headers["Location"] == "/", elsewhere


def test_neither_accept_nor_content_type_gets_round_the_question(
    desk: DeskWorld, checked: Alert, benno: Client
) -> None:
    form = release_form(desk, checked)
    grow_old()
    body = json.dumps({"revision": checked.current, "proof_password": PASSWORD})
    for n, headers in enumerate(
        ({}, {"accept": "application/json"}, {"accept": "*/*", "x-requested-with": "XMLHttpRequest"})
    ):
        answer = benno.post(
            f"/api/v1/alerts/{checked.pk}/release",
            body,
            content_type="application/json",
            headers={**headers, "idempotency-key": f"release-again-{n}", "if-match": '"1-validated"'},
        )
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (403, "urn:accord:problem:step-up-needed")
        assert (problem["confirm"], problem["minutes"]) == ("/confirm/", 15)
    for accept in ("application/json", "text/html"):
        for kind, data in (
            ("application/json", json.dumps(form)),
            ("application/x-www-form-urlencoded", urlencode(form)),
        ):
            asked = benno.post(
                f"/queue/{checked.pk}/release/", data, content_type=kind, headers={"accept": accept}
            )
            assert asked.status_code == 403, (accept, kind)
    assert state_of(checked) == "validated"


def test_after_the_question_json_goes_on(desk: DeskWorld, checked: Alert, benno: Client) -> None:
    grow_old()
    assert benno.post("/confirm/", {"proof_password": PASSWORD}).status_code == 302
    tag = benno.get(f"/api/v1/alerts/{checked.pk}").headers["ETag"]
    answer = benno.post(
        f"/api/v1/alerts/{checked.pk}/release",
        json.dumps({}),
        content_type="application/json",
        headers={"idempotency-key": "release-again-2", "if-match": tag},
    )
    assert answer.status_code != 403, answer.content
