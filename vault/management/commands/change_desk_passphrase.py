# SPDX-License-Identifier: Apache-2.0
"""Command that changes the passphrase of a desk that is locked at rest; its recovery key stays."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.views.decorators.debug import sensitive_variables

from callers import clock
from vault import unlocking
from vault.secretinput import lock_refusals_in_words, read_secret


class Command(BaseCommand):
    help = (
        "Change the passphrase of the desk, by the one that opens it now or by the recovery key. An earlier copy of the "
        "locked ring still opens with the earlier passphrase: destroy it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--secret-file",
            default="",
            help="file whose first line opens the desk now, or - for standard input",
        )
        parser.add_argument(
            "--new-file",
            default="",
            help="file whose first line is the new passphrase, or - for the next line",
        )

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        with lock_refusals_in_words():
            secret = read_secret(
                options["secret_file"], "Passphrase now, or recovery key", option="--secret-file"
            )
            new = read_secret(options["new_file"], "New passphrase", option="--new-file")
            unlocking.change_passphrase(secret, new, actor=unlocking.CONSOLE, now=clock.now())
        self.stdout.write("The passphrase is changed; the recovery key is the same.")
