# SPDX-License-Identifier: Apache-2.0
"""The agency's calendar: working days and hours, and holidays pasted or taken from a file; all its officers may read it."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import agency_of
from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import render_page, signed_in
from officers.calendars import Calendar, calendar_of, change_calendar, holidays_text, read_holidays

MOST_OCTETS: Final = 64_000
WEEK: Final = tuple((day, WEEKDAYS[day - 1]) for day in range(1, 8))


class CalendarForm(forms.Form):
    """Form of the whole calendar; a file takes the place of the list that is typed."""

    working_days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Working days"),
        choices=WEEK,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Working days: choose at least one.")},
    )
    opens = forms.TimeField(
        label=gettext_lazy("From"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages=dict.fromkeys(("required", "invalid"), gettext_lazy("From: enter a time like 09:00.")),
    )
    closes = forms.TimeField(
        label=gettext_lazy("Until"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages=dict.fromkeys(
            ("required", "invalid"), gettext_lazy("Until: enter a time like 17:00.")
        ),
    )
    holidays = forms.CharField(
        label=gettext_lazy("Holidays"),
        required=False,
        max_length=MOST_OCTETS,
        help_text=gettext_lazy("One day on a line: 2027-01-01, New Year."),
        widget=forms.Textarea(
            attrs={"rows": 12, "autocomplete": "off", "spellcheck": "false", "dir": "auto"}
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file of such lines (CSV)"),
        required=False,
        help_text=gettext_lazy("It replaces the list above."),
    )

    def clean_file(self) -> str | None:
        """Return the text of the file; None where none was chosen."""
        given = self.cleaned_data["file"]
        if given is None:
            return None
        if given.size > MOST_OCTETS:
            raise forms.ValidationError(_("File: too large for a list of holidays."))
        try:
            text: str = given.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("File: save it as text in UTF-8.")) from None
        return text

    def calendar(self) -> Calendar:
        """Return the calendar that a valid form asks for; raises InputError (`holidays`)."""
        values = self.cleaned_data
        text = values["holidays"] if values["file"] is None else values["file"]
        return Calendar(tuple(values["working_days"]), values["opens"], values["closes"], read_holidays(text))


def calendar(request: HttpRequest) -> HttpResponse:
    """Show when the agency works."""
    officer = signed_in(request)
    agency = agency_of(officer)
    stated = calendar_of(agency)
    return render_page(
        request,
        "agency/calendar",
        _("Calendar"),
        stated=stated,
        days=[str(name) for day, name in WEEK if stated and day in stated.working_days],
        zone=agency.timezone,
        may_manage=Capability.AGENCY_MANAGE in officer.capabilities,
    )


def change(request: HttpRequest) -> HttpResponseBase:
    """State working days, hours and holidays anew."""
    officer = signed_in(request)
    agency = agency_of(officer)
    question = Question(
        title=_("Calendar"),
        heading=_("When does your agency work?"),
        button=_("Save"),
        back=reverse("admin:calendar"),
        does=(
            _(
                "Reminders of routine questions keep to it, and the form proposes times to answer by within it. A time that was sent counts as it stands."
            ),
            _("Hours are in your agency's time zone, %(zone)s.") % {"zone": agency.timezone},
        ),
    )
    if request.method != "POST":
        return ask(request, question, CalendarForm(initial=_initial(calendar_of(agency) or Calendar())))
    form = CalendarForm(request.POST, request.FILES)
    if not form.is_valid():
        return ask(request, question, form)
    try:
        change_calendar(officer, form.calendar(), now=clock.now())
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    messages.success(request, _("The calendar is saved."))
    return redirect("admin:calendar")


def _initial(stated: Calendar) -> dict[str, Any]:
    return {
        "working_days": list(stated.working_days),
        "opens": stated.opens,
        "closes": stated.closes,
        "holidays": holidays_text(stated.holidays),
    }
