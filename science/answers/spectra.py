# SPDX-License-Identifier: Apache-2.0
"""Spectra that resemble a given one: asked with a reason, searched in the shipped spectra, the agency's own library and the
spectra that came with its alerts. The answer is ranked evidence, never a name alone.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from typing import Final

from django.db.models.functions import Length
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.models import ReceivedAlert
from alerts.query_audit import MATCHED, QueryReason, record_question, science_errors
from callers.actors import Actor
from callers.errors import InputError
from science.answers.fit import FitShown, show_fit
from science.rows.library import LibrarySpectrum
from science.spectra.library import SPECTRA_AT_MOST, KeptSpectrum, library_rows, open_spectra
from science.spectra.received import WAITING
from substances.sandbox import sandboxed
from substances.spectra.answers import Hit, Matches
from substances.spectra.library import entry_of, shipped_library
from substances.spectra.plotting import Plot, Words, mirror_plot, plot_spectrum
from substances.spectra.spectrum import Spectrum, spectrum_of

HITS_AT_MOST: Final = 10
PLOTS_AT_MOST: Final = 3
RECEIVED_AT_MOST: Final = 4 * 1024 * 1024
"""Limit in sealed octets of the alerts' spectra that one question reads."""
TOLERANCE_DA: Final = 0.02
ORIGINS: Final[Mapping[str, str | Promise]] = {
    "shipped": gettext_lazy("Comes with the product"),
    "own": gettext_lazy("Your agency's library"),
    "received": gettext_lazy("Received with an alert"),
}
VERDICTS: Final[Mapping[str, str | Promise]] = {
    "identified_candidate": gettext_lazy("One candidate"),
    "isomer_group": gettext_lazy("A group that this spectrum does not tell apart"),
    "no_match": gettext_lazy("Not identified"),
}
MEANINGS: Final[Mapping[str, str | Promise]] = {
    "identified_candidate": gettext_lazy(
        "One substance of the library fits. It is a candidate: confirm it by a second technique and a reference."
    ),
    "isomer_group": gettext_lazy(
        "It fits a group of substances, of which the library may have only one. Tell them apart by NMR, IR or retention with references."
    ),
    "no_match": gettext_lazy(
        "No spectrum looked at fits well enough to name a substance. It may still be any substance."
    ),
}
TONES: Final = {"identified_candidate": "ok", "isomer_group": "warn", "no_match": "quiet"}
REASONS: Final[Mapping[str, str | Promise]] = {
    "library_empty": gettext_lazy("There was no spectrum of this kind to compare with."),
    "none_in_precursor_window": gettext_lazy("No spectrum looked at has this precursor mass."),
    "score_low": gettext_lazy("The best hit is not alike enough."),
    "score_moderate": gettext_lazy("The best hit is alike, but not enough to stand alone."),
    "few_fragments": gettext_lazy("Too few fragments agree."),
    "precursor_unknown": gettext_lazy("The precursor mass is not known, so isobars were not kept apart."),
    "precursor_disagrees": gettext_lazy(
        "The spectra are alike but the masses differ: a related substance at most."
    ),
    "unit_resolution": gettext_lazy(
        "Nominal masses only: substances of one nominal mass are not told apart."
    ),
    "near_tie": gettext_lazy("Several substances score nearly the same."),
    "isomers_known": gettext_lazy("Other substances of the same formula are known."),
    "isomers_never_excluded_by_ms": gettext_lazy(
        "Mass spectrometry alone never excludes positional isomers."
    ),
}
GROUPS: Final[Mapping[str, str | Promise]] = {
    "isomers": gettext_lazy("Isomers, of the same formula"),
    "tie": gettext_lazy("Nearly the same score"),
    "isobars": gettext_lazy("Of this nominal mass"),
}


@dataclass(frozen=True)
class SpectrumAsked:
    """File or pasted peaks. `which` counts its spectra from 1; `structure` is one to check it against.

    `came_with`: the received alert that the file belongs to, whose own spectra are not compared with it.
    """

    filename: str = field(repr=False)
    data: bytes = field(repr=False)
    which: int = 1
    with_precursor: bool = True
    precursor_mz: float | None = None
    ion_mode: str = ""
    structure: str = field(default="", repr=False)
    came_with: uuid.UUID | None = None


