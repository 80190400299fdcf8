# SPDX-License-Identifier: Apache-2.0
"""The form of a slice."""

import json
from typing import Any

import pytest

from accord.envelope.encoding import MAX_SLICE_BYTES
from accord.envelope.errors import (
    Failure,
    MalformedError,
    TooLargeError,
    VerificationError,
)
from accord.envelope.keys import EC1, PQ1
from accord.envelope.slices import build_slice, parse_slice
from accord.envelope.verifying import verify_slice
from tests.envelope.good_statements import good_statement
from tests.envelope.receiving import changed, slice_for
from tests.envelope.tampering import read
from tests.envelope.world import NOW, World, make_world


@pytest.mark.parametrize("name", ["v", "manifest", "jwe", "via", "path", "index", "receipts"])
def test_slice_has_every_member_and_no_other(pq1: World, name: str) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    with pytest.raises(MalformedError):
        parse_slice(changed(octets, lambda value: value.pop(name)))
    with pytest.raises(MalformedError):
        parse_slice(changed(octets, lambda value: value.update({name + "x": 1})))


def test_slice_carries_one_entry(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    with pytest.raises(MalformedError):
        parse_slice(
            changed(octets, lambda value: value["jwe"]["recipients"].append(value["jwe"]["recipients"][0]))
        )


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


WRONG_PARTS: dict[str, dict[str, Any]] = {
    "via that is no array": {"via": {}},
    "four releases": {"via": [{}] * 4},
    "a path that is no array": {"path": None},
    "a path of seventeen": {"path": ["A" * 43] * 17},
    "a short hash": {"path": ["AAAA"]},
    "an index that is a truth value": {"index": True},
    "another version": {"v": 2},
    "receipts that are no array": {"receipts": {}},
    "a receipt too many": {"receipts": [{}, {}]},
    "a receipt with other members": {"receipts": [{}]},
}


@pytest.mark.parametrize("parts", WRONG_PARTS.values(), ids=WRONG_PARTS.keys())
def test_slice_outside_the_profile_is_refused(pq1: World, parts: dict[str, Any]) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    with pytest.raises(MalformedError):
        parse_slice(changed(octets, lambda value: value.update(parts)))


def test_only_releases_stand_in_via(pq1: World) -> None:
    bravo = pq1.others[0]
    octets = slice_for(pq1, pq1.seal(), bravo)
    acknowledged = read(good_statement(bravo, "ack"))
    with pytest.raises(VerificationError) as refused:
        parse_slice(changed(octets, lambda value: value.update(via=[acknowledged])))
    assert refused.value.failure is Failure.TYP


def test_receipt_that_is_not_there_yet_may_be_null(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    with pytest.raises(VerificationError) as refused:
        parse_slice(changed(octets, lambda value: value.update(receipts=[None])))
    assert refused.value.failure is Failure.RECEIPT_MISSING


def test_duplicated_member_of_a_slice_is_refused(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    with pytest.raises(MalformedError):
        parse_slice(octets[:-1] + b',"v":1}')


def test_a_slice_that_was_read_before_is_verified_alike(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    ledger = pq1.ledger.view()
    for data in (octets, parse_slice(octets)):
        verified = verify_slice(data, reader="xb-bravo", directory=pq1.directory, ledger=ledger, now=NOW)
        assert verified.reader == "xb-bravo"


def test_suites_are_not_mixed_in_a_slice() -> None:
    pq1, ec1 = make_world(PQ1), make_world(EC1)
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    other = read(slice_for(ec1, ec1.seal(), ec1.others[0]))
    with pytest.raises(MalformedError):
        parse_slice(changed(octets, lambda value: value["jwe"].update(recipients=other["jwe"]["recipients"])))
