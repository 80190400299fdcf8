# SPDX-License-Identifier: Apache-2.0
"""Metrics for Prometheus: ages and totals without names of agencies, at an address of their own or nowhere."""

import re
import urllib.request
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from alerts.receiving.taking import FeedOfAgency
from devtool.environments import ROOT
from devtool.ports import LOOPBACK, free_ports
from hub.metrics import OldestTransaction, _facts, count_answers, listen_for_prometheus
from notices.leasing import LEASE, lease_batch
from notices.models import Notification
from tests.alerts.test_follow_feed import connection_facts
from tests.builders import START, Hub, desk_reaches_the_heads
from tests.notices.conftest import make_notice_world
from tests.role_logins import under_login_of

CLOSED_LABELS = {"status": r"[1-5]xx", "state": r"[a-z]+", "place": r"temporary|spool"}


def values(role: str, hub: Hub, settings_role: pytest.MonkeyPatch) -> dict[str, float]:
    """Return the metrics by name and labels, as this role's login reads them."""
    settings_role.setattr(settings, "HUB_ROLE", role)
    with under_login_of(role):
        families = list(_facts(hub.now))
    return {
        "/".join((sample.name.removeprefix("accord_"), *sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def hub(db: None, tmp_path: Path) -> Hub:
    """A hub with two alerts for two readers, of which the desk has taken one."""
    world = make_notice_world(Hub(tmp_path / "ledger", START), readers=2)
    world.deliver()
    world.deliver()
    with under_login_of("desk-worker"):
        FeedOfAgency(world.bravo.row, world.hub.now, lambda: True).follow()
    world.hub.sequence()
    return world.hub


def test_what_waits_is_counted_and_its_age_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.later(minutes=5)
    waiting = values("desk", hub, monkeypatch)
    assert waiting["desk_items_behind"] == waiting["desk_feeds_behind"] == 1
    assert waiting["desk_oldest_seconds"] >= 300
    assert waiting["notices/queued"] == 2
    assert 0 < waiting["notice_oldest_seconds"] <= 300
    assert waiting["log_time_ahead_seconds"] <= -300
    assert waiting["log_oldest_seconds"] == 0
    desk_reaches_the_heads(now=hub.now)
    lease_batch(now=hub.now)
    hub.now += LEASE + timedelta(seconds=1)
    Notification.objects.filter(pk=Notification.objects.values("pk")[:1]).update(state="failed")
    later = values("desk", hub, monkeypatch)
    assert (later["desk_items_behind"], later["desk_oldest_seconds"]) == (0, 0)
    assert (later["leases_overdue"], later["notices/failed"], later["notices/leased"]) == (1, 1, 1)


def test_the_exchange_says_nothing_of_the_desk(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    found = values("exchange", hub, monkeypatch)
    assert not any(part in name for name in found for part in ("desk", "notice", "lease"))
    assert found["feed_oldest_seconds"] == 0
    assert found["database_bytes"] > 1_000_000, "its size; free room of its disk is nothing that SQL tells"


def test_a_transaction_that_goes_on_grows_older(transactional_db: None) -> None:
    clock = iter([100.0, 100.0, 107.0]).__next__
    oldest = OldestTransaction(clock)
    with psycopg.connect(**connection_facts()) as other:
        other.execute("SELECT pg_current_xact_id()")
        # A transaction that began later and has ended, like the sequencer's beat each second.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        assert [oldest.age_secs(), oldest.age_secs()] == [0, 7]


def test_it_answers_at_its_own_address_with_closed_labels_and_documented_names(
    transactional_db: None,
) -> None:
    application = count_answers(lambda environ, start: [start("503 Busy", []) or b""])
    list(application({}, lambda status, headers: b""))
    (port,) = free_ports(1)
    listen_for_prometheus(f"{LOOPBACK}:{port}")
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert 'accord_http_answers_total{status="5xx"} 1.0' in text
    assert "accord_database_up 1.0" in text
    documented = (ROOT / "docs/operations.md").read_text()
    for family in text_string_to_metric_families(text):
        assert family.name in documented, family.name
        for sample in family.samples:
            assert all(re.fullmatch(CLOSED_LABELS[name], value) for name, value in sample.labels.items())


def test_without_an_address_nothing_answers_and_the_web_has_no_such_page(client: Client, db: None) -> None:
    assert settings.METRICS_LISTEN == ""
    assert client.get("/metrics").status_code in {302, 404}
