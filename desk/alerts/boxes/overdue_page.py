# SPDX-License-Identifier: Apache-2.0
"""The overdue board as a page."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alerts.boxes.overdue import read_overdue
from callers import clock
from desk.alerts.replies.alert_acts import may_note_calls
from desk.web.frame import render_page, signed_in


def overdue(request: HttpRequest) -> HttpResponse:
    """Show what the officer's agency owes and what others owe it."""
    officer = signed_in(request)
    shown = read_overdue(officer, now=clock.now())
    return render_page(
        request, "overdue", _("Overdue"), overdue=shown, may_note=may_note_calls(officer), shows_keys=True
    )
