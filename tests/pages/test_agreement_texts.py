# SPDX-License-Identifier: Apache-2.0
"""Text and commitments of an agreement on pages: entered, begun with a model, read, compared with the version in force."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accord.agreement_texts import TextState
from alerts.agency.agreement_versions import text_of_version, versions_of
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


def test_the_text_is_read_on_both_sides_with_its_commitments_as_sentences(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin, **text(ROW, {"zone": "Europe/Vienna", "n": "1", "unit": "quarter"}))
    for client in (admin, as_officer(desk.haitham)):
        page = client.get(address).content.decode()
        assert "gives spectra to Health Authority, Belmora every quarter, from 1 Jan 2027" in page
        assert '<h3 dir="auto">1. Purpose</h3>' in page and "The parties share what they measure." in page
        assert "Beside the version before" not in page


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


def test_a_text_that_did_not_come_is_said_and_cannot_be_accepted(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin, **text(ROW))
    AgreementText.objects.filter(agency="xb-health").delete()
    theirs = as_officer(desk.haitham)
    page = theirs.get(address).content.decode()
    assert "The text of this version is missing here." in page
    assert "Accept…" not in page and "Refuse…" in page
    assert theirs.post(f"{address}accept/").status_code == 422


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


def test_more_rows_come_without_a_script_and_keep_what_was_entered(desk: DeskWorld, admin: Client) -> None:
    page = admin.post(PROPOSE, form(desk, **text(ROW)) | {"more": "yes"}).content.decode()
    assert "Commitment 4" in page and "Commitment 5" not in page
    assert '<option value="spectra" selected>' in page and "One month&#x27;s notice." in page


@pytest.mark.parametrize(
    ("changes", "says"),
    [
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
    ],
)
def test_a_wrong_text_is_named_and_stays_entered(
    desk: DeskWorld, admin: Client, changes: dict[str, Any], says: str
) -> None:
    answer = admin.post(PROPOSE, form(desk, **changes))
    page = answer.content.decode()
    assert answer.status_code == 422 and says in page
    assert versions_of(desk.sunniva, now=desk.hub.now) == ()


def test_a_version_without_a_text_says_so(desk: DeskWorld, admin: Client) -> None:
    address = proposed(desk, admin)
    assert "This version has no text." in admin.get(address).content.decode()
    (version,) = versions_of(desk.sunniva, now=desk.hub.now)
    assert text_of_version(desk.sunniva, version).state == TextState.NONE


def test_where_it_cannot_be_sealed_now_it_is_said_and_what_was_entered_stays(
    desk: DeskWorld, admin: Client
) -> None:
    change_book("xa-lab", lambda book: replace(book, pins={}), now=desk.hub.now)
    answer = admin.post(PROPOSE, form(desk, **text(ROW)))
    page = answer.content.decode()
    assert answer.status_code == 422 and "could not be trusted now" in page
    assert "The parties share what they measure." in page and '<option value="spectra" selected>' in page
    assert not AgreementText.objects.exists()
