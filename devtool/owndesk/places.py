# SPDX-License-Identifier: Apache-2.0
"""Environments of the processes of an own desk: production's settings, and nothing about an exchange.

The desk learns at its first start which exchange is its own, so neither its address nor its log's key is set here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accord.calls.errors import ProxyAddressError
from accord.calls.proxies import Proxy, require_proxy
from devtool.environments import ROOT, inherited_by_production, secret_files
from devtool.errors import DevtoolError
from devtool.owndesk.desksecrets import DeskSecrets, load_or_draw
from devtool.owndesk.firststart import FirstStart
from devtool.owndesk.folder import OwnDeskFolder
from hub.roles import CALLS_EXCHANGE, DESK, ROLES, SEQUENCES


@dataclass(frozen=True)
class OwnDeskPlaces:
    """The places of the parts of one own desk."""

    folder: OwnDeskFolder
    secrets: DeskSecrets
    host: str
    hub_url: str
    database_urls: Mapping[str, str] = field(repr=False)
    """By role that has a login."""
    owner_url: str = field(repr=False)
    redis_urls: Mapping[str, str] = field(repr=False)
    """By role that has a login."""
    email_url: str = field(repr=False)
    """Empty where no mail server is known."""
    first_start_file: Path
    opened_ring: Path
    exchange_ca: Path | None = None
    exchange_proxy: Proxy | None = None
    ask_every: str = ""
    """Seconds between two questions to the exchange; empty where the program decides."""
    certificate: Path | None = None
    """The certificate of its own web server, whose end the desk watches."""

    def told(self) -> dict[str, Any]:
        """Return the facts that a command beside the running desk needs."""
        return {
            "addresses": {"HUB_URL": self.hub_url},
            "host": self.host,
            "database_urls": dict(self.database_urls),
            "owner_url": self.owner_url,
            "redis_urls": dict(self.redis_urls),
            "opened_ring": str(self.opened_ring),
            "exchange_ca": str(self.exchange_ca) if self.exchange_ca else "",
            "ask_every": self.ask_every,
            "exchange_proxy": self.exchange_proxy.address if self.exchange_proxy else "",
        }

    @property
    def ledger_state_dirs(self) -> Mapping[str, Path]:
        return {DESK: self.folder.ledger}

    def environment_of(self, role: str) -> dict[str, str]:
        """Return the whole environment of a process of `role`, its secrets in files."""
        held = ROLES[role].secrets
        secrets = {name: value for name, value in self._offered(role).items() if name in held and value}
        return {
            **inherited_by_production(os.environ),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "HUB_ENV": "production",
            "OWN_DESK": "yes",
            "HUB_ROLE": role,
            "HUB_URL": self.hub_url,
            "MAIL_FROM": self.folder.mail_from(self.host),
            "LEDGER_VKEY": self.secrets.ledger_vkey,
            **({"FOLLOW_SECONDS": self.ask_every} if self.ask_every else {}),
            "STATIC_ROOT": str(self.folder.static),
            **self._of_this_role(role),
            **secret_files(self.folder.secrets / role, secrets),
        }

    def _of_this_role(self, role: str) -> dict[str, str]:
        told: dict[str, str] = {}
        if role == "desk":
            told |= {
                "ALLOWED_HOSTS": ",".join(dict.fromkeys((self.host, "localhost", "127.0.0.1"))),
                "TRUSTED_PROXIES": "none",
                "FIRST_START_FILE": str(self.first_start_file),
            }
        if role in CALLS_EXCHANGE:
            if self.certificate is not None:
                told["TLS_CERTIFICATE_FILE"] = str(self.certificate)
            told |= {
                "ACCORD_KEK_LOCKED_FILE": str(self.folder.locked_ring),
                "ACCORD_KEK_OPENED_FILE": str(self.opened_ring),
            }
            if self.exchange_ca is not None:
                told["SSL_CERT_FILE"] = str(self.exchange_ca)
            if self.exchange_proxy is not None:
                told["EXCHANGE_PROXY"] = self.exchange_proxy.address
        if role in SEQUENCES.values():
            told["LEDGER_STATE_DIR"] = str(self.folder.ledger)
        return told

    def _offered(self, role: str) -> dict[str, str]:
        return {
            "SECRET_KEY": self.secrets.secret_key,
            "API_PEPPER": self.secrets.api_pepper,
            "LEDGER_KEY": self.secrets.ledger_key,
            "DATABASE_URL": self.database_urls.get(role, ""),
            "DATABASE_OWNER_URL": self.owner_url,
            "EMAIL_URL": self.email_url,
            "EXCHANGE_PROXY_LOGIN": self.exchange_proxy.login if self.exchange_proxy else "",
            "REDIS_URL": self.redis_urls.get(role, ""),
        }


def given_proxy(address: str, folder: OwnDeskFolder) -> Proxy | None:
    """Return the proxy at an address, with the login in the folder; None without an address. Raises DevtoolError."""
    if not address:
        return None
    try:
        return require_proxy(address, folder.proxy_login())
    except ProxyAddressError as refused:
        raise DevtoolError(
            str(refused), "Name it as http://proxy.example:3128; its login is in PATH/proxy-login."
        ) from None


def running_places(folder: OwnDeskFolder) -> OwnDeskPlaces:
    """Return the running desk of a folder; raise DevtoolError when there is none."""
    told = folder.running()
    return OwnDeskPlaces(
        folder=folder,
        secrets=load_or_draw(folder.secrets_file, told["host"]),
        host=told["host"],
        hub_url=told["addresses"]["HUB_URL"],
        database_urls=told["database_urls"],
        owner_url=told["owner_url"],
        redis_urls=told["redis_urls"],
        email_url=folder.mail_url(),
        first_start_file=FirstStart(folder.path).digest_file,
        opened_ring=Path(told["opened_ring"]),
        exchange_ca=Path(told["exchange_ca"]) if told["exchange_ca"] else None,
        ask_every=told["ask_every"],
        exchange_proxy=given_proxy(told["exchange_proxy"], folder),
    )
