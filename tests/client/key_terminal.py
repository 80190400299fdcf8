# SPDX-License-Identifier: Apache-2.0
"""A terminal for the commands of an agency's keys."""

import pytest

from accord.cli import exits
from tests.client.conftest import PartnerWorld
from tests.client.terminals import Terminal

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
"""Put before a kid, which may begin with a dash."""


class KeyTerminal(Terminal):
    """A terminal whose home the library enrolled, with the passphrases of the roots."""

    def __init__(self, world: PartnerWorld, agency: str, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(world, agency, capsys)
        secret = self.environment["ACCORD_PASSPHRASE_FILE"]
        self.environment |= {
            "ACCORD_ROOT_PASSPHRASE_FILE": secret,
            "ACCORD_NEXT_ROOT_PASSPHRASE_FILE": secret,
        }

    def begin(self, *argv: str) -> None:
        """Run a change that is accepted and not logged yet; log it before the next command."""
        self.run(*argv, "--wait", "0", expect=exits.NOT_YET)
        assert "accord keys resume" in self.err
        self.world.sequence()

    def kid(self, purpose: str) -> str:
        """The current key of a purpose: sign or enc."""
        found = self.json("keys", "list", "--offline")["keys"]
        return str(next(fact["kid"] for fact in found if fact["use"] == purpose and fact["st"] == "current"))
