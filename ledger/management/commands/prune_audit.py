# SPDX-License-Identifier: Apache-2.0
"""Delete the hub's own audit events past their retention; the tree keeps their digests and stays valid."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, transaction

from callers import clock
from ledger.audit import prune_events
from ledger.errors import StillKeptError
from ledger.models import HUB_LEVEL


class Command(BaseCommand):
    help = "Delete the hub's own audit events from before a day, at least a year ago. Needs the login that owns the tables (role migrate)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", required=True, help="a day, YYYY-MM-DD, UTC; that day itself is kept")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            before = datetime.strptime(options["before"], "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise CommandError("--before: write a day as YYYY-MM-DD.") from None
        try:
            with transaction.atomic():
                count = prune_events("system:migrate", before=before, agency=HUB_LEVEL, now=clock.now())
        except StillKeptError as error:
            raise CommandError(f"--before: {error}.") from None
        except ProgrammingError as error:
            raise CommandError(f"This login may not prune: {error}".strip()) from error
        self.stdout.write(f"{count} audit events deleted.")
