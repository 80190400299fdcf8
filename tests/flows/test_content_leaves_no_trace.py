# SPDX-License-Identifier: Apache-2.0
"""One word goes through a whole story on real processes; then every place in which it must not be is searched."""

import base64
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from devtool.processes import wait_until
from tests.conftest import HubProcesses
from tests.mail_server import MailServer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.test_compose import fields_on
from tests.pages.test_content_is_not_stored import texts_kept

CANARY = "Zaunkoenigruf"
pytestmark = pytest.mark.slow


@pytest.fixture
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of this process and the processes it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def redis_texts() -> Iterator[str]:
    """All contents of the broker, with the bodies of tasks as the worker reads them."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        for key in broker.scan_iter():
            yield repr(key)
            kind = broker.type(key)
            if kind == b"list":
                for message in broker.lrange(key, 0, -1):
                    yield message.decode()
                    yield base64.b64decode(json.loads(message)["body"]).decode()
            elif kind == b"string":
                yield repr(broker.get(key))
            elif kind == b"hash":
                yield repr(broker.hgetall(key))


def task_arguments() -> list[Any]:
    """The arguments of every task that waits in a queue."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        queues = [key for key in broker.scan_iter() if broker.type(key) == b"list"]
        bodies = [json.loads(message)["body"] for key in queues for message in broker.lrange(key, 0, -1)]
    return [json.loads(base64.b64decode(body))[:2] for body in bodies]


def database_text() -> str:
    """Every row of every table, and the sessions decoded, since their rows are compressed."""
    found = [str(session.get_decoded()) for session in Session.objects.all()]
    assert any(SESSION_KEY in text for text in found), "sessions did read"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the catalogue
            for row in cursor.fetchall():
                found += [
                    bytes(v).decode("latin-1") if isinstance(v, memoryview | bytes) else str(v) for v in row
                ]
    return "\n".join(found)


def files_with(folder: Path, word: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if word.encode() in path.read_bytes()]


def write_and_send(desk: DeskWorld, author: Client, second: Client) -> Alert:
    """Write and send by the forms, with a file and with refusals on the way."""
    draft = desk.draft(title=f"Nine collapses {CANARY}", narrative=CANARY, exhibit_no=CANARY)
    step = f"/drafts/{draft.pk}/2/"
    form = fields_on(author.get(step).content.decode())
    file = SimpleUploadedFile(f"{CANARY}.txt", f"{CANARY} ".encode() * 200_000)
    author.post(step, {**form, "go": "attach", "files": file})
    author.post(step, {**form, "revision": 1, "preferred_name": CANARY, "go": "save"})
    draft.refresh_from_db()
    author.post(f"/drafts/{draft.pk}/submit/", {"revision": draft.current})
    seen = second.get(f"/queue/{draft.pk}/")
    checked = {"revision": draft.current, "preview": seen.context["preview_digest"]}
    second.post(f"/queue/{draft.pk}/validate/", checked)
    second.post(f"/queue/{draft.pk}/release/", checked)
    draft.refresh_from_db()
    assert draft.state == "released"
    return draft


def ask_for_errors(author: Client) -> list[bytes]:
    """Pages of refusals, each for a request that contains the word."""
    return [
        author.get(f"/inbox/?lane={CANARY}").content,
        author.get("/queue/", {"q": "x"}).content,
        author.get("/nothing/").content,
        author.post("/drafts/new/", {"alert_type": "rumour", "title": CANARY}).content,
        author.post("/queue/not-an-id/release/", {"mine": CANARY}).content,
        author.post("/api/v1/alerts", f'{{"data": "{CANARY}"', content_type="application/json").content,
    ]


def read_and_answer(reader: Client, received: ReceivedAlert) -> None:
    opened = reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"}, follow=True)
    assert CANARY in opened.content.decode(), "the story did show the word"
    assert CANARY.encode() in reader.get(f"/inbox/{received.pk}/files/0/").content
    reader.post(f"/inbox/{received.pk}/acknowledge/")
    received.refresh_from_db()
    assert received.acknowledged_at is not None


def test_a_word_of_an_alert_is_nowhere_afterwards(
    own_temporary_folder: Path,
    desk: DeskWorld,
    as_officer: SignIn,
    running: HubProcesses,
    mail_server: MailServer,
) -> None:
    desk.hub.now = timezone.now()
    author, second, reader = (as_officer(officer) for officer in (desk.ilka, desk.benno, desk.aroha))
    alert = write_and_send(desk, author, second)
    rows = ReceivedAlert.objects.filter(agency_id="xb-health")
    wait_until(rows.exists, "the recipient's desk", timeout_seconds=90, children=[])
    wait_until(lambda: bool(mail_server.mails), "a mail", timeout_seconds=90, children=[])
    read_and_answer(reader, rows.get())
    second.post(f"/outbox/{alert.pk}/withdraw/", {"code": "error"})
    refused = ask_for_errors(author)
    running.stop()
    # No worker takes the queued tasks now, so the queue can be read.
    write_and_send(desk, author, second)

    assert CANARY not in database_text()
    assert not [text for text in redis_texts() if CANARY in text]
    arguments = task_arguments()
    assert all(args == [] and kwargs == {} for args, kwargs in arguments), arguments
    assert files_with(running.logs, CANARY) == []
    assert files_with(own_temporary_folder, CANARY) == []
    assert not [mail for mail in mail_server.mails if CANARY in mail.text]
    assert CANARY not in repr(getattr(caches["default"], "_cache", {}))
    for client in (author, second, reader):
        assert not [text for text in texts_kept(client) if CANARY in text]
    assert not [page for page in refused[2:] if CANARY.encode() in page]
