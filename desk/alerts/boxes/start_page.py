# SPDX-License-Identifier: Apache-2.0
"""The first page: what waits for this officer; for the keeper, the desk itself and no agency's business."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.agency.power_changes import decidable_by
from alerts.boxes.start import read_start
from callers import clock
from callers.capabilities import Capability
from desk.alerts.sent.doubts_page import worded_statements
from desk.casework.alert_part import first_tasks
from desk.keeper.page import desk_page
from desk.web.frame import is_in_review, render_page, signed_in
from notices.models import Notification
from notices.states import NotificationState
from officers.departure import awaits_agreement
from officers.endings import ending_keys
from officers.first_steps import FirstStep, first_steps
from officers.models import Officer
from officers.reopening import reopened_lately
from science.law.newly_caught import newly_caught

SHOWN: Final = 10
CAUGHT_FOR: Final = timedelta(days=14)
"""Time for which the page shows that a change of the law has reached substances of the agency."""


STEPS: Final[Mapping[FirstStep, tuple[str, str | Promise]]] = {
    FirstStep.PEOPLE: (
        "admin:officers",
        gettext_lazy("Invite your agency's officers: at least a key officer, an author and a releaser"),
    ),
    FirstStep.KEYS: ("admin:keys", gettext_lazy("Make your agency's keys")),
    FirstStep.SIGNATURE: (
        "admin:keys",
        gettext_lazy("Have your agency's head sign the proposal of its keys"),
    ),
    FirstStep.DUTY: ("admin:duty", gettext_lazy("Say who is called first: the duty list is empty")),
}
"""Where each step is taken, and what it is."""


def start(request: HttpRequest) -> HttpResponse:
    officer, now = signed_in(request), clock.now()
    if Capability.DESK_KEEP in officer.capabilities:
        return desk_page(request, officer, now)
    work, notices, keys = (
        read_start(officer, now=now),
        _failed_notices(officer),
        ending_keys(officer, now=now),
    )
    own_tasks = first_tasks(officer, now=now)
    caught = newly_caught(officer, since=now - CAUGHT_FOR)
    answers = worded_statements(officer, work.answers_in_doubt)
    powers_wait = decidable_by(officer, now=now) > 0
    leaves, steps = awaits_agreement(officer, now=now), [STEPS[step] for step in first_steps(officer)]
    return render_page(
        request,
        "start",
        _("My work"),
        work=work,
        **own_tasks,
        failed_notices=notices,
        ending_keys=keys,
        powers_wait=powers_wait,
        leaves=leaves,
        first_steps=steps,
        reopened=reopened_lately(officer.agency, now=now),
        answers_in_doubt=answers,
        newly_caught=caught,
        nothing=work.nothing_waits
        and not (answers or notices or keys or powers_wait or caught or leaves or steps)
        and not (own_tasks["tasks"].rows or own_tasks["tasks_left"]),
        may_write=Capability.ALERT_WRITE in officer.capabilities,
        shows_keys=True,
        restore_waits=is_in_review(request) and Capability.OFFICER_MANAGE in officer.capabilities,
    )


def _failed_notices(officer: Officer) -> list[Notification]:
    failed = Notification.objects.visible_to(officer).filter(
        state__in=(NotificationState.FAILED, NotificationState.HELD)
    )
    return list(failed.select_related("officer").order_by("-queued_at")[:SHOWN])
