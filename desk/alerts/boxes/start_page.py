# SPDX-License-Identifier: Apache-2.0
"""The first page: what waits for this officer; for the keeper, the desk itself and no agency's business."""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alerts.agency.power_changes import decidable_by
from alerts.boxes.start import read_start
from callers import clock
from callers.capabilities import Capability
from desk.alerts.sent.doubts_page import worded_statements
from desk.keeper.page import desk_page
from desk.web.frame import is_in_review, render_page, signed_in
from notices.models import Notification
from notices.states import NotificationState
from officers.endings import ending_keys
from officers.models import Officer
from officers.reopening import reopened_lately
from science.law.newly_caught import newly_caught

SHOWN: Final = 10
CAUGHT_FOR: Final = timedelta(days=14)
"""Time for which the page shows that a change of the law has reached substances of the agency."""


def start(request: HttpRequest) -> HttpResponse:
    officer, now = signed_in(request), clock.now()
    if Capability.DESK_KEEP in officer.capabilities:
        return desk_page(request, officer, now)
    work, notices, keys = (
        read_start(officer, now=now),
        _failed_notices(officer),
        ending_keys(officer, now=now),
    )
    caught = newly_caught(officer, since=now - CAUGHT_FOR)
    answers = worded_statements(officer, work.answers_in_doubt)
    powers_wait = decidable_by(officer, now=now) > 0
    return render_page(
        request,
        "start",
        _("My work"),
        work=work,
        failed_notices=notices,
        ending_keys=keys,
        powers_wait=powers_wait,
        reopened=reopened_lately(officer.agency, now=now),
        answers_in_doubt=answers,
        newly_caught=caught,
        nothing=work.nothing_waits and not (answers or notices or keys or powers_wait or caught),
        may_write=Capability.ALERT_WRITE in officer.capabilities,
        shows_keys=True,
        restore_waits=is_in_review(request) and Capability.OFFICER_MANAGE in officer.capabilities,
    )


def _failed_notices(officer: Officer) -> list[Notification]:
    failed = Notification.objects.visible_to(officer).filter(
        state__in=(NotificationState.FAILED, NotificationState.HELD)
    )
    return list(failed.select_related("officer").order_by("-queued_at")[:SHOWN])
