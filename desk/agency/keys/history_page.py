# SPDX-License-Identifier: Apache-2.0
"""The history of an agency that moves: handed over as a file at one desk, taken in at the other."""

from typing import Final

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alerts.history.handing_over import hand_over_history
from alerts.history.taking_in import take_history
from callers import clock
from callers.errors import InputError, MoveError
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import render_page, signed_in
from vault.errors import NotElsewhereError

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
_NO_FILE: Final = gettext_lazy("History: choose the file that the other desk gave.")


class PlaceForm(forms.Form):
    place = forms.IntegerField(min_value=0, max_value=10**7, required=False)


class HistoryForm(forms.Form):
    history = forms.FileField(
        label=gettext_lazy("History"),
        help_text=gettext_lazy("Up to 64 MiB; the other desk divides a longer one into parts."),
        error_messages=dict.fromkeys(("required", "invalid", "empty"), _NO_FILE),
    )


def hand_over(request: HttpRequest) -> HttpResponseBase:
    """Hand over a part of the history as a file, sealed to the key that the other desk has made."""
    officer, now = signed_in(request), clock.now()
    form = PlaceForm(request.POST)
    place = (form.cleaned_data.get("place") or 0) if form.is_valid() else 0
    try:
        made = hand_over_history(officer, place=place, now=now)
    except (MoveError, NotElsewhereError):
        messages.warning(
            request,
            _("The log has no keys of the other desk yet, or the keys here are destroyed. Look again."),
        )
        return redirect("admin:leaving")
    ends = "last" if made.next_place is None else f"then-{made.next_place}"
    name = f"{officer.agency_id}-history-{now:%Y%m%d-%H%M}-from-{place}-{ends}.accord"
    response = FileResponse(made.file, as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


def take(request: HttpRequest) -> HttpResponseBase:
    """Take in a part; each envelope is verified, and the receipt is shown."""
    officer, now = signed_in(request), clock.now()
    form = HistoryForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if not form.is_valid():
        return ask(request, _question(), form)
    file = form.cleaned_data["history"]
    if file.size > MAX_FILE_BYTES:
        form.add_error("history", _("History: it is too large. Have the other desk make it in parts."))
        return ask(request, _question(), form)
    try:
        taken = take_history(officer, file, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _question(), form)
    return render_page(request, "keys/history_taken", _("History"), taken=taken, words=_words(taken.taken))


def _words(count: int) -> str:
    text = ngettext(
        "%(count)s envelope was verified and taken in.",
        "%(count)s envelopes were verified and taken in.",
        count,
    )
    return text % {"count": count}


def _question() -> Question:
    return Question(
        _("History"),
        _("Take your agency's history in"),
        _("Take it in"),
        reverse("admin:keys"),
        does=[
            _("The file that the other desk has made, sealed to your agency's new key. It opens here alone."),
            _("Each alert is verified as when it comes by the feed. The same file may be taken in again."),
        ],
    )
