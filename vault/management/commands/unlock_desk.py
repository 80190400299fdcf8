# SPDX-License-Identifier: Apache-2.0
"""Command that opens a desk that is locked at rest, for whoever has a shell on its machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.views.decorators.debug import sensitive_variables

from callers import clock
from vault import unlocking
from vault.secretinput import lock_refusals_in_words, read_secret


class Command(BaseCommand):
    help = "Open the desk with its passphrase or its recovery key; every process of the desk goes on within a second."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--secret-file", default="", help="file whose first line is the secret, or - for standard input"
        )

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        with lock_refusals_in_words():
            secret = read_secret(options["secret_file"], "Passphrase or recovery key", option="--secret-file")
            unlocking.unlock(secret, actor=unlocking.CONSOLE, now=clock.now())
        self.stdout.write("The desk is open.")
