# SPDX-License-Identifier: Apache-2.0
"""`DATABASE_URL`, `REDIS_URL` and `EMAIL_URL` take precedence: a hub is made on these services and leaves them running."""

from collections.abc import Generator
from dataclasses import dataclass

import psycopg
import pytest
import redis

from devtool.mailsink import MailSink
from devtool.postgres import OWNERS, Logins, PostgreSQL
from devtool.valkey import Valkey
from hub.roles import BROKER_LOGINS, LOGINS
from tests.devtool.test_run import assert_it_told_the_story_and_left_nothing, started_run

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


def test_the_story_holds_on_the_given_services_and_leaves_them_running(
    given: Given, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with started_run(tmp_path_factory.mktemp("once"), given.addresses) as run:
        assert_it_told_the_story_and_left_nothing(run)
    assert "Given database and given broker answer" in run.text
    assert "told by the given mail server" in run.text
    assert len(list(given.mail.folder.glob("*.eml"))) > 8
    with psycopg.connect(given.database.owner_urls()["exchange"]) as connection:
        row = connection.execute("SELECT count(*) FROM sharing_envelope").fetchone()
    assert row == (18,), "what the small demonstration world has sent, and the story's own"
    with redis.Redis.from_url(given.broker.url) as broker:
        assert broker.ping()
