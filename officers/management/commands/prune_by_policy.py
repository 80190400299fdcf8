# SPDX-License-Identifier: Apache-2.0
"""Command that deletes each agency's audit events past the retention in its own policy; the tree stays valid."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, transaction

from callers import clock
from ledger.audit import prune_events
from ledger.retention import keep_in_force
from peers.models import Agency


class Command(BaseCommand):
    help = "Delete audit events past each agency's own retention. Needs the login that owns the tables (role migrate)."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        for agency in Agency.objects.order_by("pk"):
            # Read from what was logged, as verification does; a row that was altered by hand must not decide.
            keep = keep_in_force(agency.pk)
            try:
                with transaction.atomic():
                    count = prune_events("system:migrate", before=now - keep, agency=agency.pk, now=now)
            except ProgrammingError as error:
                raise CommandError(f"This login may not prune: {error}".strip()) from error
            self.stdout.write(f"{agency.pk}: {count} audit events deleted, older than {keep.days} days.")
