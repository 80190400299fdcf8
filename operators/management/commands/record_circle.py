# SPDX-License-Identifier: Apache-2.0
"""Record a circle under an agreement, change its members, or end it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callers import clock
from callers.command_refusals import refusals_in_words
from operators.operating import acting_operator, add_acting_operator
from sharing.agreements import change_circle, record_circle
from sharing.errors import AgreementError


class Command(BaseCommand):
    help = "Record a circle under an agreement; without --agreement, give a known one these members; none end it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--agreement", metavar="REF", help="of a new circle")
        parser.add_argument("--member", metavar="AGENCY", action="append", default=[], help="several times")
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now, name, members = clock.now(), options["name"], sorted(set(options["member"]))
        try:
            with refusals_in_words():
                operator = acting_operator(options["by"])
                if options["agreement"] is not None:
                    record_circle(
                        operator, name=name, agreement=options["agreement"], members=members, now=now
                    )
                else:
                    change_circle(operator, name=name, members=members, now=now)
        except AgreementError as refused:
            raise CommandError(f"{refused.field}: {refused.problem}") from None
        self.stdout.write(f"{name}: {', '.join(members)}." if members else f"{name} is ended.")
