# SPDX-License-Identifier: Apache-2.0
"""Issues the key with which an agency's system brings its keys in, and shows it this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agencies.entrykeys import issue_entry_key
from callers import clock
from officers.operating import acting_officer, add_acting_officer, agency_of, refusals_in_words


class Command(BaseCommand):
    help = (
        "Issue the key for entering of an agency that holds its own keys. It serves accession and reads nothing; "
        "every other key is issued by the agency's own admin, signed in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("client", help='what uses it, for example "case system"')
        add_acting_officer(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            key, text = issue_entry_key(
                acting_officer(options["by"]),
                agency_of(options["agency_id"]).pk,
                client=options["client"],
                now=clock.now(),
            )
        self.stderr.write(f"Shown this once; it ends on {key.expires_at:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(text)
