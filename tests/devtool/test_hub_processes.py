# SPDX-License-Identifier: Apache-2.0
"""The fixtures for real processes start processes that work on the test's own database."""

import http.client
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from devtool import programs
from devtool.environments import World
from devtool.processes import wait_until
from tests.conftest import HubProcesses

pytestmark = [pytest.mark.django_db(transaction=True)]


def _get(address: str, path: str) -> tuple[int, bytes]:
    client = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


def test_all_roles_run_together_and_the_exchange_is_ready(hub_processes: HubProcesses) -> None:
    children = [hub_processes.sequencer(), hub_processes.desk_worker()]
    children += [hub_processes.exchange_worker(beat=True), hub_processes.mailer(beat=True)]
    children += [hub_processes.exchange(), hub_processes.desk()]
    world = hub_processes.world
    for address in (world.exchange_url, world.hub_url):
        assert _get(address, "/livez") == (200, b"ok\n")
        ready = programs.web_answers(programs.port_of(address), "/readyz")
        wait_until(ready, "readiness", timeout_seconds=90)
    assert all(child.alive for child in children)


def test_a_killed_worker_can_be_started_again(hub_processes: HubProcesses) -> None:
    worker = hub_processes.mailer()
    worker.kill()
    assert not worker.alive
    worker.start()
    wait_until(programs.worker_listens(worker), "worker", timeout_seconds=90, children=[worker])


def test_the_desks_login_works_on_the_tests_database(desk_connection: psycopg.Connection) -> None:
    told = desk_connection.execute("SELECT current_user, current_database()").fetchone()
    assert told == ("accord_desk", connection.settings_dict["NAME"])


def test_append_only_tables_are_empty_again_in_the_next_test(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_checkpoint) + (SELECT count(*) FROM ledger_sequencerlease)"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)
