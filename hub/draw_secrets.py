# SPDX-License-Identifier: Apache-2.0
"""`python -m hub.draw_secrets desk.agency.example /secrets`: draw the secrets of a new own desk, a file each, as compose takes
them.

The image runs it once, as root, without a network. Each file belongs to the user that reads it, and nobody else can
read it.
"""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from accord.envelope.encoding import b64u
from accord.envelope.private import LedgerKey
from hub.roles import BROKER_LOGINS, DESK, LOGINS, ROLES

HUB_UID: Final = 10001
STORES_UID: Final = 999
READ_BY_STORES: Final = ("broker_logins", "db_logins", "db_owner_password")
"""Endings of the names of files that database and broker read."""
PASSWORD_BYTES: Final = 24


@dataclass(frozen=True)
class HalfSecrets:
    """Passwords that the stores and processes of one half share."""

    owner_password: str = field(repr=False)
    login_passwords: Mapping[str, str] = field(repr=False)
    """Passwords by database login, at least those of this half."""
    broker_passwords: Mapping[str, str] = field(repr=False)
    """Passwords by broker login, at least those of this half."""
    api_pepper: str = field(repr=False)
    ledger_key: str = field(repr=False)


def reader_of(name: str) -> int:
    """Return the user id that reads the file of a secret."""
    return STORES_UID if name.endswith(READ_BY_STORES) else HUB_UID


def files_of_half(half: str, drawn: HalfSecrets) -> dict[str, str]:
    """Return the secrets of database, broker and log of one half, by file name in the compose file."""
    databases = {ROLES[role].login: role for role in LOGINS if ROLES[role].half == half}
    brokers = {ROLES[role].broker_login: role for role in BROKER_LOGINS if ROLES[role].half == half}
    at, owner = f"@{half}-db:5432/accord", drawn.owner_password
    return {
        f"{half}_db_logins": _lines({login: drawn.login_passwords[login] for login in databases}),
        f"{half}_broker_logins": _lines({login: drawn.broker_passwords[login] for login in brokers}),
        f"{half}_db_owner_password": owner,
        f"{half}_database_owner_url": f"postgres://accord_owner:{owner}{at}",
        f"{half}_api_pepper": drawn.api_pepper,
        f"{half}_ledger_key": drawn.ledger_key,
        **{
            f"{_name(role)}_database_url": f"postgres://{login}:{drawn.login_passwords[login]}{at}"
            for login, role in databases.items()
        },
        **{
            f"{_name(role)}_redis_url": f"redis://{login}:{drawn.broker_passwords[login]}@{half}-redis:6379/0"
            for login, role in brokers.items()
        },
    }


def draw_own_desk(host: str) -> tuple[dict[str, str], str]:
    """Draw every secret of an own desk without a mail server, by file name, and return them with the public key of its log."""
    key = LedgerKey.generate(f"{host}/log")
    drawn = HalfSecrets(
        owner_password=_password(),
        login_passwords={login: _password() for login in LOGINS.values()},
        broker_passwords={login: _password() for login in BROKER_LOGINS.values()},
        api_pepper=b64u(secrets.token_bytes(32)),
        ledger_key=key.to_text(),
    )
    files = {
        **files_of_half(DESK, drawn),
        "desk_secret_key": secrets.token_urlsafe(48),
        "desk_email_url": "",
    }
    return files, str(key.vkey)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write each as a new file for its reader only; raises FileExistsError before anything is written."""
    for name in files:
        if (folder / name).exists():
            raise FileExistsError(name)
    for name, value in files.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{value}\n" if value else "")
            if os.geteuid() == 0:
                os.fchown(descriptor, reader_of(name), reader_of(name))


def main(arguments: list[str]) -> int:
    """Draw and write the secrets and print the matching line for .env; return exit status 1 where nothing was drawn."""
    if len(arguments) != 2 or not Path(arguments[1]).is_dir():
        sys.stderr.write("Use: python -m hub.draw_secrets HOST FOLDER, with a folder that is there.\n")
        return 1
    files, vkey = draw_own_desk(arguments[0])
    try:
        write_files(Path(arguments[1]), files)
    except FileExistsError as there:
        sys.stderr.write(f"{there} is there already: nothing was drawn, nothing was changed.\n")
        return 1
    sys.stdout.write(f"DESK_LEDGER_VKEY={vkey}\n")
    return 0


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _name(role: str) -> str:
    return role.replace("-", "_")


def _lines(passwords: Mapping[str, str]) -> str:
    """Return a line for each login, as the start scripts of database and broker read it."""
    return "\n".join(f"{login}:{password}" for login, password in passwords.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
