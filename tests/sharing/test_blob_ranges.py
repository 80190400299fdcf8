# SPDX-License-Identifier: Apache-2.0
"""Parts of a sealed attachment: one range at a time, never more in memory than one piece."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.content import Attachment
from accord.envelope.seal import SealedEnvelope
from ledger.models import AuditEvent
from sharing.blobs import PIECE_BYTES
from sharing.errors import RangeOutsideError
from sharing.ranges import Extent, asked_extent
from tests.sharing.callers import Answer, Caller, slug
from tests.sharing.conftest import Callers

SIZE = 1000
ETAG = '"tag"'


@pytest.mark.parametrize(
    ("asked", "extent"),
    [
        ("bytes=0-0", Extent(0, 1)),
        ("bytes=10-19", Extent(10, 20)),
        ("bytes=10-", Extent(10, SIZE)),
        ("bytes=999-5000", Extent(999, SIZE)),
        ("bytes=-1", Extent(999, SIZE)),
        ("bytes=-5000", Extent(0, SIZE)),
        ("BYTES= 0-9", Extent(0, 10)),
        # Invalid, foreign and multiple ranges are ignored, as the standard allows.
        (None, None),
        ("", None),
        ("items=0-9", None),
        ("bytes=9-0", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("bytes=0-9,20-29", None),
        ("bytes=" + "9" * 16 + "-", None),
        ("bytes=٠-٩", None),
    ],
)
def test_one_range_is_understood_and_all_else_gives_the_whole(
    asked: str | None, extent: Extent | None
) -> None:
    assert asked_extent(asked, None, etag=ETAG, size_bytes=SIZE) == extent


@pytest.mark.parametrize(
    ("if_range", "is_part"),
    [
        (None, True),
        (ETAG, True),
        (f"W/{ETAG}", False),
        ('"other"', False),
        ("Sun, 29 Nov 2026 16:00:00 GMT", False),
    ],
)
def test_a_part_is_given_only_of_what_the_reader_has(if_range: str | None, is_part: bool) -> None:
    assert (asked_extent("bytes=0-9", if_range, etag=ETAG, size_bytes=SIZE) is not None) == is_part


@pytest.mark.parametrize(
    ("asked", "size"), [("bytes=1000-", SIZE), ("bytes=-0", SIZE), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_a_range_without_an_octet_is_refused(asked: str, size: int) -> None:
    with pytest.raises(RangeOutsideError):
        asked_extent(asked, None, etag=ETAG, size_bytes=size)


@pytest.fixture
def sealed(callers: Callers) -> SealedEnvelope:
    file = Attachment("spectrum.msp", "text/plain", bytes(range(256)) * (2 * PIECE_BYTES // 256 + 10))
    return callers.hub.deliver(callers.four.alpha, callers.four.bravo, attachments=[file])


def ask(caller: Caller, sealed: SealedEnvelope, asked: str, **headers: str) -> Answer:
    return caller.get(f"envelopes/{sealed.md}/blobs/0", HTTP_RANGE=asked, **headers)


def test_over_http_a_part_says_where_it_stands(callers: Callers, sealed: SealedEnvelope) -> None:
    whole = sealed.blobs[0]
    first = PIECE_BYTES - 5
    with CaptureQueriesContext(connection) as queries:
        part = ask(callers.bravo, sealed, f"bytes={first}-{first + PIECE_BYTES}")
        octets = part.getvalue()
    assert (part.status_code, octets) == (206, whole[first : first + PIECE_BYTES + 1])
    assert part["Content-Range"] == f"bytes {first}-{first + PIECE_BYTES}/{len(whole)}"
    assert (part["Content-Length"], part["Accept-Ranges"]) == (str(PIECE_BYTES + 1), "bytes")
    pieces = [query["sql"] for query in queries if "SUBSTR" in query["sql"].upper()]
    assert len(pieces) == 2
    assert AuditEvent.objects.filter(act="blob.served").count() == 1
    rest = ask(callers.bravo, sealed, f"bytes={len(whole) - 3}-", HTTP_IF_RANGE=part["ETag"])
    assert (rest.status_code, rest.getvalue()) == (206, whole[-3:])
    other = ask(callers.bravo, sealed, "bytes=5-", HTTP_IF_RANGE='"other"')
    assert (other.status_code, other.getvalue(), "Content-Range" in other) == (200, whole, False)
    unchanged = ask(callers.bravo, sealed, "bytes=5-", HTTP_IF_NONE_MATCH=part["ETag"])
    assert (unchanged.status_code, unchanged.getvalue()) == (304, b"")


def test_over_http_a_range_beyond_the_end_names_the_length(callers: Callers, sealed: SealedEnvelope) -> None:
    size = len(sealed.blobs[0])
    refused = ask(callers.bravo, sealed, f"bytes={size}-")
    assert (refused.status_code, slug(refused), refused.json()["size_bytes"]) == (416, "range-outside", size)
    assert refused["Content-Range"] == f"bytes */{size}"
    assert ask(callers.delta, sealed, f"bytes={size}-").status_code == 404
