# SPDX-License-Identifier: Apache-2.0
"""Changes of power on their page: pending ones, the officers concerned and the deadline; agreed to, confirmed, stopped."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alerts.agency.power_changes import apply_due_changes
from alerts.errors import SecondPersonNeededError
from alerts.models import Alert
from notices.models import Notification
from notices.power_changes import subject_of, tell_power_changes
from officers.accounts import change_roles, enrol_officer
from officers.login.factors import reset_factors
from officers.login.resetting import mail_reset
from officers.models import Officer, PowerChange
from tests.entries import have_released
from tests.mail_server import MailServer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import PASSWORD, DeskWorld


@pytest.fixture
def waits(desk: DeskWorld) -> PowerChange:
    """A pending change: Ilka is to become a releaser; the laboratory has released before."""
    have_released("xa-lab", now=desk.hub.now)
    change_roles(desk.sunniva, desk.ilka, ["author", "releaser"], now=timezone.now())
    return PowerChange.objects.get()


@pytest.fixture
def second(desk: DeskWorld) -> Officer:
    """Another agency admin, there before the first release."""
    return enrol_officer(
        desk.sunniva,
        desk.lab,
        email="second@xa-lab.example",
        full_name="Vera Second",
        roles=["agency_admin"],
        now=timezone.now(),
    )


def test_the_page_says_who_what_and_until_when(
    desk: DeskWorld, waits: PowerChange, as_officer: SignIn
) -> None:
    page = as_officer(desk.benno).get("/powers/").content.decode()
    for text in (
        "Ilka Torvane",
        "Author, Releaser",
        "Sunniva Okparel",
        "24 hours after the first mail",
        "Stop it",
    ):
        assert text in page
    assert "Agree…" not in page
    now = timezone.now()
    tell_power_changes(now=now)
    Notification.objects.filter(subject=subject_of(waits)).update(state="sent", sent_at=now)
    assert "unless somebody stops it" in as_officer(desk.benno).get("/powers/").content.decode()
    person = as_officer(desk.benno).get(f"/officers/{desk.ilka.public_id}/").content.decode()
    assert "A change of this officer's power waits." in person


def test_a_second_admin_is_led_there_and_agrees(
    desk: DeskWorld, second: Officer, waits: PowerChange, as_officer: SignIn
) -> None:
    client = as_officer(second)
    assert "A change of power waits for a second person" in client.get("/").content.decode()
    assert client.get(f"/powers/{waits.pk}/agree/").status_code == 200
    assert Officer.objects.get(pk=desk.ilka.pk).roles == ["author"], "looking agrees to nothing"
    assert client.post(f"/powers/{waits.pk}/agree/").status_code == 302
    assert Officer.objects.get(pk=desk.ilka.pk).roles == ["author", "releaser"]


def test_who_asked_does_not_agree_and_takes_it_back(
    desk: DeskWorld, waits: PowerChange, as_officer: SignIn
) -> None:
    client = as_officer(desk.sunniva)
    page = client.get("/powers/").content.decode()
    assert "Agree…" not in page and "Somebody else has to agree: neither who asked" in page
    refused = client.post(f"/powers/{waits.pk}/agree/")
    assert refused.status_code == 409
    assert "Somebody else has to agree" in refused.content.decode()
    client.post(f"/powers/{waits.pk}/stop/")
    assert PowerChange.objects.get().outcome == "dropped"


def test_who_was_told_stops_it_and_a_stranger_finds_nothing(
    desk: DeskWorld, waits: PowerChange, as_officer: SignIn
) -> None:
    for stranger in (desk.haitham, desk.aroha):
        for act in ("agree", "stop"):
            assert as_officer(stranger).post(f"/powers/{waits.pk}/{act}/").status_code == 404
    as_officer(desk.benno).post(f"/powers/{waits.pk}/stop/")
    assert PowerChange.objects.get().outcome == "stopped"


def test_the_auditor_has_one_list_of_changes_of_power(
    desk: DeskWorld, waits: PowerChange, as_officer: SignIn
) -> None:
    auditor = as_officer(desk.edda)
    assert "?powers=yes" in auditor.get("/powers/").content.decode()
    listed = auditor.get("/audit/?powers=yes").content.decode().split("<tbody")[1]
    assert "asked for a change of power" in listed
    assert "signed in" not in listed
    assert "Export what is found" in auditor.get("/audit/?powers=yes").content.decode()
    lines = b"".join(auditor.post("/audit/export/", {"powers": "yes"})).decode().splitlines()
    assert {line.split(",")[5] for line in lines[1:]} <= {"power.asked", "officer.enrolled"}


def test_an_officer_without_a_role_signs_in_and_finds_what_waits(
    desk: DeskWorld, waits: PowerChange, as_officer: SignIn
) -> None:
    newcomer = enrol_officer(
        desk.sunniva,
        desk.lab,
        email="n@xa-lab.example",
        full_name="Nia Olm",
        roles=["author"],
        now=timezone.now(),
    )
    assert newcomer.roles == []
    page = as_officer(newcomer).get("/")
    assert page.status_code == 200
    assert "Your roles wait for a second admin" in page.content.decode()


# An admin who releases, with an author of one's own making.


def test_an_admin_who_releases_does_not_send_what_an_own_newcomer_wrote(
    desk: DeskWorld, as_officer: SignIn, mail_server: MailServer
) -> None:
    desk.sunniva.roles = ["releaser", "agency_admin"]
    desk.sunniva.save(update_fields=["roles"])
    have_released("xa-lab", now=desk.hub.now)
    invitation = {"full_name": "Pia Ulm", "email": "sunniva@elsewhere.example", "roles": ["author"]}
    as_officer(desk.sunniva).post("/officers/invite/", invitation)
    token = re.search(r"/welcome/([A-Za-z0-9_-]{43})/", mail_server.mails[-1].text)
    assert token is not None
    visitor = Client()
    visitor.get(f"/welcome/{token[1]}/")
    assert visitor.post("/welcome/", {"password": PASSWORD, "again": PASSWORD}).status_code == 200
    puppet = Officer.objects.get(email="sunniva@elsewhere.example")
    assert as_officer(puppet).get("/drafts/").status_code == 403, "nobody has agreed yet"
    now = timezone.now()
    tell_power_changes(now=now)
    Notification.objects.update(state="sent", sent_at=now - timedelta(hours=25))
    assert apply_due_changes(now=now + timedelta(hours=25)) == 1
    puppet.refresh_from_db()
    assert puppet.roles == ["author"]
    alert = desk.submit(desk.draft(puppet))
    with pytest.raises(SecondPersonNeededError):
        desk.validate(alert, desk.sunniva)
    assert (
        as_officer(desk.benno).post(f"/powers/{_identity('sunniva@elsewhere.example').pk}/agree/").status_code
        == 302
    )
    assert desk.validate(alert, desk.sunniva).state == "validated"


# An admin who also runs the ministry's mail.


def test_an_admin_who_reads_the_mail_of_a_releaser_gets_no_power_by_a_reset(
    desk: DeskWorld,
    second: Officer,
    as_officer: SignIn,
    mail_server: MailServer,
    checked: Alert,
) -> None:
    have_released("xa-lab", now=desk.hub.now)
    desk.benno.set_password(PASSWORD)
    desk.benno.save()
    reset_factors(desk.sunniva, desk.benno, now=timezone.now())
    mail_reset(desk.benno.email, now=timezone.now())
    token = re.search(r"/reset/([A-Za-z0-9_-]{43})/", mail_server.mails[-1].text)
    assert token is not None
    thief = Client()
    thief.get(f"/reset/{token[1]}/")
    chosen = "ein anderes kennwort 9"
    assert thief.post("/reset/new/", {"new": chosen, "again": chosen}).status_code == 302
    benno = Officer.objects.get(pk=desk.benno.pk)
    assert benno.check_password(chosen)
    signed_in = as_officer(benno)
    assert "until a colleague has confirmed that it is you" in signed_in.get("/").content.decode()
    assert signed_in.post(f"/queue/{checked.pk}/release/", {}).status_code == 403
    assert as_officer(desk.sunniva).post(f"/powers/{_identity().pk}/agree/").status_code == 409
    assert as_officer(second).post(f"/powers/{_identity().pk}/agree/").status_code == 302
    assert signed_in.post(f"/queue/{checked.pk}/release/", {}).status_code != 403


def _identity(email: str = "benno@xa-lab.example") -> PowerChange:
    return PowerChange.objects.get(kind="identity", officer__email=email, outcome="waiting")
