# SPDX-License-Identifier: Apache-2.0
"""Command that enrols an agency's first agency admin, who enrols everybody else there."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callers import clock
from callers.capabilities import Role
from callers.command_refusals import refusals_in_words
from officers.accounts import enrol_officer
from officers.operating import acting_officer, add_acting_officer, agency_of, read_password


class Command(BaseCommand):
    help = "Enrol an agency's first agency admin; the password is asked for, or read from a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True, help='for example "Ilse Morrow"')
        parser.add_argument(
            "--password-file",
            type=Path,
            help="file whose first line is the password, or - for standard input",
        )
        add_acting_officer(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        keeper, agency = acting_officer(options["by"]), agency_of(options["agency_id"])
        password = read_password(options["password_file"])
        with refusals_in_words():
            admin = enrol_officer(
                keeper,
                agency,
                email=options["email"],
                full_name=options["name"],
                roles=[Role.AGENCY_ADMIN],
                password=password,
                now=clock.now(),
            )
        self.stdout.write(f"{admin.full_name} can sign in as {admin.email}, agency admin of {agency.pk}.")
