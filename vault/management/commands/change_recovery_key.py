# SPDX-License-Identifier: Apache-2.0
"""Command that draws another recovery key for a desk that is locked at rest; its passphrase stays."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.views.decorators.debug import sensitive_variables

from callers import clock
from vault import unlocking
from vault.locking import draw_recovery_key
from vault.secretinput import lock_refusals_in_words, read_secret


class Command(BaseCommand):
    help = (
        "Draw another recovery key, by the passphrase, and show it once. Backups from now on open with it alone; those of "
        "before with the earlier one, as long as they are kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--passphrase-file",
            default="",
            help="file whose first line is the passphrase, or - for standard input",
        )

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        recovery_key = draw_recovery_key()
        with lock_refusals_in_words():
            passphrase = read_secret(options["passphrase_file"], "Passphrase", option="--passphrase-file")
            unlocking.change_recovery_key(passphrase, recovery_key, actor=unlocking.CONSOLE, now=clock.now())
        self.stdout.write(f"Recovery key: {recovery_key}\nWrite it down, and make a backup now.")
