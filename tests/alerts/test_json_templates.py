# SPDX-License-Identifier: Apache-2.0
"""Templates and copies over JSON: services and answers as on the pages, each done once per idempotency key."""

from pathlib import Path
from typing import Any

import pytest

from alerts.models import Alert
from alerts.rows.saved import DraftTemplate
from tests.alerts.conftest import GOOD, Desks, kept_desks_of_now
from tests.api.sessions import Session

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def desks(transactional_db: None, tmp_path: Path) -> Desks:
    return kept_desks_of_now(tmp_path / "ledger")


def today(desks: Desks) -> dict[str, Any]:
    return {"event_date": desks.hub.now.date().isoformat()}


def test_a_template_is_kept_listed_started_from_and_deleted(desks: Desks) -> None:
    author, stranger = Session(desks.lab.author), Session(desks.health.author)
    draft = desks.draft(**today(desks))
    kept = author("POST", f"alerts/{draft.pk}/template", {"name": "Prison post"})
    assert (kept.status_code, kept.json()["name"]) == (201, "Prison post")
    template = f"alerts/templates/{kept.json()['id']}"
    assert [row["name"] for row in author("GET", "alerts/templates").json()["items"]] == ["Prison post"]
    assert stranger("GET", "alerts/templates").json() == {"items": []}

    started = author("POST", f"{template}/start")
    assert started.status_code == 201
    assert started.json()["data"]["narrative"] == GOOD["narrative"]
    assert started.json()["data"]["event_date"] is None

    foreign = stranger("POST", f"{template}/start")
    absent = stranger("POST", f"alerts/templates/{NOBODY}/start")
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    assert stranger("DELETE", template).status_code == 404
    assert author("DELETE", template).status_code == 204
    assert author("DELETE", template).status_code == 404
    assert not DraftTemplate.objects.exists()


def test_a_name_that_is_none_names_its_field(desks: Desks) -> None:
    draft = desks.draft(**today(desks))
    answer = Session(desks.lab.author)("POST", f"alerts/{draft.pk}/template", {"name": "over\u202eride"})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("input-refused")


def test_an_own_alert_is_copied(desks: Desks) -> None:
    sent = desks.released(**today(desks))
    author = Session(desks.lab.author)
    copied = author("POST", f"alerts/{sent.pk}/copy")
    assert copied.status_code == 201
    assert (copied.json()["state"], copied.json()["data"]["title"]) == ("draft", GOOD["title"])
    assert copied["ETag"]
    assert Session(desks.lab.reader)("POST", f"alerts/{sent.pk}/copy").status_code == 403
    assert Session(desks.health.author)("POST", f"alerts/{sent.pk}/copy").status_code == 404


def test_a_received_alert_is_copied_with_a_reason_unless_it_is_reserved(desks: Desks) -> None:
    author = Session(desks.health.author)
    free = desks.received(**today(desks), handling=["H0"])
    assert author("POST", f"alerts/received/{free.pk}/copy").status_code == 422, "without a reason"
    copied = author("POST", f"alerts/received/{free.pk}/copy", {"reason": "on_duty"})
    assert copied.status_code == 201, copied.content
    assert copied.json()["data"]["narrative"] == GOOD["narrative"]

    reserved = desks.received(**today(desks), handling=["H2"])
    before = Alert.objects.count()
    refused = author("POST", f"alerts/received/{reserved.pk}/copy", {"reason": "on_duty"})
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("copy-refused")
    assert Alert.objects.count() == before
