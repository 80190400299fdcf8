# SPDX-License-Identifier: Apache-2.0
"""Here is what the hub seals for itself: the secrets of officers' second factors, whatever agency they belong to.

They hang on a root secret of the hub's own, wrapped under the KEK ring like an agency's and rewrapped with them.
Form of a sealed text: base64url of version (1 octet, 1), epoch (4, big-endian), then the wrapped text.
"""

import struct
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from agencies.vault import hierarchy
from agencies.vault.errors import SealBrokenError, SecretMissingError
from agencies.vault.hierarchy import RootSecret, RowPlace
from agencies.vault.keeping import unwrap_secret
from agencies.vault.kek import held_ring
from agencies.vault.models import HUB, VaultSecret

_HEADER: Final = struct.Struct(">BI")
_FORM: Final = 1
_PLACE: Final = RowPlace("authenticator", "", 0, 1)


def seal_for_login(text: str, *, now: datetime) -> str:
    """A secret of somebody's sign-in, sealed for the database; draws the hub's root secret when there is none."""
    secret = _newest() or _draw(now)
    return b64u(
        _HEADER.pack(_FORM, secret.epoch) + hierarchy.seal_row(secret, "login", _PLACE, text.encode())
    )


def open_for_login(sealed: str) -> str:
    """What `seal_for_login` sealed; raises SealBrokenError, SecretMissingError, KekUnknownError."""
    try:
        octets = unb64u(sealed)
    except MalformedError:
        raise SealBrokenError("second factor") from None
    if len(octets) < _HEADER.size or octets[0] != _FORM:
        raise SealBrokenError("second factor")
    _, epoch = _HEADER.unpack_from(octets)
    row = VaultSecret.objects.filter(agency=None, epoch=epoch).first()
    if row is None:
        raise SecretMissingError(HUB)
    return hierarchy.open_row(unwrap_secret(row), "login", _PLACE, octets[_HEADER.size :]).decode()


def _newest() -> RootSecret | None:
    row = VaultSecret.objects.filter(agency=None).order_by("-epoch").first()
    return unwrap_secret(row) if row else None


def _draw(now: datetime) -> RootSecret:
    secret, ring = hierarchy.draw_secret(HUB, 1), held_ring()
    try:
        with transaction.atomic():
            VaultSecret.objects.create(
                agency=None,
                epoch=secret.epoch,
                kek=ring.current,
                wrapped=hierarchy.wrap_secret(secret, ring),
                created_at=now,
            )
    except IntegrityError:
        # Another process drew it a moment ago: that one counts.
        drawn = _newest()
        assert drawn is not None
        return drawn
    return secret
