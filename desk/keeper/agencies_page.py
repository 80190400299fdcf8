# SPDX-License-Identifier: Apache-2.0
"""Admission of an agency at this desk, step by step: taken in by its key for entering, its first admin, its keys."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accord.calls.answers import AgencyAnswer
from accord.envelope.keys import show_fingerprint
from alerts.document.countries import kind_and_place
from alerts.exchange_errors import exchange_errors
from alerts.problems import words_for
from alerts.sending.sending_stopped import is_still_to_come
from callers import clock
from callers.capabilities import Role
from callers.directory import Custody
from callers.errors import AbsentError, InputError, MoveError, NotPermittedError
from desk.agency.keys.refusals import refusal_text
from desk.agency.keys.words import waits_text
from desk.agency.officers.acts import answer_invited
from desk.keeper.forms import ConfirmedForm, EntryKeyForm, FirstAdminForm, TakeInForm
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.accountmail import hands_links_over
from officers.entering import Admitted, Confirmed, Entry, ask_admitted, entry_of, replace_entry_key, take_in
from officers.errors import TakenInError
from officers.invitations import invite_again, invite_officer
from vault.errors import ChangeRefusedError, ChangeWaitsError, KeyTakenError
from vault.services import create_agency_keys


@sensitive_post_parameters("entry_key")
def take_agency_in(request: HttpRequest) -> HttpResponseBase:
    """Ask for id and key, show what the exchange says of them, and take the agency in once that is confirmed."""
    posted = request.POST if request.method == "POST" else None
    form = TakeInForm(posted)
    if not form.is_valid():
        return ask(request, _taking_in(), form)
    try:
        with exchange_errors():
            return _look_or_take_in(request, form.cleaned_data["agency_id"], form.cleaned_data["entry_key"])
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _taking_in(), form)
    except TakenInError as refused:
        form.add_error("agency_id", words_for(refused))
        return ask(request, _taking_in(), form, status=409)


def agency(request: HttpRequest, agency_id: str) -> HttpResponse:
    """Show one agency as the keeper may see it: what is done and what is next, nothing of its work."""
    now = clock.now()
    entry = entry_of(signed_in(request), agency_id, now=now)
    return render_page(
        request,
        "agency/desk_agency",
        _("Agency"),
        entry=entry,
        row=entry.agency,
        root=show_fingerprint(entry.agency.root_fingerprint),
        has_entry_key=entry.has_entry_key(now),
        comes=is_still_to_come(agency_id, now=now),
        makes_keys_here=entry.agency.custody == Custody.HUB,
        may_reopen=entry.has_keys and entry.agency.custody != Custody.HUB,
    )


def first_admin(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Invite the first agency admin, by mail; that person invites everybody else there."""
    keeper, now = signed_in(request), clock.now()
    entry = entry_of(keeper, agency_id, now=now)
    form = FirstAdminForm(request.POST if request.method == "POST" else None)
    question = _question(
        entry,
        _("Invite the first agency admin of %(name)s") % {"name": isolated(entry.agency.name)},
        _("Invite"),
        does=[
            _("A link is shown once, for you to hand over.")
            if hands_links_over()
            else _("A mail with a link goes out now."),
            _("Everybody else is invited by that person, not by the keeper."),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        roles = [Role.AGENCY_ADMIN.value]
        _officer, link = invite_officer(keeper, entry.agency, roles=roles, now=now, **form.cleaned_data)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except NotPermittedError:
        form.add_error(None, _("The agency has an agency admin, who invites everybody else."))
        return ask(request, question, form, status=409)
    return answer_invited(request, link, reverse("admin:desk_agency", args=[agency_id]))


def first_admin_again(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Invite the first agency admin again, who has not accepted yet."""
    keeper, now = signed_in(request), clock.now()
    invited = entry_of(keeper, agency_id, now=now).first_admin
    if invited is None:
        raise AbsentError
    link = invite_again(keeper, invited, now=now)
    return answer_invited(request, link, reverse("admin:desk_agency", args=[agency_id]))


@sensitive_post_parameters("entry_key")
def entry_key(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Enter another key for entering, where the earlier one has ended or was replaced at the exchange."""
    keeper, now = signed_in(request), clock.now()
    entry = entry_of(keeper, agency_id, now=now)
    form = EntryKeyForm(request.POST if request.method == "POST" else None)
    question = _question(
        entry,
        _("Another key for entering: %(name)s") % {"name": isolated(entry.agency.name)},
        _("Keep the key"),
        does=[_("The exchange is asked by it now. It takes the place of the key that is kept.")],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        with exchange_errors():
            replace_entry_key(keeper, agency_id, form.cleaned_data["entry_key"], now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except MoveError:
        form.add_error(None, _("The agency has its keys; none is brought in any more."))
        return ask(request, question, form, status=409)
    messages.success(request, _("The key for entering is kept."))
    return redirect("admin:desk_agency", agency_id)


def make_keys(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Make the first keys of an agency whose root the hub holds."""
    keeper, now = signed_in(request), clock.now()
    entry = entry_of(keeper, agency_id, now=now)
    if entry.agency.custody != Custody.HUB:
        raise AbsentError
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = _question(
        entry,
        _("Create the keys of %(name)s?") % {"name": isolated(entry.agency.name)},
        _("Create keys"),
        does=[
            _("This desk makes and holds the agency's keys, its root included. Partners see that it does.")
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    if entry.has_keys:
        form.add_error(None, _("The agency has keys; its key officer renews and rotates them."))
        return ask(request, question, form, status=409)
    try:
        word = create_agency_keys(keeper, entry.agency, now=now)
    except (ChangeWaitsError, ChangeRefusedError, KeyTakenError) as refused:
        form.add_error(None, refusal_text(refused))
        return ask(request, question, form, status=409)
    if word.is_waiting:
        messages.warning(request, waits_text("create"))
    else:
        messages.success(
            request, _("The keys are made. They count once the log has them, in about a second.")
        )
    return redirect("admin:desk_agency", agency_id)


def _look_or_take_in(request: HttpRequest, agency_id: str, key: str) -> HttpResponseBase:
    keeper, now = signed_in(request), clock.now()
    confirmed = ConfirmedForm(request.POST) if "confirmed" in request.POST else None
    if confirmed is None or not confirmed.is_valid():
        return _confirm_page(request, agency_id, key, ask_admitted(keeper, agency_id, key, now=now))
    facts = Confirmed(
        **{name: confirmed.cleaned_data[name] for name in ("name", "custody", "root_fingerprint")}
    )
    taken = take_in(keeper, agency_id, key, confirmed=facts, now=now)
    messages.success(request, _("The agency is taken in."))
    return redirect("admin:desk_agency", taken.pk)


def _confirm_page(request: HttpRequest, agency_id: str, key: str, admitted: Admitted) -> HttpResponse:
    entry = admitted.entry
    handed_on = {"agency_id": agency_id, "entry_key": key, "name": entry.name, "custody": entry.custody}
    form = ConfirmedForm(initial=handed_on | {"root_fingerprint": entry.root_fingerprint})
    question = Question(
        _("Take in an agency"),
        _("Take in %(name)s?") % {"name": isolated(entry.name)},
        _("All agrees: take it in"),
        reverse("admin:desk_take_in"),
        does=[_("This is what the exchange has admitted. Compare it with what its operator gave you.")],
        facts=_facts(entry),
        extra={"fingerprint": entry.root_fingerprint},
    )
    response = ask(request, question, form)
    response["Cache-Control"] = "no-store"
    return response


def _facts(entry: AgencyAnswer) -> list[tuple[str, str]]:
    """Return in words the facts that the keeper compares."""
    root = show_fingerprint(entry.root_fingerprint) or _("none yet: this desk makes the root")
    return [
        (_("Agency id"), entry.id),
        (_("Name"), entry.name),
        (_("Kind"), kind_and_place(entry.kind, entry.country)),
        (_("Custody"), str(dict(Custody.choices).get(entry.custody, entry.custody))),
        (_("Fingerprint of its root"), root),
    ]


def _taking_in() -> Question:
    return Question(
        _("Take in an agency"),
        _("Take in an agency"),
        _("Continue"),
        reverse("admin:index"),
        does=[_("The exchange's operator admits it first, and gives you its id and a key for entering.")],
    )


def _question(entry: Entry, heading: str, button: str, **words: Any) -> Question:
    back = reverse("admin:desk_agency", args=[entry.agency.pk])
    return Question(_("Agency"), heading, button, back, **words)
