# SPDX-License-Identifier: Apache-2.0
"""Command that locks a running desk whose ring is locked at rest."""

from typing import Any

from django.core.management.base import BaseCommand

from callers import clock
from vault import unlocking
from vault.secretinput import lock_refusals_in_words


class Command(BaseCommand):
    help = "Take the ring away from every process of the desk. Nobody signs in and nothing is opened or sent until it is opened again."

    def handle(self, *args: Any, **options: Any) -> None:
        with lock_refusals_in_words():
            was_open = unlocking.lock(actor=unlocking.CONSOLE, now=clock.now())
        self.stdout.write("The desk is locked." if was_open else "The desk was locked already.")
