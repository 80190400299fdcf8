# SPDX-License-Identifier: Apache-2.0
"""The form of a slice."""

import json

import pytest

from accord.envelope.encoding import MAX_SLICE_BYTES
from accord.envelope.errors import Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.slices import build_slice, parse_slice
from accord.envelope.verifying import verify_slice
from tests.envelope.good_statements import good_statement
from tests.envelope.receiving import changed, slice_for
from tests.envelope.tampering import read
from tests.envelope.world import NOW, World


def test_nothing_is_wasted_in_a_slice(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    assert len(json.loads(octets)["path"]) > 1
    assert octets == json.dumps(json.loads(octets), separators=(",", ":")).encode()


def test_slice_over_its_limit_is_refused(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    assert parse_slice(octets.ljust(MAX_SLICE_BYTES)).index == 1
    with pytest.raises(TooLargeError):
        parse_slice(octets.ljust(MAX_SLICE_BYTES + 1))


def test_slice_is_not_built_over_its_limit(pq1: World) -> None:
    verified = pq1.intake(pq1.seal())

    def built(filling: int) -> int:
        octets = build_slice(
            manifest=verified.manifest_bytes,
            jwe_head=verified.jwe_head,
            entry=verified.entries[1].text,
            index=1,
            path=verified.path(1),
            receipts=[{"filling": "x" * filling}],
        )
        return len(octets)

    room = MAX_SLICE_BYTES - built(0)
    assert built(room) == MAX_SLICE_BYTES
    with pytest.raises(TooLargeError) as refused:
        built(room + 1)
    assert refused.value.limit == MAX_SLICE_BYTES


def test_a_slice_has_three_releases_and_no_other_statement_and_a_receipt_for_each_object(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    release, receipts = read(good_statement(pq1.alpha, "release")), read(octets)["receipts"]
    for parts in ({"via": [release] * 4}, {"receipts": receipts * 2}):
        with pytest.raises(MalformedError, match=f"slice {next(iter(parts))}"):
            parse_slice(changed(octets, lambda value, parts=parts: value.update(parts)))  # type: ignore[misc]
    other = read(good_statement(pq1.alpha, "ack"))
    with pytest.raises(VerificationError) as refused:
        parse_slice(changed(octets, lambda value: value.update(via=[other])))
    assert refused.value.failure is Failure.TYP


def test_a_slice_that_was_read_before_is_verified_alike(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    ledger = pq1.ledger.view()
    for data in (octets, parse_slice(octets)):
        verified = verify_slice(data, reader="xb-bravo", directory=pq1.directory, ledger=ledger, now=NOW)
        assert verified.reader == "xb-bravo"
