# SPDX-License-Identifier: Apache-2.0
"""Tree hashing and proofs against the vectors of transparency-dev/merkle and against themselves."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from accord.envelope.errors import ProofError
from accord.envelope.tree.merkle import (
    EMPTY_ROOT,
    complete_subtrees,
    completed_by,
    consistency_path,
    fold,
    inclusion_path,
    inclusion_paths,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "merkle_rfc6962_inclusion.json"
LEAVES = [leaf_hash(bytes([number])) for number in range(40)]


def vectors() -> list[Any]:
    return [
        pytest.param(vector, id=f"{vector['file']}: {vector['desc']}")
        for vector in json.loads(VECTORS.read_text())
    ]


def octets(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def check(vector: dict[str, Any]) -> None:
    verify_inclusion(
        leaf=octets(vector["leafHash"]),
        index=vector["leafIdx"],
        size=vector["treeSize"],
        path=[octets(sibling) for sibling in vector["proof"] or []],
        root=octets(vector["root"]),
    )


@pytest.mark.parametrize("vector", vectors())
def test_published_inclusion_proofs_hold_and_broken_ones_do_not(vector: dict[str, Any]) -> None:
    if vector["wantErr"]:
        with pytest.raises(ProofError):
            check(vector)
    else:
        check(vector)


def test_roots_are_those_of_the_standard() -> None:
    a, b, c = LEAVES[:3]
    assert root_of([]) == EMPTY_ROOT
    assert root_of([a]) == a
    assert root_of([a, b, c]) == node_hash(node_hash(a, b), c)


@pytest.mark.parametrize("size", range(1, len(LEAVES) + 1))
def test_every_leaf_of_every_tree_is_proved(size: int) -> None:
    leaves = LEAVES[:size]
    root = root_of(leaves)
    for index, path in enumerate(inclusion_paths(leaves)):
        assert path == inclusion_path(leaves, index)
        verify_inclusion(leaf=leaves[index], index=index, size=size, path=path, root=root)


@pytest.mark.parametrize("second", range(len(LEAVES) + 1))
def test_every_tree_extends_every_smaller_one(second: int) -> None:
    for first in range(second + 1):
        path = consistency_path(LEAVES[:second], first)
        roots = root_of(LEAVES[:first]), root_of(LEAVES[:second])
        verify_consistency(first=first, second=second, path=path, first_root=roots[0], second_root=roots[1])


@pytest.mark.parametrize("size", range(2, 20))
def test_a_proof_of_one_leaf_proves_no_other(size: int) -> None:
    leaves, root = LEAVES[:size], root_of(LEAVES[:size])
    for index, path in enumerate(inclusion_paths(leaves)):
        for other in range(size):
            if other != index:
                with pytest.raises(ProofError):
                    verify_inclusion(leaf=leaves[index], index=other, size=size, path=path, root=root)


FORKED = [*LEAVES[:9], leaf_hash(b"another"), *LEAVES[10:]]
CONSISTENT: dict[str, Any] = {
    "first": 13,
    "second": 29,
    "path": consistency_path(LEAVES[:29], 13),
    "first_root": root_of(LEAVES[:13]),
    "second_root": root_of(LEAVES[:29]),
}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"first_root": root_of(FORKED[:13])}, id="the first root is of a fork"),
        pytest.param({"second_root": root_of(FORKED[:29])}, id="the second root is of a fork"),
        pytest.param({"path": consistency_path(FORKED[:29], 13)}, id="the path is of a fork"),
        pytest.param({"path": []}, id="no path"),
        pytest.param({"path": CONSISTENT["path"][:-1]}, id="a path that is too short"),
        pytest.param({"path": [*CONSISTENT["path"], LEAVES[0]]}, id="a path that is too long"),
        pytest.param({"path": [*CONSISTENT["path"][:-1], b"short"]}, id="a hash of another length"),
        pytest.param({"first": 12}, id="another first size"),
        pytest.param({"second": 33}, id="a second size of another shape"),
        pytest.param({"first": 30}, id="the first is the larger"),
        pytest.param({"first": -1}, id="a negative size"),
        pytest.param({"first": 0}, id="an empty tree with another root"),
        pytest.param({"first": 29, "path": []}, id="two roots for one size"),
        pytest.param({"first": 29, "first_root": CONSISTENT["second_root"]}, id="a path between equal trees"),
    ],
)
def test_a_consistency_proof_that_does_not_hold_is_refused(change: dict[str, Any]) -> None:
    verify_consistency(**CONSISTENT)
    with pytest.raises(ProofError):
        verify_consistency(**(CONSISTENT | change))


def test_a_leaf_never_passes_for_a_node() -> None:
    root = root_of(LEAVES[:2])
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != root


def test_proofs_for_what_is_not_in_the_tree_cannot_be_made() -> None:
    with pytest.raises(ProofError):
        inclusion_path(LEAVES[:3], 3)
    with pytest.raises(ProofError):
        consistency_path(LEAVES[:3], 4)


def test_subtrees_that_an_appended_leaf_completes_are_those_of_the_roots() -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(LEAVES):
        nodes[0, index] = leaf
        for level, position in completed_by(index):
            nodes[level, position] = node_hash(
                nodes[level - 1, 2 * position], nodes[level - 1, 2 * position + 1]
            )
        frontier = [nodes[position] for position in complete_subtrees((0, index + 1))]
        assert fold(frontier) == root_of(LEAVES[: index + 1])
