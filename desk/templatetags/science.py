# SPDX-License-Identifier: Apache-2.0
"""Template filters of the science pages: shares as per cent, drawings made harmless."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from alerts.document.files import AttachmentShown
from alerts.document.science_sentences import notices_of
from alerts.document.science_words import method_name
from officers.models import Officer
from science.answers.screening import LawLines, PlaceShown, ScreeningShown, law_lines, without_rules
from science.spectra.received import may_hold_spectra
from science.structures.drawings import inert_svg

register = template.Library()

DECIMALS_AT_MOST: Final = 6


@register.filter
def percent(share: float | None, digits: int = 1) -> str:
    """Format a share of 1 as per cent, in the reader's number format."""
    return "" if share is None else f"{number_format(share * 100, digits)}\N{NO-BREAK SPACE}%"


@register.filter
def rate(share: float | None, pairs: int) -> str:
    """Format a share of so many pairs; where none was found it is no rate of zero."""
    if share is not None and share * pairs < 1 <= pairs:
        return _("fewer than 1 in %(pairs)s") % {"pairs": number_format(pairs, 0, force_grouping=True)}
    return percent(share, 2)


@register.filter
def ratio(value: float | None) -> str:
    """Format a likelihood ratio with three significant figures: more would claim a precision that no calibration has."""
    if value is None:
        return ""
    rounded = float(f"{value:.3g}")
    decimals = next((n for n in range(DECIMALS_AT_MOST) if round(rounded, n) == rounded), DECIMALS_AT_MOST)
    return str(number_format(rounded, decimals))


@register.filter
def method_title(profile: Mapping[str, Any]) -> str:
    return method_name(profile["method"], profile["version"])


@register.filter
def holds_spectra(file: AttachmentShown) -> bool:
    """Tell whether a file of an alert may be matched as a spectrum, by its name and size."""
    return may_hold_spectra(file.filename, file.size)


@register.filter
def read_notices(codes: tuple[str, ...]) -> str:
    """Return what was corrected on reading a spectrum."""
    return notices_of(codes)


@register.filter
def place_names(places: Sequence[PlaceShown]) -> str:
    return ", ".join(place.name for place in places)


@register.filter
def country_without_rules(shown: ScreeningShown, reader: Officer) -> str:
    """Return the name of the reader's country where the screening asks no rule or list of it; else an empty text."""
    return without_rules(shown, reader.agency.country if reader.agency else "")


@register.filter
def law_lines_for(shown: ScreeningShown, reader: Officer) -> LawLines:
    """Return the jurisdictions as an alert's page lists them, the reader's own first."""
    return law_lines(shown, reader.agency.country if reader.agency else "")


@register.filter
def drawing(svg: str) -> SafeString:
    """Return a drawing of the science core, inline, with only shapes and text left in it."""
    return inert_svg(svg)
