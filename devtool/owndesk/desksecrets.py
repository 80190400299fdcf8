# SPDX-License-Identifier: Apache-2.0
"""Secrets of one own desk: drawn once, completed where a newer version needs more, never those of an exchange.

The key-encryption ring is none of them: the first start makes it, and it is locked at rest (`vault.locking`).
"""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from accord.envelope.private import LedgerKey
from devtool.closedfiles import write_closed
from devtool.postgres import OWNERS, Logins
from devtool.secretstore import completed, draw_key
from hub.roles import BROKER_LOGINS, DESK, LOGINS, ROLES

DESK_LOGINS: Final = {role: login for role, login in LOGINS.items() if ROLES[role].half == DESK}
DESK_BROKER_LOGINS: Final = {role: login for role, login in BROKER_LOGINS.items() if ROLES[role].half == DESK}


@dataclass(frozen=True)
class DeskSecrets:
    """Secrets of the processes of one own desk, each of which holds its part."""

    secret_key: str = field(repr=False)
    api_pepper: str = field(repr=False)
    ledger_key: str = field(repr=False)
    superuser_password: str = field(repr=False)
    owner_password: str = field(repr=False)
    login_passwords: dict[str, str] = field(repr=False)
    """By name of a role's database login."""
    broker_passwords: dict[str, str] = field(repr=False)
    """By name of a role's broker login."""

    @property
    def logins(self) -> Logins:
        return Logins(self.superuser_password, {OWNERS[DESK]: self.owner_password}, self.login_passwords)

    @property
    def ledger_vkey(self) -> str:
        """The public key of the desk's log."""
        return str(LedgerKey.from_text(self.ledger_key).vkey)


def load_or_draw(path: Path, host: str) -> DeskSecrets:
    """Return the secrets stored at `path` (mode 0600). The desk's log keeps its name from the first start."""
    drawn = asdict(draw(host))
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    whole = {name: completed(kept.get(name, value), value) for name, value in drawn.items()}
    if whole != kept:
        write_closed(path, json.dumps(whole, indent=1))
    return DeskSecrets(**whole)


def draw(host: str) -> DeskSecrets:
    """Draw a fresh set."""
    return DeskSecrets(
        secret_key=secrets.token_urlsafe(48),
        api_pepper=draw_key(),
        ledger_key=LedgerKey.generate(f"{host}/log").to_text(),
        superuser_password=secrets.token_urlsafe(24),
        owner_password=secrets.token_urlsafe(24),
        login_passwords={login: secrets.token_urlsafe(24) for login in DESK_LOGINS.values()},
        broker_passwords={login: secrets.token_urlsafe(24) for login in DESK_BROKER_LOGINS.values()},
    )
