# SPDX-License-Identifier: Apache-2.0
"""A new password by mail: one answer for everybody, a link that works once for an hour, all sessions ended."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devtool.processes import wait_until
from ledger.models import AuditEvent
from officers.accountlinks import issue_link
from officers.accounts import disable_officer
from officers.expiring_rows import AccountLink
from officers.login.attempts import LIMIT_OF_RESETS
from officers.login.resetting import MAILER, mail_reset
from officers.models import Officer
from tests.mail_server import MailServer
from tests.pages.desk_world import PASSWORD, DeskWorld

EMAIL = "benno@xa-lab.example"
NEW = "kalter kaffee am gleis 9"
CHOSEN = {"new": NEW, "again": NEW}


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """The small hub, with passwords."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def plain(answer: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text(answer))


def token_for(officer: Officer, *, ago: timedelta = timedelta(0)) -> str:
    now = timezone.now() - ago
    return issue_link(officer, AccountLink.Purpose.RESET, issued_by="system:desk", now=now)[1]


def follow(client: Client, token: str) -> Any:
    assert client.get(f"/reset/{token}/").headers["Location"] == "/reset/new/"
    return client.get("/reset/new/")


def mailers_are_done() -> bool:
    return all(thread.name != MAILER for thread in threading.enumerate())


@pytest.mark.django_db(transaction=True)
def test_the_answer_is_the_same_for_everybody_and_the_mail_goes_to_whom_it_belongs(
    client: Client, tmp_path: Path, mail_server: MailServer
) -> None:
    desk = DeskWorld.kept(tmp_path / "ledger", passwords=True)
    disable_officer(desk.sunniva, desk.edda, now=desk.tick())
    answers = set()
    for email in (EMAIL, "nobody@xa-lab.example", "edda@xa-lab.example"):
        answer = client.post("/reset/", {"email": email.upper()})
        answers.add((answer.status_code, plain(answer)))
    wait_until(mailers_are_done, "the mails", timeout_seconds=90)
    assert len(answers) == 1
    (mail,) = mail_server.mails
    assert mail in mail_server.mails_to(EMAIL)
    event = AuditEvent.objects.get(act="officer.reset_asked")
    assert (event.actor, event.subject) == ("system:desk", desk.benno.audit_name)
    (token,) = re.findall(r"/reset/([\w-]+)/", mail.text)
    page = follow(client, token)
    assert token not in text(page)
    assert client.post("/reset/new/", CHOSEN).headers["Location"] == "/login/"
    assert Officer.objects.get(email=EMAIL).check_password(NEW)


def test_asking_too_often_sends_nothing_more_and_says_the_same(desk: DeskWorld, client: Client) -> None:
    pages = {
        plain(client.post("/reset/", {"email": "nobody@xa-lab.example"})) for _ in range(2 * LIMIT_OF_RESETS)
    }
    wait_until(mailers_are_done, "the mails", timeout_seconds=90)
    assert len(pages) == 1


def test_an_address_that_is_none_is_told_so(client: Client, db: None) -> None:
    assert "E-mail: enter a complete address." in text(client.post("/reset/", {"email": "nobody"}))


def test_the_link_serves_once_and_ends_every_session(desk: DeskWorld, client: Client) -> None:
    elsewhere = Client()
    elsewhere.post("/login/", {"username": EMAIL, "password": PASSWORD})
    assert elsewhere.get("/inbox/").status_code == 200
    token = token_for(desk.benno)
    follow(client, token)
    assert client.post("/reset/new/", CHOSEN).headers["Location"] == "/login/"
    assert "Your password is set." in text(client.get("/login/"))
    assert elsewhere.get("/inbox/").status_code == 302
    assert client.get("/inbox/").status_code == 302
    again = follow(Client(), token)
    assert again.status_code == 404 and "This link has been used or has expired." in text(again)


OVER: dict[str, Callable[[Officer], str]] = {
    "after an hour": lambda officer: token_for(officer, ago=timedelta(hours=1)),
    "after a newer one": lambda officer: (token_for(officer), token_for(officer))[0],
    "never made": lambda officer: "A" * 43,
    "far too long": lambda officer: "A" * 3000,
}
"""Links are made when their turn comes, since a newer one ends those before it."""


def test_a_link_that_is_over_sets_nothing(desk: DeskWorld, client: Client) -> None:
    for name, token in OVER.items():
        page = follow(client, token(desk.benno))
        assert page.status_code == 404 and "This link has been used or has expired." in text(page), name
        assert client.post("/reset/new/", CHOSEN).status_code == 404, name
    assert Officer.objects.get(email=EMAIL).check_password(PASSWORD)


def test_the_link_of_a_disabled_officer_leads_nowhere(desk: DeskWorld, client: Client) -> None:
    token = token_for(desk.benno)
    disable_officer(desk.sunniva, desk.benno, now=desk.tick())
    assert follow(client, token).status_code == 404
    assert mail_reset(EMAIL, now=timezone.now()) is None


def test_somebody_invited_waits_for_the_invitation(desk: DeskWorld) -> None:
    desk.benno.set_unusable_password()
    desk.benno.save()
    assert mail_reset(EMAIL, now=timezone.now()) is None


def test_a_password_that_is_not_accepted_uses_nothing_up(desk: DeskWorld, client: Client) -> None:
    follow(client, token_for(desk.benno))
    for changed in ({"new": "short", "again": "short"}, {"again": "another"}, {"new": ""}):
        page = client.post("/reset/new/", CHOSEN | changed)
        assert page.status_code == 200 and 'class="problem"' in text(page) and NEW not in text(page)
    assert client.post("/reset/new/", CHOSEN).status_code == 302
