# SPDX-License-Identifier: Apache-2.0
"""The agency's policy: read by all, changed by admins, weakened by two, told, audited, and really enforced."""

import html
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts.boxes.inbox import list_received
from alerts.errors import AlertIncompleteError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.sending.release import release_alert
from callers.errors import InputError
from callers.problems import RECORD_ALTERED
from ledger.models import AuditEvent
from notices.models import Notification
from officers.accounts import enrol_officer
from officers.ceilings import ceiling_of
from officers.models import AgencyPolicy, Officer
from officers.policy_in_force import policy_of
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.entries import have_released
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

STANDING = {
    "four_eyes": "yes",
    "flash_single_releaser": "no",
    "bare_code_single_releaser": "no",
    "case_number_required": "no",
    "mfa_required_roles": ["releaser", "key_officer", "agency_admin"],
    "audit_keep_days": "1095",
}


def seen(agency: str = "xa-lab") -> str:
    return policy_of(Agency.objects.get(pk=agency)).digest


def lab_now() -> AgencyPolicy:
    """Return the laboratory's present policy."""
    return AgencyPolicy.objects.get(pk="xa-lab")


def form(**changes: Any) -> dict[str, Any]:
    return STANDING | {"seen": seen()} | changes


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.sunniva)


@pytest.fixture
def second(desk: DeskWorld) -> Officer:
    """Another agency admin of the laboratory, who has a password."""
    officer = enrol_officer(
        desk.sunniva,
        desk.lab,
        email="second@xa-lab.example",
        full_name="Vera Second",
        roles=["agency_admin"],
        now=timezone.now(),
    )
    officer.password = "argon2$none"
    officer.save()
    return officer


def test_everybody_of_the_agency_reads_it_and_admins_change_it(
    desk: DeskWorld, as_officer: SignIn, settings: Settings
) -> None:
    for officer in (desk.ilka, desk.edda):
        client = as_officer(officer)
        page = client.get("/policy/").content.decode()
        assert "Who wrote an alert does not send it" in page
        assert "<dt>Flash alerts</dt><dd>Flash alerts need a second person too" in page
        assert "Change…" not in page
        assert client.get("/policy/change/").status_code == 403
        assert client.post("/policy/change/", form()).status_code == 403
    assert as_officer(desk.noor).get("/policy/").status_code == 403
    for is_asked in (True, False):
        settings.MFA_DEMANDED = is_asked
        page = as_officer(desk.ilka).get("/policy/").content.decode()
        assert ("asks nobody for a second factor" in page) is not is_asked


def test_what_gets_stricter_counts_at_once_and_is_audited_old_and_new(desk: DeskWorld, admin: Client) -> None:
    changes = {"case_number_required": "yes", "ceiling_reader": "GREEN", "audit_keep_days": "1825"}
    assert admin.post("/policy/change/", form(**changes)).status_code == 302
    assert (lab_now().case_number_required, lab_now().role_ceilings) == (True, {"reader": "GREEN"})
    event = AuditEvent.objects.get(act="policy.changed")
    assert event.detail["audit_keep_days"] == {"before": 1095, "after": 1825}
    assert event.actor == desk.sunniva.audit_name
    assert not Notification.objects.exists()


def test_what_weakens_it_waits_and_the_page_says_for_whom(
    desk: DeskWorld, admin: Client, second: Officer
) -> None:
    have_released("xa-lab", now=timezone.now())
    assert "waits until Vera Second agrees" in admin.get("/policy/change/").content.decode()
    asked = admin.post("/policy/change/", form(four_eyes="no", audit_keep_days="2000"), follow=True)
    assert "A weaker policy waits." in asked.content.decode()
    assert (lab_now().four_eyes, lab_now().audit_keep_days) == (True, 2000), "only what weakens waits"
    again = admin.post("/policy/change/", form(four_eyes="no"))
    assert again.status_code == 409
    assert "Another change of the policy waits" in again.content.decode()


WRONG = (
    ({"audit_keep_days": "30"}, "Audit kept: enter 365 to 3650 days."),
    ({"audit_keep_days": "10000000000"}, "Audit kept: enter 365 to 3650 days."),
    ({"mfa_required_roles": ["keeper"]}, "Second factor: choose from the agency"),
    ({"ceiling_reader": "PURPLE"}, "Highest TLP: Reader: choose one."),
    ({"four_eyes": ""}, "Four eyes: choose one."),
    ({"seen": "x"}, "The policy has changed since you loaded this page."),
)


