# SPDX-License-Identifier: Apache-2.0
"""The fixtures for real processes start processes that work on the test's own database; all roles keep their secrets."""

import http.client
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from celery import Celery
from django.db import connection

from devtool import programs
from devtool.environments import World
from devtool.processes import Child, wait_until
from tests.conftest import HubProcesses
from tests.services import surroundings

pytestmark = [pytest.mark.django_db(transaction=True)]


def _get(address: str, path: str) -> tuple[int, bytes]:
    client = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


@pytest.mark.slow
def test_all_roles_run_together_and_keep_their_secrets(hub_processes: HubProcesses) -> None:
    """One start serves all that is asked of running processes."""
    sequencer, desk_worker = hub_processes.sequencer(), hub_processes.desk_worker()
    exchange_worker, mailer = hub_processes.exchange_worker(beat=True), hub_processes.mailer(beat=True)
    exchange, desk = hub_processes.exchange(), hub_processes.desk()
    children = [sequencer, desk_worker, exchange_worker, mailer, exchange, desk]
    _web_roles_are_ready(hub_processes.world)
    _no_process_shows_a_secret(hub_processes.world, children)
    _no_process_that_holds_keys_may_dump_core(desk, desk_worker, sequencer)
    _workers_take_no_orders_and_tell_no_settings()
    assert all(child.alive for child in children)
    _a_killed_worker_can_be_started_again(mailer)


def _web_roles_are_ready(world: World) -> None:
    for address in (world.exchange_url, world.hub_url):
        assert _get(address, "/livez") == (200, b"ok\n")
        ready = programs.web_answers(programs.port_of(address), "/readyz")
        wait_until(ready, "readiness", timeout_seconds=90)


def _no_process_shows_a_secret(world: World, children: list[Child]) -> None:
    """Check that no secret is in /proc/PID/environ or the command line."""
    drawn = asdict(world.secrets)
    secrets = {name: value for name, value in drawn.items() if isinstance(value, str)}
    for name in ("login_passwords", "broker_passwords"):
        secrets |= {f"{name}: {login}": password for login, password in drawn[name].items()}
    secrets["key_encryption_ring"] = secrets["key_encryption_ring"].partition(":")[2]
    for child in children:
        processes = _processes_of(child.pid)
        assert processes, child.name
        for process in processes:
            shown = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            assert shown
            assert [name for name, value in secrets.items() if value.encode() in shown] == [], child.name


def _processes_of(group: int) -> list[Path]:
    """Every process of a group, with the children of the first one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                found.append(folder)
        except (OSError, IndexError, ValueError):
            continue
    return found


def _no_process_that_holds_keys_may_dump_core(desk: Child, worker: Child, sequencer: Child) -> None:
    # The web server's own process only starts workers, which load the hub.
    loaded = [*_descendants(desk.pid), worker.pid, *_descendants(worker.pid), sequencer.pid]
    assert len(loaded) > 3
    assert {pid: _core_limits(pid) for pid in loaded} == {pid: ["0", "0"] for pid in loaded}


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))


def _core_limits(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in lines if line.startswith("Max core file size")).split()[4:6]


def _workers_take_no_orders_and_tell_no_settings() -> None:
    """Ask as the broker's own superuser, so no missing right explains the silence: the workers do not listen.

    They have listened to their queues for a while; each question waits as long as an answer would take.
    """
    asking = Celery("thief", broker=surroundings().world.redis_super_url, set_as_current=False)
    assert asking.control.inspect(timeout=2).conf() is None
    assert asking.control.cancel_consumer("notify", reply=True, timeout=2) == []
    assert asking.control.ping(timeout=2) == []
    with redis.Redis.from_url(surroundings().world.redis_super_url) as broker:
        assert [name for name in broker.keys("*") if b"pidbox" in name or b"celeryev" in name] == []
    asking.close()


def _a_killed_worker_can_be_started_again(worker: Child) -> None:
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
