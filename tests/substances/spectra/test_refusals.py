# SPDX-License-Identifier: Apache-2.0
"""Refusals of files that are no spectrum: with a code and a place, quickly, and never read in part."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substances.errors import InputRefusedError
from substances.sentences import SPECTRUM_NOTICES
from substances.spectra.library import read_library, shipped_library
from substances.spectra.limits import CODES, MAX_BYTES, NOTICES
from substances.spectra.matching import match
from substances.spectra.plotting import plot_spectrum
from substances.spectra.reading import read_spectra
from tests.substances.spectra import samples
from tests.substances.spectra.test_read_formats import refusal

PEAK = "182.1176 999"


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"PK\x03\x04" + b"x" * 100, "archive"),
        (b"\x1f\x8b\x08\x00" + b"x" * 100, "archive"),
        (b"NAME: \x00x", "binary"),
        (b"\x89PNG\r\n\x1a\n", "binary"),
        (b"NAME: caf\xe9 \xc3\xa9\nNum Peaks: 1\n1 1\n", "mixed_encoding"),
        (b"only words", "unknown_format"),
        (b"<html><script>alert(1)</script></html>", "unknown_format"),
        (b"NAME: x\nNum Peaks: 1\n1 1\n" * 200_000, "too_large"),
        (b"x" * (MAX_BYTES + 1), "too_large"),
        (b"NAME: " + b"x" * 30_000, "too_large"),
    ],
)
def test_a_file_that_is_no_text_of_spectra_is_refused(octets: bytes, code: str) -> None:
    assert refusal("notes.txt", octets).code == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("182.1176 -999", "negative_intensity"),
        ("182.1176 NaN", "not_finite"),
        ("182.1176 inf", "not_finite"),
        ("1e309 1", "not_finite"),
        ("-182.1 999", "out_of_range"),
        ("0 999", "out_of_range"),
        ("999999 1", "out_of_range"),
        ("182.1176 1e40", "out_of_range"),
        ("182,1176 999", "decimal_comma"),
        ("182,1176", "decimal_comma"),
        ("182.1176 x", "not_a_number"),
        ("0x12 1", "not_a_number"),
        ("1_0 1", "not_a_number"),
        ("\u0661\u0662 1", "not_a_number"),
        ("182.1176", "format_damaged"),
        ("182.1176 9; 183 9", "peak_count"),
        ("", "peak_count"),
    ],
)
def test_a_peak_that_no_instrument_gives_is_refused(written: str, code: str) -> None:
    found = refusal("a.msp", samples.MSP.replace(PEAK, written))
    assert found.code == code
    assert found.where


def test_a_declared_number_of_peaks_beyond_the_limit_is_refused_unread() -> None:
    assert (
        refusal("a.msp", samples.MSP.replace("Num Peaks: 4", "Num Peaks: 9999999")).code == "too_many_peaks"
    )


def test_unsorted_and_doubled_peaks_are_put_right_and_said_to_be() -> None:
    text = "NAME: x\nNum Peaks: 4\n91 5\n65 1\n91 5\n120 0\n"
    found = read_spectra("a.msp", text.encode())[0]
    assert list(found.peaks) == [(65, 1), (91, 10)]
    assert set(found.notices) == {"peaks_sorted", "duplicates_merged", "empty_peaks_dropped"}


def test_an_eight_bit_file_is_read_and_the_guess_is_said() -> None:
    found = read_spectra("a.msp", "NAME: caf\xe9\nNum Peaks: 1\n65 1\n".encode("latin-1"))[0]
    assert (found.name, found.notices) == ("caf\xe9", ("encoding_guessed",))


def test_control_and_direction_marks_do_not_come_through_in_a_name() -> None:
    found = read_spectra("a.msp", "NAME: a\u202eb\u200bc\nNum Peaks: 1\n65 1\n".encode())[0]
    assert found.name == "a b c"


def test_no_refusal_repeats_what_the_file_holds() -> None:
    found = refusal("a.msp", samples.MSP.replace(PEAK, "hunter2 secret"))
    assert "hunter2" not in str(found)
    assert "secret" not in str(found)


@pytest.mark.parametrize("batch", range(4))
def test_spoiled_files_are_read_or_refused_within_a_second_and_never_crash(batch: int) -> None:
    for place in range(150):
        name, octets = samples.mutated(random.Random(batch * 1_000 + place))  # noqa: S311 - a seed, no secret
        started = time.process_time()
        for reader in (read_spectra, lambda n, d: read_library(n, d).spectra):
            try:
                spectra = reader(name, octets)
            except InputRefusedError as refused:
                assert refused.code in CODES
                continue
            for spectrum in spectra[:2]:
                plot_spectrum(spectrum)
                if spectrum.kind == "ms":
                    match(spectrum, shipped_library()[:4], with_precursor=False)
        assert time.process_time() - started < 1.0


@given(st.sampled_from([*samples.FILES]), st.text(max_size=200), st.integers(0, 400))
def test_any_text_within_a_file_is_read_or_refused(name: str, text: str, place: int) -> None:
    whole = samples.FILES[name]
    try:
        read_spectra(name, (whole[:place] + text + whole[place:]).encode("utf-8", "surrogatepass"))
    except InputRefusedError as refused:
        assert refused.code in CODES


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        read_spectra("upload.bin", octets)
    except InputRefusedError as refused:
        assert refused.code in CODES


def test_every_notice_has_its_sentence() -> None:
    assert set(SPECTRUM_NOTICES) == NOTICES
    for name, text in samples.FILES.items():
        for spectrum in read_spectra(name, text.encode()):
            assert set(spectrum.notices) <= NOTICES
