# SPDX-License-Identifier: Apache-2.0
"""Settings of this desk, in words, for its keeper and for auditors: no secret, no content, and where each is set.

Every fact is one that this process knows itself. Settings of other processes are not guessed.
"""

import os
import platform
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.version import API_VERSIONS, VERSION
from alerts.receiving.signature_state import utc_text
from callers.actors import Actor
from callers.capabilities import Capability, Role, require
from callers.errors import NotBoundError
from ledger.models import HUB_LEVEL, AuditEvent
from ledger.retention import KEEP_DAYS
from officers.login.proof import FRESH_FOR
from officers.policy_in_force import Policy, policy_of
from peers.models import Agency
from peers.own_exchange import known_exchange, proxy_on_the_way
from peers.progress import desk_depth
from vault.certificates import end_of_certificate
from vault.kek import Lock, lock_state

LIBRARIES: Final = (
    *("Django", "djangorestframework", "django-allauth", "granian", "celery", "redis", "psycopg"),
    *("cryptography", "urllib3", "structlog", "rdkit"),
)
OPENING_ACTS: Final = ("vault.opened", "vault.ring_made")


@dataclass(frozen=True)
class Fact:
    """Setting: `name` for programs, `label` and `text` for people, `where` is where it is set."""

    name: str
    label: str
    text: str
    where: str


@dataclass(frozen=True)
class Group:
    """Facts that belong together."""

    name: str
    title: str
    facts: tuple[Fact, ...]


def settings_report(reader: Actor, *, now: datetime) -> list[Group]:
    """Return all settings: for the keeper with each agency of the desk, for an auditor with the own. Raises NotPermittedError."""
    require(reader, Capability.AUDIT_READ)
    agencies = Agency.objects.visible_to(reader).filter(is_hosted=True).select_related("desk_policy")
    if reader.agency_id:
        agencies = agencies.filter(pk=reader.agency_id)
    policies = [(agency, _policy(agency)) for agency in agencies.order_by("pk")]
    return [
        Group("desk", _("The desk"), tuple(_of_the_desk())),
        Group("exchange", _("Its exchange"), tuple(_of_the_exchange())),
        Group("sign-in", _("Signing in"), tuple(_of_signing_in(policies))),
        Group("keys", _("Keys at rest"), tuple(_of_keys())),
        Group("network", _("Network"), tuple(_of_the_network())),
        Group("mail", _("Mail"), tuple(_of_mail())),
        Group("keeping", _("What is kept, and how long"), tuple(_of_keeping(policies))),
        Group("time", _("Time"), tuple(_of_time())),
        Group("versions", _("Versions"), tuple(_of_versions())),
    ]


def as_text(groups: Iterable[Group], *, now: datetime) -> Iterator[str]:
    """Yield the report as lines of plain text, each with its line end."""
    yield _("Settings of this desk, read at %(time)s UTC") % {"time": utc_text(now)} + "\n"
    for group in groups:
        yield f"\n{group.title}\n"
        for fact in group.facts:
            yield f"  {fact.label}: {fact.text} [{fact.where}]\n"


def _setting(name: str) -> str:
    return _("setting %(name)s") % {"name": name}


def _of_the_desk() -> Iterator[Fact]:
    kind = (
        _("an own desk: of one agency, in its own rooms")
        if settings.OWN_DESK
        else _("a hosted desk: agencies are taken in by a keeper")
    )
    yield Fact("kind", _("Kind"), kind, _setting("OWN_DESK"))
    strict = (
        _("development: settings are lax")
        if settings.DEVELOPMENT
        else _("production: the strict settings hold")
    )
    yield Fact("environment", _("Environment"), strict, _setting("HUB_ENV"))
    yield Fact("address", _("Address"), settings.HUB_URL, _setting("HUB_URL"))


def _of_the_exchange() -> Iterator[Fact]:
    where = _setting("EXCHANGE_URL") if settings.EXCHANGE_URL else _("told by a keeper at the first start")
    try:
        place = known_exchange()
    except NotBoundError:
        text = _("The row was changed outside the program: it counts for nothing, and nobody is called.")
        yield Fact("url", _("Address"), text, where)
        return
    if place is None:
        yield Fact("url", _("Address"), _("not told yet"), where)
    else:
        yield Fact("url", _("Address"), place.url, where)
        label = _("Fingerprint of its log's verifier key")
        yield Fact("fingerprint", label, place.fingerprint, where)
    yield from _of_the_way()


