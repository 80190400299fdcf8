# SPDX-License-Identifier: Apache-2.0
"""The operator stops the flow from and to an agency on this hub, and lets it start again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.pages.frame import signed_in
from alerts.pages.question import ConfirmForm, Question, ask
from alerts.pages.words import isolated
from callers import clock
from callers.errors import AbsentError
from peers.models import Agency
from sharing.agreements import resume_agency_flow, suspend_agency_flow


def suspend(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Nothing new flows; nothing is deleted."""
    agency = _find(request, agency_id)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = Question(
        _("Agency"),
        _("Suspend %(name)s on this hub?") % {"name": isolated(agency.name)},
        _("Suspend %(id)s") % {"id": agency.pk},
        reverse("admin:hub_agency", args=[agency.pk]),
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
    suspend_agency_flow(signed_in(request), agency.pk, now=clock.now())
    messages.success(request, _("The agency is suspended on this hub."))
    return redirect("admin:hub_agency", agency.pk)


def resume(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """What is held gets its turn again."""
    agency = _find(request, agency_id)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = Question(
        _("Agency"),
        _("Resume %(name)s?") % {"name": isolated(agency.name)},
        _("Resume %(id)s") % {"id": agency.pk},
        reverse("admin:hub_agency", args=[agency.pk]),
        does=[
            _(
                "What was held and has not expired is delivered, in order and once. Lanes that agencies suspended stay so."
            )
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    resume_agency_flow(signed_in(request), agency.pk, now=clock.now())
    messages.success(request, _("The agency is resumed; what is held has its turn again."))
    return redirect("admin:hub_agency", agency.pk)


def _find(request: HttpRequest, agency_id: str) -> Agency:
    agency = Agency.objects.visible_to(signed_in(request)).filter(pk=agency_id).first()
    if agency is None:
        raise AbsentError
    return agency
