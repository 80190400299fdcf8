# SPDX-License-Identifier: Apache-2.0
"""After the upgrade that sealed pins: begins the book of each hosted agency that has sent or received without one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alerts.peers.pins import begin_books_of_before, without_book
from callers import clock
from peers.models import Agency
from vault.errors import VaultError


class Command(BaseCommand):
    help = (
        "List the hosted agencies that have sent or received and have no book of pins; nothing of theirs is sealed or "
        "opened. With --all, begin each book with the pins from before, marked as first seen and not compared. Later "
        "than at the upgrade such an agency's book was deleted: find out by whom first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="begin the books of all that are listed")

    def handle(self, *args: Any, **options: Any) -> None:
        hosted = Agency.objects.filter(is_hosted=True).order_by("pk")
        waiting = without_book(hosted.values_list("pk", flat=True))
        try:
            for agency in waiting:
                pins = begin_books_of_before(agency, now=clock.now()) if options["all"] else None
                told = f"begun with {pins} pins" if pins is not None else "has no book"
                self.stdout.write(f"{agency}: {told}")
        except VaultError as refused:
            raise CommandError(f"Not begun: {refused}") from None
