# SPDX-License-Identifier: Apache-2.0
"""Keys for the exchange: issuing and ending them by statements that an admin signs, and replacing the desk's own.

The text of a key is in one answer and stored nowhere.
"""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accord.calls.credentials import CredentialAnswer
from accord.envelope.encoding import b64u, sha256
from accord.moments import moment_of
from alerts.agency.credentials import (
    Credentials,
    end_credential,
    issue_credential,
    read_credentials,
    replace_own_credential,
)
from callers import clock
from callers.capabilities import CALLS_OF_A_DESK, Capability
from callers.errors import AbsentError, InputError
from desk.agency.apikeys.page import EXCHANGE_TEXTS, IssueForm, sent_before, shown_once
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.frame import signed_in

DESK: Final = "desk"
KEYWORD: Final = "Api-Key"
"""Keyword of the header with which the exchange takes a key."""


class ReplaceForm(forms.Form):
    return_key = forms.CharField(
        label=gettext_lazy("Key for coming back"),
        help_text=gettext_lazy(
            "Only where the desk's own key serves no more: the exchange's operator gives you one. Else leave it empty."
        ),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": gettext_lazy("Key for coming back: paste it whole, and nothing else.")},
    )


@sensitive_variables("made")
def issue(request: HttpRequest) -> HttpResponseBase:
    """Issue a key at the exchange; its text is only in this answer."""
    officer, now = signed_in(request), clock.now()
    listed = _listed(read_credentials(officer))
    posted = request.POST if request.method == "POST" else None
    for_desk = request.GET.get("for") == DESK
    form = IssueForm(EXCHANGE_TEXTS, posted, initial={"seen": listed, **_proposed(for_desk=for_desk)})
    question = Question(
        _("Key for the exchange"),
        _("Issue a key for another desk of your agency") if for_desk else _("Issue a key for the exchange"),
        _("Sign and issue key"),
        reverse("admin:apikeys"),
        does=[
            _(
                "A statement signed by your agency's keys asks the exchange for it. The statement stands in its log."
            ),
            _("The key is shown once, on the next page. Keep it where your system keeps its secrets."),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    if form.cleaned_data["seen"] != listed:
        return sent_before(request)
    try:
        made = issue_credential(
            officer,
            client=form.cleaned_data["client"],
            scopes=form.cleaned_data["scopes"],
            lifetime=timedelta(days=form.cleaned_data["days"]),
            networks=form.cleaned_data["networks"],
            now=now,
        )
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    return shown_once(
        request,
        made.key,
        keyword=KEYWORD,
        client=made.client,
        agency_id=officer.agency_id,
        until=moment_of(made.until),
    )


def _proposed(*, for_desk: bool) -> dict[str, Any]:
    """Return the form's proposal: the scopes of a desk, or for another system those that only read."""
    if for_desk:
        return {"scopes": sorted(CALLS_OF_A_DESK)}
    return {"scopes": [Capability.DIRECTORY_READ, Capability.LEDGER_READ]}


def end(request: HttpRequest, prefix: str) -> HttpResponseBase:
    """End a key at the exchange, from its next request on."""
    officer = signed_in(request)
    key = _one_of(officer, prefix)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = Question(
        _("Key for the exchange"),
        _("End the key of %(client)s?") % {"client": key.client},
        _("Sign and end key %(prefix)s") % {"prefix": key.prefix},
        reverse("admin:apikeys"),
        does=[
            _(
                "A statement signed by your agency's keys ends it at the exchange. The statement stands in its log."
            ),
            _("The system is refused from its next request on. What it handed in before stays."),
            _("Keys that this one replaced, and that replaced it, end with it."),
        ],
        lasts=_("A key that was ended does not come back."),
        facts=_facts(key),
        is_grave=True,
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        end_credential(officer, prefix, now=clock.now())
    except InputError as refused:
        refuse(form, InputError("", refused.problem))
        return ask(request, question, form)
    messages.success(request, _("The key is ended."))
    return redirect("admin:apikeys")


@sensitive_post_parameters("return_key")
@sensitive_variables()
def replace_own(request: HttpRequest) -> HttpResponseBase:
    """Replace the desk's own key, which is shown to nobody."""
    form = ReplaceForm(request.POST if request.method == "POST" else None)
    question = Question(
        _("Key for the exchange"),
        _("Replace the key by which this desk calls the exchange?"),
        _("Sign and replace key"),
        reverse("admin:apikeys"),
        does=[
            _(
                "A statement signed by your agency's keys asks the exchange for another key, which this desk keeps sealed."
            ),
            _(
                "The one before ends. The desk replaces its key by itself in good time: do this where it was stolen or lost."
            ),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        replace_own_credential(
            signed_in(request), return_key=form.cleaned_data["return_key"].strip(), now=clock.now()
        )
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    messages.success(request, _("The desk calls the exchange with another key now."))
    return redirect("admin:apikeys")


def _listed(known: Credentials) -> str:
    """Return a digest of the existing keys, so that a form that is sent again issues nothing."""
    return b64u(sha256(" ".join(sorted(item.prefix for item in known.items)).encode("ascii")))[:22]


def _one_of(officer: Any, prefix: str) -> CredentialAnswer:
    found = next((item for item in read_credentials(officer).items if item.prefix == prefix), None)
    if found is None:
        raise AbsentError
    return found


def _facts(key: CredentialAnswer) -> list[tuple[str | Promise, Any]]:
    return [
        (_("System"), key.client),
        (_("Key"), key.prefix),
        (_("From"), ", ".join(key.networks) or _("anywhere")),
    ]