def _of_the_way() -> Iterator[Fact]:
    """Yield what is between this desk and the exchange, and what that can read."""
    proxy = proxy_on_the_way()
    text = _("none: the exchange is called directly")
    if proxy is not None:
        form = _("%(proxy)s, with user and password") if proxy.login else _("%(proxy)s, without a login")
        text = form % {"proxy": proxy.address}
    yield Fact("proxy", _("Proxy that leads there"), text, _setting("EXCHANGE_PROXY"))
    for name, label in (
        ("FOLLOW_SECONDS", _("How often the desk asks it for what is new")),
        ("SWEEP_SECONDS", _("How often the desk sends again what it did not take")),
    ):
        seconds = getattr(settings, name)
        every = _("every second") if seconds == 1 else _("every %(n)g seconds") % {"n": seconds}
        yield Fact(name.lower().replace("_", "-"), label, every, _setting(name))
    authorities = os.environ.get("SSL_CERT_FILE") or _("the system's")
    label = _("Authorities that must vouch for its certificate")
    yield Fact("authorities", label, authorities, _setting("SSL_CERT_FILE"))
    reads = _(
        "one that only passes calls on: the exchange's name, times and sizes; one that inspects them, with its authority among those above: the API key and the metadata of every call; neither reads anything that is sealed"
    )
    yield Fact("proxy-reads", _("What a proxy reads"), reads, _("fixed in the program"))


def _of_signing_in(policies: Iterable[tuple[Agency, Policy | None]]) -> Iterator[Fact]:
    hours = settings.SESSION_COOKIE_AGE // 3600
    ends = ngettext(
        "ends after %(n)d hour, and with the browser", "ends after %(n)d hours, and with the browser", hours
    )
    yield Fact("session", _("A session"), ends % {"n": hours}, _("fixed in the program"))
    minutes = int(FRESH_FOR.total_seconds() // 60)
    proof = ngettext(
        "what cannot be undone asks for a proof of the person that is no older than %(n)d minute",
        "what cannot be undone asks for a proof of the person that is no older than %(n)d minutes",
        minutes,
    )
    yield Fact("proof", _("Proof again"), proof % {"n": minutes}, _("fixed in the program"))
    rules = " ".join(password_validators_help_texts())
    yield Fact("password", _("Passwords"), rules, _("fixed in the program"))
    keepers = (
        _("always") if settings.MFA_DEMANDED else _("of nobody: a demonstration leaves second factors aside")
    )
    yield Fact("factor:keeper", _("Second factor of keepers"), keepers, _setting("MFA_DEMANDED"))
    where = _("policy of the agency") if settings.MFA_DEMANDED else _setting("MFA_DEMANDED")
    for agency, policy in policies:
        label = _("Second factor at %(agency)s") % {"agency": agency.name}
        yield Fact(f"factor:{agency.pk}", label, _factor_text(policy), where)


def _factor_text(policy: Policy | None) -> str:
    if not settings.MFA_DEMANDED:
        return _("of nobody: a demonstration leaves second factors aside")
    if policy is None:
        return _("of everybody: the policy was changed outside the program")
    roles = [str(role.label) for role in Role if role in policy.mfa_required_roles]
    return ", ".join(roles) or _("of nobody")


def _of_keys() -> Iterator[Fact]:
    state = lock_state()
    if state in {Lock.LOCKED, Lock.UNMADE}:
        text = _("yes, and it is locked now")
    elif state == Lock.OPEN:
        # Only the newest one is queried, which belongs to the desk itself and no agency.
        opened = AuditEvent.objects.filter(agency=HUB_LEVEL, act__in=OPENING_ACTS).order_by("-seq").first()
        since = utc_text(opened.at) if opened else "?"
        text = _("yes; open since %(time)s UTC, as the audit has it") % {"time": since}
    else:
        text = _("no: the key ring lies with the other secrets, which whoever runs the desk keeps closed")
    where = "ACCORD_KEK" if state == Lock.NONE else "ACCORD_KEK_LOCKED_FILE"
    yield Fact("lock", _("Key ring locked at rest"), text, _setting(where))


def _of_the_network() -> Iterator[Fact]:
    proxies = ", ".join(settings.TRUSTED_PROXIES) or _("none: callers reach the desk directly")
    yield Fact("proxies", _("Proxies that are believed"), proxies, _setting("TRUSTED_PROXIES"))
    hosts = ", ".join(settings.ALLOWED_HOSTS)
    yield Fact("hosts", _("Names that it answers for"), hosts, _setting("ALLOWED_HOSTS"))
    where = _setting("TLS_CERTIFICATE_FILE")
    yield Fact("certificate", _("Certificate of its web server"), _certificate_text(), where)


def _certificate_text() -> str:
    if not settings.TLS_CERTIFICATE_FILE:
        return _("not told to this process")
    try:
        ends_at = end_of_certificate(Path(settings.TLS_CERTIFICATE_FILE))
    except (OSError, ValueError):
        return _("cannot be read")
    return _("ends on %(time)s UTC") % {"time": utc_text(ends_at)}


def _of_mail() -> Iterator[Fact]:
    if settings.EMAIL_BACKEND.endswith(".dummy.EmailBackend"):
        yield Fact("server", _("Mail server"), _("none: this process sends no mail"), _setting("EMAIL_URL"))
        return
    way = (
        _("by TLS")
        if settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
        else _("in the open, as far as this machine's network")
    )
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}, {way}"
    yield Fact("server", _("Mail server"), server, _setting("EMAIL_URL"))
    yield Fact("sender", _("Sender"), settings.MAIL_FROM, _setting("MAIL_FROM"))


