# SPDX-License-Identifier: Apache-2.0
"""The real sequencer numbers an alert; the real desk-worker, under its own login, fetches, opens and stores it."""

from pathlib import Path

from django.utils import timezone

from alerts.boxes.inbox import list_received
from alerts.models import ReceivedAlert
from alerts.receiving.opening import open_alert
from devtool.processes import wait_until
from tests.alerts.conftest import GOOD, make_desks
from tests.builders import Hub
from tests.conftest import HubProcesses

PATIENCE_SECONDS = 120


def test_an_alert_reaches_the_desk_through_real_processes(
    hub_processes: HubProcesses, tmp_path: Path
) -> None:
    desks = make_desks(Hub(tmp_path / "ledger", now=timezone.now().replace(microsecond=0)))
    children = [hub_processes.sequencer(), hub_processes.desk_worker(), hub_processes.mailer(beat=True)]
    alert = desks.released(event_date=None)
    wait_until(
        ReceivedAlert.objects.filter(agency=desks.health.agency, md=alert.md, card__isnull=False).exists,
        "desk-worker",
        timeout_seconds=PATIENCE_SECONDS,
        children=children,
    )
    now = timezone.now()
    row = list_received(desks.health.reader, now=now).rows[0]
    assert row.card is not None and row.card.title == GOOD["title"]
    view = open_alert(desks.health.reader, row.received, reason="on_duty", now=now)
    assert view.title == GOOD["title"]
