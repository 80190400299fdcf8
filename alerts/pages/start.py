# SPDX-License-Identifier: Apache-2.0
"""The first page: what waits for this officer; for the operator, the hub itself and no agency's business."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.capabilities import Capability
from agencies.endings import ending_keys
from agencies.models import Agency, Officer
from alerts.pages.doubts import doubted_statements
from alerts.pages.frame import render_page, signed_in
from alerts.standing import utc_text
from alerts.start import read_start
from ledger.proofs import latest_checkpoint, pending_since
from sharing.backpressure import sequencer_silence
from sharing.ledger_views import last_dispute
from sharing.models import Notification
from sharing.notices.lateness import late_since
from sharing.states import NotificationState

SHOWN: Final = 10
LATE_AFTER: Final = timedelta(seconds=10)


def start(request: HttpRequest) -> HttpResponse:
    officer, now = signed_in(request), timezone.now()
    if Capability.HUB_OPERATE in officer.capabilities:
        return _operator_page(request, officer, now)
    work, notices, keys = (
        read_start(officer, now=now),
        _failed_notices(officer),
        ending_keys(officer, now=now),
    )
    may_reaffirm = Capability.ALERT_RELEASE in officer.capabilities
    answers = doubted_statements(officer, now=now) if may_reaffirm else []
    return render_page(
        request,
        "start",
        _("My work"),
        work=work,
        failed_notices=notices,
        ending_keys=keys,
        answers_in_doubt=answers,
        nothing=work.nothing_waits and not (answers or notices or keys),
        may_write=Capability.ALERT_WRITE in officer.capabilities and _is_hosted(officer),
        shows_keys=True,
    )


def _is_hosted(officer: Officer) -> bool:
    return officer.agency is not None and officer.agency.is_hosted


def _failed_notices(officer: Officer) -> list[Notification]:
    failed = Notification.objects.visible_to(officer).filter(
        state__in=(NotificationState.FAILED, NotificationState.HELD)
    )
    return list(failed.select_related("officer").order_by("-queued_at")[:SHOWN])


def _operator_page(request: HttpRequest, officer: Officer, now: datetime) -> HttpResponse:
    agencies = Agency.objects.visible_to(officer).order_by("name")
    return render_page(request, "operator", _("This hub"), agencies=agencies, health=list(_health(now)))


def _health(now: datetime) -> Iterator[dict[str, str]]:
    silence, oldest = sequencer_silence(now), pending_since()
    if silence is None or silence > LATE_AFTER:
        yield {
            "label": _("Sequencer"),
            "tone": "danger",
            "text": _("Silent: nothing is logged or delivered."),
        }
    else:
        yield {"label": _("Sequencer"), "tone": "ok", "text": _("Alive")}
    late = oldest is not None and now - oldest > LATE_AFTER
    text = _("Entries wait to be logged.") if late else _("Nothing waits to be logged.")
    yield {"label": _("Log"), "tone": "warn" if late else "ok", "text": text}
    yield _mail_health(now)
    checkpoint = latest_checkpoint()
    size = _("%(n)d entries signed") % {"n": checkpoint.size} if checkpoint else _("No checkpoint yet")
    yield {"label": _("Checkpoint"), "tone": "ok" if checkpoint else "warn", "text": size}
    disputed = last_dispute(now=now)
    if disputed is not None:
        text = _("A partner has seen another ledger, at %(time)s UTC. See the audit.") % {
            "time": utc_text(disputed)
        }
        yield {"label": _("Ledger"), "tone": "danger", "text": text}


def _mail_health(now: datetime) -> dict[str, str]:
    """Whether mail goes out, without saying whose."""
    since = late_since(now=now)
    if since is None:
        return {"label": _("Mail"), "tone": "ok", "text": _("Nothing is late.")}
    text = _("Mail is late: something waits since %(time)s UTC.") % {"time": utc_text(since)}
    return {"label": _("Mail"), "tone": "danger", "text": text}
