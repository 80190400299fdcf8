# SPDX-License-Identifier: Apache-2.0
"""Command that gives a desk restored from a backup a new id, so that a desk with the earlier id is another holder."""

from typing import Any

from django.core.management.base import BaseCommand

from callers import clock
from vault.instances import forget_instance
from vault.unlocking import CONSOLE


class Command(BaseCommand):
    help = (
        "Forget the id by which this desk says at the exchange that it holds its agencies' identities, and draw another. While "
        "the exchange names the holder of before, nothing is sent until a key officer takes the identity over under Keys."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        forget_instance(CONSOLE, now=clock.now())
        self.stdout.write("This desk announces itself under another id once it is open.")
