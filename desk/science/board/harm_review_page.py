# SPDX-License-Identifier: Apache-2.0
"""Harm review of a substance of which no harm was known: its outcome, and when the next is due."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import find_alert, find_received
from alerts.models import Alert, ReceivedAlert
from callers import clock
from callers.errors import AbsentError, InputError
from desk.alerts.display.titles import title_of
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import signed_in
from desk.web.tones import isolated
from officers.models import Officer
from science.board.harm_reviews import NOTE_AT_MOST, HarmReviewOutcome, record_review, reviews_of


class LookForm(forms.Form):
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=HarmReviewOutcome.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Outcome: choose one.")),
    )
    next_on = forms.DateField(
        label=gettext_lazy("Next review"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Where no harm is known still; with the other outcomes none is due."),
        error_messages={"invalid": gettext_lazy("Next review: write the day as YYYY-MM-DD.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=NOTE_AT_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For your agency alone, such as where you asked."),
        error_messages={"max_length": gettext_lazy("Note: use up to 500 characters.")},
    )


def received(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Record a look at an alert that the agency received."""
    officer = signed_in(request)
    alert = find_received(officer, alert_id)
    return _answer(request, officer, alert, reverse("admin:received", args=[alert.pk]))


def own(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Record a look at an alert that the agency sent."""
    officer = signed_in(request)
    alert = find_alert(officer, alert_id)
    if alert.released_at is None:
        raise AbsentError
    return _answer(request, officer, alert, reverse("admin:sent", args=[alert.pk]))


def _answer(
    request: HttpRequest, officer: Officer, subject: ReceivedAlert | Alert, address: str
) -> HttpResponseBase:
    form = LookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            record_review(officer, subject, **form.cleaned_data, now=clock.now())
        except InputError as refused:
            refuse(form, refused)
        else:
            messages.success(request, _said(form.cleaned_data["outcome"]))
            return redirect("admin:science_board")
    question = Question(
        title=_("Harm review"),
        heading=_("What came of the harm review?"),
        button=_("Write it down"),
        back=reverse("admin:science_board"),
        does=[
            _("It is your agency's own note: nobody else is told, and the alert stays as it is."),
            _("A new report of the substance makes it due again."),
        ],
        facts=[(_("Alert"), isolated(title_of(subject)))],
        extra={"looks": reviews_of(officer, subject), "alert_address": address},
    )
    return ask(request, question, form, template="science/harm_review")


def _said(outcome: str) -> str:
    if outcome == HarmReviewOutcome.HARM_FOUND:
        return _("Written down. Tell it in a new version of the alert, or in an alert of your own.")
    return _("Written down.")