def _of_keeping(policies: Iterable[tuple[Agency, Policy | None]]) -> Iterator[Fact]:
    alerts = _("until the time that their sender signed; then envelope, card and search words go")
    yield Fact("alerts", _("Alerts received"), alerts, _("the alert itself"))
    own = _("at least %(n)d days; longer until somebody prunes it") % {"n": KEEP_DAYS[0]}
    yield Fact("audit:desk", _("Audit of the desk itself"), own, _("fixed in the program"))
    for agency, policy in policies:
        label = _("Audit of %(agency)s") % {"agency": agency.name}
        days = _("%(n)d days") % {"n": policy.audit_keep_days} if policy else _("as its log says last")
        yield Fact(f"audit:{agency.pk}", label, days, _("policy of the agency"))
    logs = _("lines without content on the process's own output; how long, whoever starts it decides")
    yield Fact("logs", _("Log lines"), logs, _("fixed in the program"))


def _of_time() -> Iterator[Fact]:
    sources = settings.TIME_SOURCES or _("none told to this process; the sequencer has its own setting")
    yield Fact("sources", _("Clocks to compare with"), sources, _setting("TIME_SOURCES"))
    ahead = desk_depth().clock_ahead
    text = _("not known yet") if ahead is None else f"{int(ahead.total_seconds()):+d} s"
    yield Fact(
        "ahead", _("This machine's clock less the exchange's"), text, _("measured as the feed is read")
    )


def _of_versions() -> Iterator[Fact]:
    here = _("installed here")
    oldest, newest = API_VERSIONS
    api = f"{oldest}" if oldest == newest else f"{oldest}-{newest}"
    yield Fact("accord", "Accord", f"{VERSION}, API {api}", here)
    yield Fact("python", "Python", platform.python_version(), here)
    yield Fact("openssl", "OpenSSL", ssl.OPENSSL_VERSION, here)
    database = ".".join(map(str, connection.get_database_version()))
    yield Fact("postgresql", "PostgreSQL", database, _("the database says so"))
    for library in LIBRARIES:
        try:
            yield Fact(library.lower(), library, version(library), here)
        except PackageNotFoundError:
            continue


def _policy(agency: Agency) -> Policy | None:
    """Return the agency's policy; None where it was altered outside the program."""
    try:
        return policy_of(agency)
    except NotBoundError:
        return None
