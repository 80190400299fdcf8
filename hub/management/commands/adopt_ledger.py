# SPDX-License-Identifier: Apache-2.0
"""Makes state folder and ledger fit again after a restore, and begins the feeds anew; says first what it would do."""

import secrets
from argparse import ArgumentParser
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from agencies.models import Agency
from callers import clock
from ledger.adoption import adopt_ledger, plan_adoption
from ledger.errors import LedgerError
from ledger.handovers import counting_keys
from ledger.restores import record_restore
from sharing.feed import begin_epoch, last_beat

EPOCH_BYTES = 4
CLOSED = (
    "Every session, recovery code and mailed link has ended, and sign-in is closed to all but agency admins: start the "
    "workers, then have an admin of each agency go through what came back."
)


class Command(BaseCommand):
    help = (
        "Replay missing leaves from the leaf file, or write the state folder afresh; then every feed is read anew, every "
        "session has ended, and each agency's sign-in is closed to all but its admins until one has gone through what "
        "came back. Run it with the sequencer stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--state-dir", default=settings.LEDGER_STATE_DIR, help="the sequencer's state folder"
        )
        parser.add_argument("--yes", action="store_true", help="do it, rather than say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["state_dir"]:
            raise CommandError("Set LEDGER_STATE_DIR or give --state-dir.")
        folder = Path(options["state_dir"])
        try:
            if options["yes"]:
                now = clock.now()
                anew = partial(_begin_anew, secrets.token_hex(EPOCH_BYTES), now=now)
                adopted = adopt_ledger(counting_keys(), folder, also=anew, now=now)
                self.stdout.write(f"Done: {adopted}. Every feed has begun a new epoch. {CLOSED}")
            else:
                plan = plan_adoption(folder)
                self.stdout.write(
                    f"Would {plan}, begin a new epoch of every feed, end every session, recovery code and mailed link, "
                    "and close sign-in to all but agency admins. Run again with --yes to do it."
                )
        except LedgerError as error:
            raise CommandError(str(error)) from error


def _begin_anew(epoch: str, *, now: datetime) -> None:
    agencies = Agency.objects.order_by("pk").values_list("pk", flat=True)
    record_restore(agencies, backup_at=last_beat(), now=now)
    begin_epoch(epoch, now=now)
