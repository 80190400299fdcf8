# SPDX-License-Identifier: Apache-2.0
"""Pages and JSON of releases onward: prepared on the alert's page, released by a second officer, ended; an emergency is reviewed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.models import Alert
from alerts.rows.onward import OnwardRelease
from callers.capabilities import Role
from officers.models import Officer
from sharing.models import AgreementVersion
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld, Stage
from tests.pages.test_reply_pages import open_at_health

TERMS: dict[str, Any] = {
    "tlp": "GREEN",
    "lane": "public_health",
    "purpose": "public_health",
    "recipients": ["xb-health"],
}
TITLE = "Nine collapses at one event"


def send_flash(desk: DeskWorld) -> None:
    AgreementVersion.objects.update(emergency=True)
    desk.send(desk.draft(**TERMS, title=TITLE, pri="flash"))


@pytest.fixture
def stage() -> Stage:
    return send_flash


@pytest.fixture
def second(desk: DeskWorld) -> Officer:
    return desk.hub.make_officer(desk.health, Role.RELEASER, name="Orla Fenwick")


@pytest.fixture
def auditor(desk: DeskWorld) -> Officer:
    return desk.hub.make_officer(desk.health, Role.AUDITOR, name="Ada Quill")


def form(**changes: object) -> dict[str, object]:
    until = timezone.localtime(timezone.now() + timedelta(days=3))
    return {
        "recipients": ["xd-reg"],
        "until": f"{until:%Y-%m-%dT%H:%M}",
        "purpose": "public_health",
        **changes,
    }


def test_an_officer_prepares_it_a_second_releases_it_and_it_is_ended(
    desk: DeskWorld, as_officer: SignIn, second: Officer
) -> None:
    first, other = as_officer(desk.haitham), as_officer(second)
    row = desk.received(desk.haitham)
    assert "Release onward…" in open_at_health(desk, first, row)
    page = first.get(f"/inbox/{row.pk}/release-onward/").content.decode()
    assert 'value="xd-reg"' in page and "xa-lab" not in page
    refused = first.post(f"/inbox/{row.pk}/release-onward/", form(recipients=[]))
    assert refused.status_code == 422
    shown = first.post(f"/inbox/{row.pk}/release-onward/", form(), follow=True).content.decode()
    assert "Prepared. A second officer releases it" in shown
    prepared = OnwardRelease.objects.get()
    assert "You prepared it" in first.get(f"/onward/{prepared.pk}/release/").content.decode()
    assert f"/onward/{prepared.pk}/release/" in other.get("/").content.decode()
    assert (
        "Nine collapses" in page
        and "Nine collapses" in other.get(f"/onward/{prepared.pk}/release/").content.decode()
    )
    assert f"/onward/{prepared.pk}/release/" not in first.get("/").content.decode()

    open_at_health(desk, other, row)
    shown = other.post(f"/onward/{prepared.pk}/release/", follow=True).content.decode()
    assert "Released." in shown and "by <bdi>" in shown
    prepared.refresh_from_db()
    desk.settle()
    again = other.get(f"/inbox/{row.pk}/release-onward/").content.decode()
    assert "They have it already." in again and "its sender can send it" not in again
    sent = Alert.objects.get(agency=desk.lab, md=row.md)
    own = as_officer(desk.benno).get(f"/outbox/{sent.pk}/").content.decode()
    assert "Released onward" in own and "open until" in own and "released it onward" in own
    ends = f"/inbox/{row.pk}/onward/{prepared.od}/end/"
    assert "What was read cannot be unread." in other.get(ends).content.decode()
    assert "ended by" in other.post(ends, {"code": "condition"}, follow=True).content.decode()


def test_an_emergency_waits_for_its_review_on_the_first_page(
    desk: DeskWorld, as_officer: SignIn, second: Officer, auditor: Officer
) -> None:
    row, first = desk.received(desk.haitham), as_officer(desk.haitham)
    assert (
        "Emergency: life is in danger now" in first.get(f"/inbox/{row.pk}/release-onward/").content.decode()
    )
    first.post(f"/inbox/{row.pk}/release-onward/", form(is_emergency="on"))
    prepared = OnwardRelease.objects.get()
    as_officer(second).post(f"/onward/{prepared.pk}/release/")
    reviewer = as_officer(auditor)
    address = f"/emergencies/{prepared.pk}/"
    assert address in reviewer.get("/").content.decode()
    assert "Orla Fenwick" in reviewer.get(address).content.decode()
    admin = as_officer(desk.hub.make_officer(desk.health, Role.AGENCY_ADMIN))
    for shown in ("/", address):
        assert TITLE in admin.get(shown).content.decode()
        assert TITLE not in reviewer.get(shown).content.decode(), "who reads no alerts is told no title"
    assert reviewer.post(address, {"is_justified": "yes", "text": ""}).status_code == 422
    said = {"is_justified": "yes", "text": "Three deaths that night."}
    assert "Reviewed." in reviewer.post(address, said, follow=True).content.decode()
    shown = reviewer.get(address).content.decode()
    assert "Three deaths that night." in shown and "Justified" in shown
    assert address not in reviewer.get("/").content.decode()
    assert as_officer(desk.aroha).get(address).status_code == 404


def test_the_same_in_json(desk: DeskWorld, second: Officer, auditor: Officer) -> None:
    row = desk.received(desk.haitham)
    until = (timezone.now() + timedelta(days=3)).isoformat()
    body = {"recipients": ["xd-reg"], "until": until, "is_emergency": True}
    first, other, reviewer = (Session(one) for one in (desk.haitham, second, auditor))
    releases = f"alerts/received/{row.pk}/releases"
    made = first("POST", releases, body)
    assert made.status_code == 201, made.content
    (waits,) = made.json()["prepared"]
    assert first("POST", f"alerts/prepared-releases/{waits['id']}/release", {}).status_code == 403
    done = other("POST", f"alerts/prepared-releases/{waits['id']}/release", {}).json()
    (release,) = done["released"]
    assert (done["prepared"], release["is_emergency"], release["ended_by"]) == ([], True, "")
    (urgent,) = reviewer("GET", "alerts/emergencies").json()["items"]
    review = {"is_justified": False, "text": "The sender was on duty."}
    kept = reviewer("POST", f"alerts/emergencies/{urgent['id']}", review).json()
    assert (kept["is_justified"], kept["text"], kept["may_review"]) == (
        False,
        "The sender was on duty.",
        False,
    )
    ended = other("POST", f"{releases}/{release['od']}/end", {"code": "legal"}).json()
    assert ended["released"][0]["ended_by"]
    assert first("POST", releases, body | {"recipients": ["xz-none"]}).status_code == 422
