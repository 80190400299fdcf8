# SPDX-License-Identifier: Apache-2.0
"""The period that a page or a call asks about."""

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accord.reciprocity import Period
from callers.errors import InputError

LONGEST: Final = timedelta(days=3653)
MONTHS_OF_A_QUARTER: Final = 3


class PeriodForm(forms.Form):
    """First and last day, in UTC."""

    first = forms.DateField(
        label=pgettext_lazy("first day", "From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("required", "invalid"), gettext_lazy("From: enter a day.")),
    )
    last = forms.DateField(
        label=pgettext_lazy("last day", "To"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("required", "invalid"), gettext_lazy("To: enter a day.")),
    )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if "first" in said and "last" in said:
            try:
                check_period(Period(said["first"], said["last"]))
            except InputError as refused:
                self.add_error("last", refused.problem)
        return said


def check_period(period: Period) -> Period:
    """Return the period; raises InputError for one that ends before it begins, or is longer than ten years."""
    if period.last < period.first:
        raise InputError("last", _("To: enter a day that is not before the first."))
    if period.last - period.first > LONGEST:
        raise InputError("last", _("To: choose ten years at most."))
    return period


def read_period(query: QueryDict, today: date) -> tuple[Period, PeriodForm]:
    """Return the period in an address and its form; the running quarter where none is given, or a wrong one."""
    running = quarter_of(today)
    if "first" not in query and "last" not in query:
        return running, PeriodForm(initial={"first": running.first, "last": running.last})
    form = PeriodForm(query)
    return (
        Period(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else running
    ), form


def quarter_of(day: date) -> Period:
    """Return the quarter of a day."""
    first = day.replace(month=day.month - (day.month - 1) % MONTHS_OF_A_QUARTER, day=1)
    return Period(first, (first + timedelta(days=95)).replace(day=1) - timedelta(days=1))


def usual_periods(today: date) -> tuple[tuple[str, Period], ...]:
    """Return the periods that are mostly asked for, with their names."""
    this = quarter_of(today)
    year = today.year
    return (
        (_("This quarter"), this),
        (_("Last quarter"), quarter_of(this.first - timedelta(days=1))),
        (_("This year"), Period(date(year, 1, 1), date(year, 12, 31))),
        (_("Last year"), Period(date(year - 1, 1, 1), date(year - 1, 12, 31))),
    )
