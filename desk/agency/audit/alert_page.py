# SPDX-License-Identifier: Apache-2.0
"""The auditor's page on one alert: who did what with it, when and why, oldest first."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.boxes.paging import PAGE_ROWS, cut_page
from alerts.models import Alert, ReceivedAlert
from alerts.states import SENT
from desk.agency.audit.alert_trail import as_rows, audited_alert, events_of, summary_of
from desk.agency.audit.audited_alerts import AuditedAlert
from desk.agency.audit.events import in_words
from desk.agency.audit.page import read_place
from desk.agency.audit.trail import colleagues_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer


def audit_alert(request: HttpRequest, item: str) -> HttpResponse:
    """Show the acts on an alert of the own agency, received or own, under whatever name it is asked for."""
    officer = signed_in(request)
    alert, colleagues = audited_alert(officer, item), colleagues_of(officer)
    found, after = events_of(officer, alert), read_place(request, "after")
    events, has_more = cut_page(list(found.filter(seq__gt=after or 0)[: PAGE_ROWS + 1]))
    return render_page(
        request,
        "audit_alert",
        _("Acts on an alert"),
        alert=alert,
        alert_address=_address_of(officer, alert),
        summary=summary_of(officer, alert, colleagues),
        rows=as_rows(in_words(officer, events, colleagues)),
        paged=after is not None,
        next_address=f"?after={events[-1].seq}" if has_more else "",
    )


def _address_of(officer: Officer, alert: AuditedAlert) -> str:
    """Return the address of the alert's own page; empty for an officer who may not read it."""
    if not alert.is_own:
        may_read = ReceivedAlert.objects.visible_to(officer).filter(pk=alert.id).exists()
        return reverse("admin:received", args=[alert.id]) if may_read else ""
    may_read = Alert.objects.visible_to(officer).filter(pk=alert.id, state__in=SENT).exists()
    return reverse("admin:sent", args=[alert.id]) if may_read else ""
