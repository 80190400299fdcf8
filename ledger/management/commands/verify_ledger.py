# SPDX-License-Identifier: Apache-2.0
"""Verify the whole ledger and name every row that was altered, deleted or reordered."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ledger.errors import LedgerDamagedError, StateError
from ledger.handovers import counting_keys
from ledger.verification import verify_ledger

DAMAGED = 3
REMARKS_SHOWN = 20


class Command(BaseCommand):
    help = "Verify leaves, nodes, checkpoints, entries and audit events. Exit code 0 sound, 3 damaged, 1 not verified."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--state-dir",
            default=settings.LEDGER_STATE_DIR,
            help="the sequencer's state folder; with it single leaves are named for certain",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["state_dir"]) if options["state_dir"] else None
        try:
            sound = verify_ledger(counting_keys(), folder=folder)
        except LedgerDamagedError as error:
            for finding in error.findings:
                self.stderr.write(str(finding))
            raise CommandError(
                f"{len(error.findings)} findings: the ledger is damaged.", returncode=DAMAGED
            ) from None
        except StateError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Sound: {sound.leaves} leaves ({sound.signed_leaves} signed), {sound.checkpoints} checkpoints,"
            f" {sound.audit_events} audit events."
        )
        for remark in sound.remarks[:REMARKS_SHOWN]:
            self.stdout.write(f"Remark: {remark}")
        if (more := len(sound.remarks) - REMARKS_SHOWN) > 0:
            self.stdout.write(f"{more} more audit events were logged late.")
        if folder is None:
            self.stdout.write("Not compared with a leaf file; give --state-dir where the sequencer runs.")
