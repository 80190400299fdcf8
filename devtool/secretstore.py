# SPDX-License-Identifier: Apache-2.0
"""The secrets of one installation: drawn once, kept in one file that only its owner may read."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from accord.envelope.private import LedgerKey
from devtool.closedfiles import write_closed
from devtool.errors import DevtoolError
from devtool.postgres import OWNERS, Logins
from hub.roles import BROKER_LOGINS, DESK, EXCHANGE, HALVES, LOGINS

LOG_NAMES = {EXCHANGE: "hub.example/log", DESK: "desk.example/log"}


@dataclass(frozen=True)
class Secrets:
    """Everything that is secret in one installation; `environments` decides which process sees which."""

    desk_secret_key: str = field(repr=False)
    exchange_secret_key: str = field(repr=False)
    operator_secret_key: str = field(repr=False)
    api_peppers: dict[str, str] = field(repr=False)
    """By half."""
    key_encryption_ring: str = field(repr=False)
    ledger_keys: dict[str, str] = field(repr=False)
    """By half, of its log."""
    superuser_password: str = field(repr=False)
    owner_passwords: dict[str, str] = field(repr=False)
    """By name of the login that owns a half's tables."""
    login_passwords: dict[str, str] = field(repr=False)
    """By name of a role's database login."""
    broker_passwords: dict[str, str] = field(repr=False)
    """By name of a role's broker login."""

    @property
    def logins(self) -> Logins:
        return Logins(self.superuser_password, self.owner_passwords, self.login_passwords)

    def ledger_vkey(self, half: str = EXCHANGE) -> str:
        """Return the public key of a half's log; without a half, the exchange's, which everybody checks."""
        return str(LedgerKey.from_text(self.ledger_keys[half]).vkey)


def draw_secrets() -> Secrets:
    """Draw a fresh set."""
    return Secrets(
        desk_secret_key=secrets.token_urlsafe(48),
        exchange_secret_key=secrets.token_urlsafe(48),
        operator_secret_key=secrets.token_urlsafe(48),
        api_peppers={half: draw_key() for half in HALVES},
        key_encryption_ring=f"k1:{draw_key()}",
        ledger_keys={half: LedgerKey.generate(name).to_text() for half, name in LOG_NAMES.items()},
        superuser_password=secrets.token_urlsafe(24),
        owner_passwords={owner: secrets.token_urlsafe(24) for owner in OWNERS.values()},
        login_passwords={login: secrets.token_urlsafe(24) for login in LOGINS.values()},
        broker_passwords={login: secrets.token_urlsafe(24) for login in BROKER_LOGINS.values()},
    )


def load_or_draw_secrets(path: Path) -> Secrets:
    """Return the secrets stored at `path`, drawn and written (mode 0600) at the first call."""
    if path.exists():
        return _kept_secrets(path)
    drawn = draw_secrets()
    _write(path, asdict(drawn))
    return drawn


def complete_secrets(path: Path) -> None:
    """Draw the additional secrets that this version needs, keeping those at `path`."""
    kept = json.loads(path.read_text())
    _write(
        path,
        {name: completed(kept.get(name, drawn), drawn) for name, drawn in asdict(draw_secrets()).items()},
    )


def completed(kept: Any, drawn: Any) -> Any:
    """Return the stored secrets; of secrets by name, those of the present names."""
    return (
        {name: kept.get(name, secret) for name, secret in drawn.items()} if isinstance(drawn, dict) else kept
    )


def _write(path: Path, content: dict[str, Any]) -> None:
    write_closed(path, json.dumps(content, indent=1))


def _kept_secrets(path: Path) -> Secrets:
    kept = json.loads(path.read_text())
    if set(kept) != {item.name for item in fields(Secrets)}:
        raise DevtoolError(f"{path} was written by another version of Accord.", "Run: ./dev reset")
    return Secrets(**kept)


def draw_key() -> str:
    """Return 32 random bytes in base64url without padding."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
