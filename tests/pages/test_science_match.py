# SPDX-License-Identifier: Apache-2.0
"""The page that matches a spectrum: hits with provenance, groups, "not identified", and the check against a structure."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.drafting.drafts import attach_file
from alerts.models import ReceivedAlert
from ledger.models import AuditEvent
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.science_files import record, renamed

CARISOPRODOL = "CCCC(C)(COC(=O)N)COC(=O)NC(C)C"
STRANGE = "PRECURSORMZ: 512.1234\nNum Peaks: 4\n101.1 10\n202.2 50\n303.3 100\n404.4 20\n"


@pytest.fixture
def client(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def asked(client: Client, **fields: object) -> str:
    given = {"text": record("carisoprodol"), "reason": "assigned"} | fields
    return re.sub(r"\s+", " ", client.post("/science/spectra/", given).content.decode())


def test_a_known_spectrum_is_found_with_authors_and_licence_and_drawn_against_the_query(
    client: Client,
) -> None:
    page = asked(client)
    event = AuditEvent.objects.get(act="spectrum.matched")
    assert (event.reason, event.detail) == ("assigned", {"count": 1})
    assert "carisoprodol" in page
    assert "CC BY" in page
    assert "Eawag" in page
    assert page.count("<svg") >= 3
    assert "Mass spectrometry alone never excludes positional isomers." in page


def test_what_fits_nothing_is_not_identified(client: Client) -> None:
    page = asked(client, text=f"NAME: unknown\n{STRANGE}")
    assert "Not identified" in page
    assert "No spectrum looked at has this precursor mass." in page


def test_a_structure_that_does_not_fit_is_told(client: Client) -> None:
    assert "Fits the structure. That does not prove it." in asked(client, structure=CARISOPRODOL)
    page = asked(client, structure="CN1C2CCC1CC(C2)OC(=O)C(CO)c1ccccc1")
    assert "Does not fit the structure." in page
    assert "Precursor mass" in page
    assert "C12H24N2O4" in page and "C17H23NO3" in page


def test_an_nmr_list_is_drawn_and_not_searched(client: Client) -> None:
    page = asked(
        client, text="13C NMR (101 MHz, CDCl3) δ 155.9, 156.8, 67.5, 43.1, 37.4, 23.0, 18.8, 16.7, 14.9"
    )
    assert "<h2>Not searched</h2>" in page and 'class="sp-plot"' in page
    assert "9 peaks · 13C · CDCl3" in page


def test_a_file_of_bare_pairs_is_a_mass_spectrum_as_the_same_pasted_is(client: Client) -> None:
    pairs = "72.0808 100\n100.1121 41\n121.0648 12\n"
    told = [
        asked(client, **given)
        for given in ({"text": pairs}, {"text": "", "file": SimpleUploadedFile("peaks.txt", pairs.encode())})
    ]
    for page in told:
        assert "Not identified" in page and "3 peaks" in page


BAD_SPECTRA = (
    ("100.1 5\n200.2 -7\n", "below zero"),
    ("100.1 NaN\n", "NaN or infinite"),
    ("100.1 5\n\n200.2 NaN\n", "(line 3)"),
    ("PK\x03\x04zip", "archive"),
    ("", "Spectrum: paste one or choose a file."),
)


def test_a_bad_spectrum_is_named_with_the_remedy(client: Client) -> None:
    for text, sentence in BAD_SPECTRA:
        page = asked(client, text=text)
        assert sentence in page and 'href="#field-text"' in page, sentence


def test_a_file_with_several_asks_which(client: Client) -> None:
    both = f"{record('carisoprodol')}\n\n{renamed('carisoprodol', 'second')}\n"
    file = SimpleUploadedFile("two.msp", both.encode())
    assert "one of 2 in the file" in asked(client, text="", file=file)
    file = SimpleUploadedFile("two.msp", both.encode())
    assert "the file holds 2 spectra" in asked(client, text="", file=file, which="3")


def test_a_file_of_a_sent_alert_is_matched_under_the_same_reason(
    desk: DeskWorld, as_officer: SignIn, client: Client
) -> None:
    address = "/science/spectra/?received=00000000-0000-0000-0000-000000000001&n=0"
    page = client.get(address).content.decode()
    assert "A file of an alert is matched." in page
    answer = client.post(
        "/science/spectra/",
        {"received": "00000000-0000-0000-0000-000000000001", "n": "0", "reason": "assigned"},
    )
    assert answer.status_code == 404


def test_a_spectrum_that_came_with_an_alert_is_found_by_its_recipient_alone(
    desk: DeskWorld, as_officer: SignIn, client: Client
) -> None:
    draft = desk.draft(preferred_name="carisoprodol")
    data = renamed("carisoprodol", "from an alert").encode()
    attach_file(desk.ilka, draft, base=1, filename="ms.msp", data=data, now=desk.tick())
    draft.refresh_from_db()
    desk.send(draft)
    received = desk.received(desk.haitham)
    answer = asked(as_officer(desk.haitham))
    assert f"/inbox/{received.pk}/" in answer
    assert "Received with an alert (1)" in answer
    assert "from an alert" not in asked(client)
    ReceivedAlert.objects.filter(pk=received.pk).update(withdrawn_at=desk.hub.now)
    assert "Received with an alert (0)" in asked(as_officer(desk.haitham))


JCAMP = (
    "##TITLE=x\n##JCAMP-DX=4.24\n##DATA TYPE=MASS SPECTRUM\n##XUNITS=M/Z\n##YUNITS=RELATIVE ABUNDANCE\n"
    "##FIRSTX=1\n##LASTX=10000000\n##NPOINTS=10000000\n##XYDATA=(X++(Y..Y))\n1 100%s\n##END=\n"
)


HOSTILE_FILES = (
    ("wide.jdx", (JCAMP % ("S" * 60)).encode(), "Spectrum: "),
    ("wide.jdx", (JCAMP % (" 1" * 1_900_000)).encode(), "Spectrum: "),
    ("huge.msp", b"1 1\n" * 1_200_000, "over 4 MiB"),
    ("list.txt", "1H NMR (400 MHz, beer) δ 7.26 (s, 1H)".encode(), "this solvent is not known"),
    ("packed.msp", b"PK\x03\x04" + b"\x00" * 100, "archive"),
    ("picture.msp", b"\x89PNG\r\n\x1a\n\x00\x00", "no text"),
)


def test_a_hostile_file_gets_a_sentence_and_stops_nothing(client: Client) -> None:
    for name, data, sentence in HOSTILE_FILES:
        page = asked(client, text="", file=SimpleUploadedFile(name, data))
        assert sentence in page and 'href="#field-file"' in page, name
    assert "carisoprodol" in asked(client)
