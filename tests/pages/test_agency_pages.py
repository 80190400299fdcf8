# SPDX-License-Identifier: Apache-2.0
"""Pages of the agency's own facts: officers, keys, agreements, notifications, audit."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from agencies.models import Key
from alerts.models import Alert
from notices.models import Notification
from notices.states import NotificationState
from officers.models import Officer
from sharing.models import Delivery
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def auditor(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.edda)


def notice(desk: DeskWorld, officer: Officer, state: str, **more: object) -> Notification:
    """Make a notice about the newest delivery to the officer's agency."""
    assert officer.agency_id is not None
    delivery = Delivery.objects.filter(recipient_id=officer.agency_id).latest("pk")
    return Notification.objects.create(
        subject=f"{delivery.reference}-{uuid4()}",
        occasion="alert",
        officer=officer,
        channel="email",
        recipient_id=officer.agency_id,
        about=delivery.envelope_id,
        reference=delivery.reference,
        state=state,
        not_before=desk.hub.now,
        queued_at=desk.tick(),
        message_id=str(uuid4()),
        **more,
    )


def test_officers_with_roles_duty_and_last_sign_in(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.casimir)
    page = client.get("/officers/").content.decode()
    for text in ("<bdi>نورين الصفواري</bdi>", "Author", "Releaser, Agency admin", "On duty", "never"):
        assert text in page
    assert "Ilka Torvane" not in page
    releasers = client.get("/officers/?role=releaser").content.decode()
    assert "هيثم الدرعواني" in releasers
    assert "نورين الصفواري" not in releasers


def test_keys_are_the_agencys_own_public_ones(desk: DeskWorld, as_officer: SignIn) -> None:
    page = as_officer(desk.ilka).get("/keys/").content.decode()
    assert page.count("ML-DSA-65") == 1
    for key in Key.objects.filter(agency_id=desk.lab.pk).exclude(use="root"):
        assert f"<span>{key.kid[:22]}</span><span>{key.kid[22:]}</span>" in page, "breaks in its middle only"
    for key in Key.objects.filter(agency_id=desk.health.pk).all():
        assert key.kid[:22] not in page
    assert "Nothing matches." in as_officer(desk.ilka).get("/keys/?state=revoked").content.decode()


