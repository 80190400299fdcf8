# SPDX-License-Identifier: Apache-2.0
"""A signer that only names: for building what is signed elsewhere, or later."""

from __future__ import annotations

from dataclasses import dataclass

from accord.envelope.keys import PublicKey


@dataclass(frozen=True)
class NamedSigners:
    """Who is to sign, where nobody here can: a `JwsSigner` for building payloads."""

    signers: tuple[PublicKey, ...]

    def sign_jws(self, typ: str, payload: bytes) -> bytes:
        """Never: these keys are not here."""
        raise NotImplementedError
