# SPDX-License-Identifier: Apache-2.0
"""Common parts of the desk's commands: who runs them, and how a password is entered without being shown."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Final

from django.core.management.base import CommandError

from callers.actors import SystemActor
from callers.capabilities import Capability
from officers.models import Officer
from peers.models import Agency
from vault.secretinput import read_secret

INSTALLER: Final = SystemActor("install", None, frozenset({Capability.DESK_KEEP}))
"""Actor with a shell on the desk and its database; only for making the first keepers."""


def add_acting_officer(parser: ArgumentParser) -> None:
    """Add the argument that names, for the audit, who acts."""
    parser.add_argument("--by", required=True, metavar="EMAIL", help="your own account, named in the audit")


def acting_officer(email: str) -> Officer:
    """Return the active officer who acts; raises CommandError."""
    officer = Officer.objects.select_related("agency").filter(email=email.strip().lower()).first()
    if officer is None or not officer.is_in_service:
        raise CommandError(f"No active officer signs in as {email}.")
    if not officer.is_bound:
        raise CommandError(f"The account of {email} was changed outside the program. See `bind_rows --help`.")
    return officer


def agency_of(agency_id: str) -> Agency:
    """Return the agency of this desk by its id; raises CommandError."""
    agency = Agency.objects.filter(pk=agency_id, is_hosted=True).first()
    if agency is None:
        raise CommandError(f"There is no agency {agency_id} at this desk.")
    return agency


def read_password(path: Path | None) -> str:
    """Read a password from the first line of a file, else typed twice; never from an argument, which others could list. Raises CommandError."""
    if path is not None:
        return read_secret(str(path), "", option="--password-file")
    password = read_secret("", "Password", option="--password-file")
    if read_secret("", "Password again", option="--password-file") != password:
        raise CommandError("The two passwords differ.")
    return password
