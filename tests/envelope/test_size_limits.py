# SPDX-License-Identifier: Apache-2.0
"""An accepted envelope fits the slice of each recipient: ciphertext, manifest and releases have their limits."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from accord.envelope.content import Attachment
from accord.envelope.encoding import (
    MAX_ENVELOPE_BYTES,
    MAX_INNER_JWS_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_RELEASE_BYTES,
    MAX_SLICE_BYTES,
    b64u,
)
from accord.envelope.errors import TooLargeError
from accord.envelope.jwe import parse_jwe
from accord.envelope.keys import PQ1
from accord.envelope.manifest import MAX_ATTACHMENTS
from accord.envelope.seal import SealedEnvelope
from accord.envelope.slices import build_slice, parse_slice
from accord.envelope.statements.form import parse_statement
from tests.envelope.good_statements import good_statement
from tests.envelope.releasing import DELTA, Chain
from tests.envelope.tampering import manifest_of, read, signed_as, write
from tests.envelope.world import ALERT, World


def with_ciphertext(world: World, size: int) -> SealedEnvelope:
    """Alpha's envelope with random octets as its ciphertext, under a manifest with their digest."""
    sealed = world.seal()
    jwe = read(sealed.jwe) | {"ciphertext": b64u(os.urandom(size))}
    return replace(sealed, jwe=write(jwe))


def with_manifest(world: World, sealed: SealedEnvelope, spaces: int, **changes: object) -> SealedEnvelope:
    payload = write(manifest_of(sealed) | changes) + b" " * spaces
    return signed_as(sealed, world.alpha.signing[world.suite], payload)


def test_a_ciphertext_longer_than_any_inner_jws_is_refused(pq1: World) -> None:
    with pytest.raises(TooLargeError) as refused:
        pq1.intake(with_ciphertext(pq1, MAX_INNER_JWS_BYTES + 1))
    assert "jwe ciphertext" in str(refused.value)
    assert refused.value.limit == MAX_INNER_JWS_BYTES


def test_manifest_and_jwe_together_have_a_limit(pq1: World) -> None:
    sealed = pq1.seal()
    room = MAX_ENVELOPE_BYTES - len(sealed.manifest)
    with pytest.raises(TooLargeError) as refused:
        pq1.intake(replace(sealed, jwe=b" " * (room + 1)))
    assert "manifest and jwe" in str(refused.value)
    assert refused.value.limit == MAX_ENVELOPE_BYTES


def test_a_manifest_blown_up_with_spaces_is_refused(pq1: World) -> None:
    sealed = pq1.seal()
    assert pq1.intake(with_manifest(pq1, sealed, 30_000)).manifest.iss == "xa-alpha"
    with pytest.raises(TooLargeError) as refused:
        pq1.intake(with_manifest(pq1, sealed, MAX_MANIFEST_BYTES))
    assert refused.value.limit == MAX_MANIFEST_BYTES


def test_the_largest_manifest_and_ciphertext_fit_a_slice_with_three_of_the_largest_releases(
    pq1: World,
) -> None:
    sealed = with_ciphertext(pq1, MAX_INNER_JWS_BYTES)
    ct = parse_jwe(sealed.jwe, PQ1, limit=2 * MAX_SLICE_BYTES).ct
    spaces = 3 * (MAX_MANIFEST_BYTES - len(sealed.manifest)) // 4 - 100
    largest = with_manifest(pq1, sealed, spaces, ct=ct)
    assert MAX_MANIFEST_BYTES - 1000 < len(largest.manifest) <= MAX_MANIFEST_BYTES
    verified = pq1.intake(largest)
    receipt = pq1.ledger.log(verified.md).as_json()
    release = good_statement(pq1.alpha, "release")
    octets = build_slice(
        manifest=verified.manifest_bytes,
        jwe_head=verified.jwe_head,
        entry=verified.entries[1].text,
        index=1,
        path=[bytes(32)] * 16,
        receipts=[receipt] * 4,
        via=[release] * 3,
    )
    assert len(octets) + 3 * (MAX_RELEASE_BYTES - len(release)) < MAX_SLICE_BYTES
    assert len(parse_slice(octets).via) == 3


def test_the_largest_honest_envelope_is_far_below_the_limits(pq1: World) -> None:
    files = [Attachment("f" * 255, "application/octet-stream", b"x")] * MAX_ATTACHMENTS
    sealed = pq1.seal(alert=ALERT | {"title": "x" * 40_000}, attachments=files)
    assert len(sealed.manifest) < MAX_MANIFEST_BYTES / 4
    assert len(read(sealed.jwe)["ciphertext"]) < MAX_INNER_JWS_BYTES
    assert len(pq1.deliver(sealed, pq1.others[0]).attachments) == MAX_ATTACHMENTS


def test_a_release_longer_than_a_slice_can_hold_is_refused(pq1: World) -> None:
    chain = Chain(pq1)
    jws, _ = chain.release(pq1.others[0], [DELTA])
    assert parse_statement(jws).statement.k == "release"
    payload = parse_statement(jws).jws.payload
    signer = pq1.others[0].signing[PQ1]
    with pytest.raises(TooLargeError) as refused:
        parse_statement(signer.sign_jws("accord-release+jws", payload + b" " * MAX_RELEASE_BYTES))
    assert refused.value.limit == MAX_RELEASE_BYTES
