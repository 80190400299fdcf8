# SPDX-License-Identifier: Apache-2.0
"""The first start of an own desk: the console's code lets one person make the first keeper; afterwards it is closed."""

import os
import re
from collections.abc import Iterator
from errno import ENOSPC
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from pytest_django import Settings

from ledger.models import AuditEvent
from officers.first_start import CLOSED, close_first_start, is_first_start
from officers.models import Officer
from tests.locked_desk import PASSPHRASE, LockedDesk, unmade_desk
from vault.kek import Lock, lock_desk, lock_state, open_desk

PAGE = "/first-start/"
CODE = "AB2C-DE3F-GH4J-KL5M"
KEEPER = {
    "code": CODE,
    "full_name": "Noor Ashdene",
    "email": "noor@desk.example",
    "password": "seventeen brown herons",
    "again": "seventeen brown herons",
}


@pytest.fixture
def code_file(db: None, settings: Settings, tmp_path: Path) -> Path:
    """An own desk that waits for its first keeper; the file of its code."""
    path = tmp_path / "first-start"
    path.write_text(sha256(CODE.replace("-", "").encode()).hexdigest() + "\n")
    settings.OWN_DESK, settings.FIRST_START_FILE = True, str(path)
    return path


def test_the_first_keeper_is_made_and_signs_in(code_file: Path, client: Client) -> None:
    assert client.get("/login/").headers["Location"] == PAGE
    answer = client.post(PAGE, {**KEEPER, "code": "ab2cde3f gh4jkl5m"})
    assert answer.status_code == 200 and "You are the keeper" in answer.content.decode()
    keeper = Officer.objects.get()
    assert (keeper.email, keeper.agency, keeper.roles) == ("noor@desk.example", None, ["keeper"])
    assert client.get("/login/").status_code == 200


def test_what_is_missing_is_named_and_nothing_is_stored(code_file: Path, client: Client) -> None:
    for change, text in (
        ({"code": ""}, "Code: enter it as the console shows it."),
        ({"code": CODE[:-1] + "N"}, "Code: it is not the one that the console shows."),
        ({"full_name": ""}, "Your name: enter it"),
        ({"email": "noor"}, "complete address"),
        ({"password": "short", "again": "short"}, "12 characters"),
        ({"again": "another one entirely"}, "type the same again"),
    ):
        answer = client.post(PAGE, KEEPER | change)
        assert answer.status_code == 422 and text in answer.content.decode(), text
        assert KEEPER["password"] not in answer.content.decode()
    assert not Officer.objects.exists()


def test_it_goes_on_until_a_keeper_has_a_second_factor_and_is_then_closed_for_good(
    code_file: Path, client: Client
) -> None:
    client.post(PAGE, KEEPER)
    again = client.get(PAGE).content.decode()
    assert "A keeper was made already" in again
    close_first_start()
    assert not code_file.with_name(CLOSED).exists()
    keeper = Officer.objects.get()
    keeper.factors = [1]
    keeper.save()
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {**KEEPER, "email": "other@desk.example"}).status_code == 404
    close_first_start()
    keeper.factors = []
    keeper.save()
    assert code_file.with_name(CLOSED).exists() and not is_first_start()


def test_a_hosted_desk_has_none(code_file: Path, client: Client, settings: Settings) -> None:
    settings.OWN_DESK = False
    assert client.get(PAGE).status_code == 404
    assert client.get("/login/").status_code == 200


def test_without_a_code_there_is_none(code_file: Path, client: Client) -> None:
    code_file.unlink()
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, KEEPER).status_code == 404


def _draw() -> str:
    """Return the code that the command shows."""
    said = StringIO()
    call_command("draw_first_start_code", stdout=said)
    return said.getvalue().split()[-1]


def test_whoever_has_the_shell_draws_a_code_and_the_one_before_counts_no_more(
    code_file: Path, client: Client
) -> None:
    code_file.unlink()
    code = _draw()
    assert code_file.stat().st_mode & 0o777 == 0o600
    assert code_file.read_text().strip() == sha256(code.replace("-", "").encode()).hexdigest()
    assert [file.name for file in code_file.parent.iterdir() if file.is_file()] == [code_file.name]
    later = _draw()
    assert client.post(PAGE, {**KEEPER, "code": code}).status_code == 422
    assert client.post(PAGE, {**KEEPER, "code": later}).status_code == 200
    assert Officer.objects.exists()


