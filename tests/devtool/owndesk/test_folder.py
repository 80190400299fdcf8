# SPDX-License-Identifier: Apache-2.0
"""The folders of an own desk: closed to others, not shared, one of them in memory; logs of limited size."""

import os
from pathlib import Path

import pytest

from devtool.errors import DevtoolError
from devtool.memory import memory_of
from devtool.owndesk import ramfolder
from devtool.owndesk.desksecrets import load_or_draw
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.logbounds import bound_logs
from devtool.owndesk.places import running_places
from devtool.owndesk.ramfolder import forget_ram_folder, make_ram_folder, ram_folder_of

HOST = "desk.agency.example"


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = OwnDeskFolder(tmp_path / "desk")
    folder.make()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    with folder.locked():
        folder.make()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    tmp_path.chmod(0o755)
    with pytest.raises(DevtoolError, match="holds other things than a desk"):
        OwnDeskFolder(tmp_path).make()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_the_mail_server_may_be_there_before_the_desk(tmp_path: Path) -> None:
    folder = OwnDeskFolder(tmp_path)
    assert folder.mail_url() == ""
    (tmp_path / "mail-url").write_text("smtp://mail.agency.example:25\n")
    (tmp_path / "mail-url").chmod(0o600)
    folder.make()
    assert folder.mail_url() == "smtp://mail.agency.example:25"
    assert folder.mail_from(HOST) == "accord@desk.agency.example"
    (tmp_path / "mail-from").write_text("alerts@agency.example\n")
    assert folder.mail_from(HOST) == "alerts@agency.example"


def test_another_name_than_before_is_noticed_once(tmp_path: Path) -> None:
    folder = OwnDeskFolder(tmp_path)
    assert folder.note_host("localhost") == ""
    assert folder.note_host(HOST) == "localhost"
    assert folder.note_host(HOST) == ""


@pytest.mark.parametrize(("name", "read"), [("mail-url", "mail_url"), ("proxy-login", "proxy_login")])
def test_a_password_that_others_may_read_is_refused(tmp_path: Path, name: str, read: str) -> None:
    (tmp_path / name).write_text("desk:pw\n")
    (tmp_path / name).chmod(0o640)
    with pytest.raises(DevtoolError, match="others than its owner may read it"):
        getattr(OwnDeskFolder(tmp_path), read)()
    (tmp_path / name).chmod(0o600)
    assert getattr(OwnDeskFolder(tmp_path), read)() == "desk:pw"


def test_its_secrets_are_of_a_desk_alone_and_those_of_a_newer_version_are_added(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    drawn = load_or_draw(path, HOST)
    assert "exchange" not in path.read_text()
    assert "sequencer" not in drawn.login_passwords.keys() - {"accord_desk_sequencer"}
    assert drawn.ledger_vkey.startswith(f"{HOST}/log+")
    assert load_or_draw(path, "another.name") == drawn
    path.write_text(path.read_text().replace("accord_mailer", "accord_postman"))
    newer = load_or_draw(path, HOST)
    assert set(newer.login_passwords) == set(drawn.login_passwords)
    assert newer.secret_key == drawn.secret_key
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_none_runs_no_command_is_run(tmp_path: Path) -> None:
    with pytest.raises(DevtoolError, match="No desk is running") as refusal:
        running_places(OwnDeskFolder(tmp_path))
    assert refusal.value.remedy


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that passes as one in memory."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(ramfolder, "_is_in_memory", lambda folder: folder == tmp_path)
    return tmp_path


def test_the_folder_in_memory_is_closed_and_empty_at_each_start(in_memory: Path) -> None:
    path = ram_folder_of(in_memory / "desk")
    assert path == ram_folder_of(in_memory / "desk") != ram_folder_of(in_memory / "other")
    make_ram_folder(path)
    assert path.stat().st_mode & 0o777 == 0o700
    (path / "ring").touch()
    make_ram_folder(path)
    assert list(path.iterdir()) == []
    forget_ram_folder(path)
    assert not path.exists()


def test_what_somebody_has_put_in_its_place_is_not_used(in_memory: Path) -> None:
    path, elsewhere = ram_folder_of(in_memory / "desk"), in_memory / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    path.symlink_to(elsewhere)
    with pytest.raises(DevtoolError, match="is not this user's own"):
        make_ram_folder(path)
    assert (elsewhere / "file").exists()


def test_a_disk_is_never_taken_for_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(ramfolder, "_MOUNTS", tmp_path / "nothing")
    with pytest.raises(DevtoolError, match="no folder in memory"):
        ram_folder_of(tmp_path)


def test_a_log_keeps_its_last_part_and_the_one_before(tmp_path: Path) -> None:
    log, small = tmp_path / "desk.log", tmp_path / "mailer.log"
    small.write_text("few")
    with log.open("ab") as writer:
        writer.write(b"x" * 101)
        writer.flush()
        bound_logs(tmp_path, largest_bytes=100)
        writer.write(b"next")
    assert log.read_bytes() == b"next"
    assert (tmp_path / "desk.log.1").read_bytes() == b"x" * 101
    assert small.read_text() == "few"


def test_memory_is_that_of_a_process_and_what_it_has_started() -> None:
    used = memory_of([os.getpid()])
    assert used.mebibytes > 10
    assert used.processes >= 1
    assert memory_of([os.getppid()]).processes > used.processes
