# SPDX-License-Identifier: Apache-2.0
"""What a verb works with: its options, its environment, the home, the client, and how to say things."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accord.cli.asking import read_passphrase
from accord.cli.showing import print_json
from accord.client.client import Client


@dataclass(frozen=True)
class Workplace:
    """One run of the command; `now` in seconds."""

    options: Namespace
    environment: Mapping[str, str]
    home: Path
    now: int

    def client(self) -> Client:
        """The client of this home; asks for the passphrase."""
        return Client(self.home, read_passphrase(self.options.passphrase_file, self.environment))

    def tell(self, value: object, *lines: str) -> None:
        """Say what happened: the value as JSON where asked for, else the lines."""
        if self.options.json:
            print_json(value)
        else:
            print("\n".join(lines))
