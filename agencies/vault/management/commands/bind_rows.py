# SPDX-License-Identifier: Apache-2.0
"""Lets officers in whose rows carry no code: after the upgrade that brought codes, or after a row was looked at."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agencies.models import Officer
from agencies.vault.binding import bind_officers, unbound_officers
from agencies.vault.errors import VaultError


class Command(BaseCommand):
    help = (
        "List the officers whose rows carry no code, so that they cannot sign in. With --all, let all of them in: "
        "only while no officer is bound, as after the upgrade that brought codes. With --email, one of them: first "
        "find out who changed that row past the program."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="bind everybody listed, once, after the upgrade"
        )
        parser.add_argument("--email", action="append", default=[], help="bind this officer; may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = unbound_officers()
            for officer in found.officers:
                self.stdout.write(_line(officer))
            chosen = self._chosen(found.officers, found.bound, options)
            bind_officers(chosen, now=timezone.now())
        except VaultError as refused:
            raise CommandError(f"Nothing was changed: {refused}") from None
        left = len(found.officers) - len(chosen)
        self.stdout.write(f"{len(chosen)} officers bound, {left} left without a code.")

    def _chosen(self, unbound: tuple[Officer, ...], bound: int, options: dict[str, Any]) -> list[Officer]:
        if options["all"] and bound and unbound:
            raise CommandError(
                f"{bound} officers are bound already, so these were written past the program. Name them by --email."
            )
        wanted = {email.strip().lower() for email in options["email"]}
        unknown = wanted - {officer.email for officer in unbound}
        if unknown:
            raise CommandError(f"Not among them: {', '.join(sorted(unknown))}.")
        return [officer for officer in unbound if options["all"] or officer.email in wanted]


def _line(officer: Officer) -> str:
    state = "active" if officer.is_active else "disabled"
    return f"{officer.email}: {officer.agency_id or 'the hub'}, {', '.join(officer.roles)}, {state}"