def test_agreements_show_parties_lanes_and_who_suspended_what(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.hub.make_agreement("G9", "xb-health", "xd-reg", title="Others only")
    desk.hub.suspend(desk.reg, "G1", "trade")
    desk.settle()
    client = as_officer(desk.ilka)
    page = client.get("/agreements/").content.decode()
    for text in (
        "G1",
        "Precursor Office, Dellin",
        "suspended by <bdi>Precursor Office, Dellin</bdi>",
        "Early Look",
    ):
        assert text in page
    assert "Others only" not in page
    assert "/agreements/G1/" not in client.get("/agreements/?state=active").content.decode()
    assert "G1" in client.get("/agreements/?state=suspended&lane=trade").content.decode()


def test_an_ended_agreement_is_shown_as_ended(desk: DeskWorld, as_officer: SignIn) -> None:
    now = desk.hub.now
    desk.hub.make_agreement(
        "G5", "xa-lab", "xd-reg", nbf=now - timedelta(days=9), until=now - timedelta(days=1), title="Old"
    )
    page = as_officer(desk.ilka).get("/agreements/?state=ended").content.decode()
    assert "G5" in page and "Ended" in page


def test_notifications_say_who_was_told_and_why_not(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    notice(desk, desk.aroha, NotificationState.SENT, sent_at=desk.hub.now)
    failed = notice(desk, desk.haitham, NotificationState.FAILED, cause="address")
    client = as_officer(desk.haitham)
    page = client.get("/notifications/").content.decode()
    for text in ("Told", "Mail failed, phone them", "The mail server refuses this address.", "Send again"):
        assert text in page
    assert "Mail failed" not in client.get("/").content.decode(), "nobody is asked to tell themselves"
    colleague = as_officer(desk.hub.make_officer(desk.health, "agency_admin", name="Second Admin"))
    assert "Mail failed" in colleague.get("/").content.decode(), "the start page says what failed"
    assert (
        "نورين الصفواري" not in client.get("/notifications/?state=failed").content.decode().split("<tbody")[1]
    )
    assert client.post(f"/notifications/{failed.pk}/resend/").status_code == 302
    failed.refresh_from_db()
    assert failed.state == NotificationState.QUEUED
    client.post(f"/notifications/{failed.pk}/resend/")
    assert "Nothing was sent again." in client.get("/notifications/").content.decode()
    reader = as_officer(desk.casimir)
    assert "Send again" not in reader.get("/notifications/").content.decode()
    assert reader.post(f"/notifications/{failed.pk}/resend/").status_code == 403


def test_the_audit_is_the_own_agencys_and_filters_narrow_it(desk: DeskWorld, auditor: Client) -> None:
    desk.draft(desk.aroha)
    desk.draft()
    rows = auditor.get("/audit/").content.decode().split("<tbody")[1]
    assert "نورين الصفواري" not in rows
    mine = auditor.get(f"/audit/?officer={desk.ilka.public_id}").content.decode().split("<tbody")[1]
    assert "started a draft" in mine and "Sunniva Okparel" not in mine
    tomorrow = (timezone.localdate() + timedelta(days=2)).isoformat()
    assert "Nothing matches." in auditor.get(f"/audit/?since={tomorrow}").content.decode()
    assert "started a draft" in auditor.get("/audit/?since=2020-01-01&until=2099-01-01").content.decode()
    assert "/account/mails/" not in auditor.get("/account/").content.decode()
    past = auditor.get("/audit/?since=2020-01-01&until=2020-01-31&item=A+1").content.decode()
    assert "Nothing matches from 1 Jan 2020 to 31 Jan 2020." in past
    assert 'href="?since=2020-01-01&amp;item=A+1"><span>Until: <bdi>31 Jan 2020</bdi>' in past
    for nonsense in ("since=x", "until=2026-13-99", "cursor=x", "officer=' OR 1=1"):
        assert auditor.get(f"/audit/?{nonsense}").status_code == 200


FAR_DAYS = ("until=9999-12-31", "until=0001-01-01", "since=9999-12-31", "since=0001-01-01")


def test_days_at_the_ends_of_the_calendar_are_taken_as_far_away(desk: DeskWorld, auditor: Client) -> None:
    desk.draft()
    for zone in ("Europe/Vienna", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        desk.lab.timezone = zone
        desk.lab.save()
        found = {days: "started a draft" in _rows(auditor.get(f"/audit/?{days}")) for days in FAR_DAYS}
        assert found == dict(zip(FAR_DAYS, (True, False, False, True), strict=True)), zone


def _rows(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode().partition("<tbody")[2])


def test_a_cursor_that_no_page_gave_is_refused(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.casimir)
    for cursor in ("2026-01-01", "2026-01-01T00:00:00", f"2026-01-01_{uuid4()}", "x"):
        answer = client.get(f"/notifications/?cursor={cursor}")
        assert answer.status_code == 422, cursor
        assert "Use the cursor of the last page as it was given." in answer.content.decode()


def test_notices_of_one_moment_are_all_found_page_by_page(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    Notification.objects.all().delete()
    rows = [notice(desk, desk.aroha, NotificationState.SENT) for _ in range(60)]
    Notification.objects.update(queued_at=desk.hub.now)
    client, address, seen = as_officer(desk.casimir), "/notifications/", set[object]()
    while address:
        page = client.get(address)
        seen |= {row["notice"].pk for row in page.context["rows"]}
        following = page.context["next_address"]
        address = f"/notifications/{following}" if following else ""
    assert seen == {row.pk for row in rows}
