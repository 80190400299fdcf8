# SPDX-License-Identifier: Apache-2.0
"""The secrets of a new own desk: each file readable by its reader alone, drawn once and never overwritten."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from accord.envelope.private import LedgerKey
from hub.draw_secrets import draw_own_desk, main
from hub.roles import LOGINS

HOST = "desk.agency.example"


def test_each_file_is_closed_and_the_key_of_the_log_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([HOST, str(tmp_path)]) == 0
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o400}
    key = LedgerKey.from_text((tmp_path / "desk_ledger_key").read_text().strip())
    assert capsys.readouterr().out == f"DESK_LEDGER_VKEY={key.vkey}\n"
    assert key.name == f"{HOST}/log"


def test_a_login_has_one_password_at_the_server_and_in_its_address() -> None:
    files, _ = draw_own_desk(HOST)
    at_server = dict(line.split(":") for line in files["desk_db_logins"].splitlines())
    for role in ("desk", "desk-worker", "mailer", "desk-sequencer"):
        address = urlsplit(files[f"{role.replace('-', '_')}_database_url"])
        assert address.username == LOGINS[role]
        assert address.password == at_server[LOGINS[role]]


def test_two_desks_have_no_secret_in_common() -> None:
    one, other = draw_own_desk(HOST)[0], draw_own_desk(HOST)[0]
    assert {name for name in one if one[name] == other[name]} == {"desk_email_url"}
    assert not one["desk_email_url"]


def test_what_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "desk_secret_key").write_text("in use")
    assert main([HOST, str(tmp_path)]) == 1
    assert "desk_secret_key is there already" in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["in use"]


@pytest.mark.parametrize("arguments", [[], [HOST], [HOST, "/nonexistent"]])
def test_without_host_or_folder_it_says_how(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert "python -m hub.draw_secrets HOST FOLDER" in capsys.readouterr().err
