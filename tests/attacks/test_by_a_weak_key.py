# SPDX-License-Identifier: Apache-2.0
"""Attacks by the registration of a key of small order."""

from __future__ import annotations

from typing import Any

import pytest

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from accord.envelope.keys import EC1
from accord.envelope.keysets import verify_keyset
from tests.envelope.tampering import read, with_jwe, write
from tests.envelope.world import NOW, World, make_world


def test_registering_a_key_that_verifies_everything(pq1: World) -> None:
    """A root with a point of small order, whose fixed signature would fit every keyset: refused."""
    bravo = pq1.others[0]
    identity = {"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\x01" + bytes(31))}
    payload = read(unb64u(read(bravo.keyset_jws)["payload"]))
    payload["body"]["keys"][0]["jwk"] = identity
    forged = write(payload)
    octets = bravo.root.signer.sign_jws("accord-keyset+jws", forged)
    with pytest.raises(MalformedError) as refused:
        verify_keyset(octets, pinned=bravo.root.fingerprint, log_time=NOW)
    assert refused.value.code == "key-refused"


def test_sealing_to_a_point_that_opens_for_everybody() -> None:
    """An ephemeral key of small order makes the same secret with every recipient: refused on sight, at intake too."""
    world = make_world(EC1)

    def shrink(jwe: dict[str, Any]) -> None:
        jwe["recipients"][1]["header"]["epk"]["x"] = b64u(bytes(32))

    with pytest.raises(MalformedError) as refused:
        world.intake(with_jwe(world.seal(), shrink))
    assert refused.value.code == "key-refused"
