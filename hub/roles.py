# SPDX-License-Identifier: Apache-2.0
"""Roles of the image: what each installs, serves, consumes and may hold.

One image runs as one of twelve roles, chosen by `HUB_ROLE`. A role is defined by what it *cannot* do: the blind ones
have neither the apps that open content nor a key that could, and only `build`, which is no process of a hub, has apps
of both halves.
"""

from dataclasses import dataclass, field
from typing import Final

EXCHANGE: Final = "exchange"
DESK: Final = "desk"
BOTH: Final = "both"
"""Value of `half` for `build`, which makes what both halves ship: static files, migrations."""
HALVES: Final = (DESK, EXCHANGE)
MIGRATES: Final = {DESK: "desk-migrate", EXCHANGE: "exchange-migrate"}
"""Roles that make the tables of a half, under the login that owns them."""
SEQUENCES: Final = {DESK: "desk-sequencer", EXCHANGE: "sequencer"}
"""Roles that sign the log of a half."""

FOUNDATION: Final = ("django.contrib.contenttypes",)
SHARED: Final = ("hub", "callers", "ledger")
"""Apps of both halves."""
CARRIERS: Final = ("agencies", "sharing")
"""Apps that carry sealed alerts and know no officers."""
TELLERS: Final = ("django.contrib.auth", "peers", "officers", "notices")
"""Apps that know officers and tell them."""
OPERATES: Final = ("operators",)
"""App of the people who run the exchange."""
OPENERS: Final = ("vault", "substances", "alerts", "science", "casework", "reciprocity")
WEB: Final = ("rest_framework", "drf_spectacular")
SESSIONS: Final = ("django.contrib.sessions",)
STATIC: Final = ("django.contrib.staticfiles",)
DESK_WEB: Final = (
    "django.contrib.messages",
    *STATIC,
    "hub.admin_site.AccordAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
)
SURFACE: Final = ("desk",)
"""Pages and JSON of the desk; no models."""


QUEUES_OF: Final = {EXCHANGE: ("exchange",), DESK: ("notify", "desk")}

OF_A_CALLER: Final = frozenset({"EXCHANGE_PROXY_LOGIN"})
"""Secrets of processes that call the exchange, where there are any."""


@dataclass(frozen=True)
class Role:
    """Parts of a process of this role; `secrets` are the only secret variables that it may find."""

    name: str
    apps: tuple[str, ...]
    half: str = EXCHANGE
    urlconf: str = "hub.urls.nothing"
    queue: str | None = None
    secrets: frozenset[str] = field(default_factory=frozenset)

    @property
    def owns_tables(self) -> bool:
        """Tell whether it uses the login that owns the tables."""
        return "DATABASE_OWNER_URL" in self.secrets

    @property
    def has_admin(self) -> bool:
        """Tell whether it has the admin, whose own checks need its middleware."""
        return "hub.admin_site.AccordAdminConfig" in self.apps

    @property
    def callable_queues(self) -> tuple[str, ...]:
        """Queues of its half, whose workers it may call."""
        return QUEUES_OF.get(self.half, ())

    @property
    def login(self) -> str:
        """Database login of this role; empty for the owner's role and for one without a database."""
        return self._own_name if "DATABASE_URL" in self.secrets else ""

    @property
    def broker_login(self) -> str:
        """Broker login of this role; empty for a role without one."""
        return self._own_name if "REDIS_URL" in self.secrets else ""

    @property
    def _own_name(self) -> str:
        return f"accord_{self.name.replace('-', '_')}"


