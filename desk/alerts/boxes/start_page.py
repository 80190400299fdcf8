# SPDX-License-Identifier: Apache-2.0
"""The first page: what waits for this officer; for the keeper, the desk itself and no agency's business."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.agency.agreement_versions import proposals_to_answer
from alerts.agency.lanes import lane_changes
from alerts.agency.power_changes import decidable_by
from alerts.boxes.overdue import answers_owed_to_us
from alerts.boxes.rare_work import rare_work
from alerts.boxes.start import Start, read_start
from alerts.withheld.sending import offers_of
from callers import clock
from callers.capabilities import Capability
from casework.tasks import ON_FIRST_PAGE, TaskRow, first_tasks, left_behind
from desk.alerts.boxes.start_rows import (
    AT_ONCE,
    HEADINGS,
    LATE,
    grouped,
    rows_of_commitments,
    rows_of_decisions,
    rows_of_keys,
    rows_of_lanes,
    rows_of_notices,
    rows_of_proposals,
    rows_of_questions,
    rows_of_tasks,
    rows_of_withheld,
    rows_of_work,
)
from desk.alerts.onward.page import rows_of_onward
from desk.alerts.sent.doubts_page import worded_statements
from desk.keeper.page import desk_page
from desk.web.frame import is_in_review, render_page, signed_in
from notices.models import Notification
from notices.states import NotificationState
from officers.departure import awaits_agreement
from officers.endings import ending_keys
from officers.first_steps import FirstStep, first_steps
from officers.models import Officer
from officers.reopening import reopened_lately
from reciprocity.commitments import commitments_of
from reciprocity.reminding import soon_due
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
    work = read_start(officer, now=now)
    answers = worded_statements(officer, work.answers_in_doubt)
    steps = [STEPS[step] for step in first_steps(officer)]
    decisions = rows_of_decisions(
        leaves=awaits_agreement(officer, now=now),
        powers=decidable_by(officer, now=now) > 0,
        caught=newly_caught(officer, since=now - CAUGHT_FOR),
    )
    tasks, rare = first_tasks(officer, now=now), rare_work(officer, now=now)
    asks = bool({Capability.ALERT_WRITE, Capability.ALERT_RELEASE} & officer.capabilities)
    rows = [
        *rows_of_work(officer, work, answers),
        *(rows_of_questions(answers_owed_to_us(officer, now=now)) if rare.questions and asks else ()),
        *(rows_of_onward(officer) if rare.onward else ()),
        *rows_of_tasks(tasks[:ON_FIRST_PAGE], left_behind(officer, now=now)),
        *(rows_of_withheld(offers_of(officer, now=now)) if rare.withheld else ()),
        *rows_of_proposals(proposals_to_answer(officer, now=now) if rare.proposals else ()),
        *rows_of_lanes(lane_changes(officer, now=now) if rare.lanes else ()),
        *rows_of_notices(_failed_notices(officer)),
        *(rows_of_commitments(soon_due(commitments_of(officer, now=now), now=now)) if rare.texts else ()),
        *rows_of_keys(ending_keys(officer, now=now)),
        *decisions,
    ]
    can = officer.capabilities
    return render_page(
        request,
        "start",
        _("My work"),
        work=work,
        waiting=grouped(rows, now),
        waiting_count=len(rows),
        pressing=(HEADINGS[AT_ONCE], HEADINGS[LATE]),
        more=_more(work, tasks),
        first_steps=steps,
        reopened=reopened_lately(officer.agency, now=now),
        nothing=not (rows or steps),
        may_write=Capability.ALERT_WRITE in can,
        may_identify=Capability.SCIENCE_READ in can,
        shows_keys=True,
        restore_waits=is_in_review(request) and Capability.OFFICER_MANAGE in can,
    )


def _more(work: Start, tasks: Sequence[TaskRow]) -> list[tuple[str, str]]:
    """Return the lists that hold more than the page shows, as label and address."""
    inbox = reverse("admin:inbox")
    lists = (
        (work.acknowledge.more, _("To acknowledge"), f"{inbox}?waiting=yes"),
        (work.answer.more, _("To answer"), f"{inbox}?to_answer=yes"),
        (work.release.more, _("To release"), reverse("admin:queue")),
        (work.late.more, _("Overdue"), reverse("admin:overdue")),
        (len(tasks) > ON_FIRST_PAGE, _("Tasks"), reverse("admin:tasks")),
    )
    return [(label, address) for is_more, label, address in lists if is_more]


def _failed_notices(officer: Officer) -> list[Notification]:
    """Return notices that did not reach colleagues; who reads this page needs not be told."""
    failed = Notification.objects.visible_to(officer).filter(
        state__in=(NotificationState.FAILED, NotificationState.HELD)
    )
    failed = failed.exclude(officer=officer)
    return list(failed.select_related("officer").order_by("-queued_at")[:SHOWN])
