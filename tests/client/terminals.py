# SPDX-License-Identifier: Apache-2.0
"""Agencies that work by the command alone, against a live hub."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from accord.cli import exits
from accord.cli.main import main
from accord.client.client import Client

if TYPE_CHECKING:
    from tests.client.conftest import PartnerWorld


class Terminal:
    """A terminal that runs `accord` for one agency and keeps its output."""

    def __init__(self, world: "PartnerWorld", agency: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = world
        self.agency = agency
        self.capsys = capsys
        secret = world.folder / f"{agency}.passphrase"
        secret.write_text(world.passphrase)
        secret.chmod(0o600)
        self.environment = {"ACCORD_HOME": str(world.home(agency)), "ACCORD_PASSPHRASE_FILE": str(secret)}
        self.out = self.err = ""

    def run(self, *argv: str, expect: int = exits.OK) -> str:
        code = main(argv, self.environment)
        self.out, self.err = self.capsys.readouterr()
        assert code == expect, self.err or self.out
        return self.out

    def json(self, *argv: str) -> Any:
        return json.loads(self.run(*argv, "--json"))

    @property
    def client(self) -> Client:
        """The agency's client as a library, over the same home."""
        return self.world.client(self.agency)

    def join(self) -> str:
        """Enrol the agency; return its fingerprint."""
        # Made in the test at a low cost, since every command would pay the default cost of `accord keygen`.
        fingerprint = self.world.make_keys(self.agency).fingerprint
        secret = self.world.admit(self.agency, fingerprint)
        self.environment["ACCORD_API_KEY"] = secret
        argv = ["enrol", self.agency, "--hub", self.world.address, "--ledger", self.world.hub.key.vkey]
        self.run(*argv, "--wait", "0", expect=exits.NOT_YET)
        self.world.sequence()
        assert "is enrolled" in self.run(*argv)
        return fingerprint


def joined(
    world: "PartnerWorld", capsys: pytest.CaptureFixture[str], one: str, other: str
) -> tuple[Terminal, Terminal]:
    """Two agencies that enrolled by the command, pinned each other and share under one agreement."""
    first, second = Terminal(world, one, capsys), Terminal(world, other, capsys)
    pins = world.folder / "pins"
    pins.write_text(f"# from paper\n{one} {first.join()}\n{other} {second.join()}\n")
    for terminal in (first, second):
        terminal.run("pin", "--file", str(pins))
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", one, other)
    return first, second
