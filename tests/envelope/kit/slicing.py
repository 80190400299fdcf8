# SPDX-License-Identifier: Apache-2.0
"""Slices of the kit's agencies, good ones and ones that no honest sender makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, canonical, unb64u
from accord.envelope.keys import EC1
from accord.envelope.private import SignerSet
from accord.envelope.seal import SealedEnvelope
from accord.envelope.vocabulary import TYP_INNER
from tests.envelope.kit.building import Body, bad, good
from tests.envelope.kit.make_payloads import JTI
from tests.envelope.kit.scene import kit_agency, kit_world
from tests.envelope.kit.seeds import ALPHA, BRAVO, CHARLIE, signing_key
from tests.envelope.receiving import changed
from tests.envelope.tampering import encrypted_again, read
from tests.envelope.world import World, terms

FILES = [
    Attachment("spectrum.msp", "chemical/x-msp", b"peaks" * 30),
    Attachment("m\u00e4rz.txt", "text/plain", b""),
]
NONCE = bytes(range(16))


class Slices:
    """A maker of slices for bravo, each under its own jti and with its own entry in the ledger."""

    def __init__(self, suite: str = EC1, to: tuple[str, ...] = (BRAVO, CHARLIE), by: str = ALPHA) -> None:
        self.world: World = kit_world(suite, to, by)
        self.suite = suite

    def seal(self, **changes: Any) -> SealedEnvelope:
        """Seal an alert of the world's sender."""
        usual: dict[str, Any] = {"terms": terms(jti=JTI), "nonce": NONCE}
        return self.world.seal(**(usual | changes))

    @cached_property
    def plain(self) -> SealedEnvelope:
        """One alert for all cases that need no other, which keeps the files small."""
        return self.seal()

    def slice(self, sealed: SealedEnvelope, reader: str = BRAVO, **changes: Any) -> str:
        """The slice of `reader`, unchecked by any exchange."""
        octets = self.world.slice_of(self.world.intake(sealed, **changes), reader)
        return octets.decode()

    def given(self, sealed: SealedEnvelope, reader: str = BRAVO, **more: Any) -> dict[str, Any]:
        """The members of a case."""
        return {
            "suite": self.suite,
            "reader": reader,
            "slice": self.slice(sealed, reader),
            "blobs": [b64u(blob) for blob in sealed.blobs],
        } | more

    def inner_of(self, sealed: SealedEnvelope) -> dict[str, Any]:
        return dict(read(self._payload(sealed)))

    def _payload(self, sealed: SealedEnvelope) -> bytes:
        opened = self.world.open(self.slice(sealed).encode(), kit_agency(BRAVO), blobs=sealed.blobs)
        return payload_of(opened.inner_jws)

    def said_otherwise(self, signer: Any = None, **changes: Any) -> SealedEnvelope:
        """Seal well an inner payload with these changes, in its original length."""
        alpha = self.world.alpha
        value = self.inner_of(self.seal()) | changes
        size = 2048
        value["pad"] = ""
        value["pad"] = "0" * (size - len(canonical(value)))
        inner = (signer or alpha.signing[self.suite]).sign_jws(TYP_INNER, canonical(value))
        return self.with_inner(inner)

    def with_inner(self, inner: bytes, **changes: Any) -> SealedEnvelope:
        """Seal an envelope well around these inner octets."""
        return encrypted_again(
            inner, terms(jti=JTI), self.world.alpha, self.world.others, self.suite, **changes
        )


@cache
def usual(suite: str = EC1) -> Slices:
    """Alpha's slices for bravo and charlie."""
    return Slices(suite)


def payload_of(jws: bytes) -> bytes:
    return unb64u(read(jws)["payload"])


def opened(name: str, given: dict[str, Any]) -> Body:
    return good(name, "open", None, **given)


def refused(name: str, word: str, given: dict[str, Any], stage: str = "verifying") -> Body:
    return bad(name, "open", word, stage, **given)


def signer_of(alg: str, label: str) -> Any:
    return SignerSet([signing_key(alg, label)])


def met(md: str) -> dict[str, str]:
    return {"iss": ALPHA, "jti": JTI, "md": md}


def change_slice(given: Mapping[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    return {**given, "slice": changed(given["slice"].encode(), change).decode()}
