# SPDX-License-Identifier: Apache-2.0
"""Taking over an agency's identity from another desk or command that has stopped, by a key officer."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.exchange_errors import exchange_errors
from alerts.sending.sending_stopped import holder_shown
from callers import clock
from callers.templatetags.look import moment
from desk.web.confirm import Question, ask
from desk.web.frame import signed_in
from vault.instances import Holder
from vault.instances import take_over as take_identity_over


class HolderForm(forms.Form):
    """Form with the holder that was shown, so that no other one is released unseen."""

    holder = forms.UUIDField(widget=forms.HiddenInput)


def take_over(request: HttpRequest) -> HttpResponseBase:
    """Ask, then take the identity over: replacing a holder that still works would make two desks send in one name.

    Where nobody else holds the identity this redirects to the keys page.
    """
    officer, now = signed_in(request), clock.now()
    agency_id = officer.agency_id or ""
    named = holder_shown(agency_id)
    if named is None or not named.holder:
        return redirect("admin:keys")
    form = HolderForm(request.POST if request.method == "POST" else None, initial={"holder": named.holder})
    if not form.is_valid():
        return ask(request, _question(named), form)
    with exchange_errors(agency_id):
        is_holder = take_identity_over(officer, agency_id, str(form.cleaned_data["holder"]), now=now)
    if is_holder:
        messages.success(request, _("This desk holds your agency's identity. What waited is sent now."))
    else:
        messages.warning(
            request, _("The other one has announced itself again: it still works. Stop it first.")
        )
    return redirect("admin:keys")


def _question(named: Holder) -> Question:
    facts = [(_("Holder"), named.software or _("not said")), (_("Its id"), named.holder)]
    if named.free_at is not None:
        facts.append((_("Free by itself"), moment(named.free_at)))
    return Question(
        _("Identity"),
        _("Take your agency's identity over?"),
        _("Take it over"),
        reverse("admin:keys"),
        does=[
            _(
                "Make sure first that the desk or command named here has stopped, and stays so: nobody asks it."
            ),
            _("The exchange lets go of it and takes this desk. Then what waits here is sent."),
        ],
        lasts=_(
            "Where the other one still works, both sign in your agency's name, and one of them is refused."
        ),
        facts=facts,
    )
