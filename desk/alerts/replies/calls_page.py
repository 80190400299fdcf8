# SPDX-License-Identifier: Apache-2.0
"""Pages on which an officer notes a telephone call about an alert: to the sender of a received one, to a recipient of a sent one."""

import uuid
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import find_alert, find_received
from alerts.boxes.outbox import recipients_named
from alerts.models import Alert, ReceivedAlert
from alerts.red_readers import is_red
from alerts.replies.calls import TEXT_CHARS, note_call
from alerts.states import SENT
from callers import clock
from callers.errors import AbsentError, InputError
from desk.alerts.display.titles import title_of
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import signed_in
from desk.web.tones import isolated

MINUTE = "%Y-%m-%dT%H:%M"


class CallForm(forms.Form):
    """Form of a call. `agencies` are those that may have been called, by id and name; None where only one may."""

    agency = forms.ChoiceField(
        label=gettext_lazy("Agency"),
        error_messages={
            "required": gettext_lazy("Agency: choose one that this was sent to."),
            "invalid_choice": gettext_lazy("Agency: choose one that this was sent to."),
        },
    )
    called_at = forms.DateTimeField(
        label=gettext_lazy("Called at"),
        help_text=gettext_lazy("In your own time zone."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "autocomplete": "off"}, format=MINUTE),
        error_messages={
            "required": gettext_lazy("Called at: enter a day and a time."),
            "invalid": gettext_lazy("Called at: enter a day and a time."),
        },
    )
    text = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=TEXT_CHARS,
        help_text=gettext_lazy("Whom you spoke to, and what they said. Only your agency reads it."),
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "dir": "auto"}),
        error_messages={
            "required": gettext_lazy(
                "Note: say in up to 1,000 characters whom you spoke to and what they said."
            )
        },
    )

    def __init__(self, *args: Any, agencies: list[tuple[str, str]] | None, red: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["agency"]
        assert isinstance(field, forms.ChoiceField)
        if agencies is None:
            del self.fields["agency"]
        else:
            field.choices = [("", ""), *agencies]
        if red:
            del self.fields["text"]


def to_sender(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Note a call to the sender of a received alert."""
    received = find_received(signed_in(request), alert_id)
    return _note(request, received, None, reverse("admin:received", args=[received.pk]))


def to_recipient(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Note a call to a recipient of a sent alert."""
    alert = find_alert(signed_in(request), alert_id)
    if alert.state not in SENT:
        raise AbsentError
    return _note(request, alert, recipients_named(alert), reverse("admin:sent", args=[alert.pk]))


def _note(
    request: HttpRequest, about: Alert | ReceivedAlert, agencies: list[tuple[str, str]] | None, back: str
) -> HttpResponseBase:
    question = Question(
        title=_("Note a call"),
        heading=_("Note a telephone call"),
        button=_("Note the call"),
        back=back,
        does=(_("It ends further reminders of what is overdue. It acknowledges and answers nothing."),),
        facts=((_("Alert"), isolated(title_of(about))),),
    )
    form_of = partial(CallForm, agencies=agencies, red=is_red(about.tlp))
    if request.method != "POST":
        first = {
            "called_at": f"{timezone.localtime(clock.now()):{MINUTE}}",
            "agency": request.GET.get("agency", ""),
        }
        return ask(request, question, form_of(initial=first))
    form = form_of(request.POST)
    if not form.is_valid():
        return ask(request, question, form)
    try:
        note_call(signed_in(request), about, **{"text": ""} | form.cleaned_data, now=clock.now())
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    messages.success(request, _("Noted. Reminders of what is overdue end."))
    return redirect(back)
