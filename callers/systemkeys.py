# SPDX-License-Identifier: Apache-2.0
"""Keys of systems, `prefix.secret`, 256 random bits, shown once: how they are made, read, replaced and ended.

- Two tables hold such keys, the exchange's and the desk's, each with a `Keyring` of its own.
- A table holds a digest under the pepper of its half and for its own purpose, so that a stolen copy signs nobody in and
  a key of one kind never serves as the other.
- A key is read from the database at each request, so that its end counts at once.
"""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from callers.actors import Actor, ApiClient
from callers.digests import keyed_digest
from callers.errors import CredentialError, InputError, RotationRefusedError

MAX_LIFETIME: Final = timedelta(days=90)
LONGEST_OVERLAP: Final = timedelta(days=7)
"""Longest time for which a key serves beside the one that replaced it."""
LAST_DAYS: Final = timedelta(days=30)
"""Last part of a key's life, in which it may replace itself."""
WARNED_DAYS: Final = (1, 7, 14, 30)
"""Days ahead at which somebody is warned of an end, the nearest first."""
USE_MARKED_EVERY: Final = timedelta(minutes=1)
MOST_NETWORKS: Final = 20

_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_KEY = re.compile(r"([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")


class SystemKey(models.Model):
    """Row of a system's key, without its text. The tables add its agency and the key that it replaced."""

    if TYPE_CHECKING:
        agency_id: str

    prefix = models.CharField(primary_key=True, max_length=16)
    digest = models.BinaryField(max_length=32)
    client = models.CharField(max_length=60)
    scopes = ArrayField(models.CharField(max_length=24))
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    line = models.CharField(max_length=16, db_index=True, editable=False)
    """Prefix of the first key of its chain, which every later key of the chain has, too."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.agency_id}/{self.client}"

    @property
    def lifetime(self) -> timedelta:
        """Total time for which the key serves."""
        return self.expires_at - self.created_at


Key = TypeVar("Key", bound=SystemKey)


class Held(Protocol):
    """Facts that decide whether a key serves."""

    @property
    def agency_id(self) -> str: ...
    @property
    def digest(self) -> bytes | memoryview: ...
    @property
    def scopes(self) -> Collection[str]: ...
    @property
    def networks(self) -> Collection[str]: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def revoked_at(self) -> datetime | None: ...


Found = TypeVar("Found", bound=Held)


@dataclass(frozen=True)
class Keyring(Generic[Key]):
    """One table of keys.

    `purpose` enters each digest; `record` audits an act on a key (issued, rotated, revoked) for the key's agency.
    """

    model: type[Key]
    purpose: str
    record: Callable[[str, Actor, Key, datetime], None]

    def make(
        self,
        actor: Actor,
        agency_id: str,
        *,
        client: str,
        scopes: Collection[str],
        lifetime: timedelta,
        networks: Iterable[str],
        follows: Key | None = None,
        now: datetime,
        **more: Any,
    ) -> tuple[Key, str]:
        """Make a key whose issue the caller has permitted; return row and text. Raises InputError."""
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        with transaction.atomic():
            allowed = checked_networks(networks)
            key = self.model._default_manager.create(
                prefix=prefix,
                digest=self.digest_of(prefix, secret, agency_id, scopes, allowed),
                agency_id=agency_id,
                client=checked_client(client),
                scopes=list(scopes),
                networks=allowed,
                created_at=now,
                created_by=actor.audit_name,
                expires_at=now + checked_lifetime(lifetime),
                line=follows.line if follows else prefix,
                follows=follows,
                **more,
            )
            self.record("issued", actor, key, now)
        return key, f"{prefix}.{secret}"

    def read(
        self, text: str, remote_addr: str, *, find: Callable[[str], Found | None], now: datetime
    ) -> Found:
        """Return the key of this text, which `find` looks up by its prefix; raises CredentialError for every cause."""
        match = _KEY.fullmatch(text)
        if match is None:
            raise CredentialError("malformed")
        prefix, secret = match.groups()
        key = find(prefix)
        expected = bytes(key.digest) if key else bytes(32)
        told = (key.agency_id, key.scopes, key.networks) if key else ("", (), ())
        if not hmac.compare_digest(self.digest_of(prefix, secret, *told), expected) or key is None:
            raise CredentialError("unknown")
        _require_usable(key, remote_addr, now)
        return key

    def mark_use(self, prefix: str, last_used_at: datetime | None, *, now: datetime) -> None:
        """Note that a key was used, at most once in `USE_MARKED_EVERY`."""
        if last_used_at is not None and last_used_at > now - USE_MARKED_EVERY:
            return
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_MARKED_EVERY)
        self.model._default_manager.filter(stale, pk=prefix).update(last_used_at=now)

    def replace(
        self, actor: Actor, old: Key, *, scopes: Collection[str], overlap: timedelta, now: datetime
    ) -> tuple[Key, str]:
        """Make a key of the same client, networks and lifetime in place of one whose row the caller has locked.

        The old one ends `overlap` from now at the latest.
        """
        new, text = self.make(
            actor,
            old.agency_id,
            client=old.client,
            scopes=scopes,
            lifetime=min(old.lifetime, MAX_LIFETIME),
            networks=old.networks,
            follows=old,
            now=now,
        )
        old.expires_at = min(old.expires_at, now + overlap)
        old.save(update_fields=["expires_at"])
        self.record("rotated", actor, old, now)
        return new, text

    def replace_itself(self, client: ApiClient, *, serve: Collection[str], now: datetime) -> tuple[Key, str]:
        """Replace the caller's key, once, in its last days; the new one has those of its scopes that `serve` still has.

        A system that nobody looks after thus does not stop when its key ends, and no admin has to carry a new one to
        it. Until the new key has been used the old one may ask again, since an answer can get lost; the unused key then
        ends. Raises RotationRefusedError (too early, or replaced before).
        """
        with transaction.atomic():
            old = self.model._default_manager.select_for_update(of=("self",)).get(pk=client.prefix)
            if now < old.expires_at - LAST_DAYS:
                raise RotationRefusedError("too-early", old.expires_at - LAST_DAYS)
            self._end_unused(client, old, now)
            scopes = [scope for scope in old.scopes if scope in serve]
            return self.replace(client, old, scopes=scopes, overlap=LONGEST_OVERLAP, now=now)

    def end(self, actor: Actor, keys: Iterable[Key], *, now: datetime) -> None:
        """End keys whose rows the caller has locked, at once and for good; those that have ended stay as they are."""
        for key in keys:
            if key.revoked_at is None:
                key.revoked_at = now
                key.save(update_fields=["revoked_at"])
                self.record("revoked", actor, key, now)

    def lock_line(self, key: Key) -> list[Key]:
        """Lock the chain of a key, in the order in which a rotation locks: the old key before the new one."""
        chain = self.model._default_manager.select_for_update(of=("self",)).filter(line=key.line)
        return list(chain.order_by("created_at", "prefix"))

    def digest_of(
        self, prefix: str, secret: str, agency: str, scopes: Iterable[str], networks: Iterable[str]
    ) -> bytes:
        """Return the digest, which covers what the key is for: a row given to another agency, or more scopes, by SQL
        serves nobody.
        """
        parts = (prefix, secret, agency, " ".join(sorted(scopes)), " ".join(sorted(networks)))
        return keyed_digest(self.purpose, *(part.encode("ascii") for part in parts))

    def _end_unused(self, client: ApiClient, old: Key, now: datetime) -> None:
        """End keys that this key asked for before and that were never used; raises RotationRefusedError where it was replaced."""
        successors = self.model._default_manager.select_for_update(of=("self",)).filter(follows=old)
        for before in list(successors):
            if before.created_by != client.audit_name or before.last_used_at is not None:
                raise RotationRefusedError("replaced", None)
            self.end(client, [before], now=now)


def checked_networks(networks: Iterable[str]) -> list[str]:
    """Return the networks in canonical form; raises InputError."""
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


def detail_of(key: SystemKey) -> dict[str, Any]:
    """Return the audit details of a key."""
    return {"client": key.client, "scopes": list(key.scopes), "expires": key.expires_at.isoformat()}


def _require_usable(key: Held, remote_addr: str, now: datetime) -> None:
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


def checked_client(client: str) -> str:
    """Check the name of a system; raises InputError."""
    if not _CLIENT.fullmatch(client):
        raise InputError("client", _("Use 1 to 60 letters, digits, spaces, dots or hyphens."))
    return client


def checked_lifetime(lifetime: timedelta) -> timedelta:
    """Check how long a key is to serve; raises InputError."""
    if not timedelta(0) < lifetime <= MAX_LIFETIME:
        raise InputError("lifetime", _("Use more than none, up to 90 days."))
    return lifetime
