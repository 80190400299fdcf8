# SPDX-License-Identifier: Apache-2.0
"""Command that makes codes for rows without a valid one, after a person checked them, or after another ring was begun."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callers import clock
from officers.models import AgencyPolicy, Officer
from officers.policy import LABELS
from officers.unbound_rows import (
    SHOWN,
    Row,
    Unbound,
    bind_agencies,
    bind_officers,
    bind_policies,
    unbound_agencies,
    unbound_officers,
    unbound_policies,
)
from peers.models import Agency
from vault.errors import VaultError


class Command(BaseCommand):
    help = (
        "List the officers whose rows carry no code, so that they cannot sign in, and the agencies whose policy "
        "or entry in the directory carries none, so that it counts for nothing. With --all, let all of them count: of "
        "officers, policies or entries, only while none is bound, as after another ring was begun. With --email, "
        "--agency or --entry, one of them: first find out who changed that row past the program."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="bind everything listed, once")
        parser.add_argument("--email", action="append", default=[], help="bind this officer; may be repeated")
        parser.add_argument(
            "--agency", action="append", default=[], help="bind this agency's policy; may be repeated"
        )
        parser.add_argument(
            "--entry", action="append", default=[], help="bind this agency's entry; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            officers, agencies, entries = unbound_officers(), unbound_policies(), unbound_agencies()
            lines = (
                *map(_of_officer, officers.rows),
                *map(_of_agency, agencies.rows),
                *map(_of_entry, entries.rows),
            )
            for line in lines:
                self.stdout.write(line)
            people = _chosen(officers, options["email"], _address, "--email", everything=options["all"])
            policies = _chosen(agencies, options["agency"], _id, "--agency", everything=options["all"])
            listed = _chosen(entries, options["entry"], _pk, "--entry", everything=options["all"])
            now = clock.now()
            bind_agencies(listed, now=now)
            bind_officers(people, now=now)
            bind_policies(policies, now=now)
        except VaultError as refused:
            raise CommandError(f"Nothing was changed: {refused}") from None
        left = len(officers.rows) - len(people)
        self.stdout.write(f"{len(people)} officers bound, {left} left without a code.")
        left = len(agencies.rows) - len(policies)
        self.stdout.write(f"{len(policies)} policies bound, {left} left without a code.")
        left = len(entries.rows) - len(listed)
        self.stdout.write(f"{len(listed)} entries bound, {left} left without a code.")


def _chosen(
    unbound: Unbound[Row], names: list[str], name_of: Callable[[Row], str], option: str, *, everything: bool
) -> list[Row]:
    if everything and unbound.bound and unbound.rows:
        raise CommandError(
            f"{unbound.bound} are bound already, so these were written past the program. Name them by {option}."
        )
    wanted = {name.strip().lower() for name in names}
    unknown = wanted - {name_of(row) for row in unbound.rows}
    if unknown:
        raise CommandError(f"Not among them: {', '.join(sorted(unknown))}.")
    return [row for row in unbound.rows if everything or name_of(row) in wanted]


def _address(officer: Officer) -> str:
    return officer.email


def _id(policy: AgencyPolicy) -> str:
    return policy.agency_id


def _pk(agency: Agency) -> str:
    return agency.pk


def _of_officer(officer: Officer) -> str:
    state = "active" if officer.is_active else "disabled"
    return f"{officer.email}: {officer.agency_id or 'the hub'}, {', '.join(officer.roles)}, {state}"


def _of_agency(policy: AgencyPolicy) -> str:
    said = (f"{name} {getattr(policy, name)}" for name in LABELS)
    return f"{policy.pk}: policy with {', '.join(said)}"


def _of_entry(agency: Agency) -> str:
    said = (f"{name} {getattr(agency, name)}" for name in SHOWN)
    return f"{agency.pk}: entry with {', '.join(said)}"
