# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL and Valkey from wheels: they start, keep data, survive a kill, and leave nothing behind."""

import os
import signal
import socket
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
import redis

from devtool.errors import ServiceError
from devtool.postgres import DATABASES, OWNERS, SUPERUSER, Logins, PostgreSQL, end_leftover
from devtool.processes import identity, wait_until
from devtool.valkey import Valkey
from hub.roles import BROKER_LOGINS, LOGINS

OWNER, DATABASE = OWNERS["desk"], DATABASES["desk"]
PASSWORDS = Logins(
    "super word",
    {owner: f"{owner}/word" for owner in OWNERS.values()},
    {login: f"{login}@word" for login in LOGINS.values()},
)
BROKER_PASSWORDS = {login: f"{login}-word" for login in BROKER_LOGINS.values()}


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("services")
    # Where the kernel refuses user namespaces, the server runs as another user and must pass through these folders.
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)
    return folder


@pytest.fixture
def postgres(place: Path) -> Generator[PostgreSQL]:
    server = PostgreSQL(place / "pg", PASSWORDS, log=place / "postgresql.log", volatile=True)
    yield server
    server.stop()


@pytest.fixture
def valkey(place: Path) -> Generator[Valkey]:
    server = Valkey(place / "valkey", BROKER_PASSWORDS, log=place / "valkey.log")
    yield server
    server.stop()


def _answer(server: PostgreSQL, login: str, statement: str) -> object:
    with psycopg.connect(server.url(login, DATABASE), autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
        return row[0] if row else None


def test_a_server_of_both_halves_is_closed_to_others_and_keeps_its_data(postgres: PostgreSQL) -> None:
    postgres.start()
    each_half_has_a_database_that_its_owner_alone_may_enter(postgres)
    a_wrong_password_is_refused(postgres)
    assert _answer(postgres, SUPERUSER, "SHOW listen_addresses") == "", "it listens on no port"
    killed_it_starts_again_on_the_same_socket(postgres)
    stopped_it_leaves_its_data_only(postgres)


def each_half_has_a_database_that_its_owner_alone_may_enter(postgres: PostgreSQL) -> None:
    """`migrate` lets the roles of the half in later."""
    for half, database in DATABASES.items():
        for login in (*OWNERS.values(), *LOGINS.values()):
            with psycopg.connect(postgres.url(SUPERUSER, database)) as connection:
                row = connection.execute(
                    "SELECT has_database_privilege(%s, %s, 'CONNECT')", [login, database]
                ).fetchone()
            assert row == (login == OWNERS[half],), (login, database)
    assert {_answer(postgres, OWNER, "SELECT current_user")} == {OWNER}
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(postgres.url(OWNERS["exchange"], DATABASES["desk"]))


def a_wrong_password_is_refused(postgres: PostgreSQL) -> None:
    other = PostgreSQL(postgres.folder, Logins("x", {}, {}), log=postgres.folder / "log")
    other.socket_folder = postgres.socket_folder
    with pytest.raises(psycopg.OperationalError):
        _answer(other, SUPERUSER, "SELECT 1")


def killed_it_starts_again_on_the_same_socket(postgres: PostgreSQL) -> None:
    url = postgres.url(OWNER, DATABASE)
    assert postgres.child is not None
    os.kill(postgres.child.pid, signal.SIGKILL)
    wait_until(lambda: postgres.child is None or not postgres.child.alive, "kill", timeout_seconds=90)
    postgres.restart()
    assert postgres.url(OWNER, DATABASE) == url
    assert _answer(postgres, OWNER, "SELECT 1") == 1


def stopped_it_leaves_its_data_only(postgres: PostgreSQL) -> None:
    with psycopg.connect(postgres.url(OWNER, DATABASE), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert postgres.child is not None
    pid, sockets = postgres.child.pid, postgres.socket_folder
    postgres.stop()
    assert identity(pid) is None
    assert sockets is not None
    assert not sockets.exists()
    postgres.start()
    assert _answer(postgres, OWNER, "SELECT answer FROM kept") == 42


def test_a_server_of_one_half_has_its_logins_and_its_database_alone(place: Path) -> None:
    of_desk = Logins("super word", {OWNER: "owner's word"}, {LOGINS["desk"]: "desk's word"})
    server = PostgreSQL(place / "pg", of_desk, log=place / "postgresql.log", volatile=True)
    server.start()
    try:
        assert (set(server.role_urls()), set(server.owner_urls())) == ({"desk"}, {"desk"})
        assert (
            _answer(server, SUPERUSER, "SELECT count(*) FROM pg_database WHERE datname LIKE 'accord%'") == 1
        )
        logins = "SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'accord%'"
        assert _answer(server, SUPERUSER, logins) == 3
    finally:
        server.stop()


def test_a_broker_of_one_half_knows_no_login_of_the_other(place: Path) -> None:
    of_desk = {BROKER_LOGINS["desk"]: "desk's word"}
    broker = Valkey(place / "valkey", of_desk, log=place / "valkey.log", durable=False)
    broker.start()
    try:
        assert set(broker.role_urls()) == {"desk"}
        with redis.Redis.from_url(broker.url) as supervisor:
            users = {str(line.split()[1]) for line in supervisor.acl_list()}
        assert users == {"default", "accord_super", BROKER_LOGINS["desk"]}
    finally:
        broker.stop()


def test_a_server_that_outlived_its_parent_is_ended_before_the_next_start(postgres: PostgreSQL) -> None:
    postgres.start()
    assert postgres.child is not None
    leftover = postgres.child
    successor = PostgreSQL(
        postgres.folder, PASSWORDS, log=postgres.folder.parent / "second.log", volatile=True
    )
    successor.start()
    try:
        assert not leftover.alive
        assert _answer(successor, OWNER, "SELECT 1") == 1
    finally:
        successor.stop()


def test_a_pid_file_that_names_a_foreign_process_ends_nobody(place: Path) -> None:
    folder = place / "pg"
    folder.mkdir()
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n")
    end_leftover(folder)
    assert identity(os.getpid())


def test_files_that_are_no_whole_cluster_are_left_as_they_are(postgres: PostgreSQL, place: Path) -> None:
    """A damaged cluster may be repaired, or its data saved."""
    (place / "pg" / "base").mkdir(parents=True)
    with pytest.raises(ServiceError, match="is no whole database"):
        postgres.start()
    assert (place / "pg" / "base").is_dir()


def test_valkey_asks_for_a_password_keeps_what_it_was_told_over_a_kill_and_is_gone_after_stop(
    valkey: Valkey,
) -> None:
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        client.set("bell", "rung")
        client.execute_command("WAITAOF", 1, 0, 5000)
    with redis.Redis(port=valkey.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert valkey.child is not None
    secret = valkey.url.split("@")[0].rpartition(":")[2]
    assert not any(secret in word for word in valkey.child.command), "no command line shows it"
    assert (valkey.folder / "valkey.conf").stat().st_mode & 0o077 == 0
    valkey.child.kill()
    valkey.restart()
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("bell") == b"rung"
    valkey.stop()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", valkey.port)) != 0
