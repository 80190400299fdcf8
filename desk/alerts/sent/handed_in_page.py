# SPDX-License-Identifier: Apache-2.0
"""Objects that wait for the exchange or that it refused; and cancelling an alert that never arrived."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alerts.access import find_alert
from alerts.errors import CancelRefusedError
from alerts.sending.hand_in import cancel_release, waiting_for
from alerts.sending.handed_in import list_handed_in
from alerts.states import SENT
from callers import clock
from desk.web.frame import render_page, signed_in


def handed_in(request: HttpRequest) -> HttpResponse:
    """List everything of the agency's that waits, or was refused within a week."""
    rows = list_handed_in(signed_in(request), now=clock.now())
    return render_page(
        request,
        "handed_in",
        _("Waiting for the exchange"),
        rows=rows,
        heading=_("Waiting for the exchange"),
        lead=_(
            "What your agency has signed and the exchange has not taken yet, and what came back within a week."
        ),
        empty=_("Nothing waits, and nothing came back."),
    )


def say_signed(request: HttpRequest, subject: str, text: str) -> None:
    """Show `text` after an act that signed something about `subject`, or that it waits for the exchange."""
    if waiting_for(signed_in(request).agency_id or "", [subject]):
        messages.warning(
            request,
            _("Signed. The exchange does not answer: it is sent as soon as it does, and others see it then."),
        )
    else:
        messages.success(request, text)


def cancel(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Cancel an alert that waits; where it may have arrived, say so."""
    officer = signed_in(request)
    alert = find_alert(officer, alert_id)
    try:
        cancel_release(officer, alert, now=clock.now())
    except CancelRefusedError as refused:
        messages.warning(request, refused.text)
    else:
        messages.success(request, _("Cancelled. It was not sent; it is checked, as before."))
    is_sent = find_alert(officer, alert_id).state in SENT
    return redirect("admin:sent" if is_sent else "admin:review", alert.pk)
