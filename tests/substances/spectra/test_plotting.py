# SPDX-License-Identifier: Apache-2.0
"""A plot stands under a strict content policy, describes its picture in words, and keeps within a page."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from substances.errors import InputRefusedError
from substances.spectra.axes import thinned, ticks_between
from substances.spectra.library import shipped_library
from substances.spectra.plotting import MAX_ROWS, Plot, Words, mirror_plot, plot_spectrum
from substances.spectra.reading import read_spectra
from substances.spectra.spectrum import Spectrum
from tests.substances.spectra import samples

LIBRARY = shipped_library()
HOSTILE = '<script>alert(1)</script>" onload="x'


def named(name: str) -> Spectrum:
    return next(spectrum for spectrum in LIBRARY if spectrum.name == name)


def plots() -> list[Plot]:
    single = [plot_spectrum(spectrum, ident=f"p{place}") for place, spectrum in enumerate(LIBRARY)]
    files = [read_spectra(name, text.encode())[0] for name, text in samples.FILES.items()]
    return [*single, *map(plot_spectrum, files), mirror_plot(named("oxycodone"), named("morphine"))]


def test_every_plot_is_sound_xml_without_style_script_or_handlers() -> None:
    for plot in plots():
        for element in ElementTree.fromstring(plot.svg).iter():  # noqa: S314 - our own text
            assert element.tag.split("}")[-1] in {"svg", "title", "desc", "g", "path", "polyline", "text"}
            assert not {name for name in element.attrib if name == "style" or name.startswith("on")}


def test_words_and_names_are_escaped() -> None:
    words = Words(*([HOSTILE] * 6))
    plot = mirror_plot(replace(named("fentanyl"), name=HOSTILE), named("morphine"), words=words, ident="a")
    assert "<script" not in plot.svg
    assert 'onload="x' not in plot.svg
    ElementTree.fromstring(plot.svg)  # noqa: S314 - our own text


def test_a_plot_has_a_title_a_description_and_named_axes() -> None:
    plot = plot_spectrum(named("fentanyl"), words=Words("Fentanyl", "One high peak"), ident="one")
    assert 'aria-labelledby="one-t one-d"' in plot.svg
    assert '<title id="one-t">Fentanyl</title><desc id="one-d">One high peak</desc>' in plot.svg
    assert ">m/z</text>" in plot.svg
    assert ">188.14</text>" in plot.svg


def test_the_table_holds_the_highest_peaks_and_says_how_many_are_left_out() -> None:
    quinine = named("quinine")
    plot = plot_spectrum(quinine)
    assert len(plot.rows) == MAX_ROWS
    assert plot.rows_left_out == len(quinine.peaks) - MAX_ROWS
    assert [float(row.x) for row in plot.rows] == sorted(float(row.x) for row in plot.rows)
    assert max(float(row.height) for row in plot.rows) == 100


def test_a_mirror_plot_says_which_peaks_stand_in_both() -> None:
    fentanyl = named("fentanyl")
    plot = mirror_plot(fentanyl, fentanyl)
    assert {row.side for row in plot.rows} == {"both"}
    other = mirror_plot(fentanyl, named("morphine"))
    assert {"upper", "lower"} <= {row.side for row in other.rows}


def test_shifts_run_from_right_to_left_with_their_couplings_in_the_table() -> None:
    plot = plot_spectrum(read_spectra("a.txt", samples.SENTENCE.encode())[0])
    places = [float(x) for x in re.findall(r'class="sp-label" x="([\d.]+)"', plot.svg)]
    assert places == sorted(places, reverse=True)
    assert next(row.note for row in plot.rows if row.x == "2.51") == "dd, J = 8.1, 2 Hz"


def test_no_plot_is_heavy() -> None:
    crowded = replace(
        named("quinine"), peaks=tuple((50 + place / 50, 1.0 + place % 97) for place in range(15_000))
    )
    assert len(plot_spectrum(crowded).svg) < 25_000
    assert len(mirror_plot(crowded, crowded).svg) < 45_000


@pytest.mark.parametrize("peaks", [(), ((100.0, float("nan")),), ((float("inf"), 1.0),)])
def test_what_cannot_be_drawn_is_refused(peaks: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(InputRefusedError):
        plot_spectrum(replace(named("fentanyl"), peaks=peaks))


def test_ticks_are_round_and_few() -> None:
    assert ticks_between(41.0, 352.0, 6) == [50, 100, 150, 200, 250, 300, 350]
    assert ticks_between(-0.2, 1.1, 6) == pytest.approx([-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1.0])


def test_thinning_keeps_every_high_and_low() -> None:
    points = [(float(x), 0.0) for x in range(10_000)]
    points[4_321] = (4_321.0, 9.0)
    kept = thinned(points, 100)
    assert len(kept) <= 100
    assert (4_321.0, 9.0) in kept
