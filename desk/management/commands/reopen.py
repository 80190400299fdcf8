# SPDX-License-Identifier: Apache-2.0
"""Command with which the agency's root lets a person in at this desk: it makes the request and takes the signed file."""

import os
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.views.decorators.debug import sensitive_variables

from accord.envelope.errors import EnvelopeError
from accord.envelope.reopening import MAX_REOPENING_BYTES
from callers import clock
from callers.command_refusals import refusals_in_words
from callers.errors import InputError
from desk.keeper.reopening_words import refused_text
from officers.models import Reopening
from officers.operating import INSTALLER, agency_of
from officers.reopening import ask_reopening, hand_in_reopening
from peers.models import Agency
from vault.errors import DeskLockedError, VaultClosedError

OWNER_ONLY: Final = 0o600


class Command(BaseCommand):
    help = (
        "Where the last agency admin, key officer or keeper is gone or has lost every second factor: with --as, --name, "
        "--email and --out make a request for the agency's root; sign it offline with `accord sign`; hand it in with "
        "--signed. The person's link is shown once. The desk must be open."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--agency", default="", help="the agency's id; not needed at a desk of one agency"
        )
        parser.add_argument(
            "--as", dest="role", choices=Reopening.As.values, help="what the person is let in as"
        )
        parser.add_argument("--name", default="", help='for example "Ilse Morrow"')
        parser.add_argument("--email", default="")
        parser.add_argument("--out", type=Path, metavar="FILE", help="where the request is written")
        parser.add_argument("--signed", type=Path, metavar="FILE", help="what `accord sign` wrote")

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["signed"]) == bool(options["role"] and options["out"]):
            raise CommandError("Give --as, --name, --email and --out to ask, or --signed to hand in.")
        try:
            agency = _agency(options["agency"])
            if options["signed"]:
                self._hand_in(agency, options["signed"])
            else:
                self._ask(agency, options)
        except (DeskLockedError, VaultClosedError):
            raise CommandError("The desk is locked. Open it first, by its page or unlock_desk.") from None

    def _ask(self, agency: Agency, options: dict[str, Any]) -> None:
        out: Path = options["out"]
        if os.path.lexists(out):
            raise CommandError(f"{out} stands already; it is not overwritten.")
        facts = {"role": options["role"], "full_name": options["name"], "email": options["email"]}
        with refusals_in_words():
            row = ask_reopening(INSTALLER, agency, now=clock.now(), **facts)
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
            file.write(row.payload)
        self.stdout.write(f"Request: {out}, of the desk {row.said.desk}")
        self.stdout.write(
            f"Take it to the root within a day: accord sign {out.name} --root root.accord --out SIGNED\n"
            "Bring the signed file back: reopen --signed SIGNED"
        )

    @sensitive_variables()
    def _hand_in(self, agency: Agency, path: Path) -> None:
        try:
            with path.open("rb") as file:
                signed = file.read(MAX_REOPENING_BYTES + 1).strip()
        except OSError as failure:
            raise CommandError(f"{path} cannot be read: {failure.strerror}.") from None
        try:
            let_in = hand_in_reopening(INSTALLER, agency, signed, now=clock.now())
        except (EnvelopeError, InputError) as refused:
            raise CommandError(refused_text(refused)) from None
        person = let_in.officer
        self.stdout.write(f"{person.full_name} is let in, and everybody of {agency.pk} is told.")
        if let_in.link.by_hand:
            until = f"{let_in.link.expires_at:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"Hand this over; it serves once, until {until}:\n{let_in.link.by_hand}")
        elif let_in.link.mailed_at is None:
            raise CommandError(f"The link was not mailed ({let_in.link.mail_cause}). Make a new request.")
        else:
            self.stdout.write(f"The link was mailed to {person.address}.")


def _agency(agency_id: str) -> Agency:
    """Return the agency that was named, or the only one; raises CommandError."""
    if agency_id:
        return agency_of(agency_id)
    found = list(Agency.objects.filter(is_hosted=True)[:2])
    if len(found) != 1:
        raise CommandError("Name the agency: --agency ID")
    return found[0]
