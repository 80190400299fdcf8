# SPDX-License-Identifier: Apache-2.0
"""The inner payload is padded to the smallest size and never shown by accident."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from accord.envelope.content import PADDED_SIZES, Attachment, read_inner
from accord.envelope.encoding import canonical, unb64u
from accord.envelope.errors import MalformedError
from tests.envelope.tampering import read
from tests.envelope.world import ALERT, World


def payload_of(world: World) -> dict[str, Any]:
    """The inner payload of alpha's alert, as bravo reads it."""
    opened = world.deliver(world.seal(), world.others[0])
    return read(unb64u(read(opened.inner_jws)["payload"]))


def padded_to(payload: dict[str, Any], size: int) -> bytes:
    bare = len(canonical(payload | {"pad": ""}))
    return canonical(payload | {"pad": "0" * (size - bare)})


def test_more_zeros_than_the_smallest_size_needs_are_refused(pq1: World) -> None:
    payload = payload_of(pq1)
    smallest, *others = PADDED_SIZES
    assert read_inner(padded_to(payload, smallest)).alert == ALERT
    for size in others:
        with pytest.raises(MalformedError) as refused:
            read_inner(padded_to(payload, size))
        assert refused.value.where == "pad"


@pytest.mark.parametrize("size", PADDED_SIZES)
def test_content_that_fills_a_size_has_no_zero(pq1: World, size: int) -> None:
    payload = payload_of(pq1)
    alert = ALERT | {"title": ""}
    room = size - len(canonical(payload | {"alert": alert, "pad": ""}))
    full = payload | {"alert": alert | {"title": "x" * room}, "pad": ""}
    assert len(canonical(full)) == size
    assert read_inner(canonical(full)).alert == full["alert"]


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