ROLES: Final[dict[str, Role]] = {
    role.name: role
    for role in (
        Role(
            "desk",
            FOUNDATION + SESSIONS + DESK_WEB + WEB + SHARED + TELLERS + OPENERS + SURFACE,
            half=DESK,
            urlconf="hub.urls.desk",
            secrets=frozenset(
                {"SECRET_KEY", "API_PEPPER", "ACCORD_KEK", "DATABASE_URL", "EMAIL_URL", "REDIS_URL"}
                | OF_A_CALLER
            ),
        ),
        Role(
            "desk-worker",
            FOUNDATION + SESSIONS + SHARED + TELLERS + OPENERS,
            half=DESK,
            queue="desk",
            secrets=frozenset({"DATABASE_URL", "ACCORD_KEK", "REDIS_URL"} | OF_A_CALLER),
        ),
        Role(
            "mailer",
            FOUNDATION + SHARED + TELLERS,
            half=DESK,
            queue="notify",
            secrets=frozenset({"DATABASE_URL", "EMAIL_URL", "REDIS_URL"}),
        ),
        # It signs the log of the desk's acts; no feed is numbered by it, so it calls no worker.
        Role(
            "desk-sequencer",
            FOUNDATION + SHARED,
            half=DESK,
            secrets=frozenset({"DATABASE_URL", "LEDGER_KEY"}),
        ),
        Role("desk-beat", FOUNDATION + SHARED, half=DESK, secrets=frozenset({"REDIS_URL"})),
        Role(
            "exchange",
            FOUNDATION + WEB + SHARED + CARRIERS,
            urlconf="hub.urls.exchange",
            secrets=frozenset({"SECRET_KEY", "API_PEPPER", "DATABASE_URL", "REDIS_URL"}),
        ),
        Role(
            "operator",
            FOUNDATION + STATIC + SHARED + CARRIERS + OPERATES,
            urlconf="hub.urls.operator",
            secrets=frozenset({"SECRET_KEY", "API_PEPPER", "DATABASE_URL", "REDIS_URL"}),
        ),
        Role(
            "exchange-worker",
            FOUNDATION + SHARED + CARRIERS,
            queue="exchange",
            secrets=frozenset({"DATABASE_URL", "EMAIL_URL", "REDIS_URL"}),
        ),
        Role(
            "sequencer",
            FOUNDATION + SHARED + CARRIERS,
            secrets=frozenset({"DATABASE_URL", "LEDGER_KEY", "REDIS_URL"}),
        ),
        Role("exchange-beat", FOUNDATION + SHARED, secrets=frozenset({"REDIS_URL"})),
        Role(
            "desk-migrate",
            FOUNDATION + SESSIONS + DESK_WEB + SHARED + TELLERS + OPENERS + SURFACE,
            half=DESK,
            secrets=frozenset({"DATABASE_OWNER_URL"}),
        ),
        Role(
            "exchange-migrate",
            FOUNDATION + STATIC + SHARED + CARRIERS + OPERATES,
            secrets=frozenset({"DATABASE_OWNER_URL"}),
        ),
        Role(
            "build",
            FOUNDATION + SESSIONS + DESK_WEB + SHARED + CARRIERS + OPERATES + TELLERS + OPENERS + SURFACE,
            half=BOTH,
            secrets=frozenset({"DATABASE_OWNER_URL"}),
        ),
    )
}

SECRETS: Final = frozenset().union(*(role.secrets for role in ROLES.values()))
"""Every setting that is a secret; outside development each comes as a file."""

CALLS_EXCHANGE: Final = frozenset({"desk", "desk-worker"})
"""Roles that call the exchange by its API, as every other system does."""

GUARDED_SECRETS: Final = ("ACCORD_KEK", "LEDGER_KEY", "DATABASE_OWNER_URL")
"""Secrets whose mere presence in the wrong role prevents the start."""

LOGINS: Final[dict[str, str]] = {role.name: role.login for role in ROLES.values() if role.login}
"""Database login of each role that has one; its rights are in `hub/rights.py`."""

BROKER_LOGINS: Final[dict[str, str]] = {
    role.name: role.broker_login for role in ROLES.values() if role.broker_login
}
"""Broker login of each role that has one; its rights are in `hub/broker.py`."""
