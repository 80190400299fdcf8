# SPDX-License-Identifier: Apache-2.0
"""Every format is recognised by its content, and yields the file's facts: peaks, conditions, and provenance."""

import base64
import zlib

import pytest

from substances.errors import InputRefusedError
from substances.spectra.reading import read_spectra
from substances.spectra.spectrum import Spectrum
from tests.substances.spectra import samples


def read(name: str, text: str) -> Spectrum:
    return read_spectra(name, text.encode())[0]


def refusal(name: str, octets: bytes | str) -> InputRefusedError:
    try:
        read_spectra(name, octets.encode() if isinstance(octets, str) else octets)
    except InputRefusedError as refused:
        assert refused.field == "spectrum"
        return refused
    pytest.fail("it was read")


@pytest.mark.parametrize("name", list(samples.FILES))
def test_a_format_is_told_by_its_content_whatever_the_file_is_called(name: str) -> None:
    text = samples.FILES[name]
    assert read_spectra(name, text.encode()) == read_spectra("upload.txt", text.encode())


def test_msp_keeps_conditions_licence_authors_and_accession() -> None:
    first, second = read_spectra("a.msp", samples.MSP.encode())
    assert list(first.peaks) == [(82.0651, 300), (105.0335, 120), (150.0913, 80), (182.1176, 999)]
    assert (first.precursor_mz, first.adduct, first.ion_mode) == (304.1543, "[M+H]+", "positive")
    assert (first.energy, first.licence, first.accession) == ("30 eV", "CC BY", "INV-0001")
    assert first.authors == "A. Chemist, Invented Laboratory"
    assert first.copyright == "Copyright (C) 2024 Invented Laboratory"
    assert list(second.peaks) == [(65.0386, 12), (91.0542, 999), (119.0855, 210)]


def test_the_comment_of_an_msp_record_can_hold_members_and_an_accession() -> None:
    text = 'Name: x\nComments: "SMILES=CCO" "InChIKey=LFQSCWFLJHTTHZ-UHFFFAOYSA-N" MSBNK-Inv-1\nNum Peaks: 1\n45 1 "a; b"\n'
    found = read("a.msp", text)
    assert (found.smiles, found.inchikey) == ("CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N")
    assert found.accession == "MSBNK-Inv-1"


@pytest.mark.parametrize(
    "change",
    [
        ("\n", "\r\n"),
        ("NAME: sample one", "\ufeffNAME: sample one"),
        ("Num Peaks", "num peaks"),
        ("Num Peaks: ", "NUM_PEAKS:"),
        ("82.0651 300", "82.0651\t300"),
        ("82.0651 300\n", "82.0651 300; "),
        ("82.0651 300", '82.0651 300 "C5H8N+; 1 of 1"'),
        ("82.0651 300", "82.0651 300 C5H8N+"),
        ("\n82.0651", "\n\n82.0651"),
        ("NAME: sample one\nPRECURSORMZ: 304.1543\n", "PRECURSORMZ: 304.1543\nNAME: sample one\n"),
        ("INCHIKEY: ", "INCHIKEY: InChIKey="),
        ("182.1176 999\n", "182.1176 999\n//\n"),
        ("NAME: sample one", "# a table by hand\nNAME: sample one"),
        ("LICENSE: CC BY", "AC$LINK: none: at all\nLICENSE: CC BY"),
    ],
    ids=str,
)
def test_msp_is_read_as_programs_write_it(change: tuple[str, str]) -> None:
    text = samples.MSP.replace(*change)
    assert text != samples.MSP
    assert read_spectra("a.msp", text.encode()) == read_spectra("a.msp", samples.MSP.encode())


def test_records_without_a_name_follow_each_other() -> None:
    text = "PRECURSOR_MZ: 136.1121\nCOMPOUND_NAME: one\nNUM PEAKS: 1\n91.0542 9\n" * 2
    assert [found.name for found in read_spectra("a.msp", text.encode())] == ["one", "one"]


@pytest.mark.parametrize("written", ["", "0", "-1", "N/A", "null", "unknown"])
def test_a_precursor_that_a_file_does_not_know_is_none(written: str) -> None:
    assert read("a.msp", samples.MSP.replace("304.1543", written)).precursor_mz is None


