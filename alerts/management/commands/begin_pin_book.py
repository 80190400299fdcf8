# SPDX-License-Identifier: Apache-2.0
"""List of agencies whose book of pins was deleted; begins an empty book for one of them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alerts.peers.pins import begin_book, without_book
from callers import clock
from peers.models import Agency
from vault.errors import VaultError


class Command(BaseCommand):
    help = (
        "List the hosted agencies that have sent or received and have no book of pins: it was deleted, and nothing of "
        "theirs is sealed or opened. With an agency, begin an empty book for it, once somebody has found out by whom; "
        "its officers then compare every fingerprint anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency", nargs="?", help="begin an empty book for this one")

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = without_book(
            Agency.objects.filter(is_hosted=True).order_by("pk").values_list("pk", flat=True)
        )
        chosen = options["agency"]
        if chosen is None:
            self.stdout.write("\n".join(waiting) or "Every agency with a history has its book.")
            return
        if chosen not in waiting:
            raise CommandError(f"{chosen} is no hosted agency whose book is missing.")
        try:
            begin_book(chosen, now=clock.now())
        except VaultError as refused:
            raise CommandError(f"Not begun: {refused}") from None
        self.stdout.write(
            f"An empty book is begun for {chosen}. Have its officers compare every fingerprint."
        )
