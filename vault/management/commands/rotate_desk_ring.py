# SPDX-License-Identifier: Apache-2.0
"""Command that replaces the key-encryption key of a desk that is locked at rest, and begins new root secrets under it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.views.decorators.debug import sensitive_variables

from callers import clock
from vault import unlocking
from vault.errors import RingInUseError
from vault.secretinput import lock_refusals_in_words, read_secret


class Command(BaseCommand):
    help = (
        "Rotate the key-encryption key of a desk that is locked at rest, by passphrase and recovery key together: both open "
        "the new ring. What is sealed from then on opens with no earlier copy of the ring. Stopped, it goes on when run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name in ("passphrase", "recovery-key"):
            parser.add_argument(
                f"--{name}-file",
                default="",
                help=f"file whose first line is the {name}, or - for the next line of input",
            )

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        with lock_refusals_in_words():
            passphrase = read_secret(options["passphrase_file"], "Passphrase", option="--passphrase-file")
            recovery_key = read_secret(
                options["recovery_key_file"], "Recovery key", option="--recovery-key-file"
            )
            try:
                drawn = unlocking.rotate_ring(
                    passphrase, recovery_key, actor=unlocking.CONSOLE, now=clock.now()
                )
            except RingInUseError as refused:
                raise CommandError(_in_use(refused)) from None
        self.stdout.write(
            f"The ring has one new key, {drawn} new root secrets stand under it, and the desk is open. Make a backup now."
        )


def _in_use(refused: RingInUseError) -> str:
    if refused.altered:
        return f"Altered, and left under the old key, which stays: {', '.join(refused.altered)}. See `rotate_kek --help`."
    return "Something was made under the old key meanwhile, which stays. Run this again."
