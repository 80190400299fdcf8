# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from alerts.receiving.altered_deliveries import altered_deliveries, drop_altered_deliveries
from callers import clock
from officers.operating import agency_of


class Command(BaseCommand):
    help = (
        "Say which rows on deliveries of a hosted agency were changed past the program. With --yes, drop them and ask the exchange "
        "for all of them again. Of an alert whose recipients were changed say so only: put that row of peers_sentenvelope back "
        "from a backup, it never changes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency", help="id of a hosted agency")
        parser.add_argument("--yes", action="store_true", help="drop it")

    def handle(self, *args: Any, **options: Any) -> None:
        agency = agency_of(options["agency"])
        found = altered_deliveries(agency.pk)
        for md in found.envelopes:
            self.stdout.write(f"{md}: its recipients were changed or deleted")
        for row in found.deliveries:
            self.stdout.write(f"{row.md}: what became of it at {row.recipient} was changed")
        for md, recipient in found.missing:
            self.stdout.write(f"{md}: what became of it at {recipient} was deleted")
        if not options["yes"]:
            self.stdout.write("Nothing was changed. With --yes all deliveries are asked for anew.")
            return
        dropped = drop_altered_deliveries(agency.pk, now=clock.now())
        self.stdout.write(f"{dropped} rows dropped; the desk-worker asks anew within half a minute.")
