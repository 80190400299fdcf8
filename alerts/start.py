# SPDX-License-Identifier: Apache-2.0
"""What waits for this officer: to release, to acknowledge, second looks, in doubt. Shown on the start page."""

from dataclasses import dataclass
from datetime import datetime

from agencies.capabilities import Capability
from agencies.models import Officer
from alerts.inbox import InboxRow, inbox_rows, still_to_acknowledge
from alerts.models import Alert, ReceivedAlert
from alerts.paging import PAGE_ROWS
from alerts.queue import QueueRow, list_waiting
from alerts.reaffirmation import DoubtedAlert, list_doubted


@dataclass(frozen=True)
class Start:
    """Empty lists mean that nothing waits, or that the officer's roles do not include it."""

    to_release: tuple[QueueRow, ...] = ()
    to_acknowledge: tuple[InboxRow, ...] = ()
    second_looks: tuple[Alert, ...] = ()
    in_doubt: tuple[DoubtedAlert, ...] = ()

    @property
    def nothing_waits(self) -> bool:
        return not (self.to_release or self.to_acknowledge or self.second_looks or self.in_doubt)


def read_start(officer: Officer, *, now: datetime) -> Start:
    """The officer's work, most pressing first."""
    can = officer.capabilities
    return Start(
        to_release=list_waiting(officer).rows if Capability.QUEUE_READ in can else (),
        to_acknowledge=_to_acknowledge(officer, now) if Capability.ALERT_ACKNOWLEDGE in can else (),
        second_looks=_second_looks(officer) if Capability.ALERT_VALIDATE in can else (),
        in_doubt=list_doubted(officer, now=now) if Capability.ALERT_RELEASE in can else (),
    )


def _to_acknowledge(officer: Officer, now: datetime) -> tuple[InboxRow, ...]:
    rows = ReceivedAlert.objects.visible_to(officer).filter(still_to_acknowledge())
    waiting = list(rows.select_related("issuer", "agency").order_by("ack_by", "number")[:PAGE_ROWS])
    return tuple(inbox_rows(officer, waiting, now=now))


def _second_looks(officer: Officer) -> tuple[Alert, ...]:
    rows = Alert.objects.visible_to(officer).filter(second_look_by__isnull=False, second_look_at=None)
    return tuple(rows.exclude(released_by=officer).order_by("second_look_by")[:PAGE_ROWS])
