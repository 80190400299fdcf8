# SPDX-License-Identifier: Apache-2.0
"""Lift the hub's suspension of an agency and let held deliveries from and to it flow again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callers import clock
from callers.command_refusals import refusals_in_words
from operators.operating import acting_operator, add_acting_operator, agency_of
from sharing.agreements import resume_agency_flow


class Command(BaseCommand):
    help = "Resume a suspended agency: what was held for it or from it takes its turn again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            operator, agency = acting_operator(options["by"]), agency_of(options["agency_id"])
            count = resume_agency_flow(operator, agency.pk, now=clock.now())
        self.stdout.write(f"{agency.pk} is resumed; {count} held deliveries take their turn again.")
