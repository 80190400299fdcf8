# SPDX-License-Identifier: Apache-2.0
"""Print the link by which an operator makes a passkey: the first one, or one in place of a lost one."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from callers import clock
from callers.errors import InputError
from operators.enrolling import INSTALLER, invite_operator


class Command(BaseCommand):
    help = (
        "Print a link that serves once, for four hours: whoever opens it makes the passkey of this operator. For a name "
        "that is known it replaces the passkey that was lost, and ends that operator's sessions."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help='as colleagues know the person, for example "Noor Ashdene"')

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            link, token = invite_operator(INSTALLER, options["name"], now=clock.now())
        except InputError as refused:
            raise CommandError(refused.problem) from None
        self.stderr.write(f"Shown this once; it ends on {link.expires_at:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(f"{settings.OPERATOR_URL.rstrip('/')}/enrol/{token}/")
