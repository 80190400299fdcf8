# SPDX-License-Identifier: Apache-2.0
"""One changed bit anywhere is refused, or changes nothing that anyone reads."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.envelope.blobs import measure_blob
from accord.envelope.content import Attachment
from accord.envelope.encoding import unb64u
from accord.envelope.errors import EnvelopeError
from accord.envelope.intake import VerifiedEnvelope
from accord.envelope.keys import EC1, PQ1
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.checks import verify_statement
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from tests.envelope.tampering import flipped, read
from tests.envelope.world import ALERT, NOW, World, make_world, uuid7

FILE = Attachment("a.bin", "application/octet-stream", b"attached" * 20)
SUITES = pytest.mark.parametrize("suite", [PQ1, EC1])
BITS = st.tuples(st.integers(0, 10**6), st.integers(0, 7))


@cache
def carried(suite: str) -> tuple[World, SealedEnvelope, VerifiedEnvelope, bytes]:
    """One alert on its way, the same for all examples."""
    world = make_world(suite)
    sealed = world.seal(attachments=[FILE])
    verified = world.intake(sealed)
    return world, sealed, verified, world.slice_of(verified, "xb-bravo")


def refused_or_the_same(attempt: Callable[[], object], expected: object) -> None:
    """Either a typed error, or exactly what the unchanged octets give."""
    try:
        got = attempt()
    except EnvelopeError:
        return
    assert got == expected


@SUITES
@settings(max_examples=40, deadline=None)
@given(bit=BITS)
def test_in_the_manifest(suite: str, bit: tuple[int, int]) -> None:
    world, sealed, _, _ = carried(suite)
    with pytest.raises(EnvelopeError):
        world.intake(replace(sealed, manifest=flipped(sealed.manifest, *bit)))


@SUITES
@settings(max_examples=40, deadline=None)
@given(bit=BITS)
def test_in_the_jwe(suite: str, bit: tuple[int, int]) -> None:
    world, sealed, _, _ = carried(suite)
    with pytest.raises(EnvelopeError):
        world.intake(replace(sealed, jwe=flipped(sealed.jwe, *bit)))


@SUITES
@settings(max_examples=15, deadline=None)
@given(bit=BITS)
def test_in_a_blob(suite: str, bit: tuple[int, int]) -> None:
    world, sealed, _, _ = carried(suite)
    with pytest.raises(EnvelopeError):
        world.intake(replace(sealed, blobs=(flipped(sealed.blobs[0], *bit),)))
    assert measure_blob(flipped(sealed.blobs[0], *bit)) != measure_blob(sealed.blobs[0])


@SUITES
@settings(max_examples=80, deadline=None)
@given(bit=BITS)
def test_in_a_slice(suite: str, bit: tuple[int, int]) -> None:
    world, sealed, _, octets = carried(suite)
    bravo = world.others[0]
    changed = flipped(octets, *bit)
    refused_or_the_same(lambda: world.open(changed, bravo, blobs=sealed.blobs).alert, ALERT)


@SUITES
def test_in_every_signature_digest_and_sealed_part_of_a_slice(suite: str) -> None:
    """The texts that must matter, each in its first, middle and last character."""
    world, sealed, _, octets = carried(suite)
    value = read(octets)
    bravo = world.others[0]
    texts = [value["manifest"]["payload"], value["path"][0]]
    texts += [value["jwe"][name] for name in ("protected", "aad", "iv", "ciphertext", "tag")]
    texts += [value["jwe"]["recipients"][0]["encrypted_key"]]
    texts += [signature["signature"] for signature in value["manifest"]["signatures"]]
    for text in texts:
        assert unb64u(text)
        start = octets.index(text.encode())
        for position in (start, start + len(text) // 2, start + len(text) - 1):
            with pytest.raises(EnvelopeError):
                world.open(flipped(octets, position, 0), bravo, blobs=sealed.blobs)


@SUITES
@settings(max_examples=40, deadline=None)
@given(bit=BITS)
def test_in_a_statement(suite: str, bit: tuple[int, int]) -> None:
    world, sealed, _, _ = carried(suite)
    bravo = world.others[0]
    signed = acknowledgement(suite)
    with pytest.raises(EnvelopeError):
        verify_statement(parse_statement(flipped(signed, *bit)), world.directory, log_time=NOW)
    verified = verify_statement(parse_statement(signed), world.directory, log_time=NOW)
    assert (verified.statement.iss, verified.statement.sub) == (
        bravo.id,
        SubjectRef("manifest", sealed.jti, sealed.md),
    )


@cache
def acknowledgement(suite: str) -> bytes:
    world, sealed, _, _ = carried(suite)
    return make_statement(
        "ack",
        iss="xb-bravo",
        signer=world.others[0].signing[PQ1],
        suite=PQ1,
        id=uuid7(5),
        iat=NOW,
        nonce=bytes(16),
        sub=SubjectRef("manifest", sealed.jti, sealed.md),
        act="of-1",
        body={"st": "opened", "code": None},
    )
