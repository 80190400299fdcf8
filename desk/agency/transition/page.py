# SPDX-License-Identifier: Apache-2.0
"""Transition to new leadership: the steps in their order, each with the page where it is done."""

from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callers import clock
from callers.errors import InputError
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from officers.transitions import (
    Step,
    begin_transition,
    finish_transition,
    look_through,
    transition_of,
)

Text = str | Promise

ACTS: Final = {"begin": begin_transition, "look_through": look_through, "finish": finish_transition}
_DONE: Final[dict[str, Text]] = {
    "begin": gettext_lazy("Begun. Each step is ticked once it is done."),
    "look_through": gettext_lazy("Noted."),
    "finish": gettext_lazy("Noted."),
}
_TEXTS: Final[dict[str, tuple[Text, Text, str]]] = {
    "people": (
        gettext_lazy("Give the new people their roles"),
        gettext_lazy("At least one new admin or key officer. A second admin agrees, or a day passes."),
        "officers",
    ),
    "gone": (
        gettext_lazy("Take their roles from those who go"),
        gettext_lazy("Everybody who was admin or key officer at the beginning."),
        "officers",
    ),
    "root": (
        gettext_lazy("Change the root"),
        gettext_lazy(
            "The old root signs the new one, so that partners go on without comparing anew. Without the old root, recover "
            "it: that takes days, and partners are warned. Send the new fingerprint to partners on paper."
        ),
        "keys",
    ),
    "duty": (
        gettext_lazy("Put the duty list in order"),
        gettext_lazy("Whom partners and reminders reach first."),
        "duty",
    ),
    "entry": (
        gettext_lazy("State how your agency is reached"),
        gettext_lazy("Telephone, time zone and contact points, anew even where they stay."),
        "own_entry",
    ),
    "keys": (
        gettext_lazy("Replace the API keys from before"),
        gettext_lazy("Rotate or revoke each key for this desk; look at those for the exchange, too."),
        "apikeys",
    ),
    "sessions": (
        gettext_lazy("End the sessions from before"),
        gettext_lazy("Everybody signs in anew; an officer's page ends that officer's sessions."),
        "officers",
    ),
    "agreements": (
        gettext_lazy("Go through agreements and suspensions"),
        gettext_lazy("What the new leadership leaves, suspends or resumes, and what waits to be sent."),
        "agreements",
    ),
}
"""Name, help and page of each step."""


@dataclass(frozen=True)
class Row:
    """Step as the page shows it."""

    step: Step
    title: Text
    text: Text
    address: str

    @property
    def names(self) -> str:
        """Names of whom it is about."""
        return "; ".join(self.step.names)


def page(request: HttpRequest) -> HttpResponseBase:
    """Show the steps on GET; begin, note or finish on POST."""
    officer, now = signed_in(request), clock.now()
    if request.method != "POST":
        return _shown(request, officer)
    verb = request.POST.get("verb", "")
    try:
        if verb not in ACTS:
            raise InputError("verb", _("Choose what to do."))
        ACTS[verb](officer, now=now)
    except InputError as refused:
        return _shown(request, officer, refused.problem)
    messages.success(request, str(_DONE[verb]))
    return redirect("admin:transition")


def _shown(request: HttpRequest, officer: Officer, problem: str = "") -> HttpResponse:
    state = transition_of(officer, now=clock.now())
    rows = [
        Row(step, *_TEXTS[step.code][:2], reverse(f"admin:{_TEXTS[step.code][2]}")) for step in state.steps
    ]
    return render_page(
        request,
        "agency/transition",
        _("New leadership"),
        status=422 if problem else 200,
        transition=state.row,
        rows=rows,
        problem=problem,
        is_first=state.row is not None and state.row.first_by_id == officer.pk,
    )
