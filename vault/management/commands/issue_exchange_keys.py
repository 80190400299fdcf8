# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.core.management.base import BaseCommand

from callers import clock
from vault.exchangekeys import issue_exchange_keys


class Command(BaseCommand):
    help = "Issues API keys at the exchange to the agencies of this desk that have none that serves."

    def handle(self, *args: Any, **options: Any) -> None:
        issued = issue_exchange_keys(now=clock.now())
        for agency_id in issued:
            self.stdout.write(f"{agency_id}: issued")
        if not issued:
            self.stdout.write("Every agency of this desk has a key that serves.")
