# SPDX-License-Identifier: Apache-2.0
"""`./dev own-desk`: a real desk alone on this machine, with production's settings; once stopped it leaves its data only."""

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from devtool.environments import ROOT, inherited
from devtool.owndesk.desksecrets import DESK_BROKER_LOGINS, DESK_LOGINS
from devtool.owndesk.ramfolder import ram_folder_of
from devtool.ports import LOOPBACK, free_ports
from devtool.postgres import OWNERS, SUPERUSER, unprivileged
from devtool.processes import identity, wait_until
from hub.roles import DESK

_ANOTHER_USERS_SERVER = unprivileged().owner is not None and not unprivileged().prefix

pytestmark = [
    pytest.mark.slow,
    pytest.mark.no_retry,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        _ANOTHER_USERS_SERVER, reason="as root without namespaces the database may not enter a closed folder"
    ),
]

CODE = re.compile(r"^ +([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})$", re.MULTILINE)
PARTS = {"desk", "desk-worker", "desk-beat", "desk-sequencer"}


def _command(folder: Path, port: int, *more: str) -> dict[str, Any]:
    return {
        "args": [
            *(sys.executable, "-m", "devtool", "own-desk"),
            *("--folder", str(folder), "--port", str(port), *more),
        ],
        "cwd": ROOT,
        "env": {**inherited(os.environ), "PYTHONPATH": str(ROOT)},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
        "start_new_session": True,
    }


class RunningDesk:
    """A running `./dev own-desk` and its output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self.text = ""
        self.process = subprocess.Popen(**_command(folder, self.port))

    def read_until(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line
            if words in line:
                return
        pytest.fail(f"It ended without saying {words!r}:\n{self.text}")

    def stop(self) -> int:
        """Ask it to stop; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            self.text += self.process.stdout.read()
            self.process.stdout.close()
        return self.process.wait(timeout=120)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[http.client.HTTPResponse, str]:
        """Send a request as a browser that trusts the made certificate."""
        context = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=30)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer, answer.read().decode()
        finally:
            connection.close()

    def processes(self) -> dict[str, int]:
        """Process ids by name, from `running.json`."""
        told = json.loads((self.folder / "running.json").read_text())["processes"]
        return {process["name"]: process["pid"] for process in told}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningDesk]:
    folder = tmp_path_factory.mktemp("own")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)
    running = RunningDesk(folder / "desk")
    guard = threading.Timer(540, running.process.kill)
    guard.start()
    try:
        running.read_until("Ready after")
        yield running
    finally:
        guard.cancel()
        running.stop()


def it_answers_over_tls_with_productions_headers_and_cookies(desk: RunningDesk) -> None:
    answer, page = desk.get("/first-start/")
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies
    for cookie in cookies:
        assert cookie.strip().startswith("__Host-")
        assert "Secure" in cookie
    style = re.search(r"/static/accord/accord\.[0-9a-f]{12}\.css", page)
    assert style, "the names of files hold their digests"
    assert desk.get(style.group())[0].status == 200


def what_a_caller_says_of_a_proxy_changes_nothing(desk: RunningDesk) -> None:
    assert desk.get("/first-start/", {"X-Forwarded-Proto": "http"})[0].status == 200


def nothing_but_tls_is_spoken(desk: RunningDesk) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, desk.port, timeout=30)
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.request("GET", "/livez")
        connection.getresponse()
    connection.close()


def the_code_stands_on_the_console_and_nowhere_else(desk: RunningDesk) -> None:
    found = CODE.search(desk.text)
    assert found
    forms = [found.group(1).encode(), found.group(1).replace("-", "").encode()]
    for file in _files(desk.folder):
        assert not [form for form in forms if form in file.read_bytes()], file
    for pid in desk.processes().values():
        shown = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        assert not [form for form in forms if form in shown]


def database_and_broker_know_no_exchange(desk: RunningDesk) -> None:
    kept = json.loads((desk.folder / "secrets.json").read_text())
    sockets = (desk.folder / "pg" / "postmaster.pid").read_text().splitlines()[4]
    login = {"host": sockets, "user": SUPERUSER, "password": kept["superuser_password"]}
    with psycopg.connect(dbname="postgres", **login) as connection:
        logins = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin")}
        databases = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    assert logins == {SUPERUSER, OWNERS[DESK], *DESK_LOGINS.values()}
    assert databases == {"postgres", "template0", "template1", "accord_desk"}
    with psycopg.connect(dbname="accord_desk", **login) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")
        }
    assert {table for table in tables if table.startswith(("sharing_", "agencies_", "operators_"))} == set()
    assert "officers_officer" in tables
    users = re.findall(r"^user (\S+) on ", (desk.folder / "valkey" / "valkey.conf").read_text(), re.MULTILINE)
    assert set(users) == {"accord_super", *DESK_BROKER_LOGINS.values()}


