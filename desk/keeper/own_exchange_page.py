# SPDX-License-Identifier: Apache-2.0
"""Page on which an own desk is told its exchange: address and verifier key, checked there at once, compared by a person."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callers import clock
from callers.errors import InputError, MoveError
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import render_page, signed_in
from peers.own_exchange import (
    ExchangePlace,
    ask_exchange,
    keep_exchange,
    known_exchange,
    may_tell_exchange,
)


class OwnExchangeForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address of the exchange"),
        help_text=gettext_lazy("As its operator gave it, such as https://exchange.example."),
        max_length=200,
        widget=forms.URLInput(attrs={"autocomplete": "off", "dir": "ltr", "autofocus": True}),
        error_messages=dict.fromkeys(
            ("required", "max_length"),
            gettext_lazy("Address of the exchange: enter it as its operator gave it."),
        ),
    )
    vkey = forms.CharField(
        label=gettext_lazy("Verifier key of its log"),
        help_text=gettext_lazy("A name, +, 8 characters, +, the key. Paste it, or type it from paper."),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "spellcheck": "false"}),
        error_messages=dict.fromkeys(
            ("required", "max_length"),
            gettext_lazy("Verifier key: enter it as the exchange's operator gave it."),
        ),
    )


class ComparedForm(OwnExchangeForm):
    """Values that were checked, passed on hidden; the button says that the fingerprint was compared."""

    compared = forms.BooleanField(initial=True, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].widget = self.fields["vkey"].widget = forms.HiddenInput()


def own_exchange(request: HttpRequest) -> HttpResponseBase:
    """Ask for address and key, show what answers there with the fingerprint, and keep it once that is compared.

    Once it is settled, and at a hosted desk, whose settings have it, the page only shows it.
    """
    keeper, now = signed_in(request), clock.now()
    if not may_tell_exchange():
        return _known_page(request)
    form = OwnExchangeForm(request.POST if request.method == "POST" else None)
    try:
        if not form.is_valid():
            return ask(request, _telling(), form)
        url, vkey = form.cleaned_data["url"], form.cleaned_data["vkey"]
        if "compared" not in request.POST:
            return _compare_page(request, ask_exchange(keeper, url, vkey, now=now))
        keep_exchange(keeper, url, vkey, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _telling(), form)
    except MoveError:
        return _known_page(request)
    messages.success(request, _("The desk knows its exchange now."))
    return redirect("admin:index")


def _known_page(request: HttpRequest) -> HttpResponse:
    place = known_exchange()
    status = 200 if request.method in {"GET", "HEAD"} else 409
    return render_page(request, "own_desk/exchange", _("Exchange"), status=status, place=place)


def _compare_page(request: HttpRequest, found: ExchangePlace) -> HttpResponse:
    form = ComparedForm(initial={"url": found.url, "vkey": found.vkey})
    question = Question(
        _("Exchange"),
        _("Compare the fingerprint"),
        _("It is the same: keep it"),
        reverse("admin:own_exchange"),
        does=[
            _(
                "An exchange answers there. Call its operator on a number that you did not get from there: you read a group of four, the operator reads the next one."
            )
        ],
        facts=[
            (_("Address of the exchange"), found.url),
            (_("Fingerprint of the verifier key"), found.fingerprint),
        ],
        extra={"fingerprint": found.fingerprint},
    )
    return ask(request, question, form)


def _telling() -> Question:
    return Question(
        _("Exchange"),
        _("Which exchange does this desk belong to?"),
        _("Continue"),
        reverse("admin:index"),
        does=[
            _(
                "The exchange carries what is sealed and cannot read it. Its operator gave you an address and a verifier key, best on paper."
            )
        ],
    )
