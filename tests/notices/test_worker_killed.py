# SPDX-License-Identifier: Apache-2.0
"""Killed workers: nobody is missed, and at most the one mail of each killed connection comes twice, marked so."""

from collections import Counter
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from devtool.processes import Child, wait_until
from notices.models import Notification
from notices.states import NotificationState
from tests.builders import Hub
from tests.conftest import HubProcesses
from tests.mail_server import MailServer, Misbehaviour
from tests.notices.conftest import make_notice_world

OFFICERS = 40

pytestmark = [pytest.mark.slow, pytest.mark.no_retry]


@pytest.fixture
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten leases and sweeps, so that a test does not wait minutes for them."""
    monkeypatch.setenv("NOTICE_LEASE_SECONDS", "3")
    monkeypatch.setenv("SWEEP_SECONDS", "1")


@pytest.fixture
def audience(transactional_db: None, tmp_path: Path) -> Hub:
    """An agency with forty readers, none of them told yet of an alert that the desk has taken in."""
    hub = Hub(tmp_path / "audience", now=timezone.now().replace(microsecond=0))
    make_notice_world(hub, readers=OFFICERS).queue()
    return hub


def _copies(mail_server: MailServer) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in mail_server.mails)


def _all_settled() -> bool:
    return not Notification.objects.exclude(state=NotificationState.SENT).exists()


def _wait_until_all_are_told(worker: Child) -> None:
    wait_until(_all_settled, "every notice sent", timeout_seconds=120, children=[worker])


def test_a_worker_killed_in_mid_batch_misses_nobody(
    quick_sweeps: None, audience: Hub, hub_processes: HubProcesses, mail_server: MailServer
) -> None:
    mail_server.misbehaviour = Misbehaviour(seconds_per_mail=0.05)
    worker = hub_processes.mailer(beat=True)
    for told in (5, 15):
        mail_server.wait_for_count(told)
        worker.kill()
        worker = hub_processes.mailer(beat=True)
    _wait_until_all_are_told(worker)
    copies = _copies(mail_server)
    assert len(copies) == OFFICERS
    twice = {address for address, count in copies.items() if count > 1}
    marked = set(Notification.objects.filter(uncertain=True).values_list("officer__email", flat=True))
    assert len(twice) <= 2
    assert max(copies.values()) <= 2
    assert twice <= marked
    assert len(marked) <= 2


def test_a_flushed_broker_costs_a_sweep_and_nobody(
    quick_sweeps: None, audience: Hub, hub_processes: HubProcesses, mail_server: MailServer
) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushall()
    worker = hub_processes.mailer(beat=True)
    mail_server.wait_for_count(3)
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushall()
    _wait_until_all_are_told(worker)
    assert _copies(mail_server) == Counter(dict.fromkeys(_copies(mail_server), 1))
    assert len(_copies(mail_server)) == OFFICERS
