# SPDX-License-Identifier: Apache-2.0
"""API keys of partner systems: `prefix.secret`, 256 random bits, shown once.

The database holds a digest under the hub's pepper, so that a stolen copy signs nobody in. A key is read from
the database on each request: revoking counts at once. It can never open, validate, release, acknowledge or
manage. While its agency enters it serves nothing: what brings the keys in is a key for entering
(`agencies.entrykeys`).
"""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from agencies.models import ApiKey
from callers.actors import Actor, ApiClient
from callers.capabilities import ACCESSION_SCOPES, Capability, scopes_that_work
from callers.digests import keyed_digest
from callers.directory import AgencyStatus, Custody
from callers.errors import CredentialError, InputError
from ledger.audit import record_event

MAX_LIFETIME: Final = timedelta(days=90)
LONGEST_OVERLAP: Final = timedelta(days=7)
USE_MARKED_EVERY: Final = timedelta(minutes=1)

_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_CREDENTIAL = re.compile(r"([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")
# Written out, since every call of a partner's system asks it.
_STORED: Final = """
SELECT key.prefix, key.digest, key.agency_id, agency.status, key.client, key.scopes, key.networks,
    key.expires_at, key.revoked_at, key.last_used_at, key.line, key.is_entry, agency.custody
FROM agencies_apikey AS key JOIN agencies_agency AS agency ON agency.id = key.agency_id WHERE key.prefix = %s
"""


@dataclass(frozen=True)
class _StoredKey:
    """What decides whether a key serves, and for what; `status` is its agency's."""

    prefix: str
    digest: bytes
    agency: str
    status: str
    client: str
    scopes: Collection[str]
    networks: Collection[str]
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    line: str
    is_entry: bool
    custody: str


def make_key(
    actor: Actor,
    agency_id: str,
    *,
    client: str,
    scopes: list[str],
    lifetime: timedelta,
    networks: Iterable[str],
    follows: ApiKey | None = None,
    is_entry: bool = False,
    is_desk: bool = False,
    stated_in: str = "",
    now: datetime,
) -> tuple[ApiKey, str]:
    """The row and text of a key whose issue the caller has permitted; raises InputError."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with transaction.atomic():
        allowed = _checked_networks(networks)
        key = ApiKey.objects.create(
            prefix=prefix,
            digest=digest_of_key(prefix, secret, agency_id, scopes, allowed),
            agency_id=agency_id,
            client=_checked_client(client),
            scopes=scopes,
            networks=allowed,
            created_at=now,
            created_by=actor.audit_name,
            expires_at=now + _checked_lifetime(lifetime),
            is_entry=is_entry,
            is_desk=is_desk,
            stated_in=stated_in,
            line=follows.line if follows else prefix,
            follows=follows,
        )
        record_key_event("apikey.issued", actor, key, now=now)
    return key, f"{prefix}.{secret}"


@transaction.atomic
def end_desk_keys(actor: Actor, agency_id: str, *, now: datetime) -> None:
    """End what a desk called with for this agency so far."""
    keys = ApiKey.objects.select_for_update().filter(agency_id=agency_id, is_desk=True, revoked_at=None)
    for key in keys.order_by("pk"):
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        record_key_event("apikey.revoked", actor, key, now=now)


def authenticate_key(text: str, remote_addr: str, *, now: datetime) -> ApiClient:
    """Who holds this key; raises CredentialError for every cause."""
    match = _CREDENTIAL.fullmatch(text)
    if match is None:
        raise CredentialError("malformed")
    prefix, secret = match.groups()
    key = _stored(prefix)
    expected = key.digest if key else bytes(32)
    told = (key.agency, key.scopes, key.networks) if key else ("", (), ())
    if not hmac.compare_digest(digest_of_key(prefix, secret, *told), expected) or key is None:
        raise CredentialError("unknown")
    _require_usable(key, remote_addr, now)
    _mark_use(key, now)
    return ApiClient(
        key.agency, key.client, key.prefix, _scopes_in_effect(key), expires_at=key.expires_at, line=key.line
    )


def _stored(prefix: str) -> _StoredKey | None:
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [prefix])
        row = cursor.fetchone()
    return _StoredKey(*row) if row else None


def _require_usable(key: _StoredKey, remote_addr: str, now: datetime) -> None:
    if key.revoked_at is not None:
        raise CredentialError("revoked")
    if now >= key.expires_at:
        raise CredentialError("expired")
    if key.networks and not _is_within(remote_addr, key.networks):
        raise CredentialError("network")


def _is_within(remote_addr: str, networks: Iterable[str]) -> bool:
    try:
        address = ipaddress.ip_address(remote_addr)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(network) for network in networks)


def _scopes_in_effect(key: _StoredKey) -> frozenset[Capability]:
    if key.is_entry:
        return ACCESSION_SCOPES
    if key.status == AgencyStatus.ENTERING:
        return frozenset()
    serve = scopes_that_work(is_hosted=key.custody != Custody.AGENCY)
    return frozenset(scope for scope in serve if scope in key.scopes)


def _mark_use(key: _StoredKey, now: datetime) -> None:
    if key.last_used_at is not None and key.last_used_at > now - USE_MARKED_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_MARKED_EVERY)
    ApiKey.objects.filter(stale, pk=key.prefix).update(last_used_at=now)


def digest_of_key(
    prefix: str, secret: str, agency: str, scopes: Iterable[str], networks: Iterable[str]
) -> bytes:
    """Bound to what the key is for: a row made over to another agency, or widened, by SQL serves nobody."""
    parts = (prefix, secret, agency, " ".join(sorted(scopes)), " ".join(sorted(networks)))
    return keyed_digest("api-key", *(part.encode("ascii") for part in parts))


def _checked_client(client: str) -> str:
    if not _CLIENT.fullmatch(client):
        raise InputError("client", _("Use 1 to 60 letters, digits, spaces, dots or hyphens."))
    return client


def _checked_lifetime(lifetime: timedelta) -> timedelta:
    if not timedelta(0) < lifetime <= MAX_LIFETIME:
        raise InputError("lifetime", _("Use more than none, up to 90 days."))
    return lifetime


def _checked_networks(networks: Iterable[str]) -> list[str]:
    checked = []
    for network in networks:
        try:
            checked.append(str(ipaddress.ip_network(network)))
        except ValueError:
            raise InputError(
                "networks",
                _("%(network)s is not a network, for example 192.0.2.0/24.") % {"network": network[:43]},
            ) from None
    return checked


def record_key_event(act: str, actor: Actor, key: ApiKey, *, now: datetime) -> None:
    """Audits an act on a key, for the key's agency."""
    record_event(
        act,
        actor=actor.audit_name,
        agency=key.agency_id,
        subject=f"apikey:{key.prefix}",
        detail={"client": key.client, "scopes": list(key.scopes), "expires": key.expires_at.isoformat()},
        now=now,
    )