@dataclass(frozen=True)
class HitShown:
    """Hit with its provenance; `received` is the alert it came with, `mirror` the plot of the query against it."""

    hit: Hit
    entry: Spectrum = field(repr=False)
    origin_text: str
    received: ReceivedAlert | None = None
    mirror: Plot | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SpectrumAnswer:
    """Answer in words; `matches` holds the codes and numbers, `found_in` the number of spectra by origin.

    `leaves_out_own`: spectra of the alert that the file came with were left out.
    """

    query: Spectrum = field(repr=False)
    in_file: int
    plot: Plot = field(repr=False)
    matches: Matches | None
    verdict_text: str
    meaning: str
    tone: str
    reasons: tuple[str, ...]
    hits: tuple[HitShown, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    found_in: Mapping[str, int]
    fit: FitShown | None = None
    leaves_out_own: bool = False


@dataclass(frozen=True)
class _Library:
    """Spectra of the agency and of its alerts; the shipped ones follow them. `received` runs parallel to `spectra`."""

    spectra: tuple[Spectrum, ...]
    received: tuple[ReceivedAlert | None, ...]

    def counted(self) -> dict[str, int]:
        """Return how many spectra of each origin are searched, by the origin's name."""
        counts = {origin: sum(1 for one in self.spectra if one.origin == origin) for origin in ORIGINS}
        counts["shipped"] = len(shipped_library())
        return {str(ORIGINS[origin]): count for origin, count in counts.items()}

    def alert_of(self, entry: int) -> ReceivedAlert | None:
        return self.received[entry] if entry < len(self.received) else None


def match_spectrum(
    actor: Actor, asked: SpectrumAsked, why: QueryReason, *, draws: bool = True, now: datetime
) -> SpectrumAnswer:
    """Read a spectrum and rank similar ones.

    Raises what `record_question` does, ScienceInputError, ScienceAwayError, and InputError on `which`.
    """
    agency = record_question(actor, MATCHED, why, now=now)
    with science_errors():
        found = sandboxed.read_spectra(asked.filename, asked.data)
    query = _query(found, asked)
    fit = _fit(query, asked.structure)
    if query.kind != "ms":
        return _unmatched(query, len(found), fit)
    library = _library(actor, agency.pk, asked.came_with)
    with science_errors():
        matches = sandboxed.match_spectrum(
            query, library.spectra, with_precursor=asked.with_precursor, limit=HITS_AT_MOST
        )
    shown = _shown(query, len(found), matches, library, fit, draws=draws)
    return replace(shown, leaves_out_own=asked.came_with is not None)


def _query(found: Sequence[Spectrum], asked: SpectrumAsked) -> Spectrum:
    if not 1 <= asked.which <= len(found):
        raise InputError(
            "which", _("Which: the file holds %(n)s spectra; choose one of them.") % {"n": len(found)}
        )
    stated = {"precursor_mz": asked.precursor_mz, "ion_mode": asked.ion_mode}
    return replace(found[asked.which - 1], **{name: value for name, value in stated.items() if value})  # type: ignore[arg-type]


def _fit(query: Spectrum, text: str) -> FitShown | None:
    """Return the comparison with a structure, if one is given."""
    if not text.strip():
        return None
    with science_errors():
        structure = sandboxed.read_structure(text)
        return show_fit(sandboxed.fit_spectrum(query, structure.smiles, structure.formula))


def _library(actor: Actor, agency_id: str, came_with: uuid.UUID | None) -> _Library:
    rows = list(library_rows(actor)[:SPECTRA_AT_MOST])
    kept = [*open_spectra(agency_id, rows), *open_spectra(agency_id, _came(actor, came_with))]
    pairs = [(spectrum_of(one.record), one.row.received) for one in kept if _is_whole(one)]
    return _Library(tuple(spectrum for spectrum, _row in pairs), tuple(row for _spectrum, row in pairs))


def _came(actor: Actor, came_with: uuid.UUID | None) -> list[LibrarySpectrum]:
    """Return spectra that came with alerts, newest alerts first, up to a total size, since the senders choose the sizes.

    Those of the alert that the file asked about came with are left out.
    """
    came = LibrarySpectrum.objects.visible_to(actor).with_alerts(actor).select_related("received__issuer")
    if came_with is not None:
        came = came.exclude(received=came_with)
    newest = came.exclude(token=WAITING).order_by("-received__received_at", "received", "number")
    sizes = list(newest.values_list("pk", Length("sealed"))[:SPECTRA_AT_MOST])
    totals = accumulate(size for _key, size in sizes)
    keys = [key for (key, _size), total in zip(sizes, totals, strict=True) if total <= RECEIVED_AT_MOST]
    by_key = came.in_bulk(keys)
    return [by_key[key] for key in keys if key in by_key]


def _is_whole(one: KeptSpectrum) -> bool:
    """Tell whether the record was read; an unread file of an alert has no peaks."""
    return "peaks" in one.record


def _unmatched(query: Spectrum, in_file: int, fit: FitShown | None) -> SpectrumAnswer:
    """Return an answer without matches: NMR and IR are shown and compared with a structure; libraries hold mass spectra only."""
    return SpectrumAnswer(
        query=query,
        in_file=in_file,
        plot=plot_spectrum(query, words=_words(query), ident="query"),
        matches=None,
        verdict_text=_("Not searched"),
        meaning=_(
            "Only mass spectra are searched in libraries. The spectrum is drawn, and checked against a structure where one is given."
        ),
        tone="quiet",
        reasons=(),
        hits=(),
        groups=(),
        found_in={},
        fit=fit,
    )


def _shown(
    query: Spectrum, in_file: int, matches: Matches, library: _Library, fit: FitShown | None, *, draws: bool
) -> SpectrumAnswer:
    hits = tuple(
        _hit_shown(
            query,
            hit,
            library,
            matches.fragment_tolerance_da or TOLERANCE_DA,
            draws=draws and place < PLOTS_AT_MOST,
        )
        for place, hit in enumerate(matches.hits)
    )
    return SpectrumAnswer(
        query=query,
        in_file=in_file,
        plot=plot_spectrum(query, words=_words(query), ident="query"),
        matches=matches,
        verdict_text=str(VERDICTS[matches.verdict]),
        meaning=str(MEANINGS[matches.verdict]),
        tone=TONES[matches.verdict],
        reasons=tuple(str(REASONS.get(code, code)) for code in matches.reasons),
        hits=hits,
        groups=tuple(
            (str(GROUPS.get(group.kind, group.kind)), tuple(member.name for member in group.members))
            for group in matches.groups
        ),
        found_in=library.counted(),
        fit=fit,
    )


def _hit_shown(query: Spectrum, hit: Hit, library: _Library, tolerance_da: float, *, draws: bool) -> HitShown:
    entry = entry_of(library.spectra, hit.entry)
    words = Words(
        title=_("Query against hit %(n)s") % {"n": hit.place},
        description=_("%(n)s peaks agree; the table below the picture lists them.") % {"n": hit.matched},
        x_axis="m/z",
        y_axis=_("Relative intensity (%)"),
        upper=_("Query"),
        lower=entry.name[:40],
    )
    mirror = (
        mirror_plot(query, entry, words=words, ident=f"hit{hit.place}", tolerance_da=tolerance_da)
        if draws
        else None
    )
    return HitShown(hit, entry, str(ORIGINS.get(entry.origin, "")), library.alert_of(hit.entry), mirror)


def _words(query: Spectrum) -> Words:
    axes: Mapping[str, tuple[str, str]] = {
        "ms": ("m/z", _("Relative intensity (%)")),
        "nmr": (_("Chemical shift (ppm)"), _("Relative intensity (%)")),
        "ir": (_("Wavenumber (1/cm)"), _("Relative value (%)")),
    }
    x_axis, y_axis = axes[query.kind]
    return Words(
        title=_("The spectrum asked about"),
        description=_("%(n)s peaks; the table below the picture lists the most intense.")
        % {"n": len(query.peaks)},
        x_axis=x_axis,
        y_axis=y_axis,
    )
