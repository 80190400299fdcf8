# SPDX-License-Identifier: Apache-2.0
"""Liveness, readiness and health are three questions: a silent sequencer takes no web process out of service."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone

from hub import health
from hub.health import Migrations, Policies
from ledger.halting import halt_sequencer
from ledger.models import PendingEntry
from sharing.models import FeedMark
from tests.agencies.world import admit, enrol

pytestmark = pytest.mark.django_db


def test_alive_whatever_its_neighbours_do(client: Client) -> None:
    assert client.get("/livez").status_code == 200


AT_THE_EXCHANGE = {"authorization": "Api-Key of-whatever"}
"""The header that sends a request to the exchange where both halves have an address."""


def test_not_healthy_before_the_sequencer_was_ever_heard(client: Client) -> None:
    answer = client.get("/healthz", headers=AT_THE_EXCHANGE)
    assert (answer.status_code, answer.json()["failing"]) == (503, ["sequencer"])


@pytest.mark.parametrize(("silent_seconds", "status"), [(1, 200), (30, 503), (-3600, 503)])
def test_healthy_while_the_sequencer_is_heard(client: Client, silent_seconds: int, status: int) -> None:
    FeedMark.objects.create(beat=timezone.now() - timedelta(seconds=silent_seconds))
    assert client.get("/healthz", headers=AT_THE_EXCHANGE).status_code == status
    ready = client.get("/readyz", headers=AT_THE_EXCHANGE)
    assert ready.status_code == 200, "intake goes on without the sequencer"


def test_a_desk_is_not_healthy_while_what_it_handed_in_gets_no_place(client: Client) -> None:
    enrol(admit("xa-lab"), "reader")
    assert client.get("/healthz").status_code == 200
    PendingEntry.objects.update(created_at=timezone.now() - timedelta(seconds=11))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["sequencer"])


def test_not_healthy_while_the_sequencer_is_halted_for_its_clock(client: Client) -> None:
    FeedMark.objects.create(beat=timezone.now())
    halt_sequencer("the clock of ntp://time.example is 400 days behind this sequencer's")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["clock"])
    assert "time.example" not in answer.content.decode()
    assert client.get("/readyz").status_code == 200


def test_not_healthy_while_a_policy_was_written_past_the_program(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    FeedMark.objects.create(beat=timezone.now())
    enrol(admit("xa-lab"), "reader")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE officers_agencypolicy SET four_eyes = false")
    monkeypatch.setattr(health, "POLICIES", Policies())
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["policy"])
    assert client.get("/readyz").status_code == 200


def test_a_process_whose_migrations_have_not_run_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((app, newest),) = MigrationLoader(connection).graph.leaf_nodes("agencies")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE (app, name) = (%s, %s)", [app, newest])
    monkeypatch.setattr(health, "MIGRATIONS", Migrations())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["migrations"])
    monkeypatch.setattr(health, "LOOKED_AT_EVERY_SECS", 0)
    with connection.cursor() as cursor:
        applied = "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())"
        cursor.execute(applied, [app, newest])
    assert client.get("/readyz").status_code == 200
