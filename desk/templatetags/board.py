# SPDX-License-Identifier: Apache-2.0
"""Template filters of the early-warning board: places and classes by name, means and chances in readable form."""

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerts.document.countries import country_name
from science.board.counting import ROWS
from science.law.drug_classes import DRUG_CLASSES

register = template.Library()


@register.filter
def country(code: str) -> str:
    return country_name(code)


@register.filter
def class_name(key: str) -> str:
    return str(dict(DRUG_CLASSES).get(key, key))


@register.filter
def in_figures(number: float) -> str:
    """Format a number with two figures where it is small, as a whole number where it is large."""
    return number_format(number, 0 if number >= 10 else 1 if number >= 1 else 2)


@register.filter
def as_chance(chance: float) -> str:
    """Format a chance as one in so many, rounded, or as less than one in a million."""
    if chance < 1e-6:
        return _("less than one in a million")
    return _("1 in %(n)s") % {"n": number_format(round(1 / chance), 0, use_l10n=True, force_grouping=True)}


@register.filter
def unlocalised(number: float) -> str:
    """Format a coordinate of a drawing, with a point before its decimals in every language."""
    return f"{number:.1f}"


@register.filter
def hidden_rows(rows: tuple[object, ...]) -> int:
    """Return how many of a list are not shown."""
    return max(0, len(rows) - ROWS)
