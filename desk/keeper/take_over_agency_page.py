# SPDX-License-Identifier: Apache-2.0
"""Page on which a desk takes over an agency from another desk that has held its keys: an API key, and the fingerprint from
paper.
"""

from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from alerts.exchange_errors import exchange_errors
from callers import clock
from callers.errors import InputError
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import signed_in
from officers.arrival import Coming, begin_arrival
from officers.errors import TakenInError

_NO_KEY: Final = gettext_lazy("API key: it has 12 characters, a dot, 43 characters.")
_NO_FINGERPRINT: Final = gettext_lazy("Fingerprint: enter it from paper, 64 digits and letters a to f.")


class ComingForm(forms.Form):
    """Form whose API key is not shown while it is typed, nor again."""

    api_key = forms.CharField(
        label=gettext_lazy("API key of the agency"),
        help_text=gettext_lazy("The other desk issues it under API keys: “Issue a key for another desk…”."),
        max_length=80,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        error_messages={"required": _NO_KEY, "max_length": _NO_KEY},
    )
    fingerprint = forms.CharField(
        label=gettext_lazy("Fingerprint of the agency's root"),
        help_text=gettext_lazy(
            "Of the root in force, as the agency has it on paper: 64 digits and letters a to f, spaces allowed."
        ),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "spellcheck": "false"}),
        error_messages={"required": _NO_FINGERPRINT, "max_length": _NO_FINGERPRINT},
    )


@sensitive_post_parameters("api_key")
@sensitive_variables("form")
def come(request: HttpRequest) -> HttpResponseBase:
    """Verify whose API key it is and the agency's keysets, then create the agency here; no key comes along."""
    keeper, now = signed_in(request), clock.now()
    form = ComingForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return ask(request, _question(), form)
    try:
        with exchange_errors():
            agency = begin_arrival(keeper, Coming(**form.cleaned_data), now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _question(), form)
    except TakenInError:
        form.add_error(None, _("This desk has this agency already, or is another one's own."))
        return ask(request, _question(), form, status=409)
    messages.success(
        request,
        _(
            "The agency has its place here. Invite its first agency admin next; its key officer then makes the keys."
        ),
    )
    return redirect("admin:desk_agency", agency.pk)


def _question() -> Question:
    heading = _("Take over from another desk")
    return Question(
        heading,
        heading,
        _("Take it over"),
        reverse("admin:index"),
        does=[
            _(
                "From another desk, which has held its keys. None of them comes along: this desk makes new ones, and the agency's head signs that they count."
            ),
            _(
                "Nothing changes at the exchange yet. The other desk sends for the agency until two of its officers let it go."
            ),
            _("What opens the alerts of before comes afterwards, sealed to the new keys, as a file."),
        ],
    )
