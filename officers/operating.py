# SPDX-License-Identifier: Apache-2.0
"""Common parts of the desk's commands: who runs them, and how a password is entered without being shown."""

import getpass
from argparse import ArgumentParser
from pathlib import Path
from typing import Final

from django.core.management.base import CommandError

from callers.actors import SystemActor
from callers.capabilities import Capability
from officers.models import Officer
from peers.models import Agency

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
    """From the first line of a file, else typed twice; never from an argument, which others could list. Raises CommandError."""
    if path is not None:
        return _first_line(path)
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("Password again: ")
    except EOFError:
        raise CommandError(
            "Here is no terminal to type the password at. Run this in one, or give --password-file FILE, whose first line it is."
        ) from None
    if again != password:
        raise CommandError("The two passwords differ.")
    return password


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"--password-file: {path} cannot be read as text.") from None
