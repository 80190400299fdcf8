# SPDX-License-Identifier: Apache-2.0
"""Let an agency's next keyset name another holder of its keys; `--forbid` withdraws that."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agencies.moving import allow_move, forbid_move
from callers import clock
from callers.command_refusals import refusals_in_words
from operators.operating import acting_operator, add_acting_operator, agency_of


class Command(BaseCommand):
    help = "Allow that an agency's keys move to another desk: its next keyset may say so, signed by its root."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("--forbid", action="store_true", help="take it back")
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            operator, agency = acting_operator(options["by"]), agency_of(options["agency_id"])
            verb = forbid_move if options["forbid"] else allow_move
            moved = verb(operator, agency.pk, now=clock.now())
        self.stdout.write(f"{agency.pk}: next keyset may say {moved.custody_allowed or 'what it says now'}.")
