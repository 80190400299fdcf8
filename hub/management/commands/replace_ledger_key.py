# SPDX-License-Identifier: Apache-2.0
"""Command that draws the next key of this half's log and has the present one hand over to it; its sequencers must be stopped."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accord.envelope.errors import EnvelopeError
from accord.envelope.private import LedgerKey
from callers import clock
from hub import halves
from hub.roles import SEQUENCES
from hub.settings import take_secret
from ledger.errors import LedgerError
from ledger.handing_over import hand_key_over


class Command(BaseCommand):
    help = "Replace the key of this half's log by a new one. Needs LEDGER_KEY (role sequencer or desk-sequencer), with its sequencers stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--key-file", required=True, help="where the new key is written; must not exist yet"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.HUB_ROLE not in SEQUENCES.values() or not settings.LEDGER_STATE_DIR:
            raise CommandError(
                "Run it where the sequencer runs: HUB_ROLE=sequencer or desk-sequencer, with LEDGER_STATE_DIR."
            )
        old = LedgerKey.from_text(take_secret("LEDGER_KEY"))
        new = LedgerKey.generate(old.name)
        # Write the file first: a key that was handed over to and lost could not be replaced.
        _write_key(Path(options["key_file"]), new)
        try:
            hand_key_over(old, new, Path(settings.LEDGER_STATE_DIR), now=clock.now())
        except (LedgerError, EnvelopeError) as error:
            Path(options["key_file"]).unlink()
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The new key is in {options['key_file']}: give it to the sequencer as LEDGER_KEY.\n"
            f"{_who_pins_it()}"
            f'="{new.vkey} {settings.LEDGER_VKEY}"'
        )


def _who_pins_it() -> str:
    if halves.is_of_the_exchange():
        return "For every role of the exchange LEDGER_VKEY, for every desk EXCHANGE_LEDGER_VKEY"
    return "For the desk-sequencer LEDGER_VKEY"


def _write_key(path: Path, key: LedgerKey) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"--key-file: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{key.to_text()}\n")
        file.flush()
        os.fsync(file.fileno())
