# SPDX-License-Identifier: Apache-2.0
"""The secrets of one installation: drawn once, kept in one file that only its owner may read."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from accord.envelope.private import LedgerKey
from devtool.errors import DevtoolError
from devtool.postgres import Logins
from hub.roles import BROKER_LOGINS, LOGINS

LOG_NAME = "hub.example/log"


@dataclass(frozen=True)
class Secrets:
    """Everything that is secret in one installation; which process sees which is `environments`' job."""

    desk_secret_key: str = field(repr=False)
    exchange_secret_key: str = field(repr=False)
    operator_secret_key: str = field(repr=False)
    api_pepper: str = field(repr=False)
    key_encryption_ring: str = field(repr=False)
    ledger_key: str = field(repr=False)
    superuser_password: str = field(repr=False)
    owner_password: str = field(repr=False)
    login_passwords: dict[str, str] = field(repr=False)
    """By name of a role's database login."""
    broker_passwords: dict[str, str] = field(repr=False)
    """By name of a role's broker login."""

    @property
    def logins(self) -> Logins:
        return Logins(self.superuser_password, self.owner_password, self.login_passwords)

    @property
    def ledger_vkey(self) -> str:
        return str(LedgerKey.from_text(self.ledger_key).vkey)


def draw_secrets() -> Secrets:
    """A fresh set."""
    return Secrets(
        desk_secret_key=secrets.token_urlsafe(48),
        exchange_secret_key=secrets.token_urlsafe(48),
        operator_secret_key=secrets.token_urlsafe(48),
        api_pepper=_key(),
        key_encryption_ring=f"k1:{_key()}",
        ledger_key=LedgerKey.generate(LOG_NAME).to_text(),
        superuser_password=secrets.token_urlsafe(24),
        owner_password=secrets.token_urlsafe(24),
        login_passwords={login: secrets.token_urlsafe(24) for login in LOGINS.values()},
        broker_passwords={login: secrets.token_urlsafe(24) for login in BROKER_LOGINS.values()},
    )


def load_or_draw_secrets(path: Path) -> Secrets:
    """The secrets kept at `path`, drawn and written (mode 0600) at the first call."""
    if path.exists():
        return _kept_secrets(path)
    drawn = draw_secrets()
    _write(path, asdict(drawn))
    return drawn


def complete_secrets(path: Path) -> None:
    """Draw what this version needs beside what an older one kept at `path`, and keep those."""
    kept = json.loads(path.read_text())
    _write(path, {name: kept.get(name, drawn) for name, drawn in asdict(draw_secrets()).items()})


def _write(path: Path, content: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _kept_secrets(path: Path) -> Secrets:
    kept = json.loads(path.read_text())
    if set(kept) != {item.name for item in fields(Secrets)}:
        raise DevtoolError(f"{path} was written by another version of Accord.", "Run: ./dev reset")
    return Secrets(**kept)


def _key() -> str:
    """32 random bytes in base64url without padding."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
