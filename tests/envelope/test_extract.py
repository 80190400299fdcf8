# SPDX-License-Identifier: Apache-2.0
"""An extract of an alert is an envelope of its own, by the originator and sealed afresh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.content import Attachment
from accord.envelope.errors import Failure, OpeningError, VerificationError
from accord.envelope.extracts import check_extract, extract_terms
from accord.envelope.manifest import Manifest, Reference
from accord.envelope.unseal import open_attachment
from tests.envelope.tampering import read
from tests.envelope.world import NOW, World, known_agency, make_world, terms, uuid7

FILES = (Attachment("spectrum.txt", "text/plain", b"peaks"), Attachment("photo.png", "image/png", b"pixels"))
PART = {"schema": "accord-alert/1", "parts": [{"n": 2, "text": "what may be passed on"}]}


@pytest.fixture
def world(scene: World) -> World:
    delta = known_agency("xd-delta")
    scene.directory.keysets[delta.id] = [delta.keyset]
    return scene


def original(world: World, **changes: Any) -> Manifest:
    return world.intake(world.seal(attachments=FILES, terms=terms(**changes))).manifest


def test_extract_is_sealed_carried_and_opened_by_those_it_is_for(world: World) -> None:
    whole = original(world, status="exercise")
    delta = known_agency("xd-delta")
    sealed = world.seal(
        to=[delta],
        terms=extract_terms(whole, terms(jti=uuid7(2), tlp="AMBER", kind="alert")),
        alert=PART,
        attachments=FILES[1:],
    )
    carried = world.intake(sealed)
    check_extract(carried.manifest, whole)
    opened = world.open(world.slice_of(carried, delta.id), delta, blobs=sealed.blobs)
    assert opened.alert == PART
    assert opened.audience == ("xd-delta",)
    assert opened.manifest.terms.re == Reference(whole.jti, whole.md)
    assert (opened.manifest.terms.kind, opened.manifest.terms.status) == ("extract", "exercise")
    assert opened.manifest.terms.tlp == "AMBER"
    assert open_attachment(opened.attachments[0], carried.manifest.jti, sealed.blobs[0]) == b"pixels"


def test_whoever_has_the_extract_opens_nothing_of_the_original(world: World) -> None:
    whole = world.seal(attachments=FILES)
    delta = known_agency("xd-delta")
    manifest = world.intake(whole).manifest
    sealed = world.seal(
        to=[delta],
        terms=extract_terms(manifest, terms(jti=uuid7(2))),
        alert=PART,
        attachments=FILES[1:],
    )
    opened = world.open(world.slice_of(world.intake(sealed), delta.id), delta, blobs=sealed.blobs)
    for n, jti in ((0, manifest.jti), (1, manifest.jti)):
        with pytest.raises(OpeningError) as refused:
            open_attachment(opened.attachments[0], jti, whole.blobs[n])
        assert refused.value.cause is Failure.BLOB
    assert read(sealed.jwe)["ciphertext"] != read(whole.jwe)["ciphertext"]


@pytest.fixture(scope="module")
def pair() -> tuple[Manifest, Manifest]:
    world = make_world()
    whole = original(world)
    sealed = world.seal(
        terms=extract_terms(whole, terms(jti=uuid7(2))), alert=PART, attachments=[FILES[0], *FILES]
    )
    return world.intake(sealed).manifest, whole


def with_terms(manifest: Manifest, **changes: Any) -> Manifest:
    return replace(manifest, terms=replace(manifest.terms, **changes))


def test_an_extract_is_refused_by_its_own_rule(pair: tuple[Manifest, Manifest]) -> None:
    extract, whole = pair
    check_extract(extract, with_terms(whole, kind="update"))
    *others, last = extract.att
    taken = [(*others, replace(last, sha256=blob.sha256)) for blob in whole.att]
    rows: list[tuple[Manifest, Manifest, Failure, str]] = [
        (with_terms(extract, kind="outcome"), whole, Failure.SUBJECT, ""),
        (with_terms(extract, re=Reference(uuid7(9), whole.md)), whole, Failure.SUBJECT, ""),
        (with_terms(extract, re=Reference(whole.jti, "A" * 43)), whole, Failure.SUBJECT, ""),
        (replace(extract, iss="xb-bravo"), whole, Failure.NOT_ENTITLED, "extract"),
        (extract, with_terms(whole, kind="extract"), Failure.EXTRACT, "of an extract"),
        (with_terms(extract, status="exercise"), whole, Failure.EXTRACT, "status"),
        (replace(extract, pd=whole.pd), whole, Failure.EXTRACT, "not sealed afresh"),
        *(
            (replace(extract, att=att), whole, Failure.EXTRACT, "attachment not sealed afresh")
            for att in taken
        ),
    ]
    for made, original, failure, detail in rows:
        with pytest.raises(VerificationError) as refused:
            check_extract(made, original)
        assert (refused.value.failure, refused.value.detail) == (failure, detail)


def test_terms_say_what_an_extract_is_and_leave_the_rest(pair: tuple[Manifest, Manifest]) -> None:
    _, whole = pair
    chosen = terms(jti=uuid7(3), status="test", tlp="CLEAR", exp=NOW + 5, keep=NOW + 6)
    made = extract_terms(whole, chosen)
    assert made == replace(chosen, kind="extract", status="actual", re=Reference(whole.jti, whole.md))
