# SPDX-License-Identifier: Apache-2.0
"""An officer who has chosen French gets pages and mails in French; times keep their zone in every language."""

import re
from typing import Final

import pytest
from django.test import Client

from alerts.models import Alert
from notices.message import NoticeFacts, compose_message
from notices.states import Occasion
from officers.accountmail import compose_account_mail
from officers.expiring_rows import AccountLink
from officers.models import Officer
from tests.entries import change_entry
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

FRENCH: Final = "Boîte de réception"
ENGLISH: Final = "Inbox"


def _speaks(client: Client, **headers: str) -> tuple[str, str]:
    """Return the language that the start page declares, and the inbox's name on it."""
    text = client.get("/", headers=headers).content.decode()
    language = re.search(r'<html lang="([\w-]+)"', text)
    assert language
    return language[1], FRENCH if FRENCH in text else ENGLISH if ENGLISH in text else ""


CHOICES = (
    # the officer's own language, the agency's, the browser's, and what is spoken
    ("fr", "en", "en", "fr"),
    ("en", "fr", "fr", "en"),
    ("", "fr", "en", "fr"),
    ("", "en", "fr", "en"),
    ("", "zh-Hans", "fr", "fr"),
    ("pt", "fr", "de", "en"),
)


def test_the_officers_own_language_comes_first(desk: DeskWorld, as_officer: SignIn) -> None:
    for own, agency, browser, spoken in CHOICES:
        Officer.objects.filter(pk=desk.ilka.pk).update(language=own)
        change_entry(desk.lab.pk, language=agency)
        shown = _speaks(as_officer(desk.ilka), **{"accept-language": browser})
        assert shown == (spoken, FRENCH if spoken == "fr" else ENGLISH), (own, agency, browser)


@pytest.mark.django_db
def test_before_signing_in_the_browser_chooses(client: Client) -> None:
    answer = client.get("/login/", headers={"accept-language": "fr-CH, fr;q=0.9"})
    assert answer.headers["Content-Language"] == "fr"
    assert "Se connecter" in answer.content.decode()


def test_times_have_their_zone_in_french_too(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    Officer.objects.filter(pk=desk.ilka.pk).update(language="fr")
    answer = as_officer(desk.ilka).get(f"/outbox/{sent.pk}/")
    assert answer.headers["Content-Language"] == "fr"
    times = re.findall(r"<time [^>]*>([^<]*)</time>", answer.content.decode())
    assert times
    assert all(re.search(r"UTC([+\N{MINUS SIGN}]\d+(:\d\d)?)?$", text) for text in times), times


def test_mails_speak_the_officers_language(desk: DeskWorld) -> None:
    facts = NoticeFacts(
        address="ilka@xa-lab.example",
        language="fr",
        occasion=Occasion.ALERT,
        message_id="<1@hub.example>",
        reference="7QK4-M2XN",
        priority="urgent",
        exercise=True,
        agency="Laboratoire, Arvenia",
    )
    mail = compose_message(facts, hub_url="https://hub.example", sender="accord@hub.example")
    assert mail["Subject"] == "[Accord] EXERCICE URGENT 7QK4-M2XN"
    assert (
        "Accusez réception d\N{RIGHT SINGLE QUOTATION MARK}une alerte adressée à Laboratoire, Arvenia sous 24 heures. Priorité\N{NO-BREAK SPACE}: URGENT."
        in mail.get_content()
    )
    change_entry(desk.lab.pk, language="fr")
    officer = Officer.objects.get(pk=desk.ilka.pk)
    assert "MOT DE PASSE" in compose_account_mail(officer, AccountLink.Purpose.RESET, "A" * 43)["Subject"]
