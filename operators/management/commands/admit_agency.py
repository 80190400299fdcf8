# SPDX-License-Identifier: Apache-2.0
"""Admit an agency, with the fingerprint of its root from paper."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agencies.accession import admit_agency
from callers import clock
from callers.command_refusals import refusals_in_words
from callers.directory import AgencyKind, Custody
from operators.operating import acting_operator, add_acting_operator


class Command(BaseCommand):
    help = "Admit an agency. It is entering until its first keyset stands; issue its key for entering next."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agency_id", help="for example xd-reg")
        parser.add_argument("--name", required=True)
        parser.add_argument("--kind", required=True, choices=AgencyKind.values)
        parser.add_argument(
            "--country",
            default="",
            help="two letters; none for a body of no country, whose id begins with xx-",
        )
        parser.add_argument("--timezone", default="UTC", help="for example Asia/Singapore")
        parser.add_argument("--language", default="en")
        parser.add_argument("--custody", default=Custody.AGENCY.value, choices=Custody.values)
        parser.add_argument(
            "--fingerprint", default="", help="of its root, from paper; 64 digits, spaces allowed"
        )
        parser.add_argument("--duty-phone", default="")
        parser.add_argument(
            "--resembles", action="store_true", help="the name looks like another agency's, and they are two"
        )
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_in_words():
            agency = admit_agency(
                acting_operator(options["by"]),
                options["agency_id"],
                name=options["name"],
                kind=options["kind"],
                country=options["country"],
                timezone=options["timezone"],
                language=options["language"],
                custody=options["custody"],
                root_fingerprint=options["fingerprint"],
                duty_phone=options["duty_phone"],
                resembles=options["resembles"],
                now=clock.now(),
            )
        self.stdout.write(f"{agency.pk} is admitted and entering.")
