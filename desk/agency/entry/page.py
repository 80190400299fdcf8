# SPDX-License-Identifier: Apache-2.0
"""Contact data of the agency: what the exchange has now, and a form with which an admin states it anew."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.statements.bodies import MAX_CONTACTS
from alerts.agency.entry import read_own_entry, state_own_entry
from callers import clock
from callers.errors import InputError
from callers.timezones import zone_choices
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import signed_in


class EntryForm(forms.Form):
    telephone = forms.CharField(
        label=gettext_lazy("Duty telephone"),
        help_text=gettext_lazy("Every agency sees it. Leave it empty where nobody can be called."),
        max_length=40,
        required=False,
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("By it partners see what time it is with you."),
        choices=zone_choices,
        error_messages={
            "invalid_choice": gettext_lazy("Time zone: choose a name of the IANA database."),
            "required": gettext_lazy("Time zone: choose a name of the IANA database."),
        },
    )
    contacts = forms.CharField(
        label=gettext_lazy("Contact points"),
        help_text=gettext_lazy(
            "Up to five mail addresses, a line each. The exchange mails them, without a word of content, when nothing has read your agency's feed for 2 minutes after a flash, or for 10 minutes otherwise: so you learn of it while this desk is away."
        ),
        widget=forms.Textarea(attrs={"rows": MAX_CONTACTS, "spellcheck": "false"}),
        max_length=2000,
        required=False,
    )

    def clean_contacts(self) -> list[str]:
        """Return the addresses, one for each line; empty lines are ignored."""
        return str(self.cleaned_data["contacts"]).split()


def own_entry(request: HttpRequest) -> HttpResponseBase:
    """Show on GET what the exchange has; state it anew on POST."""
    officer = signed_in(request)
    if request.method != "POST":
        said = read_own_entry(officer)
        initial = {
            "telephone": said.telephone,
            "timezone": said.timezone,
            "contacts": "\n".join(said.contacts),
        }
        return ask(request, _question(is_stated=said.statement is not None), EntryForm(initial=initial))
    form = EntryForm(request.POST)
    if not form.is_valid():
        return ask(request, _question(is_stated=True), form)
    try:
        state_own_entry(officer, **_given(form), now=clock.now())
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _question(is_stated=True), form)
    messages.success(request, _("Published. Partners see it within a few minutes."))
    return redirect("admin:directory")


def _given(form: EntryForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("telephone", "timezone", "contacts")}


def _question(*, is_stated: bool) -> Question:
    does = [
        _("It is signed with your agency's key, so that nobody changes it with a stolen API key."),
        _(
            "A partner that has compared your fingerprint sees the new number beside the old one until its key officer takes it."
        ),
    ]
    if not is_stated:
        does.append(
            _("Your agency has not stated it yet: what stands here the exchange's operator has entered.")
        )
    return Question(
        _("How your agency is reached"),
        _("How your agency is reached"),
        _("Publish it"),
        reverse("admin:directory"),
        does=does,
    )
