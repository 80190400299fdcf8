# SPDX-License-Identifier: Apache-2.0
"""Command that makes the locked ring of a desk on its machine, without the first start in the browser, or from an unlocked ring."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.views.decorators.debug import sensitive_variables

from callers import clock
from vault import unlocking
from vault.locking import draw_recovery_key
from vault.secretinput import lock_refusals_in_words, read_secret


class Command(BaseCommand):
    help = (
        "Lock a fresh ring, or the one of --ring-file, under a passphrase and a recovery key, which is shown once: write it down. "
        "Never over a locked ring that is there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--secret-file",
            default="",
            help="file whose first line is the passphrase, or - for standard input",
        )
        parser.add_argument(
            "--ring-file",
            default="",
            help="a ring id:key[,id:key] as ACCORD_KEK_FILE held it; destroy it afterwards",
        )

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        recovery_key = draw_recovery_key()
        with lock_refusals_in_words():
            passphrase = read_secret(options["secret_file"], "Passphrase of the desk", option="--secret-file")
            ring_text = (
                read_secret(options["ring_file"], "", option="--ring-file") if options["ring_file"] else ""
            )
            unlocking.make_ring(
                passphrase=passphrase,
                recovery_key=recovery_key,
                ring_text=ring_text,
                actor=unlocking.CONSOLE,
                now=clock.now(),
            )
        self.stdout.write(f"The desk is open. Recovery key: {recovery_key}")
