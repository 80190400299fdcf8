# SPDX-License-Identifier: Apache-2.0
"""Limits of files and names, and stand-ins: names of one character and of 255 octets, keys of another length."""

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.content import (
    Attachment,
    NamedOfficer,
)
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.standin import stand_in_for
from tests.envelope.receiving import slice_for
from tests.envelope.world import World, make_world, terms

# Stand-ins that are checked in place of content which could not be decrypted.


@pytest.mark.parametrize("suite", [PQ1, EC1])
@pytest.mark.parametrize("size", [500, 5000, 20_000])
def test_a_stand_in_has_the_shape_of_what_it_stands_for(suite: str, size: int) -> None:
    world = make_world(suite)
    files = [Attachment(f"{n}", "x/y", b"a" * n) for n in range(3)]
    sealed = world.seal(alert={"schema": "accord-alert/1", "text": "x" * size}, attachments=files)
    bravo = world.others[0]
    verified = world.verify(slice_for(world, sealed, bravo), bravo.id)
    made = stand_in_for(verified)
    assert len(made.inner_jws) == len(verified.jwe.ciphertext)
    assert len(made.jws.payload) in (2048, 4096, 8192, 16384, 32768)
    assert (len(made.inner.aud) + 1, len(made.inner.attachments)) == (verified.manifest.rn, 3)
    assert made.jws.kids == verified.manifest.signers
    assert dict(made.inner.shared) == verified.manifest.shared()


def test_a_stand_in_for_red_names_as_many_officers(pq1: World) -> None:
    names = [NamedOfficer("xb-bravo", "o1"), NamedOfficer("xb-bravo", "o2"), NamedOfficer("xc-charlie", "o3")]
    sealed = pq1.seal(terms=terms(tlp="RED"), names=names)
    bravo = pq1.others[0]
    verified = pq1.verify(slice_for(pq1, sealed, bravo), bravo.id)
    assert len(stand_in_for(verified).inner.names) == 3
    for named in (1, 501, 32_000):
        manifest = replace(verified.manifest, named=named)
        assert stand_in_for(replace(verified, manifest=manifest)).inner.names == ()
    most = replace(verified, manifest=replace(verified.manifest, named=500))
    assert len(stand_in_for(most).inner.names) == 500


def test_there_is_a_stand_in_for_the_largest_and_the_oddest_manifest(pq1: World) -> None:
    bravo = pq1.others[0]
    verified = pq1.verify(slice_for(pq1, pq1.seal(), bravo), bravo.id)
    blobs = tuple(replace(blob, n=n) for n in range(32) for blob in _some_blob())
    for iss in ("xa-alpha", "zz-000", "zy-000", "zz-499"):
        for rn in (2, 501):
            manifest = replace(verified.manifest, iss=iss, rn=rn, att=blobs)
            made = stand_in_for(replace(verified, manifest=manifest))
            assert (len(made.inner.aud), len(made.inner.attachments)) == (rn - 1, 32)
            assert iss not in made.inner.aud


def _some_blob() -> Any:
    from accord.envelope.manifest import BlobRef

    return [BlobRef(0, "A" * 43, 99)]


def test_a_signature_of_a_stand_in_is_well_formed_and_good_for_nothing(scene: World) -> None:
    bravo = scene.others[0]
    verified = scene.verify(slice_for(scene, scene.seal(), bravo), bravo.id)
    made = stand_in_for(verified)
    for signature, key in zip(made.jws.signatures, verified.keys, strict=True):
        assert len(signature.signature) == {"Ed25519": 64, "ES256": 64, "ML-DSA-65": 3309}[key.alg]
        with pytest.raises(EnvelopeError):
            key.verify(signature.signature, signature.signed)
