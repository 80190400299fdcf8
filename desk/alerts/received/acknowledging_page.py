# SPDX-License-Identifier: Apache-2.0
"""Acknowledging several alerts: one page says exactly which, the next shows the outcome of each."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alerts.receiving.bulk_acknowledgement import (
    Acknowledgement,
    Outcome,
    acknowledge_alerts,
    preview_acknowledgements,
)
from alerts.receiving.opening import OpeningReason
from callers import clock
from callers.errors import InputError
from desk.web.frame import render_page, signed_in


def acknowledge_many(request: HttpRequest) -> HttpResponse:
    """Show first what will be done and what will not; then, with a reason, what was done."""
    officer, now = signed_in(request), clock.now()
    if request.method != "POST":
        chosen = preview_acknowledgements(officer, request.GET.getlist("pick"), now=now)
        return _ask(request, chosen)
    ids = request.POST.getlist("pick")
    reason, reference = request.POST.get("reason", ""), request.POST.get("reference", "")
    try:
        done = acknowledge_alerts(officer, ids, reason=reason, reference=reference, now=now)
    except InputError as refused:
        if refused.field == "ids":
            raise
        chosen = preview_acknowledgements(officer, ids, now=now)
        return _ask(request, chosen, problem=refused.problem, reason=reason, reference=reference)
    return render_page(request, "acknowledged_many", _("Acknowledged"), **_sorted(done))


def _ask(
    request: HttpRequest,
    chosen: tuple[Acknowledgement, ...],
    *,
    problem: str = "",
    reason: str = "",
    reference: str = "",
) -> HttpResponse:
    return render_page(
        request,
        "acknowledge_many",
        _("Acknowledge"),
        status=422 if problem else 200,
        **_sorted(chosen),
        reasons=OpeningReason.choices,
        chosen_reason=reason,
        chosen_reference=reference,
        problem=problem,
    )


def _sorted(chosen: tuple[Acknowledgement, ...]) -> dict[str, Any]:
    """Sort the alerts by outcome; `senders` are the agencies that will see the acknowledgements."""
    taken = [item for item in chosen if item.outcome is Outcome.ACKNOWLEDGED]
    senders = sorted({item.row.received.issuer.name for item in taken if item.row})
    return {
        "taken": taken,
        "already": [item for item in chosen if item.outcome is Outcome.ALREADY],
        "refused": [item for item in chosen if item.outcome is Outcome.REFUSED],
        "senders": senders,
    }
