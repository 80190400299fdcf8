# SPDX-License-Identifier: Apache-2.0
"""The first start of an own desk: the console's code lets one person make the first keeper; afterwards it is closed."""

from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from pytest_django import Settings

from officers.first_start import CLOSED, close_first_start, is_first_start
from officers.models import Officer

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
    """An own desk that waits for its first keeper."""
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


def test_a_wrong_code_makes_nobody(code_file: Path, client: Client) -> None:
    answer = client.post(PAGE, {**KEEPER, "code": CODE[:-1] + "N"})
    assert answer.status_code == 422
    assert "Code: it is not the one that the console shows." in answer.content.decode()
    assert not Officer.objects.exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"code": ""}, "Code: enter it as the console shows it."),
        ({"full_name": ""}, "Your name: enter it"),
        ({"email": "noor"}, "complete address"),
        ({"password": "short", "again": "short"}, "12 characters"),
        ({"again": "another one entirely"}, "type the same again"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_stored(
    code_file: Path, client: Client, change: dict[str, str], text: str
) -> None:
    answer = client.post(PAGE, KEEPER | change)
    assert answer.status_code == 422
    assert text in answer.content.decode()
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
    """The code that the command shows."""
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
