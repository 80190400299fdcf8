# SPDX-License-Identifier: Apache-2.0
"""`DATABASE_URL`, `REDIS_URL` and `EMAIL_URL` take precedence: a hub is made on these services and leaves them running."""

import io
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import psycopg
import pytest
import redis

from demo.ticks import Ticks
from devtool.mailsink import MailSink
from devtool.ports import free_ports
from devtool.postgres import OWNERS, Logins, PostgreSQL
from devtool.processes import wait_until
from devtool.statefolder import StateFolder
from devtool.stopping import stopped_at_the_end
from devtool.supervision import Hub
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


@pytest.fixture
def hub(
    given: Given, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Generator[Hub]:
    for name, address in given.addresses.items():
        monkeypatch.setenv(name, address)
    folder = tmp_path_factory.mktemp("hub")
    folder.chmod(0o711)
    hub = Hub(StateFolder(folder), *free_ports(2), scratch=True, ticks=Ticks(io.StringIO()))
    with stopped_at_the_end(hub):
        yield hub


def test_the_hub_is_made_on_the_given_services_and_stopped_it_leaves_them_running(
    given: Given, hub: Hub, tmp_path: Path
) -> None:
    """`test_run.py` plays the story to its end, on services of its own; here one mail goes through all that is given."""
    hub.start_stores()
    assert hub.stores.summary() == "Given database and given broker answer"
    hub.migrate()
    hub.start_processes()
    (tmp_path / "password").write_text("a long enough password of a keeper")
    password = ("--password-file", str(tmp_path / "password"))
    hub.manage("desk", "create_keeper", "noor@hub.example", "Noor Ashdene", *password)
    _ask_for_a_new_password(hub.world.hub_url, "noor@hub.example")
    wait_until(lambda: bool(_mails(given)), "mail at the given server", timeout_seconds=60)
    children = hub.children
    assert {child.name for child in children} >= {"desk", "exchange", "mailer"}
    assert not {"PostgreSQL", "Valkey"} & {child.name for child in children}
    hub.stop()
    assert not [child for child in children if child.alive]
    with psycopg.connect(given.database.owner_urls()["desk"]) as connection:
        assert connection.execute("SELECT count(*) FROM officers_officer").fetchone() == (1,)
    with redis.Redis.from_url(given.broker.url) as broker:
        assert broker.ping()


def _mails(given: Given) -> list[Path]:
    return list(given.mail.folder.glob("*.eml"))


def _ask_for_a_new_password(desk: str, email: str) -> None:
    visitor = build_opener(HTTPCookieProcessor())
    with visitor.open(f"{desk}/reset/") as page:
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[-1]
    form = urlencode({"email": email, "csrfmiddlewaretoken": token}).encode()
    with visitor.open(Request(f"{desk}/reset/", form, {"Origin": desk})) as answer:  # noqa: S310 - our own desk
        assert answer.status == 200