def test_bad_input_changes_nothing(desk: DeskWorld, admin: Client) -> None:
    before = policy_of(Agency.objects.get(pk="xa-lab"))
    for changes, words in WRONG:
        answer = admin.post("/policy/change/", form(case_number_required="yes", **changes))
        assert answer.status_code in (409, 422), changes
        assert words in html.unescape(answer.content.decode())
    assert policy_of(Agency.objects.get(pk="xa-lab")) == before


# Enforcement.


def test_flash_passes_the_ceiling_and_the_case_number_that_hold_for_all_else(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    urgent = desk.received(desk.aroha)
    desk.send(desk.draft(pri="flash"))
    flash = desk.received(desk.aroha)
    policy = AgencyPolicy.objects.filter(pk="xb-health")
    rewrite(policy, case_number_required=True)
    with pytest.raises(InputError) as refused:
        open_alert(desk.aroha, urgent, reason="on_duty", now=desk.tick())
    assert refused.value.field == "reason"
    page = as_officer(desk.aroha).get(f"/inbox/{urgent.pk}/").content.decode()
    assert 'value="case_number"' in page and 'value="on_duty"' not in page
    assert open_alert(desk.aroha, urgent, reason="case_number", reference="B 7/26", now=desk.tick()).title
    assert open_alert(desk.aroha, flash, reason="on_duty", now=desk.tick()).title
    ReceivedAlert.objects.update(tlp="AMBER")
    rewrite(policy, role_ceilings={"author": "GREEN"})
    aroha = Officer.objects.get(pk=desk.aroha.pk)
    assert ceiling_of(aroha) == "GREEN"
    assert [row.received for row in list_received(aroha, now=desk.hub.now).rows] == [flash]
    assert ReceivedAlert.objects.visible_to(Officer.objects.get(pk=desk.haitham.pk)).count() == 2


def test_a_ceiling_stops_submitting_and_sending_what_is_stricter(desk: DeskWorld) -> None:
    draft = desk.draft(tlp="AMBER")
    limit(desk, author="GREEN")
    with pytest.raises(AlertIncompleteError) as stopped:
        desk.submit(Alert.objects.get(pk=draft.pk))
    assert "up to TLP:GREEN" in str(stopped.value.findings.errors["tlp"])
    limit(desk)
    checked = desk.validate(desk.submit(Alert.objects.get(pk=draft.pk)))
    limit(desk, releaser="GREEN", key_officer="GREEN")
    benno = Officer.objects.get(pk=desk.benno.pk)
    with pytest.raises(Exception, match=r".*") as refused:
        release_alert(benno, checked, revision=checked.current, now=desk.tick())
    assert type(refused.value).__name__ == "AbsentError", "what is above the ceiling is absent"
    checked.refresh_from_db()
    assert checked.state == "validated"


def test_several_roles_reach_as_far_as_the_loosest(desk: DeskWorld) -> None:
    limit(desk, releaser="GREEN", key_officer="AMBER")
    assert ceiling_of(Officer.objects.get(pk=desk.benno.pk)) == "AMBER"
    limit(desk, releaser="GREEN")
    assert ceiling_of(Officer.objects.get(pk=desk.benno.pk)) is None


def test_a_policy_written_past_the_program_stops_what_asks_for_it_and_says_so(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    benno, keeper = as_officer(desk.benno), as_officer(desk.noor)
    AgencyPolicy.objects.filter(pk="xa-lab").update(role_ceilings={"releaser": "RED"})
    for path in ("/", "/inbox/", "/outbox/", "/policy/"):
        answer = benno.get(path)
        assert answer.status_code == RECORD_ALTERED.status, path
        assert RECORD_ALTERED.sentence in answer.content.decode(), path
    answer = benno.get("/api/v1/alerts")
    assert (answer.status_code, answer.json()["type"]) == (
        RECORD_ALTERED.status,
        "urn:accord:problem:record-altered",
    )
    assert "policy was changed outside the program" in keeper.get("/").content.decode()


def limit(desk: DeskWorld, **ceilings: str) -> None:
    """Set the ceilings by role, as the policy's page does."""
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), role_ceilings=ceilings)
    desk.lab.refresh_from_db()
    for officer in desk.officers.values():
        officer.refresh_from_db()
