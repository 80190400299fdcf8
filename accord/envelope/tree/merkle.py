# SPDX-License-Identifier: Apache-2.0
"""Merkle tree hashing, inclusion proofs and consistency proofs.

As in RFC 9162, section 2.1 (the same hashing as RFC 6962), a leaf is hashed behind 0x00, a node behind 0x01, so that neither
can be mistaken for the other. The tree of `size` leaves splits at the largest power of two below `size`; every proof is a list
of hashes of *ranges* of leaves, and every such range is a few *complete subtrees*, which never change once their leaves exist.
Stored trees read those; lists of leaf hashes in memory use the same ranges.

Hashes are SHA-256, 32 raw octets. Verification raises `ProofError`.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from accord.envelope.errors import ProofError

HASH_SIZE_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

LeafRange = tuple[int, int]
"""Leaves from the first index up to, not including, the second."""

NodePosition = tuple[int, int]
"""A complete subtree: its level (2**level leaves) and its index among those of that level."""


def leaf_hash(data: bytes) -> bytes:
    """Hash the octets of one leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees into their parent (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def inclusion_ranges(index: int, size: int) -> list[LeafRange]:
    """Ranges whose roots prove leaf `index` in a tree of `size`, from the leaf upward (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ProofError("the leaf lies outside the tree")
    ranges: list[LeafRange] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[LeafRange]:
    """Ranges whose roots prove that the tree of `second` leaves extends that of `first` (RFC 9162, 2.1.4.1).

    Empty when the two are equal and when `first` is 0: an empty tree is extended by every other.
    """
    if not 0 <= first <= second:
        raise ProofError("the first tree is larger than the second")
    if first == 0:
        return []
    ranges: list[LeafRange] = []
    start, end = 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start > 0:
        ranges.append((start, end))
    return ranges[::-1]


def complete_subtrees(leaves: LeafRange) -> list[NodePosition]:
    """Return the complete subtrees, left to right, of a range as the two functions above and (0, size) make them."""
    start, end = leaves
    positions: list[NodePosition] = []
    while start < end:
        level = (end - start).bit_length() - 1
        positions.append((level, start >> level))
        start += 1 << level
    return positions


def completed_by(index: int) -> Iterator[NodePosition]:
    """Yield the subtrees above level 0 that become complete when leaf `index` is appended, lowest first."""
    level = 1
    while (index + 1) % (1 << level) == 0:
        yield level, index >> level
        level += 1


def fold(subtree_hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring complete subtrees of falling size; `EMPTY_ROOT` for none."""
    if not subtree_hashes:
        return EMPTY_ROOT
    root = subtree_hashes[-1]
    for subtree in reversed(subtree_hashes[:-1]):
        root = node_hash(subtree, root)
    return root


def range_root(leaves: LeafRange, nodes: Mapping[NodePosition, bytes]) -> bytes:
    """Return the root over a range, read from `nodes`, which must hold its complete subtrees."""
    return fold([nodes[position] for position in complete_subtrees(leaves)])


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes in order; `EMPTY_ROOT` for none."""
    return range_root((0, len(leaf_hashes)), _nodes_over(leaf_hashes))


def inclusion_path(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree over `leaf_hashes`, from the leaf upward."""
    return _roots(inclusion_ranges(index, len(leaf_hashes)), _nodes_over(leaf_hashes))


def inclusion_paths(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return the proofs of all leaves at once, in their order."""
    nodes = _nodes_over(leaf_hashes)
    size = len(leaf_hashes)
    return [_roots(inclusion_ranges(index, size), nodes) for index in range(size)]


def consistency_path(leaf_hashes: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof that the tree over `leaf_hashes` extends the tree of its first `first` leaves."""
    return _roots(consistency_ranges(first, len(leaf_hashes)), _nodes_over(leaf_hashes))


def verify_inclusion(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with *leaf hash* `leaf` stands at `index` under `root` (RFC 9162, 2.1.3.2).

    Raises `ProofError`.
    """
    if not 0 <= index < size:
        raise ProofError("the leaf lies outside the tree")
    _require_hashes(leaf, root, *path)
    position, last, reached = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if position & 1 or position == last:
            reached = node_hash(sibling, reached)
            position, last = _above_lone_edge(position, last)
        else:
            reached = node_hash(reached, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or reached != root:
        raise ProofError("the inclusion proof does not lead to the root")


def verify_consistency(
    *, first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Check that the tree (`second`, `second_root`) extends (`first`, `first_root`) (RFC 9162, 2.1.4.2).

    Raises `ProofError`. Trees of one size must have one root; the empty tree has `EMPTY_ROOT` alone.
    """
    if not 0 <= first <= second:
        raise ProofError("the first tree is larger than the second")
    _require_hashes(first_root, second_root, *path)
    if first == 0 and first_root != EMPTY_ROOT:
        raise ProofError("an empty tree has another root")
    if first == second and first_root != second_root:
        raise ProofError("two roots for one size")
    if first in (0, second):
        if path:
            raise ProofError("the consistency proof is too long")
        return
    _walk_consistency(first, second, path, first_root, second_root)


def _walk_consistency(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    hashes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not hashes:
        raise ProofError("the consistency proof is too short")
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            position, last = _above_lone_edge(position, last)
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or old != first_root or new != second_root:
        raise ProofError("the consistency proof does not lead to the roots")


def _above_lone_edge(position: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the right edge of the tree has no sibling."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _split(size: int) -> int:
    """Return the largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _nodes_over(leaf_hashes: Sequence[bytes]) -> dict[NodePosition, bytes]:
    """Return all complete subtrees over `leaf_hashes`, level 0 being the leaf hashes."""
    _require_hashes(*leaf_hashes)
    nodes = {(0, index): leaf for index, leaf in enumerate(leaf_hashes)}
    level, below = 0, list(leaf_hashes)
    while len(below) > 1:
        level += 1
        below = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        nodes.update({(level, index): node for index, node in enumerate(below)})
    return nodes


def _roots(ranges: Sequence[LeafRange], nodes: Mapping[NodePosition, bytes]) -> list[bytes]:
    return [range_root(leaves, nodes) for leaves in ranges]


def _require_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_SIZE_BYTES for value in hashes):
        raise ProofError("a hash is not 32 octets long")
