# SPDX-License-Identifier: Apache-2.0
"""Own objects that a revocation put in doubt: confirming or withdrawing them, each after a question."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alerts.access import find_alert
from alerts.models import Alert
from alerts.projections.cards import open_alert_cards
from alerts.receiving.signature_state import SignatureState
from alerts.sending.handed_in import KINDS
from alerts.sending.reaffirmation import (
    DoubtedAlert,
    DoubtedStatement,
    list_doubted,
    list_doubted_statements,
    reaffirm_alert,
    reaffirm_statement,
)
from alerts.sending.sent_signatures import own_signatures
from alerts.sending.withdrawal import WITHDRAWAL_CODES, withdraw_unsent, withdrawal_preview
from alerts.states import SENT, AlertState
from callers import clock
from callers.errors import AbsentError, InputError
from desk.alerts.sent.handed_in_page import say_signed
from desk.web.frame import render_page, signed_in
from officers.models import Officer


def reaffirm(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show on GET what is reaffirmed and to whom; reaffirm it on POST."""
    officer, now = signed_in(request), clock.now()
    alert = find_alert(officer, alert_id)
    if alert.state not in SENT:
        raise AbsentError
    if request.method != "POST":
        return _reaffirm_page(request, alert, now)
    try:
        reaffirm_alert(officer, alert, now=now)
    except InputError:
        messages.warning(request, _("Nothing puts this alert in doubt now. Nothing was said again."))
    else:
        say_signed(request, alert.md, _("Reaffirmed. Each agency sees it once the log has it."))
    return redirect("admin:sent", alert.pk)


def _reaffirm_page(request: HttpRequest, alert: Alert, now: datetime) -> HttpResponseBase:
    officer = signed_in(request)
    standing = own_signatures(officer, [alert.md], now=now)[alert.md]
    if alert.state != AlertState.RELEASED or standing.state is not SignatureState.REPUDIATED:
        return redirect("admin:sent", alert.pk)
    agencies, opened = withdrawal_preview(officer, alert)
    return render_page(
        request,
        "reaffirm",
        _("Reaffirm"),
        alert=alert,
        card=open_alert_cards(alert.agency_id, [alert]).get(str(alert.pk)),
        agencies=agencies,
        opened=opened,
        standing=standing,
    )


def statement(request: HttpRequest, od: str) -> HttpResponseBase:
    """Reaffirm an acknowledgement, withdrawal or confirmation of ours, after a question."""
    officer, now = signed_in(request), clock.now()
    found = [row for row in list_doubted_statements(officer, now=now) if row.od == od]
    if not found:
        raise AbsentError
    if request.method != "POST":
        (context,) = worded_statements(officer, found)
        return render_page(request, "reaffirm_statement", _("Reaffirm"), **context)
    reaffirm_statement(officer, od, now=now)
    messages.success(request, _("Reaffirmed. Each agency sees it once the log has it."))
    return redirect("admin:index")


def unsent(request: HttpRequest, md: str) -> HttpResponseBase:
    """Withdraw an envelope in the agency's name that this desk never sent, after a question."""
    officer, now = signed_in(request), clock.now()
    found = _doubted(officer, md, now)
    if request.method != "POST":
        return _unsent_page(request, found)
    try:
        withdraw_unsent(officer, md, code=request.POST.get("code", ""), now=now)
    except InputError as refused:
        return _unsent_page(request, found, problem=refused.problem)
    messages.success(request, _("Withdrawn. Each agency must confirm."))
    return redirect("admin:index")


def _unsent_page(request: HttpRequest, found: DoubtedAlert, *, problem: str = "") -> HttpResponse:
    status = 422 if problem else 200
    context: dict[str, Any] = {"row": found, "codes": WITHDRAWAL_CODES, "problem": problem}
    return render_page(request, "withdraw_unsent", _("Withdraw"), status=status, **context)


def _doubted(officer: Officer, md: str, now: datetime) -> DoubtedAlert:
    """Return an envelope in doubt that this desk never sent; raises AbsentError for any other."""
    found = next((row for row in list_doubted(officer, now=now) if row.md == md and row.alert is None), None)
    if found is None:
        raise AbsentError
    return found


def worded_statements(officer: Officer, rows: Sequence[DoubtedStatement]) -> list[dict[str, Any]]:
    """Return our own answers in doubt, with their kind in words and the name of the officer whom they name as the actor."""
    acts = {row.act for row in rows if row.act}
    people = Officer.objects.visible_to(officer).filter(public_id__in=acts) if acts else ()
    names = {str(person.public_id): person.display_name for person in people}
    return [{"row": row, "kind": KINDS.get(row.k, row.k), "by": names.get(str(row.act), "")} for row in rows]
