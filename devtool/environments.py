# SPDX-License-Identifier: Apache-2.0
"""Environments of the processes: addresses for all, secrets only as the role may hold them.

The table of roles is the hub's own (`hub.roles`), so that a role never gets what it refuses to find.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devtool.closedfiles import write_closed
from devtool.secretstore import Secrets
from hub.roles import BOTH, CALLS_EXCHANGE, DESK, ROLES, SECRETS, SEQUENCES

ROOT = Path(__file__).resolve().parent.parent

# The only variables of the caller's environment that reach a process of the hub.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TERM", "NO_COLOR", "SSL_CERT_FILE")
# How soon the hub looks for missed wake-ups; a test shortens it.
TUNING = ("NOTICE_LEASE_SECONDS", "SWEEP_SECONDS", "FOLLOW_SECONDS", "SEQUENCER_SILENT_SECONDS")
PASSED_ON_PREFIXES = ("COVERAGE_", "COV_CORE_")


@dataclass(frozen=True)
class World:
    """The places of one running hub's parts."""

    secrets: Secrets
    database_urls: Mapping[str, str] = field(repr=False)
    """By role that has a login."""
    owner_urls: Mapping[str, str] = field(repr=False)
    """By half, for the owner of its tables."""
    redis_urls: Mapping[str, str] = field(repr=False)
    """By role that has a login."""
    redis_super_url: str = field(repr=False)
    """For the operator of the broker."""
    email_url: str
    hub_url: str
    exchange_url: str
    ledger_state_dirs: Mapping[str, Path]
    """By half."""
    mail_dir: Path
    secrets_dir: Path
    """The folder with each process's secrets: a folder a role and a file a secret."""
    operator_url: str = "http://localhost:8002"
    """By name: an address with a number cannot have passkeys."""
    clock_offset_seconds: float = 0.0
    """The offset of its processes' time from the machine's."""
    invented_countries: Path | None = None
    """The file with the countries of a demonstration."""

    def addresses(self) -> dict[str, str]:
        """Return the addresses that a program beside the hub needs."""
        return {
            "HUB_URL": self.hub_url,
            "EXCHANGE_URL": self.exchange_url,
            "OPERATOR_URL": self.operator_url,
            "DATABASE_URL": self.database_urls["desk"],
            "REDIS_URL": self.redis_urls["desk"],
            "MAIL_DIR": str(self.mail_dir),
            "LEDGER_VKEY": self.secrets.ledger_vkey(),
        }

    def environment_of(self, role: str) -> dict[str, str]:
        """Return the whole environment of a process of `role`, its secrets in files."""
        return process_environment(role, self)


def role_environment(role: str, world: World) -> dict[str, str]:
    """Return the whole environment of a process of `role`."""
    held, half = ROLES[role].secrets, half_of(role)
    offered = _offered_secrets(role, world)
    environment = {
        **inherited(os.environ),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "HUB_ENV": "development",
        "HUB_ROLE": role,
        "HUB_URL": world.hub_url,
        "EXCHANGE_URL": world.exchange_url,
        "OPERATOR_URL": world.operator_url,
        "LEDGER_VKEY": world.secrets.ledger_vkey(half),
        **{name: value for name, value in offered.items() if name in held},
    }
    if world.clock_offset_seconds:
        environment["CLOCK_OFFSET_SECONDS"] = str(world.clock_offset_seconds)
    if role == "desk":
        # In a demonstration nobody carries a second factor.
        environment["MFA_DEMANDED"] = "no"
    if role == "desk" and world.invented_countries is not None:
        environment["INVENTED_COUNTRIES"] = str(world.invented_countries)
    if role in CALLS_EXCHANGE:
        environment["EXCHANGE_LEDGER_VKEY"] = world.secrets.ledger_vkey()
    if role in SEQUENCES.values():
        environment["LEDGER_STATE_DIR"] = str(world.ledger_state_dirs[half])
    return environment


def half_of(role: str) -> str:
    """Return the half that gives a role its database, secrets and log; the desk for a role of both halves."""
    return DESK if ROLES[role].half == BOTH else ROLES[role].half


def process_environment(role: str, world: World) -> dict[str, str]:
    """Return the environment of `role_environment`, with each secret in a closed file that a variable names."""
    environment = role_environment(role, world)
    secrets = {name: environment.pop(name) for name in sorted(SECRETS & environment.keys())}
    return {**environment, **secret_files(world.secrets_dir / role, secrets)}


def secret_files(folder: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """Write one file a secret, readable by its owner alone; return the variables that name them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    named = {}
    for name, value in secrets.items():
        path = folder / name.lower()
        write_closed(path, f"{value}\n")
        named[f"{name}_FILE"] = str(path)
    return named


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the harmless part of the caller's environment."""
    return {
        name: value
        for name, value in environment.items()
        if name in PASSED_ON + TUNING or name.startswith(PASSED_ON_PREFIXES)
    }


def inherited_by_production(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the harmless part without the variables that only a test shortens."""
    return {name: value for name, value in inherited(environment).items() if name not in TUNING}


def _offered_secrets(role: str, world: World) -> dict[str, str]:
    secrets, half = world.secrets, half_of(role)
    return {
        "SECRET_KEY": {
            "exchange": secrets.exchange_secret_key,
            "operator": secrets.operator_secret_key,
        }.get(role, secrets.desk_secret_key),
        "API_PEPPER": secrets.api_peppers[half],
        "ACCORD_KEK": secrets.key_encryption_ring,
        "LEDGER_KEY": secrets.ledger_keys[half],
        "DATABASE_URL": world.database_urls.get(role, ""),
        "DATABASE_OWNER_URL": world.owner_urls[half],
        "EMAIL_URL": world.email_url,
        "REDIS_URL": world.redis_urls.get(role, ""),
    }
