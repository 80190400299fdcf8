# SPDX-License-Identifier: Apache-2.0
"""The releases below a release, found from parent to parent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.release_intake import trace_parents
from accord.envelope.statements.checks import VerifiedStatement
from tests.envelope.releasing import DELTA, Chain
from tests.envelope.world import Agency, World


@pytest.fixture
def chain(scene: World) -> Chain:
    return Chain(scene)


@pytest.fixture
def pq1_chain(pq1: World) -> Chain:
    return Chain(pq1)


def bravo(chain: Chain) -> Agency:
    return chain.world.others[0]


def statement_after(parent: str | None, od: str, chain: Chain) -> VerifiedStatement:
    accepted = chain.accepted(chain.release(bravo(chain), [DELTA])[0])
    said = replace(accepted.statement, od=od, body=dict(accepted.statement.body) | {"parent": parent})
    return replace(accepted, statement=said)


def test_parents_are_traced_to_the_first(pq1_chain: Chain) -> None:
    known = {
        od: statement_after(parent, od, pq1_chain)
        for od, parent in (("one", None), ("two", "one"), ("three", "two"), ("four", "three"))
    }
    assert trace_parents(None, known.get) == ()
    assert [item.od for item in trace_parents("one", known.get)] == ["one"]
    assert [item.od for item in trace_parents("three", known.get)] == ["one", "two", "three"]
    for parent, detail in (("four", "depth"), ("five", "unknown parent")):
        with pytest.raises(VerificationError) as refused:
            trace_parents(parent, known.get)
        assert (refused.value.failure, refused.value.detail) == (Failure.VIA, detail)


def test_a_ring_of_parents_ends(pq1_chain: Chain) -> None:
    ring = {"one": statement_after("two", "one", pq1_chain), "two": statement_after("one", "two", pq1_chain)}
    with pytest.raises(VerificationError):
        trace_parents("one", ring.get)
