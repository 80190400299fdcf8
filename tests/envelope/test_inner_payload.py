# SPDX-License-Identifier: Apache-2.0
"""The inner payload is padded to the smallest size, for 500 agencies at most, and never shown by accident."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from accord.envelope.content import PADDED_SIZES, Attachment, build_inner, read_inner
from accord.envelope.encoding import canonical, unb64u
from accord.envelope.errors import (
    MalformedError,
)
from tests.envelope.tampering import read
from tests.envelope.world import ALERT, World, terms


def payload_of(world: World) -> dict[str, Any]:
    """The inner payload of alpha's alert, as bravo reads it."""
    opened = world.deliver(world.seal(), world.others[0])
    return read(unb64u(read(opened.inner_jws)["payload"]))


def padded_to(payload: dict[str, Any], size: int) -> bytes:
    bare = len(canonical(payload | {"pad": ""}))
    return canonical(payload | {"pad": "0" * (size - bare)})


@pytest.mark.parametrize("size", PADDED_SIZES)
def test_content_that_fills_a_size_has_no_zero(pq1: World, size: int) -> None:
    payload = payload_of(pq1)
    alert = ALERT | {"title": ""}
    room = size - len(canonical(payload | {"alert": alert, "pad": ""}))
    full = payload | {"alert": alert | {"title": "x" * room}, "pad": ""}
    assert len(canonical(full)) == size
    assert read_inner(canonical(full)).alert == full["alert"]
    with pytest.raises(MalformedError, match="inner payload size"):
        read_inner(canonical(full | {"alert": alert | {"title": "x" * (room - 1)}}))


@pytest.mark.parametrize(("smaller", "size"), itertools.pairwise(PADDED_SIZES))
def test_one_octet_more_than_a_size_fills_the_next(pq1: World, smaller: int, size: int) -> None:
    payload = payload_of(pq1)
    alert = ALERT | {"title": ""}
    room = smaller - len(canonical(payload | {"alert": alert, "pad": ""}))
    over = payload | {"alert": alert | {"title": "x" * (room + 1)}}
    assert read_inner(padded_to(over, size)).alert == over["alert"]


def test_neither_the_document_nor_a_file_name_shows_in_repr(pq1: World) -> None:
    file = Attachment("Suspect Muster.pdf", "application/pdf", b"plain")
    sealed = pq1.seal(attachments=[file])
    opened = pq1.deliver(sealed, pq1.others[0])
    inner = read_inner(unb64u(read(opened.inner_jws)["payload"]))
    for shown in map(repr, (file, inner, opened, *opened.attachments)):
        assert "Muster" not in shown
        assert str(ALERT["title"]) not in shown
    assert opened.attachments[0].fn == "Suspect Muster.pdf"


def test_an_inner_payload_is_for_five_hundred_agencies_at_most() -> None:
    for number, good in ((500, True), (501, False)):
        aud = [f"xz-{place:04d}" for place in range(number)]

        def build(aud: list[str] = aud) -> bytes:
            return build_inner(
                terms(), suite="PQ1", iss="xa-alpha", signers=("A" * 43, "E" * 43), aud=aud, names=(),
                nonce=bytes(16), alert={"schema": "accord-alert/1"}, attachments=(),
            )  # fmt: skip

        if good:
            assert len(read_inner(build()).aud) == 500
        else:
            with pytest.raises(MalformedError, match="aud"):
                build()
