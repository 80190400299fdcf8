# SPDX-License-Identifier: Apache-2.0
"""Spectrum of an alert on a page: the plot, how it was measured, whose it is, and whether it fits."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.document.science_sentences import notices_of
from alerts.document.science_words import analysis_words
from science.spectra.evidence import SpectrumSeen
from science.structures.drawings import inert_svg
from substances.spectra.plotting import Plot, Words, plot_spectrum

if TYPE_CHECKING:
    from alerts.document.choices import Text
    from substances.spectra.fits import Fit
    from substances.spectra.spectrum import Spectrum

ROWS_AT_MOST: Final = 12
KINDS: Final[Mapping[str, "Text"]] = {
    "ms": gettext_lazy("Mass spectrum"),
    "nmr": gettext_lazy("NMR spectrum"),
    "ir": gettext_lazy("Infrared spectrum"),
}
AXES: Final[Mapping[str, tuple["Text", "Text"]]] = {
    "ms": ("m/z", gettext_lazy("Relative intensity (%)")),
    "nmr": (gettext_lazy("Chemical shift (ppm)"), gettext_lazy("Relative intensity (%)")),
    "ir": (gettext_lazy("Wavenumber (1/cm)"), gettext_lazy("Relative value (%)")),
}
FITS: Final[Mapping[str, tuple[str, "Text"]]] = {
    "fits": (
        "ok",
        gettext_lazy("Nothing in it speaks against the structure of this alert. That is no proof of it."),
    ),
    "unclear": ("warn", gettext_lazy("Whether it fits the structure of this alert is unclear.")),
    "does_not_fit": (
        "danger",
        gettext_lazy("It does not fit the structure of this alert; compare file and structure."),
    ),
}
CHECKS: Final[Mapping[str, "Text"]] = {
    "precursor": gettext_lazy("precursor mass"),
    "fragments": gettext_lazy("fragments as parts of the formula"),
    "molecular_ion": gettext_lazy("molecular ion"),
    "formula": gettext_lazy("formula stated in the file"),
    "carbon_signals": gettext_lazy("number of carbon signals"),
    "hydrogen_count": gettext_lazy("number of hydrogens"),
    "hydrogen_signals": gettext_lazy("number of hydrogen signals"),
    "fluorine_signals": gettext_lazy("number of fluorine signals"),
    "phosphorus_signals": gettext_lazy("number of phosphorus signals"),
    "element_present": gettext_lazy("the measured element is in the structure"),
}
OUTCOMES: Final[Mapping[str, "Text"]] = {
    "agrees": gettext_lazy("agrees"),
    "unclear": gettext_lazy("unclear"),
    "disagrees": gettext_lazy("disagrees"),
}


@dataclass(frozen=True)
class SpectrumShown:
    """`facts` say how it was measured and whose it is; `analysis` is the line of evidence that names the file."""

    filename: str
    title: "Text" = ""
    plot: Plot | None = field(default=None, repr=False)
    facts: tuple[tuple["Text", str], ...] = field(default=(), repr=False)
    analysis: str = field(default="", repr=False)
    more: int = 0
    fit_tone: str = ""
    fit_text: "Text" = ""
    checks: tuple[str, ...] = ()
    problem: str = ""


def show_spectra(seen: Iterable[SpectrumSeen], document: Mapping[str, Any]) -> tuple[SpectrumShown, ...]:
    """Return the spectra in the order of the files."""
    lines = {
        row["file"]: analysis_words({**row, "file": ""})
        for row in document.get("evidence") or ()
        if row["file"]
    }
    return tuple(_shown(one, lines.get(one.filename, ""), f"sp{n}") for n, one in enumerate(seen, start=1))


def _shown(seen: SpectrumSeen, analysis: str, ident: str) -> SpectrumShown:
    if seen.spectrum is None:
        return SpectrumShown(seen.filename, problem=seen.problem, analysis=analysis)
    spectrum = seen.spectrum
    x_axis, y_axis = AXES[spectrum.kind]
    title = KINDS[spectrum.kind]
    words = Words(
        title=_("%(kind)s from %(file)s") % {"kind": title, "file": seen.filename[:60]},
        description=_("%(n)s peaks; the table below lists the most intense.") % {"n": len(spectrum.peaks)},
        x_axis=str(x_axis),
        y_axis=str(y_axis),
    )
    plot = plot_spectrum(spectrum, words=words, ident=ident)
    strongest = sorted(plot.rows, key=lambda row: -float(row.height))[:ROWS_AT_MOST]
    tone, text = FITS.get(seen.fit.verdict, ("", "")) if seen.fit else ("", "")
    return SpectrumShown(
        filename=seen.filename,
        title=title,
        plot=replace(
            plot,
            svg=inert_svg(plot.svg),
            rows=tuple(row for row in plot.rows if row in strongest),
            rows_left_out=plot.rows_left_out + len(plot.rows) - len(strongest),
        ),
        facts=tuple(_facts(spectrum)),
        analysis=analysis,
        more=seen.more,
        fit_tone=tone,
        fit_text=text,
        checks=tuple(_checks(seen.fit)) if seen.fit else (),
    )


def _facts(spectrum: "Spectrum") -> Iterator[tuple["Text", str]]:
    """Yield what the file itself states, without empty members."""
    precursor = (
        "" if spectrum.precursor_mz is None else f"{spectrum.precursor_mz:g} {spectrum.adduct}".strip()
    )
    frequency = "" if spectrum.frequency_mhz is None else f"{spectrum.frequency_mhz:g} MHz"
    told: tuple[tuple[Text, str], ...] = (
        (gettext_lazy("Named in the file"), spectrum.name),
        (gettext_lazy("Precursor m/z"), precursor),
        (gettext_lazy("Nucleus"), " ".join(filter(None, (spectrum.nucleus, frequency)))),
        (gettext_lazy("Solvent"), spectrum.solvent),
        (gettext_lazy("Energy"), spectrum.energy),
        (gettext_lazy("Instrument"), " ".join(filter(None, (spectrum.instrument, spectrum.instrument_type)))),
        (gettext_lazy("On reading"), notices_of(spectrum.notices)),
        (gettext_lazy("Accession"), spectrum.accession),
        (gettext_lazy("Authors"), spectrum.authors),
        (gettext_lazy("Licence"), spectrum.licence),
        (gettext_lazy("Copyright"), spectrum.copyright),
    )
    return ((label, text[:200]) for label, text in told if text)


def _checks(fit: "Fit") -> Iterator[str]:
    for check in fit.checks:
        if check.outcome in OUTCOMES and check.check in CHECKS:
            said = f"{CHECKS[check.check]}: {OUTCOMES[check.outcome]}"
            if check.outcome == "disagrees" and check.expected is not None and check.found is not None:
                said = _("%(said)s (expected %(expected)s, found %(found)s)") % {
                    "said": said,
                    "expected": f"{check.expected:g}",
                    "found": f"{check.found:g}",
                }
            yield said
