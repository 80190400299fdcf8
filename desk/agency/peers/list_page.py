# SPDX-License-Identifier: Apache-2.0
"""Comparison by a signed list: the file is read, each line is shown with what is here, and an officer ticks what to accept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.envelope.fingerprints import MAX_LIST_BYTES
from accord.moments import moment_of
from alerts.peers.fingerprint_lists import ListRead, compare_by_list, offer_list, read_fingerprint_list
from callers import clock
from callers.errors import InputError
from desk.agency.keys.forms import SignedForm
from desk.agency.keys.proposals_page import saved
from desk.web.confirm import ConfirmForm, Question, ask, problems_of, refuse
from desk.web.frame import render_page, signed_in
from officers.models import Officer


def by_list(request: HttpRequest) -> HttpResponseBase:
    """Ask for the file on GET, show its content on POST; a second POST, with the same file, accepts what was ticked."""
    officer, now = signed_in(request), clock.now()
    form = SignedForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if held := request.POST.get("held", "").encode()[: MAX_LIST_BYTES + 1]:
        return _take(request, officer, held)
    if form.is_valid():
        try:
            read = read_fingerprint_list(officer, form.cleaned_data["signed"], now=now)
        except InputError as refused:
            refuse(form, refused)
        else:
            return _shown(request, read, form.cleaned_data["signed"])
    return ask(request, _question(), form, template="agency/peer_list_file")


def offered(request: HttpRequest) -> HttpResponse:
    """Return the list of peers that two officers have compared, to be signed by the own root."""
    officer, now = signed_in(request), clock.now()
    name = f"{officer.agency_id}-fingerprints-{now:%Y%m%d-%H%M}.proposal"
    return saved(offer_list(officer, now=now), name)


def _take(request: HttpRequest, officer: Officer, held: bytes) -> HttpResponseBase:
    """Accept what was ticked; a list that is no longer valid is refused as a whole."""
    now, agencies = clock.now(), request.POST.getlist("agencies")
    read = read_fingerprint_list(officer, held, now=now)
    form = ConfirmForm(request.POST)
    form.is_valid()
    try:
        both = compare_by_list(officer, held, agencies, now=now)
    except InputError as refused:
        refuse(form, refused)
        return _shown(request, read, held, form)
    count = len(agencies)
    told = ngettext(
        "%(count)d agency compared by the list; %(both)d of them by two officers now.",
        "%(count)d agencies compared by the list; %(both)d of them by two officers now.",
        count,
    )
    messages.success(request, told % {"count": count, "both": both})
    return redirect("admin:peers")


def _shown(
    request: HttpRequest, read: ListRead, held: bytes, form: ConfirmForm | None = None
) -> HttpResponse:
    problems = problems_of(form) if form is not None else []
    return render_page(
        request,
        "agency/peer_list",
        _("Compare by a list"),
        status=422 if problems else 200,
        read=read,
        made_at=moment_of(read.said.iat),
        held=held.decode("ascii", "replace"),
        problems=problems,
        may_take=any(row.may_take for row in read.rows),
    )


def _question() -> Question:
    return Question(
        _("Compare by a list"),
        _("Compare by a signed list"),
        _("Read the list"),
        reverse("admin:peers"),
        does=[
            _(
                "A list says the fingerprints that an agency's officers have compared, signed by its root: your own agency's, or that of a partner whose fingerprint two of you have compared."
            ),
            _(
                "Whoever signed it vouches for every line. Take only what you would believe them. Nothing changes yet."
            ),
        ],
    )
