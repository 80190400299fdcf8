# SPDX-License-Identifier: Apache-2.0
"""A signer that only names keys: for building payloads that are signed elsewhere, or later."""

from __future__ import annotations

from dataclasses import dataclass

from accord.envelope.keys import PublicKey


@dataclass(frozen=True)
class NamedSigners:
    """The future signers, whose keys are not here: a `JwsSigner` for building payloads."""

    signers: tuple[PublicKey, ...]

    def sign_jws(self, typ: str, payload: bytes) -> bytes:
        """Raise NotImplementedError: these keys are not here."""
        raise NotImplementedError
