# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from alerts.peers.altered_rows import drop_kept_keys
from alerts.peers.directory import VerifiedDirectory
from callers import clock
from officers.operating import agency_of
from peers.models import Agency


class Command(BaseCommand):
    help = (
        "Say which peers' keys failed a check for a hosted agency. With --yes, drop what the agency keeps of all peers' keys and "
        "of the ledger, so that it is fetched and verified anew; its pins stay. Rows that were changed past the program are a "
        "reason to find out by whom first: of a ledger that was forked meanwhile the agency notices nothing afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency", help="id of a hosted agency")
        parser.add_argument("--yes", action="store_true", help="drop it")

    def handle(self, *args: Any, **options: Any) -> None:
        agency = agency_of(options["agency"])
        directory = VerifiedDirectory(agency.pk, clock.now())
        directory.preload(Agency.objects.values_list("pk", flat=True))
        for peer, cause in sorted(directory.alarms.items()):
            self.stdout.write(f"{peer}: {cause}")
        if not options["yes"]:
            self.stdout.write("Nothing was changed. With --yes the keys of all peers are fetched anew.")
            return
        dropped = drop_kept_keys(agency.pk, now=clock.now())
        self.stdout.write(f"{dropped} rows dropped; the desk-worker fetches anew within half a minute.")
