# SPDX-License-Identifier: Apache-2.0
"""Peers: whose fingerprint two officers have compared, and the question for one of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accord.moments import moment_of
from alerts.peers.comparing import (
    PeerTrust,
    compare_fingerprint,
    may_compare,
    peer_of,
    peers_of,
    undo_comparison,
)
from alerts.peers.newcomers import confirm_circle_member, may_confirm
from alerts.peers.telephones import may_take, take_said_telephone
from callers import clock
from callers.errors import InputError
from callers.templatetags.look import telephone as to_dial
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.models import Officer


def peers(request: HttpRequest) -> HttpResponse:
    """List every other agency, by name, with the source of the trust in its keys."""
    officer = signed_in(request)
    return render_page(
        request,
        "peers",
        _("Fingerprints"),
        heading=_("Fingerprints"),
        lead=_("Nothing is sent to an agency before two of your officers have compared its fingerprint."),
        empty=_("No other agency is in yet."),
        rows=peers_of(officer, now=clock.now()),
        may_compare=may_compare(officer),
        may_confirm=may_confirm(officer),
        may_take=may_take(officer),
    )


def compare(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Show the digits on GET; confirm on POST that they are those on the agency's paper."""
    officer, now = signed_in(request), clock.now()
    trust = peer_of(officer, agency_id, now=now)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            pin = compare_fingerprint(officer, trust.agency, request.POST.get("fingerprint", ""), now=now)
        except InputError as refused:
            refuse(form, refused)
        else:
            told = (
                _("Compared by two officers.")
                if pin.waiting is None
                else _("Noted. A second officer compares it too.")
            )
            messages.success(request, told)
            return redirect("admin:peers")
    return ask(request, _whether(trust), form, template="agency/peer_compare")


def undo(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Take a first comparison back."""
    officer, now = signed_in(request), clock.now()
    trust = peer_of(officer, agency_id, now=now)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            undo_comparison(officer, trust.agency, now=now)
        except InputError as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The first comparison is taken back."))
            return redirect("admin:peers")
    question = Question(
        _("Fingerprints"),
        _("Take the first comparison of %(name)s back?") % {"name": trust.agency.name},
        _("Take back"),
        reverse("admin:peers"),
        does=[_("Nothing is sent to it until two officers have compared again.")],
    )
    return ask(request, question, form)


def telephone(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Show on GET the number that counts and the one that the exchange names; accept the latter on POST."""
    officer, now = signed_in(request), clock.now()
    peer = peer_of(officer, agency_id, now=now).agency
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            take_said_telephone(officer, peer, request.POST.get("telephone", ""), now=now)
        except InputError as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The number is taken."))
            return redirect("admin:peers")
    question = Question(
        _("Fingerprints"),
        _("Take another telephone number of %(name)s?") % {"name": isolated(peer.name)},
        _("Take the number"),
        reverse("admin:peers"),
        does=[
            _("Ask the agency first, by the number that counts here or another one from elsewhere."),
            _("It is the number to call in an alarm, for every agency of this desk."),
        ],
        facts=[
            (_("Agency id"), peer.pk),
            (_("Counts here"), to_dial(peer.duty_phone) if peer.duty_phone else _("none")),
            (_("The exchange says"), peer.phone_said or _("none")),
        ],
        extra={"peer": peer},
    )
    return ask(request, question, form, template="agency/peer_telephone")


def confirm(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Show on GET the circles in which the agency is new; confirm it on POST in those that are ticked."""
    officer, now = signed_in(request), clock.now()
    trust = peer_of(officer, agency_id, now=now)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            confirm_circle_member(officer, trust.agency, request.POST.getlist("circles"), now=now)
        except InputError as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("Confirmed. Alerts can go to it."))
            return redirect("admin:peers")
    question = Question(
        _("Fingerprints"),
        _("Confirm %(name)s in its circles") % {"name": isolated(trust.agency.name)},
        _("Confirm"),
        reverse("admin:peers"),
        does=[_("Confirm only an agency that you know to belong there. Nothing goes to it before.")],
        facts=[(_("Agency id"), trust.agency.pk), (_("Now"), trust.state_text)],
        extra={"trust": trust},
    )
    return ask(request, question, form, template="agency/peer_confirm")


def _whether(trust: PeerTrust) -> Question:
    name = isolated(trust.agency.name)
    return Question(
        _("Fingerprints"),
        _("Compare the fingerprint of %(name)s") % {"name": name},
        _("They are the same"),
        reverse("admin:peers"),
        does=[
            _(
                "Hold these digits beside the paper you have from %(name)s, or have them read to you. Call a number "
                "from elsewhere: the directory's could be false."
            )
            % {"name": name},
            _("Another officer of your agency does the same. Then alerts can go to it."),
        ],
        facts=_facts(trust),
        extra={"trust": trust},
    )


def _facts(trust: PeerTrust) -> list[tuple[str, str]]:
    facts = [(_("Agency id"), trust.agency.pk), (_("Now"), trust.state_text)]
    if trust.pin.waiting is not None:
        at = moment_of(trust.pin.waiting.at)
        facts.append((_("First compared by"), f"{_name_of(trust.pin.waiting.by)}, {at:%Y-%m-%d %H:%M} UTC"))
    return facts


def _name_of(audit_name: str) -> str:
    officer = Officer.objects.filter(public_id=audit_name.removeprefix("officer:")).first()
    return officer.display_name if officer else audit_name
