# SPDX-License-Identifier: Apache-2.0
"""An own desk without a mail server: links of invitations and new passwords are shown once, to be handed over."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from ledger.models import AuditEvent
from officers.expiring_rows import AccountLink
from officers.models import Officer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

PASSWORD = "a herd of brown herons"
LINK = re.compile(r"/(?:welcome|reset)/[\w-]{43}/")


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn, settings: Settings) -> Client:
    settings.OWN_DESK = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    return as_officer(desk.sunniva)


def link_in(page: str) -> str:
    (found,) = set(LINK.findall(page))
    return str(found)


def test_an_invitation_is_handed_over_and_serves_once(admin: Client) -> None:
    form = {"full_name": "Runa Skarsholm", "email": "runa@lab.example", "roles": ["reader"]}
    assert "A link is shown once, for you to hand over." in admin.get("/officers/invite/").content.decode()
    assert "The invitation goes there" not in admin.get("/officers/invite/").content.decode()
    page = admin.post("/officers/invite/", form).content.decode()
    assert 'data-copy="link"' in page
    link = link_in(page)
    invited = Officer.objects.get(invited_email="runa@lab.example")
    assert link not in admin.get(f"/officers/{invited.public_id}/").content.decode()
    guest = Client()
    guest.get(link)
    answer = guest.post("/welcome/", {"password": PASSWORD, "again": PASSWORD})
    assert "Your password is set" in answer.content.decode()
    assert Client().get(link).status_code == 404


def test_a_new_password_is_handed_over(desk: DeskWorld, admin: Client) -> None:
    desk.ilka.set_password("another one entirely")
    desk.ilka.save()
    assert "New password…" in admin.get(f"/officers/{desk.ilka.public_id}/").content.decode()
    link = link_in(admin.post(f"/officers/{desk.ilka.public_id}/password/").content.decode())
    token = link.split("/")[2]
    assert not AccountLink.objects.filter(digest__contains=token).exists()
    event = AuditEvent.objects.get(act="officer.reset_issued")
    assert (event.subject, event.detail) == (desk.ilka.audit_name, {})
    owner = Client()
    owner.get(link)
    assert owner.post("/reset/new/", {"new": PASSWORD, "again": PASSWORD}).status_code == 302
    desk.ilka.refresh_from_db()
    assert desk.ilka.check_password(PASSWORD)


def test_who_forgot_the_password_is_told_whom_to_ask(admin: Client) -> None:
    page = Client().post("/reset/", {"email": "ilka@xa-lab.example"}).content.decode()
    assert "This desk sends no mail. Ask an agency admin" in page
    assert not AccountLink.objects.exists()


def test_nobody_makes_a_link_for_the_own_account(desk: DeskWorld, admin: Client) -> None:
    assert admin.post(f"/officers/{desk.sunniva.public_id}/password/").status_code == 422
    assert not AccountLink.objects.exists()


def test_where_mail_is_sent_none_is_handed_over(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.sunniva)
    assert "New password…" not in client.get(f"/officers/{desk.ilka.public_id}/").content.decode()
    answer = client.post(f"/officers/{desk.ilka.public_id}/password/")
    assert answer.status_code == 422 and "This desk sends mail" in answer.content.decode()
    assert not AccountLink.objects.exists()