def its_processes_show_no_secret(desk: RunningDesk) -> None:
    kept = json.loads((desk.folder / "secrets.json").read_text())
    secrets = [*_words(kept.values())]
    processes = desk.processes()
    assert set(processes) == {"PostgreSQL", "Valkey", *PARTS}
    for name, pid in processes.items():
        shown = Path(f"/proc/{pid}/environ").read_text() + Path(f"/proc/{pid}/cmdline").read_text()
        assert [secret for secret in secrets if secret in shown] == [], name


def nobody_else_may_look_into_its_folders(desk: RunningDesk) -> None:
    assert desk.folder.stat().st_mode & 0o077 == 0
    assert ram_folder_of(desk.folder).stat().st_mode & 0o777 == 0o700
    open_to_all = [
        file.relative_to(desk.folder).parts[0] for file in _files(desk.folder) if file.stat().st_mode & 0o007
    ]
    assert set(open_to_all) <= {"static"}, "files of the pages are no secret"


def a_second_one_in_the_folder_is_told_where_the_first_is(desk: RunningDesk) -> None:
    second = subprocess.run(**_command(desk.folder, free_ports(1)[0], "--once"), check=False)
    assert second.returncode == 1
    assert f"A desk is already running here: https://localhost:{desk.port}" in second.stdout


def a_management_command_finds_the_running_desk(desk: RunningDesk) -> None:
    done = subprocess.run(**_command(desk.folder, desk.port, "--manage", "verify_ledger"), check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("Sound: ")


def a_command_of_the_exchange_is_none_of_a_desk(desk: RunningDesk) -> None:
    refused = subprocess.run(**_command(desk.folder, desk.port, "--manage", "admit_agency"), check=False)
    assert refused.returncode == 1
    assert "admit_agency is a command of the exchange." in refused.stdout


def a_killed_desk_comes_back(desk: RunningDesk) -> None:
    os.killpg(desk.processes()["desk"], signal.SIGKILL)
    desk.read_until("desk ended and is started again")

    def answers() -> bool:
        try:
            return desk.get("/livez")[0].status == 200
        except OSError:
            return False

    wait_until(answers, "the desk", timeout_seconds=90)


def _write_mail_url(folder: Path) -> None:
    (folder / "mail-url").write_text("smtp://127.0.0.1:1\n")
    (folder / "mail-url").chmod(0o600)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _words(values: Iterable[Any]) -> Generator[str]:
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        else:
            yield value


def stopped_it_leaves_its_data_only(desk: RunningDesk) -> None:
    pids = list(desk.processes().values())
    (ram_folder_of(desk.folder) / "ring").touch()
    assert desk.stop() == 0, desk.text
    assert not [pid for pid in pids if identity(pid)]
    assert not ram_folder_of(desk.folder).exists()
    assert not (desk.folder / "running.json").exists()
    assert "database system is shut down" in (desk.folder / "logs" / "postgresql.log").read_text()
    assert "none is sent" in desk.text


def started_again_it_has_another_code_and_later_none(desk: RunningDesk) -> None:
    _write_mail_url(desk.folder)
    again = subprocess.run(**_command(desk.folder, desk.port, "--once"), check=False)
    assert again.returncode == 0, again.stdout
    assert "none is sent" not in again.stdout
    assert (desk.folder / "logs" / "mailer.log").exists(), "it had somebody to write to"
    assert len({found.group(1) for text in (desk.text, again.stdout) if (found := CODE.search(text))}) == 2
    (desk.folder / "first-start-closed").touch()
    (desk.folder / "kek.locked").touch()
    over = subprocess.run(**_command(desk.folder, desk.port, "--once", "--listen", "127.0.0.2"), check=False)
    assert over.returncode == 0, over.stdout
    assert CODE.search(over.stdout) is None
    assert "listens on 127.0.0.2" in over.stdout
    assert "Locked. Somebody has to open it" in over.stdout and "Locked." not in again.stdout


WHILE_IT_RUNS: Final[tuple[Callable[[RunningDesk], None], ...]] = (
    it_answers_over_tls_with_productions_headers_and_cookies,
    what_a_caller_says_of_a_proxy_changes_nothing,
    nothing_but_tls_is_spoken,
    the_code_stands_on_the_console_and_nowhere_else,
    database_and_broker_know_no_exchange,
    its_processes_show_no_secret,
    nobody_else_may_look_into_its_folders,
    a_second_one_in_the_folder_is_told_where_the_first_is,
    a_management_command_finds_the_running_desk,
    a_command_of_the_exchange_is_none_of_a_desk,
    a_killed_desk_comes_back,
)
AFTERWARDS: Final[tuple[Callable[[RunningDesk], None], ...]] = (
    stopped_it_leaves_its_data_only,
    started_again_it_has_another_code_and_later_none,
)


def test_a_desk_runs_alone_and_is_started_again(desk: RunningDesk) -> None:
    for holds in (*WHILE_IT_RUNS, *AFTERWARDS):
        holds(desk)
