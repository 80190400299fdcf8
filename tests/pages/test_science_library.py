# SPDX-License-Identifier: Apache-2.0
"""An agency's own library of spectra: first a report, then in use, sealed, private to the agency, and gone when deleted."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from alerts.receiving.following import tidy_received
from callers.errors import InputError
from ledger.models import AuditEvent
from science.rows.library import LibrarySpectrum, SpectraImport
from science.spectra import library
from science.spectra.library import PENDING_AT_MOST, WAITS_FOR, confirm_import
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.science_files import record, renamed

OWN = "Zirrostratin"
SPOILED = "NAME: spoiled\nPRECURSORMZ: 200.1\nNum Peaks: 2\n100.1 5\n150.1 -7\n"


@pytest.fixture
def manager(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.benno)


def text_of(answer: object) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())  # type: ignore[attr-defined]


def upload(client: Client, *blocks: str, **more: str) -> object:
    file = SimpleUploadedFile("lab-library.msp", "\n\n".join(blocks).encode())
    return client.post("/science/library/", {"file": file, **more}, follow=True)


def imported(client: Client, *blocks: str, **more: str) -> SpectraImport:
    upload(client, *blocks, **more)
    batch = SpectraImport.objects.latest("created_at")
    client.post(f"/science/library/imports/{batch.pk}/")
    return batch


def test_the_report_says_what_comes_in_and_what_stays_out_and_nothing_is_used_yet(manager: Client) -> None:
    page = text_of(upload(manager, renamed("carisoprodol", OWN), SPOILED))
    assert OWN in page
    assert "an intensity is below zero" in page
    assert "Import 1 spectrum" in page
    assert "library is empty." in text_of(manager.get("/science/library/"))


def test_a_library_is_no_larger_than_a_question_can_look_at(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(manager, renamed("carisoprodol", OWN))
    held = LibrarySpectrum.objects.get()
    monkeypatch.setattr(library, "OCTETS_AT_MOST", 2 * 1024 * 1024)
    LibrarySpectrum.objects.filter(pk=held.pk).update(sealed=b"0" * 2 * 1024 * 1024)
    upload(manager, renamed("ketamine", "Another"))
    batch = SpectraImport.objects.latest("created_at")
    refused = manager.post(f"/science/library/imports/{batch.pk}/")
    assert refused.status_code == 422 and "take up to 2 MiB together" in text_of(refused)


def test_after_it_is_confirmed_it_stands_in_the_list_and_queries_find_it(manager: Client) -> None:
    imported(manager, renamed("carisoprodol", OWN), source="Own instrument", licence="Internal")
    page = text_of(manager.get("/science/library/"))
    assert OWN in page
    assert "Own instrument" in page
    assert "Internal" in page
    answer = manager.post("/science/spectra/", {"text": record("carisoprodol"), "reason": "assigned"})
    assert "Your agency&#x27;s library (1)" in text_of(answer)
    assert AuditEvent.objects.filter(act="spectra.imported", detail={"count": 1}).exists()


def test_licence_and_authors_of_a_record_are_kept_over_what_was_typed(manager: Client) -> None:
    imported(manager, record("carisoprodol"), licence="Another")
    page = text_of(manager.get("/science/library/"))
    assert "CC BY" in page
    assert "Another" not in page


def test_the_same_record_again_stays_out(manager: Client) -> None:
    imported(manager, renamed("carisoprodol", OWN))
    assert "your library holds this record already" in text_of(upload(manager, renamed("carisoprodol", OWN)))


def test_nothing_of_it_lies_in_clear(manager: Client) -> None:
    imported(manager, renamed("carisoprodol", OWN), source="Own instrument")
    rows = [bytes(row.sealed) for row in LibrarySpectrum.objects.all()]
    rows += [bytes(row.sealed) for row in SpectraImport.objects.all()]
    assert rows
    assert not any(word in row for row in rows for word in (OWN.encode(), b"instrument", b"lab-library"))


def test_no_other_agency_sees_or_deletes_it(desk: DeskWorld, manager: Client, as_officer: SignIn) -> None:
    batch = imported(manager, renamed("carisoprodol", OWN))
    spectrum = LibrarySpectrum.objects.get()
    other = as_officer(desk.haitham)
    assert OWN not in text_of(other.get("/science/library/"))
    assert other.get(f"/science/library/imports/{batch.pk}/").status_code == 404
    assert other.post(f"/science/library/{spectrum.pk}/delete/").status_code == 404
    answer = other.post("/science/spectra/", {"text": record("carisoprodol"), "reason": "assigned"})
    assert OWN not in text_of(answer)


def test_a_spectrum_and_an_import_are_deleted_after_a_question(manager: Client) -> None:
    batch = imported(
        manager, renamed("carisoprodol", OWN), renamed("carisoprodol", "other", precursor="262.2")
    )
    first, second = LibrarySpectrum.objects.order_by("number")
    assert "Delete this spectrum?" in text_of(manager.get(f"/science/library/{first.pk}/delete/"))
    manager.post(f"/science/library/{first.pk}/delete/")
    assert list(LibrarySpectrum.objects.all()) == [second]
    assert "Delete 1 spectrum" in text_of(manager.get(f"/science/library/imports/{batch.pk}/delete/"))
    manager.post(f"/science/library/imports/{batch.pk}/delete/")
    assert not LibrarySpectrum.objects.exists()
    assert AuditEvent.objects.filter(act="spectra.deleted").count() == 2


def test_who_may_not_manage_sees_no_form_and_imports_nothing(desk: DeskWorld, as_officer: SignIn) -> None:
    author = as_officer(desk.ilka)
    assert "Read the file" not in text_of(author.get("/science/library/"))
    file = SimpleUploadedFile("a.msp", record("carisoprodol").encode())
    assert author.post("/science/library/", {"file": file}).status_code == 403
    assert not SpectraImport.objects.exists()


def test_what_nobody_confirms_is_dropped_by_the_worker_and_confirmed_no_more(
    desk: DeskWorld, manager: Client
) -> None:
    upload(manager, renamed("carisoprodol", OWN))
    batch = SpectraImport.objects.get()
    late = batch.created_at + WAITS_FOR + timedelta(seconds=1)
    with pytest.raises(InputError):
        confirm_import(desk.benno, batch, now=late)
    tidy_received(now=late - timedelta(seconds=2))
    assert SpectraImport.objects.filter(pk=batch.pk).exists()
    tidy_received(now=late)
    assert not SpectraImport.objects.exists() and not LibrarySpectrum.objects.exists()


def test_of_more_than_five_that_wait_the_oldest_is_dropped(manager: Client) -> None:
    for number in range(PENDING_AT_MOST + 1):
        upload(manager, renamed("carisoprodol", f"{OWN} {number}", precursor=f"26{number}.2"))
        assert SpectraImport.objects.count() == min(number + 1, PENDING_AT_MOST)
    assert LibrarySpectrum.objects.count() == PENDING_AT_MOST


def test_two_imports_of_one_record_that_waited_together_bring_it_in_once(
    desk: DeskWorld, manager: Client
) -> None:
    for _ in range(2):
        upload(manager, renamed("carisoprodol", OWN))
    counts = [
        confirm_import(desk.benno, batch, now=timezone.now())
        for batch in SpectraImport.objects.order_by("created_at")
    ]
    assert (counts, LibrarySpectrum.objects.imported().count()) == ([1, 0], 1)


def test_a_file_over_five_mib_is_refused_before_it_is_read(manager: Client) -> None:
    file = SimpleUploadedFile("large.msp", b"x" * (6 * 1024 * 1024))
    assert manager.post("/science/library/", {"file": file}).status_code == 413