def test_a_licence_may_be_missing_and_a_minus_is_a_polarity() -> None:
    found = read("a.msp", samples.MSP.replace("LICENSE: CC BY\n", "").replace("Positive", "-"))
    assert (found.licence, found.ion_mode) == ("", "negative")


def test_mgf_gives_one_spectrum_per_block_with_its_own_names_for_members() -> None:
    first, second = read_spectra("a.mgf", samples.MGF.encode())
    assert (first.name, first.precursor_mz, first.ion_mode) == ("sample one", 304.1543, "positive")
    assert first.peaks[-1] == (182.1176, 999.0)
    assert (second.adduct, second.precursor_mz) == ("M+H", 150.1277)


def test_mzml_unpacks_compressed_and_plain_arrays_of_either_width() -> None:
    found = read("a.mzML", samples.MZML)
    assert [x for x, _ in found.peaks] == pytest.approx([65.0386, 91.0542, 119.0855])
    assert [y for _, y in found.peaks] == [12, 999, 210]
    assert (found.precursor_mz, found.ms_level, found.energy) == (150.1277, 2, "30 eV")
    assert (found.ion_mode, found.instrument) == ("positive", "Invented analyser")


def test_a_compressed_array_that_would_grow_beyond_its_declared_length_is_refused_before_it_grows() -> None:
    bomb = base64.b64encode(zlib.compress(b"\0" * 50_000_000)).decode()
    assert refusal("a.mzML", samples.mzml(bomb, samples.packed((1.0,) * 3, "f"))).code == "peak_count"


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE mzML [<!ENTITY a "b">]>',
        '<!DOCTYPE mzML SYSTEM "file:///etc/hostname">',
        '<!DOCTYPE mzML [<!ENTITY % p SYSTEM "x"> %p;]>',
    ],
)
def test_xml_with_a_document_type_is_refused_whatever_it_declares(head: str) -> None:
    text = samples.MZML.replace("<mzML", f"{head}<mzML", 1)
    assert refusal("a.mzML", text).code == "unsafe_xml"


def test_xml_that_nests_beyond_reason_is_refused() -> None:
    assert refusal("a.mzML", "<mzML>" + "<a>" * 200_000).code == "unsafe_xml"


def test_a_profile_mass_spectrum_is_refused_because_its_peaks_are_not_picked() -> None:
    profile = samples.MZML.replace("MS:1000127", "MS:1000128")
    assert refusal("a.mzML", profile).code == "profile_data"


def test_jcamp_mass_spectra_keep_origin_formula_and_the_way_of_ionisation() -> None:
    found = read("a.jdx", samples.JCAMP_MS)
    assert list(found.peaks) == [(44, 999), (65, 80), (91, 190), (120, 20)]
    assert (found.formula, found.ion_mode, found.instrument_type) == ("C9H13N", "positive", "GC EI")
    assert found.is_unit_resolution
    assert (found.authors, found.source) == ("A. Chemist", "Invented Laboratory")


def test_jcamp_nmr_data_become_shifts_in_ppm_and_stay_a_curve() -> None:
    found = read("a.jdx", samples.JCAMP_NMR)
    assert (found.nucleus, found.frequency_mhz, found.solvent) == ("1H", 400.0, "CDCl3")
    assert found.is_trace
    assert found.peaks[0] == (0.0, 45.0)
    assert found.peaks[-1] == (9.0, 5.0)
    assert [y for _, y in reversed(found.peaks)] == [5, 10, 15, 25, 20, 20, 50, 50, 45, 45]


def test_the_reference_point_of_jcamp_nmr_data_moves_the_shifts() -> None:
    text = samples.JCAMP_NMR.replace("##XUNITS", "##.SHIFT REFERENCE= INTERNAL, CDCl3, 1, 10.0\n##XUNITS")
    assert read("a.jdx", text).peaks[-1][0] == pytest.approx(10.0)


