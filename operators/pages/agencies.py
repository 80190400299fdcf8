# SPDX-License-Identifier: Apache-2.0
"""Pages of an agency's accession, step by step, and of its suspension and resumption."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accord.envelope.keys import show_fingerprint
from agencies.accession import admit_agency
from agencies.entrykeys import issue_entry_key, issue_return_key
from agencies.errors import AgencyExistsError
from agencies.models import Agency
from agencies.moving import allow_move, custody_after, forbid_move
from callers import clock
from callers.directory import AgencyStatus, Custody
from callers.errors import InputError, NotPermittedError
from callers.pages import ConfirmForm, Question, problems_of, refuse
from ledger.pins import current_vkey
from operators.entering import entry_of
from operators.pages.confirm import ask
from operators.pages.forms import AdmitForm, CompareForm, EntryKeyForm
from operators.pages.frame import operator_here, render_page
from operators.pages.ledger import vkey_groups
from operators.pages.overview import tone_of
from sharing.agreements import resume_agency_flow, suspend_agency_flow
from sharing.problems import AGENCY_EXISTS


def admit(request: HttpRequest) -> HttpResponseBase:
    """Ask for the facts first; then, where the agency has a root, have both sides read its fingerprint; then admit it."""
    posted = request.POST if request.method == "POST" else None
    form = AdmitForm(posted, initial={"timezone": "UTC", "language": "en", "custody": Custody.AGENCY})
    question = Question(
        _("Admit an agency"),
        _("Admit an agency"),
        _("Continue"),
        reverse("overview"),
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
        agency = admit_agency(
            operator_here(request), compared=bool(fingerprint), now=clock.now(), **form.cleaned_data
        )
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except AgencyExistsError:
        form.add_error(None, AGENCY_EXISTS.words_for())
        return ask(request, question, form, status=409)
    return redirect("agency", agency.pk)


def agency(request: HttpRequest, agency_id: str) -> HttpResponse:
    """Show one agency: what is done and what is next, but none of its traffic."""
    entry = entry_of(operator_here(request), agency_id, now=clock.now())
    return render_page(
        request,
        "agency",
        _("Agency"),
        entry=entry,
        row=entry.agency,
        tone=tone_of(entry.agency),
        root=show_fingerprint(entry.agency.root_fingerprint),
        is_entering=entry.agency.status == AgencyStatus.ENTERING,
        exchange=settings.EXCHANGE_URL,
        vkey=current_vkey(),
        vkey_groups=vkey_groups(),
    )


@sensitive_variables("text")
def entry_key(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Show once the key with which the agency's own system, or the desk that holds its keys, brings them in."""
    operator, now = operator_here(request), clock.now()
    found = entry_of(operator, agency_id, now=now).agency
    initial = {"client": "desk" if found.is_hosted else "case system"}
    form = EntryKeyForm(request.POST if request.method == "POST" else None, initial=initial)
    question = _question(
        found,
        _("Issue the key for entering: %(name)s") % {"name": found.name},
        _("Issue key"),
        does=[
            _bringing(found),
            _("It reads nothing, and ends when the first keyset stands. A key issued before ends now."),
            _("The first working key then comes sealed, for whoever holds the agency's keys alone to read."),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        key, text = issue_entry_key(operator, found.pk, client=form.cleaned_data["client"], now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except NotPermittedError:
        form.add_error(None, _("The agency is in; its own admin issues its API keys."))
        return ask(request, question, form, status=409)
    return render_page(request, "key_shown", _("Key for entering"), key=key, text=text)


@sensitive_variables("text")
def return_key(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Show once the key with which an agency that has no working key left asks for another."""
    operator, now = operator_here(request), clock.now()
    found = entry_of(operator, agency_id, now=now).agency
    form = EntryKeyForm(request.POST if request.method == "POST" else None)
    question = _question(
        found,
        _("Issue a key for coming back: %(name)s") % {"name": found.name},
        _("Issue key"),
        does=[
            _(
                "Only where none of the agency's API keys serves any more. Ask by a telephone number that you know."
            ),
            _(
                "It carries what the agency's own keys have signed to ask for a working key, and ends with that."
            ),
            _("It is shown once; hand it over in person or sealed. A key issued before ends now."),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        key, text = issue_return_key(operator, found.pk, client=form.cleaned_data["client"], now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except NotPermittedError:
        form.add_error(None, _("The agency is still entering: issue the key for entering."))
        return ask(request, question, form, status=409)
    return render_page(request, "key_shown", _("Key for coming back"), key=key, text=text, is_return=True)


def suspend(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Suspend an agency: nothing new flows; nothing is deleted."""
    operator, now = operator_here(request), clock.now()
    found = entry_of(operator, agency_id, now=now).agency
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = _question(
        found,
        _("Suspend %(name)s at the exchange?") % {"name": found.name},
        _("Suspend %(id)s") % {"id": found.pk},
        does=[
            _(
                "Flow stops both ways, with every agency; nothing is deleted; waiting items are held until they expire."
            ),
            _("Its officers can read what they received. Every sender sees that it is suspended."),
        ],
        is_grave=True,
    )
    if not form.is_valid():
        return ask(request, question, form)
    suspend_agency_flow(operator, found.pk, now=now)
    return redirect("agency", found.pk)


def resume(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Resume an agency: held deliveries get their turn again."""
    operator, now = operator_here(request), clock.now()
    found = entry_of(operator, agency_id, now=now).agency
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = _question(
        found,
        _("Resume %(name)s?") % {"name": found.name},
        _("Resume %(id)s") % {"id": found.pk},
        does=[
            _(
                "What was held and has not expired is delivered, in order and once. Lanes that agencies suspended stay so."
            )
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    resume_agency_flow(operator, found.pk, now=now)
    return redirect("agency", found.pk)


def move(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Let an agency's next keyset name another holder of the keys, or withdraw that."""
    operator, now = operator_here(request), clock.now()
    found = entry_of(operator, agency_id, now=now).agency
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    after = Custody(found.custody_allowed or custody_after(found)).label
    if found.custody_allowed:
        question = _question(
            found,
            _("Take back that the keys of %(name)s may move?") % {"name": found.name},
            _("Take it back"),
            does=[_("A keyset that says “%(custody)s” is refused again.") % {"custody": after}],
        )
    else:
        question = _question(
            found,
            _("Let the keys of %(name)s move?") % {"name": found.name},
            _("Allow the move"),
            does=[
                _("Its next keyset may say “%(custody)s”, signed by its root. Until then nothing changes.")
                % {"custody": after},
                _(
                    "Ask the agency first, by a telephone number that you know: what you allow decides who is sent RED."
                ),
            ],
            is_grave=True,
        )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        (forbid_move if found.custody_allowed else allow_move)(operator, found.pk, now=now)
    except InputError as refused:
        form.add_error(None, refused.problem)
        return ask(request, question, form, status=409)
    return redirect("agency", found.pk)


def _compare_page(request: HttpRequest, form: AdmitForm, compare: CompareForm) -> HttpResponse:
    problems = problems_of(compare)
    return render_page(
        request,
        "compare",
        _("Compare the fingerprint"),
        status=422 if problems else 200,
        form=form,
        compare=compare,
        problems=problems,
    )


def _bringing(found: Agency) -> str:
    """Say who brings the keys with the key for entering."""
    if found.is_hosted:
        return _(
            "The desk that holds the agency's keys brings them with it. It is shown once; hand it to the desk's keeper in person or sealed."
        )
    return _(
        "The agency's system brings its keys with it. It is shown once; hand it over in person or sealed."
    )


def _question(found: Agency, heading: str, button: str, **words: Any) -> Question:
    return Question(_("Agency"), heading, button, reverse("agency", args=[found.pk]), **words)
