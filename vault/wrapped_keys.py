# SPDX-License-Identifier: Apache-2.0
"""Root secrets and private keys as the database holds them, wrapped.

An unwrapped secret lives as long as the call that needs it, or as long as a block of `unwrapped_once`: a turn of the
desk-worker, which opens many alerts in some seconds.
"""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import models

from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import ENC, SIGN, PublicKey
from accord.envelope.private import DecryptionKey, SigningKey, private_key_from_bytes
from vault import hierarchy
from vault.errors import SealBrokenError, SecretMissingError
from vault.hierarchy import RootSecret
from vault.kek import held_ring
from vault.models import VaultKey, VaultSecret

PrivateKey = SigningKey | DecryptionKey
ROOT: Final = "root"
"""`use` of the two keys of a root."""


@dataclass
class _Unwrapped:
    """Cache of a block: secrets by agency and epoch, newest and first secret by agency and order, decryption keys by
    agency and kid.
    """

    secrets: dict[tuple[str, int], RootSecret] = field(default_factory=dict, repr=False)
    ends: dict[tuple[str, str], RootSecret] = field(default_factory=dict, repr=False)
    keys: dict[tuple[str, str], DecryptionKey] = field(default_factory=dict, repr=False)


_unwrapped: ContextVar[_Unwrapped | None] = ContextVar("unwrapped", default=None)


@contextmanager
def unwrapped_once() -> Generator[None]:
    """Read and unwrap each secret and decryption key at most once while the block lasts: some seconds, no more.

    A change made meanwhile is noticed by the next block.
    """
    token = _unwrapped.set(_Unwrapped())
    try:
        yield
    finally:
        _unwrapped.reset(token)


def newest_secret(agency_id: str) -> RootSecret:
    """Return the root secret that seals new content; raises SecretMissingError."""
    return _secret_at_the_end(agency_id, "-epoch")


def first_secret(agency_id: str) -> RootSecret:
    """Return the oldest root secret, under which all search tokens are made; raises SecretMissingError."""
    return _secret_at_the_end(agency_id, "epoch")


def _secret_at_the_end(agency_id: str, order: str) -> RootSecret:
    known = _unwrapped.get()
    if known is not None and (agency_id, order) in known.ends:
        return known.ends[agency_id, order]
    row = VaultSecret.objects.filter(agency_id=agency_id).order_by(order).first()
    if row is None:
        raise SecretMissingError(agency_id)
    secret = unwrap_secret(row)
    if known is not None:
        known.ends[agency_id, order] = known.secrets[agency_id, secret.epoch] = secret
    return secret


def secrets_of(agency_id: str, epochs: Collection[int]) -> dict[int, RootSecret]:
    """Return the root secrets of the given epochs; raises SecretMissingError when one is not there."""
    known = _unwrapped.get() or _Unwrapped()
    missing = {epoch for epoch in epochs if (agency_id, epoch) not in known.secrets}
    if missing:
        rows = VaultSecret.objects.filter(agency_id=agency_id, epoch__in=missing)
        known.secrets |= {(agency_id, row.epoch): unwrap_secret(row) for row in rows}
    try:
        return {epoch: known.secrets[agency_id, epoch] for epoch in epochs}
    except KeyError:
        raise SecretMissingError(agency_id) from None


def ensure_secret(agency_id: str, *, now: datetime) -> RootSecret:
    """Return the newest secret of an agency, drawn and stored where there is none; in the caller's transaction."""
    row = VaultSecret.objects.filter(agency_id=agency_id).order_by("-epoch").first()
    if row is not None:
        return unwrap_secret(row)
    secret, ring = hierarchy.draw_secret(agency_id, 1), held_ring()
    wrapped = hierarchy.wrap_secret(secret, ring)
    VaultSecret.objects.create(
        agency_id=agency_id, epoch=secret.epoch, kek=ring.current, wrapped=wrapped, created_at=now
    )
    return secret


def keep_private_keys(agency_id: str, secret: RootSecret, keys: Iterable[tuple[PrivateKey, str]]) -> None:
    """Store private keys of an agency, each with its use."""
    VaultKey.objects.bulk_create(
        VaultKey(
            kid=key.public.kid,
            agency_id=agency_id,
            use=use,
            jwk=dict(key.public.jwk),
            epoch=secret.epoch,
            wrapped=hierarchy.wrap_private_key(secret, key.public.kid, use, key.to_bytes()),
        )
        for key, use in keys
    )


def private_keys(agency_id: str, kids: Collection[str]) -> dict[str, PrivateKey]:
    """Return those of the given private keys that the vault holds for this agency, by kid. Raises SealBrokenError."""
    rows = VaultKey.objects.filter(agency_id=agency_id, kid__in=kids)
    secrets = secrets_of(agency_id, {row.epoch for row in rows})
    return {row.kid: _unwrap_key(secrets[row.epoch], row) for row in rows}


class HeldDecryptionKeys(Mapping[str, DecryptionKey]):
    """Decryption keys that the vault holds for an agency; each is unwrapped at first use and kept as long as this object."""

    def __init__(self, agency_id: str) -> None:
        self._agency_id, self._own = agency_id, _Unwrapped()

    def __getitem__(self, kid: str) -> DecryptionKey:
        known = _unwrapped.get() or self._own
        if (self._agency_id, kid) not in known.keys:
            key = private_keys(self._agency_id, [kid]).get(kid)
            if not isinstance(key, DecryptionKey):
                raise KeyError(kid)
            known.keys[self._agency_id, kid] = key
        return known.keys[self._agency_id, kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held().values_list("kid", flat=True))

    def __len__(self) -> int:
        return self._held().count()

    def _held(self) -> models.QuerySet[VaultKey]:
        return VaultKey.objects.filter(agency_id=self._agency_id, use=ENC)


def unwrap_secret(row: VaultSecret) -> RootSecret:
    """Unwrap the secret of a row with this process's ring; raises KekUnknownError, SealBrokenError."""
    return hierarchy.unwrap_secret(row.holder, row.epoch, row.kek, bytes(row.wrapped), held_ring())


def _unwrap_key(secret: RootSecret, row: VaultKey) -> PrivateKey:
    stored = hierarchy.unwrap_private_key(secret, row.kid, row.use, bytes(row.wrapped))
    public = PublicKey(row.jwk, SIGN if row.use == ROOT else row.use)
    try:
        key = private_key_from_bytes(public, stored)
    except EnvelopeError:
        raise SealBrokenError("private key") from None
    if key.public.kid != row.kid:
        raise SealBrokenError("private key")
    return key
