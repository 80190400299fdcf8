# SPDX-License-Identifier: Apache-2.0
"""Base of the commands that issue a key to an agency and show it once."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandParser

from callers import clock
from callers.command_refusals import refusals_in_words
from operators.operating import acting_operator, add_acting_operator, agency_of


class KeyCommand(BaseCommand):
    """`issue` makes the key, and returns its row and its text."""

    issue: ClassVar[Callable[..., tuple[Any, str]]]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("client", help='what uses it, for example "case system"')
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            operator, agency = acting_operator(options["by"]), agency_of(options["agency_id"])
            key, text = type(self).issue(operator, agency.pk, client=options["client"], now=clock.now())
        self.stderr.write(f"Shown this once; it ends on {key.expires_at:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(text)
