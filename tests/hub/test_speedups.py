# SPDX-License-Identifier: Apache-2.0
"""`tests.speedups` and `tests.restored_worlds` change nothing that a test can see."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from devtool.environments import ROOT
from peers.models import Agency
from tests import restored_worlds
from tests.entries import store_entry
from tests.restored_worlds import restored_world
from tests.speedups import LOADED, WITHOUT_SPEEDUPS

pytestmark = pytest.mark.skipif(WITHOUT_SPEEDUPS, reason="ACCORD_WITHOUT_SPEEDUPS has nothing shortened")

AT: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FACTS: Final = {"kind": "laboratory", "country": "XA", "timezone": "UTC", "custody": "hub", "admitted_at": AT}
COLLECTS: Final = """
import gc
from tests.speedups import exempt_from_collection

class Node: pass

with exempt_from_collection():
    assert not gc.isenabled()
    kept = [Node() for _ in range(10)]
assert gc.isenabled() and gc.get_freeze_count() > 10
one = Node()
one.itself = one
del one
assert gc.collect() >= 1, "what is made later is searched for"
"""


@dataclass
class World:
    folder: Path
    names: list[str]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return where worlds were built; worlds of other tests stay kept."""
    monkeypatch.setattr(restored_worlds, "_worlds", {})
    return []


def _world(folder: Path, built: list[Path], **how: float) -> World:
    def build(folder: Path) -> World:
        built.append(folder)
        folder.mkdir()
        (folder / "state").write_text("as built")
        store_entry("xa-alpha", name="As built", **FACTS)
        return World(folder, ["as built"])

    return restored_world("a world of this test", build, folder, **how)


def _another_test(folder: Path, built: list[Path]) -> None:
    """Spoil the world as well as a test can; at the end the rows are rolled back, and nothing else."""
    with transaction.atomic():
        world = _world(folder, built)
        (world.folder / "state").write_text("spoilt")
        world.names.append("spoilt")
        Agency.objects.update(name="Spoilt")
        transaction.set_rollback(True)


def test_a_restored_world_comes_back_as_it_was_built(db: None, tmp_path: Path, built: list[Path]) -> None:
    _another_test(tmp_path / "one", built)
    again = _world(tmp_path / "two", built)
    assert built == [tmp_path / "one"]
    assert again == World(tmp_path / "two", ["as built"])
    assert (again.folder / "state").read_text() == "as built"
    assert Agency.objects.get().name == "As built"


def test_a_world_that_is_too_old_is_built_again(db: None, tmp_path: Path, built: list[Path]) -> None:
    _another_test(tmp_path / "one", built)
    _world(tmp_path / "two", built, fresh_seconds=0)
    assert built == [tmp_path / "one", tmp_path / "two"]


def test_a_world_is_not_put_where_something_is(db: None, tmp_path: Path, built: list[Path]) -> None:
    _another_test(tmp_path / "one", built)
    store_entry("xb-bravo", name="Of the test", **FACTS)
    _world(tmp_path / "two", built)
    assert built == [tmp_path / "one", tmp_path / "two"]
    assert set(Agency.objects.values_list("pk", flat=True)) == {"xa-alpha", "xb-bravo"}


def test_clients_share_middleware_until_a_setting_changes(db: None, settings: Settings) -> None:
    def chain() -> list[object]:
        client = Client()
        client.get("/livez")
        return [vars(client.handler)[name] for name in LOADED]

    first = chain()
    assert chain() == first
    settings.SESSION_COOKIE_AGE += 1
    assert chain() != first


def test_the_quick_flush_leaves_what_migrations_made(transactional_db: None) -> None:
    types = ContentType.objects.count()
    store_entry("xa-alpha", name="Of the test", **FACTS)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    call_command("flush", interactive=False, verbosity=0)
    assert not Agency.objects.exists()
    assert ContentType.objects.count() == types > 0


def test_a_closed_file_is_still_refused_where_the_disk_is_not_waited_for(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        descriptor = file.fileno()
        os.fsync(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fsync(descriptor)


def test_what_was_collected_is_searched_no_more_and_what_comes_later_is() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
