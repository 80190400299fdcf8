# SPDX-License-Identifier: Apache-2.0
"""Command that shows the support bundle of this desk, and writes it to a file only when asked to."""

import os
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from callers import clock
from desk.keeper.support_bundle import support_bundle

MOST_LINES: Final = 5000


class Command(BaseCommand):
    help = (
        "Show settings, health, counts of rows and the last lines of the logs, with every name, address, key and digest "
        "replaced. With --out, write exactly what is shown into a file as well. Nothing is sent anywhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--logs", type=Path, metavar="FOLDER", help="folder with the desk's logs")
        parser.add_argument(
            "--lines", type=_lines, default=200, help="how many lines of each log (200, at most 5000)"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="a new file, for this user alone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = list(support_bundle(options["logs"], lines=options["lines"], now=clock.now()))
        except OSError as trouble:
            raise CommandError(f"The logs cannot be read: {trouble.strerror}.") from None
        except DatabaseError:
            raise CommandError(
                "The database does not answer, and without it no name would be known. Nothing is shown."
            ) from None
        text = "".join(f"{line}\n" for line in lines)
        self.stdout.write(text, ending="")
        if options["out"] is not None:
            _write_new(options["out"], text)
            self.stderr.write(f"Written to {options['out']}. Read it before you hand it on.")


def _write_new(path: Path, text: str) -> None:
    """Write a new file; raises CommandError where it exists or cannot be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as trouble:
        raise CommandError(f"{path} cannot be written: {trouble.strerror}. Name a new file.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _lines(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= MOST_LINES:
        return int(text)
    raise ArgumentTypeError(f"use a number from 1 to {MOST_LINES}")
