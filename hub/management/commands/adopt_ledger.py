# SPDX-License-Identifier: Apache-2.0
"""Command that repairs the state folder and log of a half after a restore; it first says what it would do."""

import secrets
from argparse import ArgumentParser
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from callers import clock
from hub import halves
from ledger.adoption import adopt_ledger, plan_adoption
from ledger.errors import LedgerError
from ledger.halting import last_beat
from ledger.handovers import counting_keys
from ledger.restores import audited_agencies, record_restore

EPOCH_BYTES = 4
OF_THE_EXCHANGE = ("begin a new epoch of every feed", "Every feed has begun a new epoch.")
OF_THE_DESK = (
    "end every session, recovery code and mailed link, and close sign-in to all but agency admins",
    (
        "Every session, recovery code and mailed link has ended, and sign-in is closed to all but agency admins: start "
        "the workers, then have an admin of each agency go through what came back."
    ),
)
"""Texts about what is done besides the log, before and after."""


class Command(BaseCommand):
    help = (
        "Replay missing leaves of this half's log from the leaf file, or write the state folder afresh. At the exchange "
        "every feed is then read anew; at a desk every session has ended, and each agency's sign-in is closed to all but "
        "its admins until one has gone through what came back. Run it with the half's sequencer stopped."
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
        would, has = OF_THE_EXCHANGE if halves.is_of_the_exchange() else OF_THE_DESK
        try:
            if options["yes"]:
                now = clock.now()
                anew = partial(_begin_feeds_anew if halves.is_of_the_exchange() else _close_sign_in, now=now)
                adopted = adopt_ledger(counting_keys(), folder, also=anew, now=now)
                self.stdout.write(f"Done: {adopted}. {has}")
            else:
                plan = plan_adoption(folder)
                self.stdout.write(f"Would {plan}, {would}. Run again with --yes to do it.")
        except LedgerError as error:
            raise CommandError(str(error)) from error


def _begin_feeds_anew(*, now: datetime) -> None:
    from agencies.models import Agency
    from sharing import feed

    agencies = Agency.objects.order_by("pk").values_list("pk", flat=True)
    record_restore(agencies, backup_at=feed.last_beat(), now=now)
    feed.begin_epoch(secrets.token_hex(EPOCH_BYTES), now=now)


def _close_sign_in(*, now: datetime) -> None:
    """Record the restore, which is enough: every sign-in and link is compared with it."""
    record_restore(audited_agencies(), backup_at=last_beat(), now=now)
