# SPDX-License-Identifier: Apache-2.0
"""Secrets that the hub seals for itself: second factors of officers of any agency, and keys for entering (`entrykeys`).

They are sealed under a root secret of the hub's own, which is wrapped under the KEK ring and rewrapped like an
agency's. Each is bound to its owner and kind, and opens nowhere else. Form of a sealed text: base64url of version (1
octet, 2), epoch (4, big-endian), then the wrapped text.
"""

import struct
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from vault import hierarchy
from vault.errors import SealBrokenError, SecretMissingError
from vault.hierarchy import RootSecret, RowPlace
from vault.kek import held_ring
from vault.models import HUB, VaultSecret
from vault.wrapped_keys import unwrap_secret

_HEADER: Final = struct.Struct(">BI")
_FORM: Final = 2


def seal_for_login(text: str, place: str, *, now: datetime) -> str:
    """Seal a secret for its place, which names its owner and kind.

    Draws the hub's root secret when there is none.
    """
    secret = _newest() or _draw(now)
    sealed = hierarchy.seal_row(secret, "login", _row_place(place), text.encode())
    return b64u(_HEADER.pack(_FORM, secret.epoch) + sealed)


def open_for_login(sealed: str, place: str) -> str:
    """Open what `seal_for_login` sealed for this place; raises SealBrokenError, SecretMissingError, KekUnknownError."""
    try:
        octets = unb64u(sealed)
    except MalformedError:
        raise SealBrokenError("second factor") from None
    if len(octets) < _HEADER.size or octets[0] != _FORM:
        raise SealBrokenError("second factor")
    _, epoch = _HEADER.unpack_from(octets)
    row = VaultSecret.objects.filter(agency_id=None, epoch=epoch).first()
    if row is None:
        raise SecretMissingError(HUB)
    opened = hierarchy.open_row(unwrap_secret(row), "login", _row_place(place), octets[_HEADER.size :])
    return opened.decode()


def _row_place(place: str) -> RowPlace:
    return RowPlace("authenticator", place, 0, 1)


def _newest() -> RootSecret | None:
    row = VaultSecret.objects.filter(agency_id=None).order_by("-epoch").first()
    return unwrap_secret(row) if row else None


def _draw(now: datetime) -> RootSecret:
    secret, ring = hierarchy.draw_secret(HUB, 1), held_ring()
    try:
        with transaction.atomic():
            VaultSecret.objects.create(
                agency_id=None,
                epoch=secret.epoch,
                kek=ring.current,
                wrapped=hierarchy.wrap_secret(secret, ring),
                created_at=now,
            )
    except IntegrityError:
        # Another process drew one a moment ago: that one counts.
        drawn = _newest()
        assert drawn is not None
        return drawn
    return secret
