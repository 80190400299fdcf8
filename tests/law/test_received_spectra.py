# SPDX-License-Identifier: Apache-2.0
"""Spectra that came as files of alerts outlive an outage of what reads them; nothing follows from an exercise's."""

import json
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from alerts.models import ReceivedAlert
from alerts.science.library_received import (
    TRIES,
    WAITING,
    SpectralFile,
    keep_received_files,
    read_received_files,
)
from alerts.science_library import LibrarySpectrum
from substances import safely
from substances.children import Nursery
from tests.law.lawful import METONITAZENE, LawDesk
from tests.pages.science_files import record

READY = json.dumps({"locked": True, "unloaded": [], "unprepared": []}).encode()
DIES = (
    f"import sys; sys.stdout.buffer.write({struct.pack('>I', len(READY)) + READY!r});"
    " sys.stdout.flush(); sys.stdin.buffer.read(1)"
)
"""A child that is there, and dies of whatever it is asked."""


def with_file(law: LawDesk, text: str, *, number: int = 0, **changes: str) -> ReceivedAlert:
    law.send(METONITAZENE, **changes)
    received = law.desk.received(law.desk.aroha)
    keep_received_files(received, [SpectralFile(number, "a.msp", text.encode())], {})
    return received


@contextmanager
def read_by(command: Sequence[str]) -> Iterator[None]:
    """While the process that reads untrusted files is another one."""
    nursery = Nursery(command=command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(safely, "NURSERY", nursery)
        try:
            yield
        finally:
            nursery.end_all()


def waiting() -> int:
    return LibrarySpectrum.objects.filter(token=WAITING).count()


def test_while_the_process_that_reads_is_away_a_file_waits_and_is_read_afterwards(law: LawDesk) -> None:
    received = with_file(law, record("carisoprodol"))
    with read_by(("/bin/false",)):
        for _ in range(TRIES + 1):
            assert read_received_files() == 0
    assert waiting() == 1
    assert read_received_files() == 1
    assert waiting() == 0
    assert LibrarySpectrum.objects.filter(received=received).exists()


def test_a_file_that_kills_its_reader_again_and_again_is_given_up(law: LawDesk) -> None:
    received = with_file(law, record("carisoprodol"))
    with read_by((sys.executable, "-c", DIES)):
        for _ in range(TRIES - 1):
            assert read_received_files() == 0
            assert waiting() == 1
        assert read_received_files() == 1
    assert not LibrarySpectrum.objects.filter(received=received).exists()


def test_what_is_no_spectrum_and_what_was_damaged_is_dropped_at_once(law: LawDesk) -> None:
    with_file(law, "no spectrum")
    received = with_file(law, record("carisoprodol"))
    LibrarySpectrum.objects.filter(received=received).update(sealed=b"damaged")
    read_received_files()
    assert waiting() == 0
    assert not LibrarySpectrum.objects.filter(received__isnull=False).exists()


def test_spectra_of_an_exercise_are_not_searched(law: LawDesk) -> None:
    real = with_file(law, record("carisoprodol"))
    with_file(law, record("carisoprodol"), status="exercise")
    read_received_files()
    assert waiting() == 0
    searched = LibrarySpectrum.objects.visible_to(law.desk.aroha).with_alerts(law.desk.aroha)
    assert {row.received_id for row in searched} == {real.pk}
