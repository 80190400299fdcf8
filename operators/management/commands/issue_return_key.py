# SPDX-License-Identifier: Apache-2.0
"""Issues the key with which an agency that has no API key left asks for another, and shows it this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agencies.entrykeys import issue_return_key
from callers import clock
from callers.commanding import refusals_in_words
from operators.operating import acting_operator, add_acting_operator, agency_of


class Command(BaseCommand):
    help = (
        "Issue a key for coming back: it carries what the agency's own keys have signed to ask for another API key, "
        "reads nothing, and ends with that."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("client", help='what uses it, for example "case system"')
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            key, text = issue_return_key(
                acting_operator(options["by"]),
                agency_of(options["agency_id"]).pk,
                client=options["client"],
                now=clock.now(),
            )
        self.stderr.write(f"Shown this once; it ends on {key.expires_at:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(text)
