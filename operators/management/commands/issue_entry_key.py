# SPDX-License-Identifier: Apache-2.0
"""Issues the key with which an agency's keys are brought in, and shows it this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agencies.entrykeys import issue_entry_key
from callers import clock
from callers.commanding import refusals_in_words
from operators.operating import acting_operator, add_acting_operator, agency_of


class Command(BaseCommand):
    help = (
        "Issue the key for entering of an agency, for its own system or for the keeper of the desk that is to hold its "
        "keys. It serves accession and reads nothing else."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("client", help='what uses it, for example "case system"')
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            key, text = issue_entry_key(
                acting_operator(options["by"]),
                agency_of(options["agency_id"]).pk,
                client=options["client"],
                now=clock.now(),
            )
        self.stderr.write(f"Shown this once; it ends on {key.expires_at:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(text)
