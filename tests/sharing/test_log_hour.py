# SPDX-License-Identifier: Apache-2.0
"""The exchange's ledger grows each hour by itself, so that one that stands still is a sign of trouble."""

from datetime import timedelta

from ledger.models import AuditEvent
from ledger.proofs import latest_checkpoint
from sharing.hours import HOUR_LOGGED, STANDS_AT_MOST, log_hour
from sharing.tasks import log_standing_hour
from tests.builders import Hub
from tests.role_logins import under_login_of
from tests.sharing.conftest import Four

WORKER = "system:exchange-worker"


def work(hub: Hub) -> bool:
    with under_login_of("exchange-worker"):
        return log_hour(WORKER, now=hub.now)


def test_an_hour_without_any_entry_is_an_entry(hub: Hub, four: Four) -> None:
    hub.sequence()
    before = latest_checkpoint()
    assert before is not None
    hub.now = before.at + STANDS_AT_MOST - timedelta(seconds=1)
    assert not work(hub)
    hub.later(seconds=1)
    assert work(hub)
    event = AuditEvent.objects.get(act=HOUR_LOGGED)
    assert (event.actor, event.agency, event.subject, event.detail) == (WORKER, "", "ledger", {})
    hub.sequence()
    newest = latest_checkpoint()
    assert newest is not None and (newest.size, newest.at) == (before.size + 1, hub.now)
    assert not work(hub)


def test_a_ledger_that_moves_needs_none(hub: Hub, four: Four) -> None:
    hub.later(hours=2)
    hub.deliver(four.alpha, four.bravo)
    hub.later(minutes=59)
    assert not work(hub)
    assert not AuditEvent.objects.filter(act=HOUR_LOGGED).exists()


def test_before_the_first_checkpoint_it_begins(hub: Hub) -> None:
    assert work(hub)
    assert hub.sequence().size == 1


def test_the_worker_does_it_by_the_clock(hub: Hub, four: Four) -> None:
    """The world of a test lies long ago, so the hour has passed by the real clock."""
    hub.sequence()
    log_standing_hour()
    assert AuditEvent.objects.filter(act=HOUR_LOGGED).count() == 1
