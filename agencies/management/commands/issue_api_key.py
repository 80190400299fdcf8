# SPDX-License-Identifier: Apache-2.0
"""Issues an API key for an agency's system and shows it this once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agencies.apikeys import MAX_LIFETIME, issue_key
from agencies.capabilities import CLIENT_SCOPES
from agencies.operating import acting_officer, add_acting_officer, agency_of, refusals_in_words


class Command(BaseCommand):
    help = "Issue an API key: an operator while the agency enters, one of its agency admins afterwards."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("client", help='what uses it, for example "case system"')
        parser.add_argument(
            "--scope", action="append", choices=sorted(CLIENT_SCOPES), help="default: all of them"
        )
        parser.add_argument("--days", type=int, default=MAX_LIFETIME.days, help="up to 90")
        parser.add_argument("--network", action="append", default=[], help="for example 192.0.2.0/24")
        add_acting_officer(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            key, text = issue_key(
                acting_officer(options["by"]),
                agency_of(options["agency_id"]),
                client=options["client"],
                scopes=options["scope"] or sorted(CLIENT_SCOPES),
                lifetime=timedelta(days=options["days"]),
                networks=options["network"],
                now=timezone.now(),
            )
        self.stderr.write(f"Shown this once; it ends on {key.expires_at:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(text)
