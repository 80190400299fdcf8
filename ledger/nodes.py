# SPDX-License-Identifier: Apache-2.0
"""The stored tree: complete subtrees as rows, which never change once written.

Every root and proof needs a few dozen rows. Level 0 is read from the leaves.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Max

from accord.envelope.tree.merkle import (
    LeafRange,
    NodePosition,
    complete_subtrees,
    completed_by,
    node_hash,
    range_root,
)
from ledger.errors import Finding, LedgerDamagedError
from ledger.models import Leaf, Node


def ledger_size() -> int:
    """Return how many leaves the ledger holds, signed or not."""
    last: int | None = Leaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def read_nodes(positions: Iterable[NodePosition]) -> dict[NodePosition, bytes]:
    """Return the hashes at these positions. Raises `LedgerDamagedError` where a row is missing."""
    wanted = set(positions)
    leaves = [index for level, index in wanted if level == 0]
    found = {(0, index): bytes(value) for index, value in _leaf_hashes(leaves)}
    rows = Node.objects.filter(pk__in=[position for position in wanted if position[0] > 0])
    found.update({(row.level, row.index): bytes(row.hash) for row in rows})
    if missing := sorted(wanted - found.keys()):
        raise LedgerDamagedError([missing_node(position) for position in missing])
    return found


def missing_node(position: NodePosition) -> Finding:
    """Return the finding for a missing row of the tree."""
    level, index = position
    return (
        Finding("leaf", str(index), "deleted")
        if level == 0
        else Finding("node", f"{level}/{index}", "deleted")
    )


def range_roots(ranges: Sequence[LeafRange]) -> list[bytes]:
    """Return the roots over ranges of leaves. Raises `LedgerDamagedError` where a row is missing."""
    nodes = read_nodes(position for leaves in ranges for position in complete_subtrees(leaves))
    return [range_root(leaves, nodes) for leaves in ranges]


def root_at(size: int) -> bytes:
    """Return the root over the first `size` leaves."""
    return range_roots([(0, size)])[0]


def nodes_above(first: int, hashes: Sequence[bytes]) -> list[Node]:
    """Return the new rows that complete subtrees when leaves with these hashes are appended at index `first`."""
    known = read_nodes(complete_subtrees((0, first)))
    nodes: list[Node] = []
    for index, leaf in enumerate(hashes, start=first):
        known[0, index] = leaf
        for level, position in completed_by(index):
            parent = node_hash(*_children(level, position, known))
            known[level, position] = parent
            nodes.append(Node(level=level, index=position, hash=parent))
    return nodes


def _children(level: int, index: int, nodes: Mapping[NodePosition, bytes]) -> tuple[bytes, bytes]:
    return nodes[level - 1, 2 * index], nodes[level - 1, 2 * index + 1]


def _leaf_hashes(indexes: list[int]) -> Iterable[tuple[int, bytes | memoryview]]:
    return Leaf.objects.filter(index__in=indexes).values_list("index", "hash") if indexes else ()
