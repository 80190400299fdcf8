# SPDX-License-Identifier: Apache-2.0
"""API keys of an agency's other systems, issued and ended by the command with the agency's own keys."""

import json
from pathlib import Path

import pytest
from django.utils import timezone

from accord.calls.errors import RefusedError
from accord.cli import exits
from accord.cli.main import main
from accord.client.client import Client
from accord.client.errors import RequestError
from agencies.apikeys import authenticate_key
from callers.errors import CredentialError
from tests.client.conftest import PASSPHRASE, PartnerWorld

SCOPES = ["feed:read", "directory:read"]


@pytest.fixture
def client(world: PartnerWorld) -> Client:
    return world.enrol("xa-alpha")


def test_a_key_is_issued_listed_and_ended(client: Client) -> None:
    issued = client.issue_system("case system", scopes=SCOPES, networks=["127.0.0.0/8"], days=30)
    assert issued.key is not None and (issued.client, issued.networks) == ("case system", ("127.0.0.0/8",))
    caller = authenticate_key(issued.key, "127.0.0.1", now=timezone.now())
    assert (caller.agency_id, sorted(caller.scopes)) == ("xa-alpha", sorted(SCOPES))
    assert issued.prefix in [one.prefix for one in client.systems()]
    assert all(one.key is None for one in client.systems())
    ended = client.end_system(issued.prefix)
    assert ended.revoked_at is not None
    with pytest.raises(CredentialError):
        authenticate_key(issued.key, "127.0.0.1", now=timezone.now())


def test_a_wrong_word_is_named_and_nothing_is_sent(client: Client) -> None:
    before = len(client.systems())
    wrong: list[tuple[dict[str, object], str]] = [
        ({"scopes": []}, "--scope"),
        ({"scopes": ["Feed"]}, "--scope"),
        ({"networks": ["everywhere"]}, "--network"),
        ({"days": 0}, "--days"),
    ]
    for changes, says in wrong:
        terms = {"scopes": SCOPES, "networks": [], "days": 30} | changes
        with pytest.raises(RequestError, match=says):
            client.issue_system("case system", **terms)  # type: ignore[arg-type]
    with pytest.raises(RequestError):
        client.issue_system("-", scopes=SCOPES)
    assert len(client.systems()) == before


def test_a_scope_that_the_exchange_does_not_give_is_refused(client: Client) -> None:
    with pytest.raises(RefusedError):
        client.issue_system("case system", scopes=["draft:write"])


def test_at_the_terminal_the_text_is_shown_once(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    secret.chmod(0o600)
    environment = {"ACCORD_HOME": str(client._session.home.folder), "ACCORD_PASSPHRASE_FILE": str(secret)}
    argv = ["systems", "issue", "case system", "--scope", "feed:read", "--json"]
    assert main(argv, environment) == exits.OK
    issued = json.loads(capsys.readouterr().out)
    assert issued["key"].startswith(issued["prefix"])
    assert main(["systems"], environment) == exits.OK
    listed = capsys.readouterr().out
    assert "case system" in listed and issued["key"] not in listed
    assert main(["systems", "end", issued["prefix"]], environment) == exits.OK
    assert "has ended" in capsys.readouterr().out
    assert main(["systems", "end"], environment) == exits.USAGE
    assert "accord systems end PREFIX" in capsys.readouterr().err
