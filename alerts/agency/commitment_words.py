# SPDX-License-Identifier: Apache-2.0
"""Standing commitments as sentences."""

from collections.abc import Mapping

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accord.commitments import ANSWERS, COURT_OUTCOMES, Commitment, Span

GIVEN_WORDS = {
    "spectra": gettext_lazy("spectra"),
    "methods": gettext_lazy("methods of analysis"),
    "reference_standards": gettext_lazy("reference standards"),
    "samples_offered": gettext_lazy("offers of samples"),
    COURT_OUTCOMES: gettext_lazy("outcomes in court"),
    ANSWERS: gettext_lazy("answers to questions"),
}


def commitment_text(one: Commitment, names: Mapping[str, str]) -> str:
    """Return the commitment as a sentence; `names` gives the agencies' names by their ids."""
    words = {
        "by": names.get(one.by, one.by),
        "to": names.get(one.to, one.to),
        "what": GIVEN_WORDS[one.what],
        "how": how_often(one),
        "day": date_format(one.begins, _("j M Y")),
        "zone": one.zone,
    }
    text = _("%(by)s gives %(what)s to %(to)s %(how)s, from %(day)s (%(zone)s).") % words
    if not one.is_zone_known:
        text = _("%(text)s This time zone exists no more: days are counted in UTC.") % {"text": text}
    return text


def how_often(one: Commitment) -> str:
    """Return how often, or within what time, it is owed."""
    return _every(one.every) if one.every else _within(one.within)


def _every(span: Span) -> str:
    return {
        "day": ngettext("every day", "every %(n)s days", span.n),
        "week": ngettext("every week", "every %(n)s weeks", span.n),
        "month": ngettext("every month", "every %(n)s months", span.n),
        "quarter": ngettext("every quarter", "every %(n)s quarters", span.n),
        "year": ngettext("every year", "every %(n)s years", span.n),
    }[span.unit] % {"n": span.n}


def _within(span: Span | None) -> str:
    assert span is not None, "a commitment has one of the two"
    return {
        "hour": ngettext("within %(n)s hour", "within %(n)s hours", span.n),
        "day": ngettext("within %(n)s day", "within %(n)s days", span.n),
    }[span.unit] % {"n": span.n}
