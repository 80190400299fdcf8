# SPDX-License-Identifier: Apache-2.0
"""Issues the key with which an agency that has no API key left asks for another, and shows it this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.entrykeys import issue_return_key
from agencies.models import Agency
from callers import clock
from callers.errors import InputError, NotPermittedError
from operators.enrolling import INSTALLER


class Command(BaseCommand):
    help = (
        "Issue a key for coming back: it carries what the agency's own keys have signed to ask for another API key, "
        "reads nothing, and ends with that."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("client", help='what uses it, for example "case system"')

    def handle(self, *args: Any, **options: Any) -> None:
        agency_id = options["agency_id"]
        try:
            key, text = issue_return_key(INSTALLER, agency_id, client=options["client"], now=clock.now())
        except Agency.DoesNotExist:
            raise CommandError(f"There is no agency {agency_id}.") from None
        except NotPermittedError:
            raise CommandError(f"{agency_id} enters still: issue the key for entering.") from None
        except InputError as refused:
            raise CommandError(refused.problem) from None
        self.stderr.write(f"Shown this once; it ends on {key.expires_at:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(text)
