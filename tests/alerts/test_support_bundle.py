# SPDX-License-Identifier: Apache-2.0
"""The support bundle of a desk: shown whole on the terminal, and without anybody's name."""

import json
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from desk.keeper.masking import Masks
from desk.keeper.support_bundle import log_line
from officers.models import Officer
from tests.alerts.conftest import Desks
from tests.locked_desk import locked_desk
from tests.role_logins import under_login_of

TITLE = "Blue tablets at the harbour"
EMAIL = "ilka.torvane@elsewhere.example"
API_KEY = "0123456789ab.fJxq2Rk7cVnT4yLwB8sZ0aHdE6gUiOpM1-_QrWtXyZv"
DIGEST = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
HEX = "9f86d081884c7d65"
SAID = "the feed was not taken"


@pytest.fixture
def logs(desks: Desks, tmp_path: Path) -> Path:
    """Logs that contain content which must not leave."""
    folder = tmp_path / "logs"
    folder.mkdir()
    agency = desks.lab.agency
    told = {"event": f"{SAID}: {agency.pk} {DIGEST} {EMAIL} by {API_KEY}", "level": "warning"}
    failed = {"exc_type": "ValueError", "exc_value": TITLE, "frames": [{"filename": "a.py", "lineno": 7}]}
    group = {"exc_type": "ExceptionGroup", "exc_value": TITLE, "frames": [], "exceptions": [[failed]]}
    odd = {"event": "odd", "body": TITLE, "exception": [group]}
    lines = [
        json.dumps(told),
        json.dumps(odd),
        f"ERROR {agency.name.upper()} asked from 192.0.2.44:51123 and 2001:db8::7 for '{TITLE}'",
        f"ValueError: {TITLE}",
        f"2026-11-30 14:53:58.123 UTC DETAIL:  Key (title)=({TITLE}) exists, {HEX}",
        f"Ilka Torvane wrote; postgres://accord_desk:geheim@/accord password={HEX}",
    ]
    (folder / "desk.log").write_text("".join(f"{line}\n" for line in lines))
    (folder / "link.log").symlink_to("/etc/hostname")
    return folder


def bundle(*arguments: str) -> str:
    out = StringIO()
    call_command("support_bundle", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_nothing_that_was_planted_leaves(desks: Desks, logs: Path) -> None:
    desks.released(title=TITLE)
    officer = desks.lab.author
    Officer.objects.filter(pk=officer.pk).update(email=EMAIL)
    text = bundle("--logs", str(logs))
    planted = (TITLE, EMAIL, API_KEY, API_KEY.partition(".")[2], DIGEST, HEX, "192.0.2.44", "2001:db8::7")
    names = (desks.lab.agency.pk, desks.lab.agency.name, officer.full_name, "Torvane", "geheim")
    for word in (*planted, *names):
        assert word.casefold() not in text.casefold(), word
    assert SAID in text and "ValueError at a.py:7" in text and "link.log" not in text
    assert "alerts_alert: 1" in text and "Queues:" in text and "PostgreSQL:" in text


def test_the_same_name_has_the_same_sign_throughout() -> None:
    masks = Masks({"A": ["xa-lab", "Forensic Laboratory, Arvenia"], "P": ["Ilka Torvane"]})
    first = log_line(json.dumps({"event": f"xa-lab {DIGEST} a@b.example"}), masks)
    second = log_line(f"A@B.example of XA-LAB, {DIGEST}, not {DIGEST[:-1]}A", masks)
    assert (first, second) == ("A1 D1 E1", "E1 of A1, D1, not D2")


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-30T14:53:58.123456Z warning peers.exchange asked again",
        "0001_initial of alerts_receivedalert took 12345678 ms at 14:53:58",
        "/srv/accord/python3.13/site-packages/django/db/backends/postgresql/base.py:310",
        "ImproperlyConfigured in TransactionTestCase: PostgreSQL 16.4, psycopg 3.2.1",
    ],
)
def test_what_names_nobody_stays_as_it_is(line: str) -> None:
    assert log_line(line, Masks({})) == line


def test_it_is_written_only_when_asked_for_closed_to_others_and_never_over_something(
    desks: Desks, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    shown = bundle()
    assert set(tmp_path.iterdir()) == before
    path = tmp_path / "for-support.txt"
    shown = bundle("--out", str(path))
    assert path.read_text() == shown
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="Name a new file"):
        bundle("--out", str(path))
    with pytest.raises(CommandError, match="The logs cannot be read"):
        bundle("--logs", str(tmp_path / "none"))


def test_the_end_of_a_log_is_enough(desks: Desks, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(f"line {n}\n" for n in range(300)))
    text = bundle("--logs", str(tmp_path), "--lines", "2")
    assert "line 298\nline 299\n" in text and "line 297" not in text


def test_the_desk_s_login_may_gather_it(desks: Desks) -> None:
    with under_login_of("desk"):
        text = bundle()
    assert "alerts_alert:" in text and "cannot be read" not in text
    assert "peers_knowncredential: not for this login" in text


def test_a_desk_that_is_locked_still_shows_the_rest(desks: Desks, logs: Path, tmp_path: Path) -> None:
    with locked_desk(tmp_path):
        text = bundle("--logs", str(logs))
    assert "cannot be read: DeskLockedError" in text
    assert SAID in text and desks.lab.agency.pk not in text
