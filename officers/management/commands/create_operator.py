# SPDX-License-Identifier: Apache-2.0
"""Makes an account for a hub operator."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callers import clock
from officers.accounts import enrol_operator
from officers.operating import INSTALLER, read_password, refusals_in_words


class Command(BaseCommand):
    help = "Make an account for a hub operator; the password is asked for, or read from a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("full_name", help='for example "Noor Ashdene"')
        parser.add_argument("--password-file", type=Path, help="its first line is the password")

    def handle(self, *args: Any, **options: Any) -> None:
        password = read_password(options["password_file"])
        with refusals_in_words():
            operator = enrol_operator(
                INSTALLER,
                email=options["email"],
                full_name=options["full_name"],
                password=password,
                now=clock.now(),
            )
        self.stdout.write(f"{operator.full_name} can sign in as {operator.email}.")
