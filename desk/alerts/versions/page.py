# SPDX-License-Identifier: Apache-2.0
"""Changes between the newest version of a received alert and the one before; both are opened, under one reason."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alerts.access import find_received
from alerts.drafting.changes import Changes, changed_fields
from alerts.errors import ReceiptPendingError, UnopenableError
from alerts.models import ReceivedAlert
from alerts.receiving.held_envelopes import CLOSED
from alerts.receiving.opening import OpenedView, open_alert
from alerts.receiving.retractions import judge_for_display
from alerts.receiving.versions import versions_held
from callers import clock
from callers.errors import AbsentError, InputError
from desk.alerts.received.reading import reading_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer

STAYS_CLOSED = (*CLOSED, InputError, ReceiptPendingError, UnopenableError)
TERMS = ("tlp", "pri", "lane", "purpose", "status")


def changes(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show the changes; without a valid reason ask first, and where one of the two stays closed redirect to its own page."""
    officer, now = signed_in(request), clock.now()
    alert = judge_for_display(find_received(officer, alert_id), now=now)
    before = version_before(alert, versions_held(officer, alert, now=now))
    if before is None:
        raise AbsentError
    reading = reading_of(request, alert.pk, now=now)
    if reading is None:
        return redirect("admin:received", alert.pk)
    reason, reference = reading.reason, reading.reference
    for row in (alert, before):
        if row.keep <= now:
            return redirect("admin:received", row.pk)
    views: list[OpenedView] = []
    for row in (find_received(officer, before.pk), alert):
        try:
            views.append(open_alert(officer, row, reason=reason, reference=reference, now=now))
        except STAYS_CLOSED:
            return redirect("admin:received", row.pk)
    return _page(request, officer, before, *views)


def version_before(alert: ReceivedAlert, held: list[ReceivedAlert]) -> ReceivedAlert | None:
    """Return the newest of the versions that the agency received before this one."""
    return next((row for row in held if row.version < alert.version), None)


def _page(
    request: HttpRequest, officer: Officer, before: ReceivedAlert, old: OpenedView, new: OpenedView
) -> HttpResponseBase:
    fields = tuple(changed_fields(_said(old), _said(new)))
    return render_page(
        request,
        "changes",
        _("What changed"),
        alert=new.received,
        opened=new,
        marking=new.marking,
        verification=new.verification,
        changes=Changes(before.version, fields, (), ()),
        before=before,
    )


def _said(view: OpenedView) -> Mapping[str, Any]:
    """Return the document, with the terms of the manifest."""
    return {**view.document, **{name: getattr(view.received, name) for name in TERMS}}
