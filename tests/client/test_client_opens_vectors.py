# SPDX-License-Identifier: Apache-2.0
"""The client, without a network, opens exactly those cases of the envelope's test kit that the kit lets open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.client.client import Client
from accord.client.errors import NotEntitledError
from accord.client.home import Home
from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import OpeningError
from accord.following.records import KeysetRecord
from accord.keyfile import Argon2Cost, write_key_file
from accord.keyring import KeyRing
from accord.state import Pin, State
from tests.envelope.kit.cases import Case, load, plain_opening_cases
from tests.envelope.kit.seeds import BRAVO, openers_of, root, signers_of
from tests.envelope.world import NOW

PASSPHRASE = "correct horse battery staple"
CHEAP = Argon2Cost(memory_kib=64, passes=1, lanes=1)
CASES = plain_opening_cases(BRAVO)
RED = "RED, named officers"


def no_network(hub: str, api_key: str) -> Any:
    pytest.fail("the network was asked for")


def _receipt(agency: str, at: int) -> dict[str, Any]:
    """The receipt that a home keeps for a logged keyset; the kit gives only the log time."""
    leaf = {"d": b64u(bytes(32)), "k": "keyset", "t": at, "a": agency}
    return {"leaf": leaf, "index": 0, "path": [], "checkpoint": ""}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Bravo's home after enrolment, with the kit's other agencies known."""
    kit = load("agencies")
    signing = tuple(signers_of(BRAVO)["PQ1"]._keys)
    ring = KeyRing(root(BRAVO), "", signing, tuple(openers_of(BRAVO).values()), NOW, bytes(range(32)))
    place = Home(tmp_path / "home")
    place.folder.mkdir(mode=0o700)
    write_key_file(place.key_file, ring, PASSPHRASE, cost=CHEAP)
    state = State(
        agency=BRAVO, hub="https://hub.example", ledger_keys=kit["ledger"], api_key="none", enrolled=True
    )
    for name, stored in kit["agencies"].items():
        logged_at = stored["keyset_logged_at"]
        state.pins[name] = Pin(stored["root"], logged_at)
        state.keysets[name] = [
            KeysetRecord(1, stored["keyset"], _receipt(name, logged_at), logged_at, "same")
        ]
    place.state(ring).create(state)
    return place.folder


@pytest.fixture
def client_at(home: Path) -> Iterator[Any]:
    """Make clients by a case's time; opening stores nothing, so one home serves all cases."""
    clients: dict[int, Client] = {}

    def get(now: int) -> Client:
        if now not in clients:
            clients[now] = Client(home, PASSPHRASE, clock=lambda: now, connect=no_network)
        return clients[now]

    yield get
    for client in clients.values():
        client.close()


def outcome(client: Client, case: Case) -> dict[str, Any]:
    blobs = [unb64u(blob) for blob in case.given["blobs"]]
    officer = "of-1" if case.name == RED else None
    verified = client.verify(case.given["slice"].encode(), blobs, officer=officer)
    if verified.opened is None:
        return {"refused": verified.failure}
    opened = verified.opened
    files = {file.fn: b64u(opened.attachment(file.n)) for file in opened.content.attachments}
    return {"md": opened.md, "alert": opened.alert, "files": files, "late": opened.content.late}


def expected(case: Case) -> dict[str, Any]:
    """The case's expected result. The client has one word for every refusal after a key was used, and `malformed` before."""
    if "ok" in case.expect:
        return {name: case.expect["ok"][name] for name in ("md", "alert", "files", "late")}
    if case.expect["stage"] == "opening":
        return {"refused": OpeningError.code}
    word = case.expect["refused"]
    return {"refused": "malformed" if word in ("key-refused", "too-large") else word}


def test_the_client_makes_of_every_slice_what_the_kit_says(client_at: Any) -> None:
    found = {str(case): outcome(client_at(case.given["now"]), case) for case in CASES}
    assert found == {str(case): expected(case) for case in CASES}
    assert len(CASES) > 40
    assert sum("alert" in said for said in found.values()) > 5


def test_red_is_not_opened_for_an_officer_it_does_not_name(client_at: Any) -> None:
    (case,) = (case for case in CASES if case.name == RED)
    with pytest.raises(NotEntitledError):
        client_at(case.given["now"]).verify(case.given["slice"].encode(), [], officer="of-2")
