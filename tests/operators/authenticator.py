# SPDX-License-Identifier: Apache-2.0
"""A device that makes and proves passkeys, with answers in the form that a browser gives; it enforces no rule by itself."""

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ORIGIN = "http://localhost:8002"
Flag = AuthenticatorData.FLAG


@dataclass
class Device:
    """A passkey. `origin` is the page's origin as the browser states it, `is_verified` whether the person was recognised."""

    origin: str = ORIGIN
    is_verified: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: dict[str, Any]) -> str:
        """Return the answer to creation options."""
        asked = options["publicKey"]
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        held = AttestedCredentialData.create(Aaguid.NONE, self.name, public)
        data = self._data(asked["rp"]["id"], held)
        said = self._said(CollectedClientData.TYPE.CREATE, asked["challenge"])
        return self._answer(
            {
                "clientDataJSON": websafe_encode(said),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            }
        )

    def prove(self, options: dict[str, Any]) -> str:
        """Return the answer to request options."""
        asked = options["publicKey"]
        data = self._data(asked["rpId"], None)
        said = self._said(CollectedClientData.TYPE.GET, asked["challenge"])
        signature = self.key.sign(bytes(data) + sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(said),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
            }
        )

    def _data(self, party: str, held: AttestedCredentialData | None) -> AuthenticatorData:
        flags = Flag.UP | (Flag.UV if self.is_verified else Flag(0)) | (Flag.AT if held else Flag(0))
        data: AuthenticatorData = AuthenticatorData.create(
            sha256(party.encode()).digest(), flags, 0, held or b""
        )
        return data

    def _said(self, kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, websafe_decode(challenge), self.origin)

    def _answer(self, response: dict[str, str]) -> str:
        name = websafe_encode(self.name)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )
