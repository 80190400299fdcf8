# SPDX-License-Identifier: Apache-2.0
"""What the early-warning board's templates ask for: places and classes by name, means and chances as people read them."""

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
    """Two figures where it is small, whole where it is large."""
    return number_format(number, 0 if number >= 10 else 1 if number >= 1 else 2)


@register.filter
def as_chance(chance: float) -> str:
    """One in so many, rounded; what cannot be told from none is said so."""
    if chance < 1e-6:
        return _("less than one in a million")
    return _("1 in %(n)s") % {"n": number_format(round(1 / chance), 0, use_l10n=True, force_grouping=True)}


@register.filter
def unlocalised(number: float) -> str:
    """A coordinate of a drawing: a point before its decimals in every language."""
    return f"{number:.1f}"


@register.filter
def hidden_rows(rows: tuple[object, ...]) -> int:
    """How many of a list are not shown."""
    return max(0, len(rows) - ROWS)
