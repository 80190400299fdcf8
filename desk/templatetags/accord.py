# SPDX-License-Identifier: Apache-2.0
"""Template tags and filters of the desk: icons, markings, moments with their zone, short digests."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.agency.lanes import REASONS
from alerts.document import countries
from callers.templatetags import look
from callers.templatetags.look import drawing
from desk.agency.keys.words import SUITE_NAMES
from desk.web.tones import isolated, some_names, tone_of
from officers.models import Officer
from peers.models import Agency

register = template.Library()
register.filters.update(look.register.filters)
register.tags.update(look.register.tags)
register.filter("isolated", isolated)

TLP_SHAPES = {
    "RED": "red",
    "AMBER": "amber",
    "AMBER+STRICT": "amber-strict",
    "GREEN": "green",
    "CLEAR": "clear",
}


@register.simple_tag
def tlp(marking: str) -> SafeString:
    """Show the marking by word, colour and shape; the word is never left out."""
    shape = drawing(TLP_SHAPES[marking]) if marking in TLP_SHAPES else ""
    return format_html('<span class="tlp" data-tlp="{}">{}TLP:{}</span>', marking, shape, marking)


def _span(seconds: int) -> str:
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


@register.filter
def distance(value: datetime | None, now: datetime) -> str:
    """Return the distance of a moment from `now`, in one unit, rounded down."""
    if value is None:
        return ""
    seconds = int((value - now).total_seconds())
    form = _("in %(span)s") if seconds >= 0 else _("%(span)s ago")
    return form % {"span": _span(abs(seconds))}


@register.filter
def span_to(value: datetime, later: datetime) -> str:
    """Return the time between two moments, in one unit, rounded down."""
    return _span(int((later - value).total_seconds()))


@register.filter
def clock(due: datetime, now: datetime) -> str:
    """Return what is left until a time, or how long it is past, in few letters."""
    seconds = int((due - now).total_seconds())
    form = "%(span)s" if seconds > 0 else _("%(span)s late")
    return form % {"span": _short_span(abs(seconds))}


def _short_span(seconds: int) -> str:
    minutes, hours = seconds // 60, seconds // 3600
    if hours < 1:
        return _("%(n)s min") % {"n": max(minutes, 1)}
    if hours < 48:
        return _("%(n)s h") % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


@register.filter
def hours_until(value: datetime, now: datetime) -> str:
    """Return a distance in hours, however long it is."""
    hours = max(int((value - now).total_seconds()), 0) // 3600
    return ngettext("in %(n)s hour", "in %(n)s hours", hours) % {"n": hours}


@register.filter
def short_digest(value: str) -> str:
    return f"{value[:8]}…{value[-4:]}" if len(value) > 14 else value


@register.filter
def whole_id(value: str) -> SafeString:
    """Show an id to be copied in full, in two halves, so that a narrow place breaks it in the middle and nowhere else."""
    half = (len(value) + 1) // 2
    form = '<code class="digest whole"><span>{}</span><span>{}</span></code>'
    return format_html(form, value[:half], value[half:])


@register.filter
def suite_text(suites: str) -> str:
    """Return the words for a suite, or for several with commas between them; one unknown here as it is."""
    return "; ".join(str(SUITE_NAMES.get(suite, suite)) for suite in suites.split(", "))


@register.filter
def kind_and_place(agency: Agency) -> str:
    """Return what an agency is and in which country."""
    return countries.kind_and_place(agency.kind, agency.country)


@register.filter
def beside_name(agency: Agency) -> str:
    """Return kind and country as far as the agency's name does not say them."""
    name = agency.name.casefold()
    return ", ".join(part for part in kind_and_place(agency).split(", ") if part.casefold() not in name)


@register.filter
def lookup(mapping: dict[str, object], key: str) -> object:
    return mapping.get(key, key)


@register.filter
def tone(state: str) -> str:
    """Return the tone in which a state's word is shown."""
    return tone_of(state)


@register.filter
def names_of(ids: Iterable[str], names: Mapping[str, str]) -> str:
    """Return the first names of these ids, and how many more there are."""
    return some_names(names.get(agency, agency) for agency in ids)


@register.filter
def suspension_reason(why: str) -> str:
    """Return the reason for a suspension in words."""
    return str(dict(REASONS).get(why, why))


@register.filter
def officers_named(officers: Iterable[Officer]) -> str:
    """Return the first names of these officers, and how many more there are."""
    return some_names(officer.display_name for officer in officers)
