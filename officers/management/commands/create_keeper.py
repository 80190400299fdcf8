# SPDX-License-Identifier: Apache-2.0
"""Command that makes an account for a keeper."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callers import clock
from callers.command_refusals import refusals_in_words
from officers.accounts import enrol_keeper
from officers.operating import INSTALLER, read_password


class Command(BaseCommand):
    help = "Make an account for a keeper; the password is asked for, or read from a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("full_name", help='for example "Noor Ashdene"')
        parser.add_argument(
            "--password-file",
            type=Path,
            help="file whose first line is the password, or - for standard input",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = read_password(options["password_file"])
        with refusals_in_words():
            keeper = enrol_keeper(
                INSTALLER,
                email=options["email"],
                full_name=options["full_name"],
                password=password,
                now=clock.now(),
            )
        self.stdout.write(f"{keeper.full_name} can sign in as {keeper.email}.")
