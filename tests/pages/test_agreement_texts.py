# SPDX-License-Identifier: Apache-2.0
"""Text and commitments of an agreement on pages: entered, begun with a model, read, compared with the version in force."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accord.agreement_texts import TextState
from alerts.agency.agreement_versions import text_of_version, versions_of
from alerts.agency.model_texts.filling import model_text
from alerts.agency.term_words import terms_in_words
from alerts.models import AgreementText
from alerts.peers.pins import change_book
from tests.agreements import take_in_agreements
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.test_agreement_versions import PROPOSE, admin, form, proposed

__all__ = ["admin"]
ROW = {
    "by": "xa-lab",
    "what": "spectra",
    "to": "xb-health",
    "n": "1",
    "unit": "quarter",
    "begins": "2027-01-01",
    "zone": "Europe/Vienna",
}
TEXT = "1. Purpose\r\n\r\nThe parties share what they measure.\r\n\r\n2. End\r\n\r\nOne month's notice."


def text(*rows: dict[str, str], body: str = TEXT, title: str = "Exchange of spectra") -> dict[str, Any]:
    filled = {f"commitments-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}
    return {"title": title, "text": body, "commitments-count": str(len(rows)), **filled}


NAMES = {"xa-lab": "Forensic Laboratory, Arvenia", "xb-health": "Health Authority, Belmora"}


def said(desk: DeskWorld) -> dict[str, Any]:
    """Return the terms of the form as a model text names them."""
    return {"survive_flash": False, "emergency": False} | form(desk) | {"parties": list(NAMES)}


def test_the_text_is_read_on_both_sides_and_cannot_be_accepted_where_it_did_not_come(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin, **text(ROW, {"zone": "Europe/Vienna", "n": "1", "unit": "quarter"}))
    for client in (admin, as_officer(desk.haitham)):
        page = client.get(address).content.decode()
        assert "gives spectra to Health Authority, Belmora every quarter, from 1 Jan 2027" in page
        assert '<h3 dir="auto">1. Purpose</h3>' in page and "The parties share what they measure." in page
        assert "Beside the version before" not in page
    AgreementText.objects.filter(agency="xb-health").delete()
    theirs = as_officer(desk.haitham)
    page = theirs.get(address).content.decode()
    assert "The text of this version is missing here." in page
    assert "Accept…" not in page and "Refuse…" in page
    assert theirs.post(f"{address}accept/").status_code == 422


def test_the_next_version_marks_in_words_what_it_adds_and_takes_out(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin, **text(ROW))
    as_officer(desk.haitham).post(f"{address}accept/")
    desk.settle()
    take_in_agreements(now=desk.hub.now)
    page = admin.get("/agreements/AB 2027-1/propose/").content.decode()
    assert "The parties share what they measure." in page, "the next version begins with the text in force"
    assert 'value="2027-01-01"' in page and '<option value="spectra" selected>' in page
    changed = text(ROW | {"n": "2"}, body=TEXT.replace("One month's", "Two months'"))
    then = proposed(desk, admin, address="/agreements/AB 2027-1/propose/", **changed)
    page = admin.get(then).content.decode()
    assert "2 added, 2 taken out" in page
    assert (
        f'<a href="{address}">Version 1</a>' in page
        and f'<a href="{then}">' in admin.get(address).content.decode()
    )
    assert f'href="{address}#g-text"' in admin.get("/agreements/AB 2027-1/").content.decode()
    assert (
        '<ins><span class="change">Added</span> <span dir="auto" class="lines">Two months&#x27; notice.'
        in page
    )
    assert (
        '<del><span class="change">Taken out</span> <span dir="auto" class="lines">One month&#x27;s notice.'
        in page
    )


@pytest.mark.parametrize("model", ["two", "many"])
def test_a_model_fills_the_text_with_the_terms_and_nothing_is_judged_yet(
    desk: DeskWorld, admin: Client, model: str
) -> None:
    sent = form(desk, until="", **text(ROW, body="", title="")) | {"fill": "yes", "model": model}
    answer = admin.post(PROPOSE, sent)
    page = answer.content.decode()
    assert answer.status_code == 200 and "thing to correct" not in page
    for said in ("Health Authority, Belmora agree to exchange", "TLP:AMBER", "until […]", "2016/680"):
        assert said in page, said
    assert 'value="AB 2027-1"' in page and '<option value="spectra" selected>' in page
    assert 'value="Exchange of information on substances: Forensic Laboratory, Arvenia; Health' in page
    assert f'<option value="{model}" selected>' in page, "the terms change, and it is filled in again"


def test_a_title_that_somebody_chose_stays_and_that_of_a_model_follows_the_parties(
    desk: DeskWorld, admin: Client
) -> None:
    fill = {"fill": "yes", "model": "many"}
    page = admin.post(PROPOSE, form(desk, **text(title="Our own")) | fill).content.decode()
    assert 'value="Our own"' in page
    models = "Exchange of information on substances: Forensic Laboratory, Arvenia"
    page = admin.post(PROPOSE, form(desk, **text(title=models)) | fill).content.decode()
    assert f'value="{models}; Health Authority, Belmora"' in page


def test_a_text_that_was_filled_in_for_other_terms_is_asked_about_once(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    filled = text(body=model_text("two", terms_in_words(said(desk), NAMES)))
    answer = admin.post(PROPOSE, form(desk, tlp="GREEN", emergency="on", **filled))
    page = answer.content.decode()
    assert answer.status_code == 200 and "filled in from a model for other terms" in page
    assert "Ceiling: the text says <bdi>TLP:AMBER</bdi>, the terms say <bdi>TLP:GREEN</bdi>." in page
    assert "Emergency release: the text says <bdi>not agreed</bdi>, the terms say <bdi>agreed</bdi>." in page
    assert page.count("the text says") == 2
    assert versions_of(desk.sunniva, now=desk.hub.now) == ()
    address = proposed(desk, admin, tlp="GREEN", emergency="on", meant="yes", **filled)
    theirs = as_officer(desk.haitham)
    assert theirs.get(address).content.decode().count("the text says") == 2, "who is to accept reads it too"


def test_a_text_of_the_terms_or_of_somebodys_own_is_not_asked_about(desk: DeskWorld, admin: Client) -> None:
    model = model_text("many", terms_in_words(said(desk), NAMES))
    address = proposed(desk, admin, **text(body=model))
    assert "the text says" not in admin.get(address).content.decode()
    own = model.replace("The strictest marking", "Between us the strictest marking")
    proposed(desk, admin, ref="AB 2", tlp="GREEN", **text(body=own))


def test_more_rows_come_without_a_script_and_keep_what_was_entered(desk: DeskWorld, admin: Client) -> None:
    page = admin.post(PROPOSE, form(desk, **text(ROW)) | {"more": "yes"}).content.decode()
    assert "Commitment 4" in page and "Commitment 5" not in page
    assert '<option value="spectra" selected>' in page and "One month&#x27;s notice." in page


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    (text(title=""), "Title: enter one"),
    (text(body=""), "Text: enter it"),
    (text(ROW, title="", body=""), "Commitments: enter the text"),
    (text(ROW | {"to": "xa-lab"}), "Commitment 1, Receives: choose another agency"),
    (text(ROW | {"zone": "Europe/Abolished"}), "Commitment 1, Time zone: no such time zone"),
    (text(ROW | {"what": "answers"}), "Commitment 1, Unit: for answers"),
    (text(ROW | {"unit": "hour"}), "Commitment 1, Unit: choose days"),
    (text(ROW | {"begins": "soon"}), "Commitment 1, From: "),
    (text(ROW | {"to": "xd-reg"}), "Commitment 1, Receives: choose a party"),
    (text(body="Sent to \u202eyou"), "Delete the hidden characters"),
)


def test_a_wrong_text_is_named_and_stays_entered(desk: DeskWorld, admin: Client) -> None:
    for changes, says in WRONG:
        answer = admin.post(PROPOSE, form(desk, **changes))
        assert answer.status_code == 422 and says in answer.content.decode(), says
    assert versions_of(desk.sunniva, now=desk.hub.now) == ()


def test_a_version_without_a_text_says_so_and_nothing_leads_to_one(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin)
    assert "This version has no text." in admin.get(address).content.decode()
    (version,) = versions_of(desk.sunniva, now=desk.hub.now)
    assert text_of_version(desk.sunniva, version).state == TextState.NONE
    as_officer(desk.haitham).post(f"{address}accept/")
    desk.settle()
    take_in_agreements(now=desk.hub.now)
    page = admin.get("/agreements/AB 2027-1/").content.decode()
    assert "no text" in page and "Text and commitments" not in page


def test_what_is_needed_is_not_called_optional_and_the_page_comes_back_at_the_text(
    desk: DeskWorld, admin: Client
) -> None:
    page = admin.get(PROPOSE).content.decode()
    title, from_day = (
        page.partition(f'for="id_{name}">')[2].partition("</label>")[0]
        for name in ("title", "commitments-0-begins")
    )
    assert "optional" not in title and "required" in from_day
    assert 'formaction="#id_text"' in page and 'formaction="#commitment-2"' in page


def test_where_it_cannot_be_sealed_now_it_is_said_and_what_was_entered_stays(
    desk: DeskWorld, admin: Client
) -> None:
    change_book("xa-lab", lambda book: replace(book, pins={}), now=desk.hub.now)
    answer = admin.post(PROPOSE, form(desk, **text(ROW)))
    page = answer.content.decode()
    assert answer.status_code == 422 and "could not be trusted now" in page
    assert "The parties share what they measure." in page and '<option value="spectra" selected>' in page
    assert not AgreementText.objects.exists()
