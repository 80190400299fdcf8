# SPDX-License-Identifier: Apache-2.0
"""Spectra from files of alerts outlive an outage of the process that reads them; an exercise's spectra have no effect."""

import json
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from alerts.document.files import AttachmentFile
from alerts.models import ReceivedAlert
from alerts.query_audit import QueryReason
from science.answers import spectra as answers_spectra
from science.answers.spectra import SpectrumAsked, match_spectrum
from science.rows.library import LibrarySpectrum
from science.spectra.library import SPECTRA
from science.spectra.received import (
    TRIES,
    WAITING,
    keep_received_files,
    read_received_files,
)
from substances.sandbox import sandboxed
from substances.sandbox.pool import WorkerPool
from tests.law.lawful import METONITAZENE, LawDesk
from tests.pages.science_files import record

READY = json.dumps({"locked": True, "unloaded": [], "unprepared": []}).encode()
DIES = (
    f"import sys; sys.stdout.buffer.write({struct.pack('>I', len(READY)) + READY!r});"
    " sys.stdout.flush(); sys.stdin.buffer.read(1)"
)
"""A child process that starts, and dies at any question."""


def with_file(law: LawDesk, text: str, *, number: int = 0, **changes: str) -> ReceivedAlert:
    law.send(METONITAZENE, **changes)
    received = law.desk.received(law.desk.aroha)
    keep_received_files(received, {number: AttachmentFile("a.msp", "text/plain", text.encode())}, {})
    return received


@contextmanager
def read_by(command: Sequence[str]) -> Iterator[None]:
    """Replace the process that reads untrusted files inside the block."""
    pool = WorkerPool(command=command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandboxed, "POOL", pool)
        try:
            yield
        finally:
            pool.end_all()


def tries_of(row: LibrarySpectrum) -> int:
    """Return how many times the file has killed its reader."""
    return int(SPECTRA.open(row.agency_id, row.pk, row.sealed).get("tries", 0))


def waiting() -> int:
    return LibrarySpectrum.objects.filter(token=WAITING).count()


def test_while_the_process_that_reads_is_away_a_file_waits_and_is_read_afterwards(law: LawDesk) -> None:
    received = with_file(law, record("carisoprodol"))
    with read_by(("/bin/false",)):
        for _ in range(TRIES + 1):
            assert read_received_files(now=law.desk.tick()) == 0
    assert waiting() == 1
    assert read_received_files(now=law.desk.tick()) == 1
    assert waiting() == 0
    assert LibrarySpectrum.objects.filter(received=received).exists()


def test_a_file_that_kills_its_reader_again_and_again_is_given_up(law: LawDesk) -> None:
    received = with_file(law, record("carisoprodol"))
    with read_by((sys.executable, "-c", DIES)):
        for _ in range(TRIES - 1):
            assert read_received_files(now=law.desk.tick()) == 0
            assert waiting() == 1
        assert read_received_files(now=law.desk.tick()) == 1
    assert not LibrarySpectrum.objects.filter(received=received).exists()


def test_many_that_kill_their_reader_do_not_hold_up_the_feeds(law: LawDesk) -> None:
    law.send(METONITAZENE)
    received = law.desk.received(law.desk.aroha)
    files = {
        number: AttachmentFile("a.msp", "text/plain", record("carisoprodol").encode()) for number in range(4)
    }
    keep_received_files(received, files, {})
    with read_by((sys.executable, "-c", DIES)):
        assert read_received_files(limit=2, now=law.desk.tick()) == 0
        assert sorted(tries_of(row) for row in LibrarySpectrum.objects.all()) == [0, 0, 1, 1]
        assert read_received_files(secs=0, now=law.desk.tick()) == 0
        assert sum(tries_of(row) for row in LibrarySpectrum.objects.all()) == 3
    while read_received_files(limit=1, now=law.desk.tick()):
        pass
    assert waiting() == 0 and LibrarySpectrum.objects.filter(received=received).count() == 4


def test_what_is_no_spectrum_and_what_was_damaged_is_dropped_at_once(law: LawDesk) -> None:
    with_file(law, "no spectrum")
    received = with_file(law, record("carisoprodol"))
    LibrarySpectrum.objects.filter(received=received).update(sealed=b"damaged")
    read_received_files(now=law.desk.tick())
    assert waiting() == 0
    assert not LibrarySpectrum.objects.filter(received__isnull=False).exists()


def test_of_more_than_a_question_can_hold_those_of_the_newest_alerts_are_looked_at(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The senders choose how many spectra come; the desk limits how many it takes into memory."""
    older, newer = (with_file(law, record("carisoprodol")) for _ in range(2))
    read_received_files(now=law.desk.tick())
    row = LibrarySpectrum.objects.get(received=newer)
    monkeypatch.setattr(answers_spectra, "RECEIVED_AT_MOST", len(bytes(row.sealed)) + 10)
    asked = SpectrumAsked("pasted.msp", record("carisoprodol").encode())
    answer = match_spectrum(law.desk.aroha, asked, QueryReason("assigned"), now=law.desk.tick())
    assert {hit.received for hit in answer.hits if hit.received} == {newer}
    assert answer.found_in["Received with an alert"] == 1 and older != newer


def test_a_file_of_an_alert_is_not_compared_with_the_spectra_of_that_alert(law: LawDesk) -> None:
    asked_about, other = (with_file(law, record("carisoprodol")) for _ in range(2))
    read_received_files(now=law.desk.tick())
    asked = SpectrumAsked("a.msp", record("carisoprodol").encode(), came_with=asked_about.pk)
    answer = match_spectrum(law.desk.aroha, asked, QueryReason("assigned"), now=law.desk.tick())
    assert {hit.received for hit in answer.hits if hit.received} == {other}
    assert answer.found_in["Received with an alert"] == 1 and answer.leaves_out_own


def test_spectra_of_an_exercise_are_not_searched(law: LawDesk) -> None:
    real = with_file(law, record("carisoprodol"))
    with_file(law, record("carisoprodol"), status="exercise")
    read_received_files(now=law.desk.tick())
    assert waiting() == 0
    searched = LibrarySpectrum.objects.visible_to(law.desk.aroha).with_alerts(law.desk.aroha)
    assert {row.received_id for row in searched} == {real.pk}
