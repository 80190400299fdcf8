# SPDX-License-Identifier: Apache-2.0
"""Command that removes the second factors of a keeper or an agency admin, whom nobody can help on the pages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callers import clock
from callers.command_refusals import refusals_in_words
from officers.login.factors import reset_factors_on_the_machine
from officers.operating import acting_officer, add_acting_officer
from officers.powers import MACHINE_DELAY_HOURS


class Command(BaseCommand):
    help = (
        "Take away the second factors of a keeper or an agency admin who has lost them, and end the sessions. "
        "Everybody else asks an agency admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="who has lost the telephone")
        add_acting_officer(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        keeper, officer = acting_officer(options["by"]), acting_officer(options["email"])
        with refusals_in_words():
            reset_factors_on_the_machine(keeper, officer, now=clock.now())
        self.stdout.write(f"{officer.full_name} signs in by the password alone, and sets a new factor up.")
        officer.refresh_from_db()
        if officer.powers_withheld_at is not None:
            self.stdout.write(
                f"The account has no powers until another officer of the agency confirms the person, or "
                f"{MACHINE_DELAY_HOURS} hours have passed since its officers were told by mail and nobody stopped it."
            )
