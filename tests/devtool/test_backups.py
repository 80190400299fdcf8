# SPDX-License-Identifier: Apache-2.0
"""Restoring a dump, as the drills and docs/operations.md do it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devtool.drills.backups import dump, restore_dump
from hub.roles import DESK
from tests.services import surroundings

NAME = "drill_backups"


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database under the owner's login."""
    with psycopg.connect(surroundings().world.owner_urls[DESK], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {NAME}")
        yield surroundings().world_on(NAME).owner_urls[DESK]
        server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def test_nothing_is_left_of_what_a_newer_version_added(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE agency (id int PRIMARY KEY)")
        dump(database, tmp_path / "before.dump")
        connection.execute("CREATE TABLE unit (agency int REFERENCES agency)")
        connection.execute("INSERT INTO agency VALUES (1)")
    restore_dump(database, tmp_path / "before.dump")
    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert tables == [("agency",)]
        assert connection.execute("SELECT * FROM agency").fetchall() == []
