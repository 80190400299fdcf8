# SPDX-License-Identifier: Apache-2.0
"""Pages of what suspended lanes kept from others: by peer and lane, and the list from which it is sent once the lane is open."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.rows.withheld import WithheldState
from alerts.withheld.deciding import cancel_chosen, choose_withheld, decline_withheld, may_decide
from alerts.withheld.lists import (
    Progress,
    WithheldGroup,
    WithheldLane,
    group_named,
    list_withheld,
    progress_of,
    withheld_groups,
    withheld_lane,
    withheld_lanes,
)
from alerts.withheld.sending import has_chosen, send_chosen
from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from desk.web.confirm import Question, ask
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated

GOES_ON = "on"
"""Parameter of the address after a step: the page takes the next one by itself."""


def withheld(request: HttpRequest) -> HttpResponse:
    """List what is withheld by peer and lane."""
    lanes = withheld_lanes(signed_in(request), now=clock.now())
    return render_page(request, "withheld", _("Withheld"), lanes=lanes)


def lane(request: HttpRequest, peer: str, lane: str) -> HttpResponse:
    """Show what can be decided of one peer and lane: its groups, or the alerts of one of them."""
    return _lane_page(request, peer, lane)


def _lane_page(
    request: HttpRequest, peer: str, lane: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    officer, now = signed_in(request), clock.now()
    shown, group = withheld_lane(officer, peer, lane, now=now), request.GET.get("group", "")
    rows = refused = chosen = None
    groups: list[WithheldGroup] = []
    if group:
        rows = list_withheld(officer, peer, lane, group=group, cursor=request.GET.get("cursor", ""), now=now)
    elif shown.waiting:
        groups = withheld_groups(officer, peer, lane, now=now)
    if shown.refused and not group:
        refused = list_withheld(officer, peer, lane, state=WithheldState.REFUSED, now=now)
    if shown.chosen and not group:
        chosen = list_withheld(officer, peer, lane, state=WithheldState.CHOSEN, unsent_only=True, now=now)
    progress = Progress() if group else progress_of(officer, peer, lane)
    return render_page(
        request,
        "withheld_lane",
        _("Withheld"),
        status=status,
        shown=shown,
        groups=groups,
        group=group_named(group) if group else None,
        rows=rows,
        refused=refused,
        chosen=chosen,
        progress=progress,
        goes_on=request.GET.get(GOES_ON) == "1" and progress.left > 0,
        waits_for_log=progress.left == 0 and progress.unlogged != "",
        problem=problem,
        may_decide=may_decide(officer),
        picks=may_decide(officer) and shown.since is None,
        may_send=Capability.ALERT_RELEASE in officer.capabilities,
        has_chosen=progress.left > 0 and has_chosen(officer, peer, lane),
    )


def choose(request: HttpRequest, peer: str, lane: str) -> HttpResponseBase:
    """Choose what a second person then sends."""
    officer = signed_in(request)
    try:
        count = choose_withheld(officer, peer, lane, **_chosen(request), now=clock.now())
    except InputError as refused:
        return _lane_page(request, peer, lane, problem=refused.problem, status=422)
    text = ngettext(
        "%(n)d alert is chosen. A colleague who may release sends it.",
        "%(n)d alerts are chosen. A colleague who may release sends them.",
        count,
    )
    messages.success(request, text % {"n": count})
    return redirect("admin:withheld_lane", peer, lane)


def decline(request: HttpRequest, peer: str, lane: str) -> HttpResponseBase:
    """Say of alerts that they are not needed there any more."""
    officer = signed_in(request)
    try:
        count = decline_withheld(officer, peer, lane, **_chosen(request), now=clock.now())
    except InputError as refused:
        return _lane_page(request, peer, lane, problem=refused.problem, status=422)
    text = ngettext("%(n)d alert is not needed.", "%(n)d alerts are not needed.", count)
    messages.success(request, text % {"n": count})
    return redirect("admin:withheld_lane", peer, lane)


def _chosen(request: HttpRequest) -> dict[str, list[str]]:
    return {"groups": request.POST.getlist("groups"), "ids": request.POST.getlist("ids")}


def send(request: HttpRequest, peer: str, lane: str) -> HttpResponseBase:
    """Ask whether the chosen alerts are to be sent; then send the next of them and come back for the rest."""
    officer, now = signed_in(request), clock.now()
    shown = withheld_lane(officer, peer, lane, now=now)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if not form.is_valid() or not shown.chosen:
        return ask(request, _whether_to_send(shown), form)
    progress = send_chosen(officer, peer, lane, now=now)
    address = reverse("admin:withheld_lane", args=[peer, lane])
    if progress.left:
        return redirect(f"{address}?{GOES_ON}=1")
    text = ngettext("%(n)d alert was sent.", "%(n)d alerts were sent.", progress.signed)
    messages.success(request, text % {"n": progress.signed})
    return redirect(address)


def _whether_to_send(shown: WithheldLane) -> Question:
    words = {"n": shown.chosen, "name": isolated(shown.peer.name), "lane": shown.label}
    heading = ngettext(
        "Send %(n)d withheld alert to %(name)s?", "Send %(n)d withheld alerts to %(name)s?", shown.chosen
    )
    does = [
        _("Each is signed and sealed anew, under what is agreed today on the lane %(lane)s.") % words,
        _("%(name)s reads when it was written, and that it was sent after a suspension.") % words,
        _("Nobody else is told. What no longer fits is left out, with the reason."),
    ]
    button = ngettext("Send %(n)d alert", "Send %(n)d alerts", shown.chosen)
    back = reverse("admin:withheld_lane", args=[shown.peer.pk, shown.lane])
    if not shown.chosen:
        return Question(_("Withheld"), _("Nothing is chosen"), "", back, does=[_("Choose alerts first.")])
    return Question(_("Withheld"), heading % words, button % words, back, does=does)


def cancel(request: HttpRequest, peer: str, lane: str) -> HttpResponseBase:
    """Take back the choice of all that is not sent."""
    count = cancel_chosen(signed_in(request), peer, lane, now=clock.now())
    text = ngettext(
        "%(n)d alert is not sent and waits for a decision again.",
        "%(n)d alerts are not sent and wait for a decision again.",
        count,
    )
    messages.success(request, text % {"n": count})
    return redirect("admin:withheld_lane", peer, lane)
