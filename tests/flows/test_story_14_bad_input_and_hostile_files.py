# SPDX-License-Identifier: Apache-2.0
"""Story 14: impossible values, values that only look odd, and files made to do harm, by the form and by JSON.

- Each bad value has its sentence at its field, and nothing is half stored or sent.
- Files stay inert through the whole life of an alert.
- Mail and export contain nothing that a program would run.
- No answer is a server error.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.drafting.drafts import read_draft
from alerts.models import Alert, AlertRevision, DraftAttachment
from notices.models import Notification
from notices.sending import send_notifications
from sharing.models import Envelope
from tests.api.sessions import Session
from tests.mail_server import MailServer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.test_compose import fields_on

AMOUNT = "Amount: enter more than 0, up to 1,000 t."
TITLE = "Title: use 5 to 120 characters on one line."
CAFFEINE = "InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3"
Bad = tuple[dict[str, Any], int, str, str]

BAD: dict[str, Bad] = {
    # the typed values, the page, the field, and the sentence
    "a CAS number with a wrong digit": (
        {"cas_rn": "58-08-3"}, 9, "cas_rn", "CAS number: check digit wrong; compare the source.",
    ),
    "a formula of another structure": (
        {"inchi": CAFFEINE, "formula": "C9H13N"}, 9, "formula", "Formula: differs from the structure; correct one.",
    ),
    "a negative mass": ({"quantity": "-5", "unit": "g"}, 7, "quantity", AMOUNT),
    "a billion kilograms": ({"quantity": "1000000000", "unit": "kg"}, 7, "quantity", AMOUNT),
    "a day in 2099": ({"event_date": "2099-01-01"}, 2, "event_date", "When: enter a day up to today."),
    "header lines in a title": ({"title": "Two\r\nBcc: all@elsewhere.example"}, 2, "title", TITLE),
}  # fmt: skip

ANALYSIS = {"reference": "none", "conclusion": "identified"}
ODD: dict[str, tuple[dict[str, Any], str]] = {
    # plausible but unusual: asked once, kept, sent
    "twenty tonnes": ({"quantity": "20000", "unit": "kg"}, "Amount: over 10 t; check the unit."),
    "a name in two scripts": (
        {"preferred_name": "etiz\u043elam", "identity_state": "tentative"},
        "Substance: two scripts are mixed; retype it.",
    ),
    "confirmed without a reference": (
        {
            "identity_state": "confirmed",
            "preferred_name": "etizolam",
            "evidence": [
                {**ANALYSIS, "technique": "ms"},
                {**ANALYSIS, "technique": "nmr", "method": "1H NMR"},
            ],
        },
        "Identity: confirmed needs a reference; add it or choose tentative.",
    ),
}

SCRIPT = b"<script>document.title = 'run'</script>"


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("spectrum.mzML", bytes(16 * 1024 * 1024))
    return packed.getvalue()


def many_points() -> bytes:
    """A JCAMP-DX spectrum of ten million points in its shortest form: larger than an attachment may be."""
    return b"##TITLE=x\n##NPOINTS=10000000\n##XYDATA=(X++(Y..Y))\n" + b"1 1 1 1 1 1 1\n" * (10_000_000 // 2)


FILES: dict[str, bytes] = {
    "map.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "report.html": b"<!doctype html>" + SCRIPT,
    "spectra.zip": zip_bomb(),
    "table.csv": b'=HYPERLINK("http://elsewhere.example")\n',
    "../../etc/passwd": b"root::0:0",
    "a\r\nSet-Cookie: x=y.txt": b"text",
}


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger")


@pytest.fixture
def author(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def nothing_went_out() -> bool:
    return not Envelope.objects.exists() and not Notification.objects.exists()


def saved(client: Client, draft: Alert, step: int, values: dict[str, Any], go: str = "save") -> Any:
    """Save a page as a browser does, with these values typed."""
    address = f"/drafts/{draft.pk}/{step}/"
    form = fields_on(client.get(address).content.decode())
    return client.post(address, {**form, **values, "go": go})


def escaped(text: str) -> str:
    return text.replace("'", "&#x27;")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_in_the_form_is_kept_typed_and_stops_the_alert_at_its_field(
    author: Client, desk: DeskWorld, name: str
) -> None:
    values, step, field, sentence = BAD[name]
    draft = desk.draft()
    answer = saved(author, draft, step, values)
    assert answer.status_code in {302, 422}
    page = author.get(f"/drafts/{draft.pk}/{step}/?check=1") if answer.status_code == 302 else answer
    text = page.content.decode()
    assert escaped(sentence) in text and f"id_{field}-problem-1" in text
    if answer.status_code == 302:
        draft.refresh_from_db()
        refused = author.post(f"/drafts/{draft.pk}/submit/", {"revision": draft.current})
        assert refused.status_code < 500
    draft.refresh_from_db()
    assert draft.state == "draft" and nothing_went_out()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_in_json_names_field_and_sentence_and_leaves_nothing_half_done(
    desk: DeskWorld, name: str
) -> None:
    values, _, field, sentence = BAD[name]
    session, draft = Session(desk.ilka), desk.draft()
    changed = session("PATCH", f"alerts/{draft.pk}", {"data": values}, etag='"1-draft"')
    if changed.status_code == 200:
        assert changed.json()["findings"]["errors"][field] == [sentence]
        refused = session("POST", f"alerts/{draft.pk}/submit", etag=changed["ETag"])
        assert refused.status_code == 422 and refused["Content-Type"] == "application/problem+json"
        assert refused.json()["errors"] == {field: [sentence]}
        assert AlertRevision.objects.filter(alert=draft).count() == 2
    else:
        assert changed.status_code == 422
        assert AlertRevision.objects.filter(alert=draft).count() == 1, "refused whole"
    draft.refresh_from_db()
    assert draft.state == "draft" and nothing_went_out()


@pytest.mark.parametrize("name", ODD)
def test_what_is_only_unusual_is_asked_and_kept_and_sent(desk: DeskWorld, name: str) -> None:
    values, question = ODD[name]
    session, draft = Session(desk.ilka), desk.draft(**values)
    asked = session("GET", f"alerts/{draft.pk}")
    found = asked.json()["findings"]
    assert found["errors"] == {} and [row["text"] for row in found["questions"]] == [question]
    refused = session("POST", f"alerts/{draft.pk}/submit", etag=asked["ETag"])
    assert refused.status_code == 422
    kept = session(
        "PATCH", f"alerts/{draft.pk}", {"data": {}, "kept": [row["code"] for row in found["questions"]]},
        etag=asked["ETag"],
    )  # fmt: skip
    assert kept.json()["findings"]["blocks"] is False
    submitted = session("POST", f"alerts/{draft.pk}/submit", etag=kept["ETag"])
    assert (submitted.status_code, submitted.json()["state"]) == (200, "submitted")


@pytest.fixture
def loaded(author: Client, desk: DeskWorld) -> Alert:
    """A draft with every hostile file that is small enough, uploaded by the form."""
    draft = desk.draft()
    for name, data in FILES.items():
        file = SimpleUploadedFile("file", data, content_type="image/svg+xml")
        file.name = name
        assert saved(author, draft, 2, {"files": file}, go="attach").status_code == 302, name
    draft.refresh_from_db()
    return draft


def test_hostile_files_stay_inert_from_upload_to_the_reader(
    author: Client, desk: DeskWorld, loaded: Alert, as_officer: SignIn
) -> None:
    notes = read_draft(desk.ilka, loaded).attachments
    assert [note.size for note in notes] == [len(data) for data in FILES.values()], "nothing was unpacked"
    desk.send(loaded)
    received, reader = desk.received(desk.aroha), as_officer(desk.aroha)
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    page = reader.get(f"/inbox/{received.pk}/").content.decode()
    assert "<script>document" not in page and "onload=" not in page and "../" not in page
    for n, data in enumerate(FILES.values()):
        for client, address in (
            (author, f"/outbox/{loaded.pk}/files/{n}/"), (reader, f"/inbox/{received.pk}/files/{n}/"),
        ):  # fmt: skip
            file = client.get(address)
            handed = file.headers["Content-Disposition"]
            assert (file.status_code, file.content) == (200, data)
            assert file.headers["Content-Type"] == "application/octet-stream"
            assert handed.startswith("attachment") and "/" not in handed.replace("UTF-8''", "")
            assert file.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in file.headers
            assert "sandbox" in file.headers["Content-Security-Policy"]


def test_json_hands_the_same_files_over_as_bytes(desk: DeskWorld, loaded: Alert) -> None:
    session = Session(desk.ilka)
    for n, data in enumerate(FILES.values()):
        file = session("GET", f"alerts/{loaded.pk}/attachments/{n}")
        assert file.content == data and file["Content-Disposition"].startswith("attachment")
        assert file["X-Content-Type-Options"] == "nosniff"
        assert not file["Content-Type"].startswith(("text/html", "image/svg", "application/xhtml"))


def test_a_spectrum_of_ten_million_points_is_refused_by_its_size_and_leaves_the_draft_as_it_was(
    author: Client, desk: DeskWorld
) -> None:
    draft, data = desk.draft(), many_points()
    assert len(data) > 64 * 1024 * 1024
    by_form = saved(author, draft, 2, {"files": SimpleUploadedFile("large.jdx", data)}, go="attach")
    assert by_form.status_code == 422 and "Files: over 64 MiB; split it." in by_form.content.decode()
    by_json = Session(desk.ilka).client.post(
        f"/api/v1/alerts/{draft.pk}/attachments",
        {"file": SimpleUploadedFile("large.jdx", data)},
        headers={"if-match": '"1-draft"'},
    )
    assert by_json.status_code in {413, 422} and by_json["Content-Type"] == "application/problem+json"
    assert not DraftAttachment.objects.exists()
    draft.refresh_from_db()
    assert read_draft(desk.ilka, draft).attachments == () and nothing_went_out()


def cells_of(answer: Any) -> Iterator[str]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text)):
        yield from row


def test_mail_and_export_hold_nothing_that_a_program_runs(
    desk: DeskWorld, as_officer: SignIn, mail_server: MailServer
) -> None:
    """Title and case number are formulas; the notice's mail and the auditor's table are searched."""
    formula = "=HYPERLINK(1)"
    desk.send(desk.draft(title=f"{formula} <b>bold</b>", narrative="@SUM(1)"))
    received, reader = desk.received(desk.casimir), as_officer(desk.casimir)
    form = {"reason": "case_number", "reference": formula}
    assert reader.post(f"/inbox/{received.pk}/", form, follow=True).status_code == 200
    auditor = desk.hub.make_officer(desk.health, "auditor", name="+Auditor")
    cells = list(cells_of(as_officer(auditor).post("/audit/export/")))
    assert any(formula in cell for cell in cells), "the reason is in the table"
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    send_notifications(clock=lambda: desk.hub.now, jitter=lambda: 0.5)
    mails = mail_server.mails
    assert mails
    for mail in mails:
        assert "HYPERLINK" not in mail.text and "bold" not in mail.text and "SUM" not in mail.text
        assert cast(Any, mail.message)["Bcc"] is None


@pytest.mark.parametrize(
    "kind", ["text/html", "application/xml", "image/png", "application/x-www-form-urlencoded", ""]
)
def test_a_body_of_the_wrong_kind_is_refused_by_its_kind(desk: DeskWorld, kind: str) -> None:
    session, draft = Session(desk.ilka), desk.draft()
    for method, path in (("POST", "alerts"), ("PATCH", f"alerts/{draft.pk}")):
        answer = session.client.generic(
            method, f"/api/v1/{path}", b'{"data": {"title": "Other title"}}', content_type=kind,
            headers={"if-match": '"1-draft"'},
        )  # fmt: skip
        assert answer.status_code in {400, 415, 422}, (path, answer.content)
        assert answer["Content-Type"] == "application/problem+json"
    assert Alert.objects.count() == 1 and AlertRevision.objects.count() == 1