def test_a_jcamp_table_of_shifts_is_a_peak_list() -> None:
    found = read("a.jdx", samples.JCAMP_SHIFTS)
    assert (found.nucleus, found.solvent, found.is_trace) == ("13C", "DMSO-d6", False)
    assert list(found.peaks) == [(50.2, 8), (128.5, 22), (170.1, 10)]


def test_every_block_of_a_jcamp_file_is_read() -> None:
    inner = samples.JCAMP_MS + samples.JCAMP_SHIFTS
    text = f"##TITLE= both\n##DATA TYPE= LINK\n##BLOCKS= 2\n{inner}##END=\n"
    assert [found.kind for found in read_spectra("a.jdx", text.encode())] == ["ms", "nmr"]


def test_the_real_part_of_jcamp_ntuples_is_read_and_said_to_be_that() -> None:
    table = (
        "##NTUPLES= NMR SPECTRUM\n##VAR_NAME= FREQUENCY, SPECTRUM/REAL, PAGE NUMBER\n##SYMBOL= X, R, N\n"
        "##VAR_DIM= 4, 4, 1\n##UNITS= HZ, ARBITRARY UNITS, \n##FIRST= 1200, 1, 1\n##LAST= 0, 4, 1\n"
        "##FACTOR= 1, 2, 1\n##PAGE= N=1\n##DATA TABLE= (X++(R..R)), XYDATA\n1200 1 2 3 4\n"
    )
    head = samples.JCAMP_NMR.split("##XUNITS")[0]
    found = read("a.jdx", f"{head}{table}##END=\n")
    assert list(found.peaks) == [(0.0, 8.0), (1.0, 6.0), (2.0, 4.0), (3.0, 2.0)]
    assert "real_part_only" in found.notices


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("3600A0J0TK0\n2400E1j0%SA00\n800A00j0%", "check_failed"),
        ("3600A0J0TK0\n2400E0j0%SA00", "peak_count"),
        ("3600A0Z999999999", "too_many_peaks"),
        ("3600T9", "format_damaged"),
        ("3600A0?", "not_a_number"),
    ],
)
def test_squeezed_jcamp_tables_are_checked_as_they_are_read(line: str, code: str) -> None:
    table = samples.JCAMP_NMR.split("##XYDATA")[0] + f"##XYDATA= (X++(Y..Y))\n{line}\n##END=\n"
    assert refusal("a.jdx", table).code == code


def test_a_jcamp_file_of_ten_million_points_is_refused_at_its_declaration() -> None:
    text = samples.JCAMP_NMR.replace("##NPOINTS= 10", "##NPOINTS= 10000000")
    assert refusal("a.jdx", text).code == "too_many_peaks"


def test_a_long_curve_is_thinned_so_that_no_line_is_lost() -> None:
    values = [0] * 40_000
    values[12_345] = 900
    head = samples.JCAMP_NMR.replace("##NPOINTS= 10", "##NPOINTS= 40000").split("##XYDATA")[0]
    rows = "\n".join("0 " + " ".join(map(str, values[at : at + 50])) for at in range(0, 40_000, 50))
    found = read("a.jdx", f"{head}##XYDATA= (X++(Y..Y))\n{rows}\n##END=\n")
    assert len(found.peaks) <= 8_192
    assert max(y for _, y in found.peaks) == 450
    assert "points_thinned" in found.notices


def test_an_infrared_spectrum_is_read_as_a_curve() -> None:
    text = (
        "##TITLE= film\n##DATA TYPE= INFRARED SPECTRUM\n##XUNITS= 1/CM\n##YUNITS= TRANSMITTANCE\n##FIRSTX= 4000\n"
        "##LASTX= 1000\n##NPOINTS= 4\n##YFACTOR= 0.01\n##XYDATA= (X++(Y..Y))\n4000 95 40\n2000 88 12\n##END=\n"
    )
    found = read("a.jdx", text)
    assert (found.kind, found.is_trace, found.y_unit) == ("ir", True, "TRANSMITTANCE")
    assert [x for x, _ in found.peaks] == [1000, 2000, 3000, 4000]
    assert [y for _, y in found.peaks] == pytest.approx([0.12, 0.88, 0.40, 0.95])
