# SPDX-License-Identifier: Apache-2.0
"""Stop new flow from and to an agency on this hub; `resume_agency` lifts it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callers import clock
from callers.command_refusals import refusals_in_words
from operators.operating import acting_operator, add_acting_operator, agency_of
from sharing.agreements import suspend_agency_flow


class Command(BaseCommand):
    help = "Suspend an agency: it still reads, acknowledges and withdraws; nothing new flows from or to it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            operator, agency = acting_operator(options["by"]), agency_of(options["agency_id"])
            suspend_agency_flow(operator, agency.pk, now=clock.now())
        self.stdout.write(f"{agency.pk} is suspended; what was on its way is held.")
