# SPDX-License-Identifier: Apache-2.0
"""Shift lists are read as chemists write them, and meaningless ones are refused by name."""

import pytest

from substances.spectra.reading import read_spectra
from substances.spectra.spectrum import Multiplet, Spectrum
from tests.substances.spectra import samples
from tests.substances.spectra.test_read_formats import refusal


def read(text: str) -> Spectrum:
    return read_spectra("list.txt", text.encode())[0]


def test_a_sentence_as_in_a_paper_gives_shifts_multiplicities_couplings_and_integrals() -> None:
    found = read(samples.SENTENCE)
    assert (found.nucleus, found.frequency_mhz, found.solvent) == ("1H", 400.0, "CDCl3")
    assert found.multiplets == (
        Multiplet(1.20, None, "br s", (), 1.0),
        Multiplet(2.51, None, "dd", (8.1, 2.0), 1.0),
        Multiplet(3.71, None, "s", (), 3.0),
        Multiplet(7.26, None, "d", (8.1,), 2.0),
        Multiplet(7.40, 7.32, "m", (), 5.0),
    )


def test_what_editors_write_is_understood() -> None:
    text = (
        "\u00b9H-NMR (Chloroform-d, 400.1 MHz, 298 K): \u03b4H (ppm) = 7.45 \u2013 7.38 (m, 2H, Ph), 7.26 (d, 3J(H,H) = 8.1 Hz, 2H), "
        "3.71 (OMe, s, 3H), 2.50 (td, J = 7.1 Hz, 2.0 Hz, 1 H)."
    )
    found = read(text)
    assert (found.nucleus, found.solvent, found.frequency_mhz) == ("1H", "CDCl3", 400.1)
    assert found.multiplets == (
        Multiplet(2.50, None, "td", (7.1, 2.0), 1.0),
        Multiplet(3.71, None, "s", (), 3.0),
        Multiplet(7.26, None, "d", (8.1,), 2.0),
        Multiplet(7.45, 7.38, "m", (), 2.0),
    )
    carbon = read(
        "13C NMR (101 MHz, DMSO) \u03b4 173.2 (C=O), 140.1 (2C), 128.5 (d, J = 245.0 Hz, CH), 55.1 (OCH3)."
    )
    assert [(m.shift_ppm, m.integral, m.couplings_hz) for m in carbon.multiplets] == [
        (55.1, None, ()),
        (128.5, None, (245.0,)),
        (140.1, 2.0, ()),
        (173.2, None, ()),
    ]


def test_a_paragraph_may_hold_the_sentences_of_several_nuclei() -> None:
    text = f"{samples.SENTENCE} 13C{{1H}} NMR (101 MHz, DMSO-d6): 173.2, 140.1,128.5, 51.0.\n19F NMR (376 MHz, CDCl3) -62.5 (s, 3F)"
    proton, carbon, fluorine = read_spectra("list.txt", text.encode())
    assert (proton.nucleus, carbon.nucleus, fluorine.nucleus) == ("1H", "13C", "19F")
    assert [x for x, _ in carbon.peaks] == [51.0, 128.5, 140.1, 173.2]
    assert fluorine.multiplets == (Multiplet(-62.5, None, "s", (), 3.0),)


def test_a_table_gives_the_same_as_a_sentence() -> None:
    found = read(samples.SHIFTS)
    assert found.multiplets == (
        Multiplet(2.51, None, "dd", (8.1, 2.0), 1.0),
        Multiplet(3.71, None, "s", (), 3.0),
        Multiplet(7.26, None, "d", (8.1,), 2.0),
    )
    assert (found.nucleus, found.solvent, found.frequency_mhz) == ("1H", "CDCl3", 400.0)


def test_a_table_of_masses_is_a_mass_spectrum() -> None:
    found = read(samples.PEAKS)
    assert (found.kind, found.precursor_mz) == ("ms", 150.1277)
    assert found.peaks[1] == (91.0542, 999)


@pytest.mark.parametrize("name", ["CDCl3", "cdcl3", "Chloroform-d", "CDCl\u2083", "chloroform - D"])
def test_a_solvent_is_known_by_its_common_names(name: str) -> None:
    assert read(samples.SHIFTS.replace("chloroform-d", name)).solvent == "CDCl3"


@pytest.mark.parametrize("word", ["^1H", "H1", "proton", "1h", "<1H>", "\u00b9H"])
def test_a_nucleus_is_known_by_its_common_spellings(word: str) -> None:
    assert read(samples.SHIFTS.replace("nucleus: 1H", f"nucleus: {word}")).nucleus == "1H"


@pytest.mark.parametrize(
    ("word", "kept"),
    [("doublet", "d"), ("br s", "br s"), ("brs", "br s"), ("broad singlet", "br s"), ("doublet of doublets", "dd"),
     ("sextet", "sext"), ("quint", "p"), ("app t", "app t"), ("ddd", "ddd"), ("", "")],
)  # fmt: skip
def test_a_multiplicity_is_kept_by_its_short_sign(word: str, kept: str) -> None:
    assert read(samples.SHIFTS.replace(",d,8.1,", f",{word},8.1,")).multiplets[-1].multiplicity == kept


@pytest.mark.parametrize(
    ("found", "written", "code"),
    [
        ("chloroform-d", "moonshine", "unknown_solvent"),
        ("nucleus: 1H", "nucleus: 2Q", "unknown_nucleus"),
        ("nucleus: 1H\n", "", "nucleus_missing"),
        (",d,", ",wobbly,", "unknown_multiplicity"),
        ("7.26", "72.6", "out_of_range"),
        ("7.26", "NaN", "not_finite"),
        ("7.26", "7.2.6", "not_a_number"),
        ("400 MHz", "4 GHz", "not_a_number"),
        ("400 MHz", "40000", "out_of_range"),
        ("8.1,2", "8.1,-2", "negative_intensity"),
        ("8.1,2", "99999,2", "out_of_range"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_code(found: str, written: str, code: str) -> None:
    assert refusal("list.csv", samples.SHIFTS.replace(found, written, 1)).code == code


@pytest.mark.parametrize(
    "text",
    [
        "1H NMR (400 MHz, CDCl3) \u03b4 7,26 (d, 2H), 3,71 (s, 3H)",
        "nucleus: 1H\nppm;multiplicity\n7,26;d\n",
        "nucleus: 1H\nppm,multiplicity\n7,26,d\n",
    ],
)
def test_a_decimal_comma_is_refused_and_not_taken_for_two_numbers(text: str) -> None:
    assert refusal("list.txt", text).code == "decimal_comma"


def test_a_list_without_solvent_or_frequency_says_so() -> None:
    assert read("nucleus: 13C\n77.1\n51.0\n").notices == ("solvent_missing", "frequency_missing")