def test_no_code_is_drawn_once_it_is_over(code_file: Path, client: Client) -> None:
    client.post(PAGE, KEEPER)
    Officer.objects.update(factors=[1])
    before = code_file.read_text()
    with pytest.raises(CommandError, match="No code is drawn"):
        _draw()
    close_first_start()
    Officer.objects.all().delete()
    with pytest.raises(CommandError, match="No code is drawn"):
        _draw()
    assert code_file.read_text() == before


def test_no_code_is_drawn_at_a_hosted_desk(code_file: Path, settings: Settings) -> None:
    settings.OWN_DESK = False
    with pytest.raises(CommandError, match="No code is drawn"):
        _draw()


def test_another_keeper_takes_the_place_of_one_who_never_had_a_second_factor(
    code_file: Path, client: Client
) -> None:
    client.post(PAGE, KEEPER)
    client.post(PAGE, {**KEEPER, "email": "other@desk.example"})
    active = Officer.objects.filter(is_active=True).values_list("email", flat=True)
    assert list(active) == ["other@desk.example"]
    assert AuditEvent.objects.filter(act="officer.disabled").count() == 1


# The ring, made by the person at the page; a disk without room; two persons at once.


@pytest.fixture
def unmade(code_file: Path, tmp_path: Path) -> Iterator[LockedDesk]:
    """An own desk without a ring yet."""
    with unmade_desk(tmp_path) as desk:
        yield desk


def _shown(client: Client) -> dict[str, str]:
    """Return the fields that a person types after the page with the recovery key."""
    page = client.post(PAGE, {"code": CODE}).content.decode()
    found = re.search(r'name="recovery_key" value="([0-9A-Z-]+)"', page)
    assert found is not None
    typed = {"code": CODE, "recovery_key": found[1], "written_down": found[1].rpartition("-")[2]}
    return typed | {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}


def test_a_browser_that_was_closed_comes_back_to_the_step_that_is_next(
    unmade: LockedDesk, client: Client
) -> None:
    before = _shown(client)
    assert "First start of this desk" in Client().get(PAGE).content.decode()
    shown = _shown(Client())
    assert shown["recovery_key"] != before["recovery_key"] and lock_state() is Lock.UNMADE
    Client().post(PAGE, shown)
    assert "First start, 2 of 2" in Client().get(PAGE).content.decode()
    Client().post(PAGE, KEEPER)
    assert "A keeper was made already" in Client().get(PAGE).content.decode()
    assert Client().get("/login/").status_code == 200


def test_whoever_comes_second_is_told_that_the_paper_counts_for_nothing(unmade: LockedDesk) -> None:
    first, second = _shown(Client()), _shown(Client())
    assert Client().post(PAGE, first).status_code == 302
    told = Client().post(PAGE, second)
    assert told.status_code == 409 and "destroy your paper" in told.content.decode()
    again = Client().post(PAGE, first)
    assert again.status_code == 200 and "your paper counts" in again.content.decode()
    assert Client().post(PAGE, second | {"code": "AAAA"}).status_code == 302, "no answer without the code"
    lock_desk()
    open_desk(first["recovery_key"])


def test_a_disk_without_room_is_told_and_the_paper_still_counts(
    unmade: LockedDesk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = _shown(client)

    def no_room(_descriptor: int) -> None:
        raise OSError(ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_room)
        told = client.post(PAGE, typed)
    assert told.status_code == 503
    assert (
        "No space left on device" in told.content.decode()
        and "your paper still counts" in told.content.decode()
    )
    assert list(unmade.locked.parent.iterdir()) == [] and not AuditEvent.objects.exists()
    assert client.post(PAGE, typed).status_code == 302
    lock_desk()
    open_desk(typed["recovery_key"])


def test_a_desk_that_was_started_again_before_its_keeper_is_opened_first(
    unmade: LockedDesk, client: Client
) -> None:
    typed = _shown(client)
    client.post(PAGE, typed)
    lock_desk()
    assert client.get(PAGE).headers["Location"] == "/unlock/"
    assert client.post(PAGE, KEEPER).headers["Location"] == "/unlock/" and not Officer.objects.exists()
    assert "your paper counts" in client.post(PAGE, typed).content.decode()
    client.post("/unlock/", {"secret": PASSPHRASE})
    assert "First start, 2 of 2" in client.get(PAGE).content.decode()
