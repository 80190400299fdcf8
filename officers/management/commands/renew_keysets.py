# SPDX-License-Identifier: Apache-2.0
"""Command that renews the keysets of agencies whose root the hub holds, before they end."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accord.envelope.errors import EnvelopeError
from callers import clock
from callers.command_refusals import refusals_in_words
from callers.directory import Custody
from callers.errors import CallerError
from officers.models import Officer
from officers.operating import acting_officer, add_acting_officer
from peers.models import Agency
from vault.agency_keys import renew_agency_keys
from vault.errors import ChangeWaitsError, RecoveryWaitsError
from vault.own_keys import keyset_in_force


class Command(BaseCommand):
    help = (
        "Sign the next version of each keyset that the hub holds the root of and that ends soon. What fails for one "
        "agency is said, the others are renewed all the same, and the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--within-days", type=int, default=30, help="renew what ends within so many days")
        add_acting_officer(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now, keeper = clock.now(), acting_officer(options["by"])
        limit = int((now + timedelta(days=options["within_days"])).timestamp())
        failed = []
        for agency in Agency.objects.filter(is_hosted=True).order_by("id"):
            try:
                keyset = keyset_in_force(agency.pk, now=now)
                if keyset is not None and keyset.exp <= limit:
                    self.stdout.write(f"{agency.pk}: {_renew(keeper, agency, now)}")
            except (CallerError, EnvelopeError, CommandError) as refused:
                # An error for one agency must not let the keysets of the others end.
                self.stderr.write(f"{agency.pk}: not renewed. {str(refused) or type(refused).__name__}")
                failed.append(agency.pk)
        if failed:
            raise CommandError(f"Not renewed: {', '.join(failed)}")


def _renew(keeper: Officer, agency: Agency, now: datetime) -> str:
    """Renew and return the outcome in words. A waiting recovery, which this would cancel, is left to a key officer."""
    if agency.custody != Custody.HUB:
        return "its head has to sign the next one; a key officer proposes it at the desk"
    with refusals_in_words():
        try:
            word = renew_agency_keys(keeper, agency, now=now)
        except RecoveryWaitsError:
            return "a recovery of its root waits; not renewed"
        except ChangeWaitsError:
            return "a keyset waits for the exchange; not renewed"
    waits = ", which waits for the exchange and is sent by itself" if word.is_waiting else ""
    return f"keyset {word.detail['version']}{waits}"
