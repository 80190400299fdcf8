# SPDX-License-Identifier: Apache-2.0
"""After a new key-encryption key was put first into the ring: rewraps what stands under older ones."""

from typing import Any

from django.core.management.base import BaseCommand

from agencies.vault.keeping import rewrap_secrets


class Command(BaseCommand):
    help = "Rewrap every agency's secret under the first key of ACCORD_KEK; can be stopped and run again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rewrap_secrets()} secrets rewrapped.")
