# SPDX-License-Identifier: Apache-2.0
"""Reopening a desk by the agency's root: the keeper asks for one person, the head signs, the keeper hands it in."""

from typing import Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.errors import EnvelopeError
from accord.envelope.reopening import AGAIN
from callers import clock
from callers.errors import InputError
from desk.agency.keys.forms import SignedForm
from desk.agency.keys.proposals_page import saved
from desk.agency.officers.acts import answer_invited
from desk.keeper.forms import FirstAdminForm
from desk.keeper.reopening_words import refused_text
from desk.web.confirm import Question, ask, problems_of, refuse
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.entering import Entry, entry_of
from officers.models import Reopening
from officers.reopening import REQUEST_LIVES, ask_reopening, hand_in_reopening, open_request

As: Final = Reopening.As


class ReopeningForm(FirstAdminForm):
    role = forms.ChoiceField(
        label=gettext_lazy("As"),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("As: choose one, of which nobody is left.")
        ),
    )
    field_order = ("role", "full_name", "email")

    def __init__(self, data: object, *, is_own: bool) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        # The unit is the agency's own business, and the root signs nothing of it.
        del self.fields["unit"]
        self.fields["role"].choices = [row for row in As.choices if is_own or row[0] != As.KEEPER]  # type: ignore[attr-defined]


def reopening_ask(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Ask who is to be let in, and in which role; an open request is replaced."""
    keeper, now = signed_in(request), clock.now()
    entry = entry_of(keeper, agency_id, now=now)
    form = ReopeningForm(request.POST if request.method == "POST" else None, is_own=settings.OWN_DESK)
    if not form.is_valid():
        return ask(request, _asking(entry), form)
    try:
        ask_reopening(keeper, entry.agency, now=now, **form.cleaned_data)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _asking(entry), form)
    return redirect("admin:desk_reopening", agency_id)


def reopening(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Show on GET how the open request is signed, take the signed file on POST; without a request the keeper makes one first."""
    keeper, now = signed_in(request), clock.now()
    entry = entry_of(keeper, agency_id, now=now)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = SignedForm(*posted)
    if form.is_valid():
        try:
            let_in = hand_in_reopening(keeper, entry.agency, form.cleaned_data["signed"], now=now)
        except (EnvelopeError, InputError) as refused:
            form.add_error("signed", refused_text(refused))
        else:
            after = reverse("admin:desk_agency", args=[agency_id])
            return answer_invited(request, let_in.link, after, by_root=True)
    row = open_request(keeper, entry.agency, now=now)
    if row is None:
        return redirect("admin:desk_reopening_ask", agency_id) if not posted else _refused(form)
    return _page(request, entry, row, form)


def reopening_file(request: HttpRequest, agency_id: str) -> HttpResponse:
    """Return the exact octets that the root is to sign; without an open request redirect to the page that makes one."""
    keeper, now = signed_in(request), clock.now()
    row = open_request(keeper, entry_of(keeper, agency_id, now=now).agency, now=now)
    if row is None:
        return redirect("admin:desk_reopening_ask", agency_id)
    return saved(row.payload.encode(), _name(row))


def _refused(form: SignedForm) -> HttpResponseBase:
    """Raise the refusal, where no open request can be shown with it."""
    raise InputError("signed", str(form.errors["signed"][0]))


def _name(row: Reopening) -> str:
    return f"{row.agency_id}-reopen-{row.made_at:%Y%m%d-%H%M}.proposal"


def _page(request: HttpRequest, entry: Entry, row: Reopening, form: SignedForm) -> HttpResponse:
    name, said = _name(row), row.said
    signed_name = name.removesuffix(".proposal") + ".signed"
    problems = problems_of(form)
    return render_page(
        request,
        "agency/desk_reopening",
        _("Reopening"),
        status=422 if problems else 200,
        row=entry.agency,
        said=said,
        digest=said.od,
        role=As(said.role).label,
        is_again=said.account == AGAIN,
        made_at=row.made_at,
        until=row.made_at + REQUEST_LIVES,
        name=name,
        signed_name=signed_name,
        command=f"accord sign {name} --root root.accord --out {signed_name}",
        form=form,
        problems=problems,
    )


def _asking(entry: Entry) -> Question:
    return Question(
        _("Reopening"),
        _("Let somebody in by the root of %(name)s") % {"name": isolated(entry.agency.name)},
        _("Make the request"),
        reverse("admin:desk_agency", args=[entry.agency.pk]),
        does=[
            _("For when the last agency admin or key officer is gone, or has lost every second factor."),
            _(
                "It makes a file that the agency's head signs with the root, offline. Before that nothing changes, and without it the keeper can let nobody in."
            ),
            _(
                "Where an account stands under the address already, its password, second factors and sessions end with it."
            ),
        ],
    )
