# SPDX-License-Identifier: Apache-2.0
"""API keys of agencies at the exchange: who calls with one, and what the key permits.

A key never permits opening, validating, releasing, acknowledging or managing. While its agency is entering it permits nothing:
a key for entering brings the agency's keys in (`agencies.entrykeys`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from agencies.models import ApiKey
from callers.actors import Actor, ApiClient
from callers.capabilities import ACCESSION_SCOPES, EXCHANGE_SCOPES, Capability
from callers.directory import AgencyStatus
from callers.systemkeys import Keyring, detail_of
from ledger.audit import record_event

# Raw SQL, since every call of a partner's system runs it.
_STORED: Final = """
SELECT key.prefix, key.digest, key.agency_id, agency.status, key.client, key.scopes, key.networks,
    key.expires_at, key.revoked_at, key.last_used_at, key.line, key.is_entry
FROM agencies_apikey AS key JOIN agencies_agency AS agency ON agency.id = key.agency_id WHERE key.prefix = %s
"""


@dataclass(frozen=True)
class _StoredKey:
    """The facts that decide whether a key is valid, and for what; `status` is its agency's."""

    prefix: str
    digest: bytes
    agency_id: str
    status: str
    client: str
    scopes: Collection[str]
    networks: Collection[str]
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    line: str
    is_entry: bool


def _record(done: str, actor: Actor, key: ApiKey, now: datetime) -> None:
    record_event(
        f"apikey.{done}",
        actor=actor.audit_name,
        agency=key.agency_id,
        subject=f"apikey:{key.prefix}",
        detail=detail_of(key),
        now=now,
    )


KEYRING: Final = Keyring(ApiKey, "api-key", _record)


def make_key(
    actor: Actor,
    agency_id: str,
    *,
    client: str,
    scopes: list[str],
    lifetime: timedelta,
    networks: Iterable[str],
    now: datetime,
    **more: Any,
) -> tuple[ApiKey, str]:
    """Make the row and text of a key after the caller has checked permission; raise InputError. `more` as in `Keyring.make`."""
    return KEYRING.make(
        actor,
        agency_id,
        client=client,
        scopes=scopes,
        lifetime=lifetime,
        networks=networks,
        now=now,
        **more,
    )


def authenticate_key(text: str, remote_addr: str, *, now: datetime) -> ApiClient:
    """Return the holder of this key; raise CredentialError for every cause alike."""
    key = KEYRING.read(text, remote_addr, find=_stored, now=now)
    KEYRING.mark_use(key.prefix, key.last_used_at, now=now)
    scopes = _scopes_in_effect(key)
    return ApiClient(key.agency_id, key.client, key.prefix, scopes, expires_at=key.expires_at, line=key.line)


def _stored(prefix: str) -> _StoredKey | None:
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [prefix])
        row = cursor.fetchone()
    return _StoredKey(*row) if row else None


def _scopes_in_effect(key: _StoredKey) -> frozenset[Capability]:
    if key.is_entry:
        return ACCESSION_SCOPES
    if key.status == AgencyStatus.ENTERING:
        return frozenset()
    return frozenset(scope for scope in EXCHANGE_SCOPES if scope in key.scopes)
