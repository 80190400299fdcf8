# SPDX-License-Identifier: Apache-2.0
"""`DATABASE_URL`, `REDIS_URL` and `EMAIL_URL` take precedence: the story runs on these services and leaves them running."""

import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from devtool.environments import ROOT, inherited
from devtool.mailsink import MailSink
from devtool.postgres import OWNERS, Logins, PostgreSQL
from devtool.valkey import Valkey
from hub.roles import BROKER_LOGINS, LOGINS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass
class Given:
    """Services that somebody else runs."""

    database: PostgreSQL
    broker: Valkey
    mail: MailSink

    @property
    def addresses(self) -> dict[str, str]:
        socket = f"host={self.database.socket_folder}"
        return {
            "DATABASE_URL": f"postgres://{{login}}:three@/accord_{{half}}?{socket}",
            "DATABASE_OWNER_URL": f"postgres://accord_{{half}}_owner:two@/accord_{{half}}?{socket}",
            "REDIS_URL": self.broker.url_of("accord_desk").replace("accord_desk", "{login}"),
            "EMAIL_URL": self.mail.url,
        }


@pytest.fixture
def given(tmp_path_factory: pytest.TempPathFactory) -> Generator[Given]:
    folder = tmp_path_factory.mktemp("given")
    for passage in (folder, *folder.parents[:2]):
        passage.chmod(passage.stat().st_mode | 0o011)
    services = Given(
        PostgreSQL(
            folder / "pg",
            Logins("one", dict.fromkeys(OWNERS.values(), "two"), dict.fromkeys(LOGINS.values(), "three")),
            log=folder / "postgresql.log",
            volatile=True,
        ),
        Valkey(
            folder / "valkey",
            dict.fromkeys(BROKER_LOGINS.values(), "four"),
            log=folder / "valkey.log",
            durable=False,
        ),
        MailSink(folder / "mail"),
    )
    parts = (services.database, services.broker, services.mail)
    for part in parts:
        part.start()
    yield services
    for part in reversed(parts):
        part.stop()


def test_the_story_is_played_on_the_given_services(given: Given, tmp_path: Path) -> None:
    environment = {**inherited(os.environ), "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    outcome = subprocess.run(
        [sys.executable, "-m", "devtool", "run", "--once"],
        cwd=ROOT,
        env={**environment, **given.addresses},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "Given database and given broker answer" in outcome.stdout
    assert "Officers of 2 agencies told by the given mail server" in outcome.stdout
    assert "new at the desk: 1 x alert, 2 x sealed revision, 1 x sealed file" in outcome.stdout
    assert "Neither half has a word of it in its database" in outcome.stdout
    assert len(list(given.mail.folder.glob("*.eml"))) > 8
    with psycopg.connect(given.database.owner_urls()["exchange"]) as connection:
        row = connection.execute("SELECT count(*) FROM sharing_envelope").fetchone()
    assert row == (8,), "seven of the ten alerts of the demonstration world were sent, and the story's own"
