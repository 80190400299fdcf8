# SPDX-License-Identifier: Apache-2.0
"""An agency comes in, step by step: its facts, the fingerprint read by both sides, its admin, its keys."""

from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accord.envelope.keys import show_fingerprint
from accord.moments import moment_or_none
from agencies.entrykeys import issue_entry_key
from agencies.errors import AgencyExistsError, CustodyRefusedError
from alerts.pages.frame import render_page, signed_in
from alerts.pages.keys.commands import first_commands
from alerts.pages.officers.acts import say_whether_mailed
from alerts.pages.operator.forms import AdmitForm, CompareForm, EntryKeyForm, FirstAdminForm
from alerts.pages.question import ConfirmForm, Question, ask, problems_of, refuse
from alerts.pages.words import isolated
from callers import clock
from callers.capabilities import Role
from callers.directory import AgencyStatus, Custody
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.pins import current_vkey
from officers.entering import Entry, entry_of, first_admin_of, take_in
from officers.invitations import invite_again, invite_officer
from vault.doors import create_agency_keys


def admit(request: HttpRequest) -> HttpResponseBase:
    """First the facts; then, where the agency has a root, both sides read its fingerprint; then it is admitted."""
    posted = request.POST if request.method == "POST" else None
    form = AdmitForm(posted, initial={"timezone": "UTC", "language": "en", "custody": Custody.AGENCY})
    question = Question(
        _("Admit an agency"),
        _("Admit an agency"),
        _("Continue"),
        reverse("admin:index"),
        does=[_("It enters with these facts and counts as active once its first keyset stands.")],
    )
    if not form.is_valid():
        return ask(request, question, form)
    fingerprint = form.cleaned_data["root_fingerprint"]
    if fingerprint:
        compare = CompareForm(posted if "compare" in request.POST else None, fingerprint=fingerprint)
        if not compare.is_valid():
            return _compare_page(request, form, compare)
    try:
        agency = take_in(signed_in(request), compared=bool(fingerprint), now=clock.now(), **form.cleaned_data)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except AgencyExistsError:
        form.add_error(None, _("An agency of this id or name was admitted before."))
        return ask(request, question, form, status=409)
    messages.success(request, _("The agency is admitted."))
    return redirect("admin:hub_agency", agency.pk)


def agency(request: HttpRequest, agency_id: str) -> HttpResponse:
    """One agency as the operator sees it: what is done and what is next, and none of its business."""
    entry = entry_of(signed_in(request), agency_id, now=clock.now())
    hub = request.build_absolute_uri("/")
    return render_page(
        request,
        "affairs/hub_agency",
        _("Agency"),
        entry=entry,
        row=entry.agency,
        root=show_fingerprint(entry.agency.root_fingerprint),
        keyset_until=moment_or_none(entry.keyset_until),
        is_entering=entry.agency.status == AgencyStatus.ENTERING,
        makes_keys_here=entry.agency.custody == Custody.HUB,
        commands=first_commands(entry.agency.pk, hub) if entry.needs_entry_key else (),
        ledger_key=current_vkey(),
        ledger_groups=show_fingerprint(sha256(current_vkey().encode()).hexdigest()),
    )


def first_admin(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """The first agency admin, by mail; everybody else there is invited by that person."""
    operator, now = signed_in(request), clock.now()
    entry = entry_of(operator, agency_id, now=now)
    form = FirstAdminForm(request.POST if request.method == "POST" else None)
    question = _question(
        entry,
        _("Invite the first agency admin of %(name)s") % {"name": isolated(entry.agency.name)},
        _("Invite"),
        does=[
            _("A mail with a link goes out now. Everybody else is invited by that person, not by the hub.")
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        roles = [Role.AGENCY_ADMIN.value]
        _officer, link = invite_officer(operator, entry.agency, roles=roles, now=now, **form.cleaned_data)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except NotPermittedError:
        form.add_error(None, _("The agency has an agency admin, who invites everybody else."))
        return ask(request, question, form, status=409)
    say_whether_mailed(request, link)
    return redirect("admin:hub_agency", agency_id)


def first_admin_again(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """The same person once more, while nobody has come."""
    operator, now = signed_in(request), clock.now()
    invited = first_admin_of(operator, entry_of(operator, agency_id, now=now).agency)
    if invited is None:
        raise AbsentError
    say_whether_mailed(request, invite_again(operator, invited, now=now))
    return redirect("admin:hub_agency", agency_id)


@sensitive_variables("text")
def entry_key(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """The key with which the agency's own system brings its keys; shown once."""
    operator, now = signed_in(request), clock.now()
    entry = entry_of(operator, agency_id, now=now)
    form = EntryKeyForm(request.POST if request.method == "POST" else None)
    question = _question(
        entry,
        _("Issue the key for entering: %(name)s") % {"name": isolated(entry.agency.name)},
        _("Issue key"),
        does=[
            _(
                "The agency's system brings its keys with it. It is shown once; hand it over in person or sealed."
            ),
            _("It reads nothing, and ends when the first keyset stands. A key issued before ends now."),
            _("The agency's first working key then comes sealed, for the agency alone to read."),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        key, text = issue_entry_key(operator, entry.agency.pk, client=form.cleaned_data["client"], now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except NotPermittedError:
        form.add_error(None, _("The agency is in; its own admin issues its API keys."))
        return ask(request, question, form, status=409)
    except CustodyRefusedError:
        form.add_error(None, _("The hub holds this agency's keys: no system of its own brings any."))
        return ask(request, question, form, status=409)
    back = reverse("admin:hub_agency", args=[agency_id])
    response = render_page(
        request,
        "affairs/apikey_shown",
        _("API key"),
        text=text,
        keyword="Api-Key",
        client=key.client,
        agency_id=key.agency_id,
        until=key.expires_at,
        back=back,
    )
    response["Cache-Control"] = "no-store"
    return response


def make_keys(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """First keys of an agency whose root the hub holds."""
    operator, now = signed_in(request), clock.now()
    entry = entry_of(operator, agency_id, now=now)
    if entry.agency.custody != Custody.HUB:
        raise AbsentError
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = _question(
        entry,
        _("Create the keys of %(name)s?") % {"name": isolated(entry.agency.name)},
        _("Create keys"),
        does=[_("The hub makes and holds the agency's keys, its root included. Partners see that it does.")],
    )
    if not form.is_valid():
        return ask(request, question, form)
    if entry.has_keys:
        form.add_error(None, _("The agency has keys; its key officer renews and rotates them."))
        return ask(request, question, form, status=409)
    create_agency_keys(operator, entry.agency, now=now)
    messages.success(request, _("The keys are made. They count once the log has them, in about a second."))
    return redirect("admin:hub_agency", agency_id)


def _compare_page(request: HttpRequest, form: AdmitForm, compare: CompareForm) -> HttpResponse:
    problems = problems_of(compare)
    return render_page(
        request,
        "affairs/hub_compare",
        _("Compare the fingerprint"),
        status=422 if problems else 200,
        form=form,
        compare=compare,
        problems=problems,
    )


def _question(entry: Entry, heading: str, button: str, **words: Any) -> Question:
    back = reverse("admin:hub_agency", args=[entry.agency.pk])
    return Question(_("Agency"), heading, button, back, **words)
