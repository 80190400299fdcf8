# SPDX-License-Identifier: Apache-2.0
"""Passkeys (WebAuthn): always resident, always with user verification, so that one alone is two factors.

Both halves share how long a challenge is valid, how a browser keeps it for us, and how a passkey is named. The ceremony
itself is here for code without another framework for it; that of officers is at their login. A challenge counts for one
site: the pages that may ask for a passkey, and the name that it was made for.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.core import signing
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from callers.errors import CallerError, InputError

CHALLENGE_LIVES: Final = timedelta(minutes=10)
MAX_CREDENTIAL_CHARS: Final = 16 * 1024
MAX_NAME_LENGTH: Final = 40

_WRONG: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error)
"""Errors of the library for a malformed answer, or one to another challenge."""
_EXTENSIONS: Final = {"credProps": True}


class PasskeyRefusedError(CallerError):
    """No passkey of ours answered our challenge on a page of ours; the cause is not told."""


@dataclass(frozen=True)
class Site:
    """Address whose pages ask for passkeys; its host is the name that they are made for."""

    address: str

    def server(self) -> Fido2Server:
        """Return the library's server, which makes and checks challenges of this site."""
        parts = urlsplit(self.address)
        origin = f"{parts.scheme}://{parts.netloc}"
        party = PublicKeyCredentialRpEntity(id=parts.hostname or "", name="Accord")
        return Fido2Server(party, verify_origin=lambda claimed: claimed == origin)


def creation_options(site: Site, *, handle: bytes, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the browser needs to make a passkey for the person behind `handle`, and the challenge's state."""
    options, state = site.server().register_begin(
        PublicKeyCredentialUserEntity(id=handle, name=name, display_name=name),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
        extensions=_EXTENSIONS,
    )
    return dict(options), dict(state)


def made_passkey(site: Site, state: dict[str, Any], credential: Any) -> AttestedCredentialData:
    """Return the public half of a passkey that was made for this challenge; raises PasskeyRefusedError."""
    try:
        made = site.server().register_complete(state, credential)
    except _WRONG:
        raise PasskeyRefusedError from None
    if not made.is_user_verified() or made.credential_data is None:
        raise PasskeyRefusedError
    return made.credential_data


def request_options(site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the browser needs to prove any passkey of this site, and the challenge's state."""
    options, state = site.server().authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return dict(options), dict(state)


def proved_passkey(
    site: Site, state: dict[str, Any], known: Sequence[bytes], credential: Any
) -> AttestedCredentialData:
    """Return the known passkey that answered this challenge; raises PasskeyRefusedError."""
    try:
        passkeys = [AttestedCredentialData(held) for held in known]
        return site.server().authenticate_complete(state, passkeys, credential)
    except _WRONG:
        raise PasskeyRefusedError from None


def read_credential(text: str) -> dict[str, Any]:
    """Parse what the browser's script sent; raises PasskeyRefusedError for no JSON object, or one that is too long."""
    if len(text) > MAX_CREDENTIAL_CHARS:
        raise PasskeyRefusedError
    try:
        credential = json.loads(text)
    except (ValueError, RecursionError):
        raise PasskeyRefusedError from None
    if not isinstance(credential, dict):
        raise PasskeyRefusedError
    return credential


def sign_challenge(state: dict[str, Any], *, purpose: str) -> str:
    """Return a challenge for the browser to keep, since a session would leave a row for each unknown visitor."""
    return signing.dumps(state, salt=purpose)


def signed_challenge(text: str, *, purpose: str) -> dict[str, Any]:
    """Return the challenge that we signed for this purpose recently; raises PasskeyRefusedError."""
    try:
        state: dict[str, Any] = signing.loads(text, salt=purpose, max_age=CHALLENGE_LIVES)
    except signing.BadSignature:
        raise PasskeyRefusedError from None
    return state


def checked_name(name: str) -> str:
    """Return a passkey's name, as its owner sees it in a list; raises InputError."""
    text = " ".join(name.split())
    if len(text) > MAX_NAME_LENGTH or not text.isprintable():
        raise InputError("name", _("Name: use up to %(n)d characters on one line.") % {"n": MAX_NAME_LENGTH})
    return text or _("Passkey")
