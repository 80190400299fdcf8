# SPDX-License-Identifier: Apache-2.0
"""An invitation: one mail without content, one link, one password, once; also when mail fails."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from callers.errors import AbsentError
from ledger.models import AuditEvent
from officers.accountlinks import digest_of, find_link
from officers.accounts import disable_officer
from officers.expiring_rows import AccountLink
from officers.invitations import INVITATION, accept_invitation, invite_again, invite_officer
from officers.models import Officer
from tests.bound_rows import rewrite
from tests.mail_server import MailServer, Misbehaviour
from tests.pages.conftest import SignIn
from tests.pages.desk_world import PASSWORD, DeskWorld

EMAIL = "runa@xa-lab.example"
NEW = {"full_name": "Runa Skarsholm", "email": EMAIL, "roles": ["author"]}
CHOSEN = {"password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def token(desk: DeskWorld, as_officer: SignIn, mail_server: MailServer) -> str:
    """The token of the link that Sunniva had sent to Runa."""
    answer = as_officer(desk.sunniva).post("/officers/invite/", NEW)
    assert answer.status_code == 302
    return token_in(mail_server)


def token_in(mail_server: MailServer) -> str:
    found = re.search(r"/welcome/([A-Za-z0-9_-]{43})/", mail_server.mails[-1].text)
    assert found is not None
    return found[1]


def runa() -> Officer:
    return Officer.objects.get(full_name="Runa Skarsholm")


def test_the_mail_says_nothing_and_the_database_holds_no_token(token: str, mail_server: MailServer) -> None:
    mail = mail_server.mails[0]
    assert mail.recipients == (EMAIL,)
    assert mail.message["Subject"] == "[Accord] INVITATION"
    assert mail.message.get_content().splitlines() == [
        "You are invited to this desk. Choose a password in 72 hours.",
        f"Open: http://testserver/welcome/{token}/",
        "This mail carries no content. Unsure? Type the desk's address.",
    ]
    for word in ("Runa", "Skarsholm", "Sunniva", "Laboratory", "xa-lab:"):
        assert word not in mail.text
    kept = str(list(AccountLink.objects.values())) + str(list(AuditEvent.objects.values()))
    assert token not in kept


def test_the_invited_chooses_a_password_once_and_signs_in(token: str, client: Client) -> None:
    first = client.get(f"/welcome/{token}/")
    assert (first.status_code, first["Location"]) == (302, "/welcome/")
    page = client.get("/welcome/")
    assert page.status_code == 200
    assert token not in page.content.decode()
    assert client.get(f"/welcome/{token}/").status_code == 302, "looking uses nothing up"
    assert client.post("/welcome/", CHOSEN).status_code == 200
    assert runa().check_password(PASSWORD)
    assert client.post("/welcome/", CHOSEN).status_code == 404
    assert Client().get(f"/welcome/{token}/").status_code == 404
    act = AuditEvent.objects.get(act="officer.invitation_accepted")
    assert (act.actor, act.subject) == (runa().audit_name, runa().audit_name)


def test_a_password_that_is_none_is_refused_and_the_link_still_serves(token: str, client: Client) -> None:
    client.get(f"/welcome/{token}/")
    for form in (
        {},
        {"password": "short", "again": "short"},
        {"password": PASSWORD, "again": "another one 77"},
        {"password": "runa@xa-lab.example", "again": "runa@xa-lab.example"},
    ):
        answer = client.post("/welcome/", form)
        assert answer.status_code == 422 and 'id="problems"' in answer.content.decode(), form
    assert not runa().has_usable_password()
    assert client.post("/welcome/", CHOSEN).status_code == 200
    assert client.get("/inbox/").status_code == 302, "nobody is signed in by a link"


def test_links_of_every_wrong_kind_are_alike(desk: DeskWorld, token: str, client: Client) -> None:
    unknown = client.get(f"/welcome/{'A' * 43}/").content
    assert client.get(f"/welcome/{'A' * 300}/").content == unknown
    disable_officer(desk.sunniva, runa(), now=timezone.now())
    answer = client.get(f"/welcome/{token}/")
    assert (answer.status_code, answer.content) == (404, unknown)
    assert Client().get("/welcome/").status_code == 404


def test_a_link_ends_to_the_second(desk: DeskWorld, token: str) -> None:
    digest, link = digest_of(token, INVITATION), AccountLink.objects.get()
    assert find_link(digest, INVITATION, now=link.expires_at - timedelta(seconds=1)) == link
    assert link.expires_at - link.issued_at == timedelta(hours=72)
    with pytest.raises(AbsentError):
        accept_invitation(digest, password=PASSWORD, now=link.expires_at)
    with pytest.raises(AbsentError):
        find_link(digest, AccountLink.Purpose.RESET, now=link.issued_at)


def test_inviting_again_ends_the_earlier_link(desk: DeskWorld, token: str, mail_server: MailServer) -> None:
    invite_again(desk.sunniva, runa(), now=timezone.now())
    newer = token_in(mail_server)
    assert newer != token
    assert Client().get(f"/welcome/{token}/").status_code == 404
    assert Client().get(f"/welcome/{newer}/").status_code == 302


def test_a_mail_that_does_not_go_out_is_said_and_can_be_sent_again(
    desk: DeskWorld, as_officer: SignIn, mail_server: MailServer
) -> None:
    admin = as_officer(desk.sunniva)
    with mail_server.down():
        page = admin.post("/officers/invite/", NEW, follow=True).content.decode()
    assert "no mail went out. The mail server does not answer" in page
    assert "No mail went out" in admin.get("/officers/?state=invited").content.decode()
    mail_server.misbehaviour.permanent_for = frozenset({EMAIL})
    again = f"/officers/{runa().public_id}/invite/"
    assert "refuses this address" in admin.post(again, follow=True).content.decode()
    mail_server.misbehaviour = Misbehaviour(refuses_everything=True)
    assert "The mail server refuses this mail" in admin.post(again, follow=True).content.decode()
    mail_server.misbehaviour = Misbehaviour()
    assert "The invitation is sent." in admin.post(again, follow=True).content.decode()
    assert len(mail_server.mails) == 1


def test_without_a_mail_server_the_page_says_so(desk: DeskWorld, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    now = timezone.now()
    _officer, link = invite_officer(
        desk.sunniva, desk.lab, email=EMAIL, full_name="Runa", roles=["reader"], now=now
    )
    assert (link.mailed_at, link.mail_cause) == (None, "no-server")


# No admin learns whether an address has an account elsewhere.


def _without_ids(page: str) -> str:
    named = r"nobody@x\.example|haitham@xb-health\.example|Runa\s+Skarsholm|Tjorven\s+Ellingrud"
    return re.sub(rf"[A-Za-z0-9_-]{{22,}}|[0-9: ]{{5,}}|{named}", "", page)


@pytest.mark.parametrize(
    "names",
    [("Runa Skarsholm", "Tjorven Ellingrud"), ("Runa\nSkarsholm", "Tjorven\nEllingrud"), ("", "")],
)
def test_an_invitation_answers_alike_whether_another_agency_knows_the_address(
    desk: DeskWorld, as_officer: SignIn, mail_server: MailServer, names: tuple[str, str]
) -> None:
    admin = as_officer(desk.sunniva)
    answers = []
    for name, address in zip(names, (desk.haitham.email, "nobody@x.example"), strict=True):
        form = {"full_name": name, "email": address, "roles": ["reader"]}
        answers.append(admin.post("/officers/invite/", form, follow=True))
    assert answers[0].status_code == answers[1].status_code
    assert _without_ids(answers[0].content.decode()) == _without_ids(answers[1].content.decode())
    invited = list(Officer.objects.exclude(invited_email=""))
    for officer in invited:
        page = admin.post(f"/officers/{officer.public_id}/invite/", follow=True)
        assert "The invitation is sent." in page.content.decode()


def test_the_owner_of_the_mailbox_hears_that_an_invitation_met_an_account(
    desk: DeskWorld, as_officer: SignIn, mail_server: MailServer
) -> None:
    as_officer(desk.sunniva).post("/officers/invite/", NEW | {"email": desk.haitham.email})
    (mail,) = mail_server.mails
    assert mail.recipients == (desk.haitham.email,)
    assert "You have an account here already" in mail.text
    for word in ("/welcome/", "xa-lab", "Laboratory", "Sunniva", "Runa"):
        assert word not in mail.text
    desk.haitham.refresh_from_db()
    assert (desk.haitham.email, desk.haitham.agency_id) == ("haitham@xb-health.example", "xb-health")


def test_a_colleagues_address_is_said_to_be_taken(desk: DeskWorld, as_officer: SignIn) -> None:
    admin = as_officer(desk.sunniva)
    admin.post("/officers/invite/", NEW)
    for address in (desk.ilka.email, EMAIL.upper()):
        page = admin.post("/officers/invite/", NEW | {"email": address})
        assert "an officer of your agency has this address already" in page.content.decode()


def test_of_two_invitations_of_one_mailbox_its_owner_takes_one(
    desk: DeskWorld, token: str, mail_server: MailServer
) -> None:
    now = timezone.now()
    invite_officer(
        desk.haitham, desk.health, email=EMAIL, full_name="Runa Skarsholm", roles=["reader"], now=now
    )
    other = token_in(mail_server)
    accept_invitation(digest_of(token, INVITATION), password=PASSWORD, now=now)
    assert Officer.objects.get(email=EMAIL).agency_id == "xa-lab"
    client = Client()
    client.get(f"/welcome/{other}/")
    refused = client.post("/welcome/", CHOSEN)
    assert refused.status_code == 422
    assert "somebody signs in with this address already" in refused.content.decode()


def test_an_invited_address_is_told_nothing_before_it_is_accepted(desk: DeskWorld, token: str) -> None:
    from notices.queueing import readers_of

    rewrite(Officer.objects.filter(full_name="Runa Skarsholm"), roles=["reader"])
    assert runa() not in readers_of(["xa-lab"])
    accept_invitation(digest_of(token, INVITATION), password=PASSWORD, now=timezone.now())
    assert runa() in readers_of(["xa-lab"])
