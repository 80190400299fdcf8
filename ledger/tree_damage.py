# SPDX-License-Identifier: Apache-2.0
"""Damage in the tree: which leaf or node was altered, deleted or reordered.

- Each row is compared with everything that vouches for it: a leaf with its own columns, its entry, the leaf file and the node
  above; a node with the two below, the one above and the newest checkpoint.
- A row is blamed where it fits neither side, so that one altered row does not accuse its neighbours.
- The hashes of the tree and of the leaf file are held in memory, about 300 octets a leaf.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from django.db.models import OuterRef, QuerySet, Subquery

from accord.envelope.errors import EnvelopeError
from accord.envelope.tree.merkle import NodePosition, complete_subtrees, fold, leaf_hash, node_hash
from accord.envelope.tree.receipts import LeafEntry
from ledger.errors import Finding
from ledger.models import Entry, Leaf, Node
from ledger.nodes import ledger_size, missing_node
from ledger.state import SignedState, signed_leaves

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

CHUNK_ROWS = 2000
MAX_LEAVES_TO_REORDER = 128


class _EntryColumns(TypedDict):
    entry_kind: str | None
    entry_agency: str | None


@dataclass
class StoredTree:
    """The hashes as the database holds them, None where a row is missing, and the damage found so far.

    `out_of_time` are leaves with an earlier log time than the one before, of which either may be to blame.
    """

    levels: list[list[bytes | None]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    blamed_leaves: set[int] = field(default_factory=set)
    out_of_time: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.levels[0])

    def blame_leaf(self, index: int, problem: str) -> None:
        if index not in self.blamed_leaves:
            self.blamed_leaves.add(index)
            self.findings.append(Finding("leaf", str(index), problem))

    def at(self, position: NodePosition) -> bytes | None:
        level, index = position
        return self.levels[level][index]

    def root_at(self, size: int) -> bytes | None:
        """Return the root over the first leaves, or None where a row is missing."""
        if size > self.size:
            return None
        hashes = [self.at(position) for position in complete_subtrees((0, size))]
        present = [value for value in hashes if value is not None]
        return fold(present) if len(present) == len(hashes) else None


def inspect_tree(folder: Path | None, signed: SignedState | None) -> StoredTree:
    """Read leaves and nodes; compare the leaves with columns, entries and, where given, the leaf file."""
    tree = StoredTree()
    size = max(ledger_size(), signed.size if signed else 0)
    if folder and signed:
        _compare_leaf_file(tree, folder, signed)
    tree.levels.append(_inspect_leaves(tree, size))
    while len(tree.levels[-1]) > 1:
        tree.levels.append(_read_level(tree, len(tree.levels), len(tree.levels[-1]) // 2))
    return tree


def blame_nodes(tree: StoredTree, signed_size: int, signed_root: bytes) -> None:
    """Find rows that do not fit the rows above and below; the newest signed root vouches for the top."""
    broken = set(_broken_positions(tree))
    broken_top = _top_that_is_not_signed(tree, signed_size, signed_root)
    pairs: list[int] = []
    for level, index in sorted(broken):
        if (level + 1, index // 2) in broken or (level, index) in broken_top:
            tree.findings.append(Finding("node", f"{level}/{index}", "altered"))
        elif level == 1:
            pairs.append(index)
        elif not {(level - 1, 2 * index), (level - 1, 2 * index + 1)} & broken:
            first, last = index << level, ((index + 1) << level) - 1
            tree.findings.append(Finding("leaf", f"{first} to {last}", "altered, with the nodes above"))
    _blame_pairs(tree, pairs)


def _top_that_is_not_signed(tree: StoredTree, size: int, root: bytes) -> set[NodePosition]:
    stored = tree.root_at(size)
    return set(complete_subtrees((0, size))) if stored is not None and stored != root else set()


def _inspect_leaves(tree: StoredTree, size: int) -> list[bytes | None]:
    hashes: list[bytes | None] = [None] * size
    previous_time = 0
    for leaf in _leaves_with_entries().iterator(chunk_size=CHUNK_ROWS):
        hashes[leaf.index] = bytes(leaf.hash)
        if problem := _problem_of(leaf, (leaf.entry_kind, leaf.entry_agency)):
            tree.blame_leaf(leaf.index, problem)
        if leaf.t < previous_time:
            tree.out_of_time.append(leaf.index)
        previous_time = leaf.t
    for index, value in enumerate(hashes):
        if value is None:
            tree.blame_leaf(index, missing_node((0, index)).problem)
    return hashes


def _leaves_with_entries() -> "QuerySet[WithAnnotations[Leaf, _EntryColumns]]":
    entry = Entry.objects.filter(od=OuterRef("od"))
    return Leaf.objects.order_by("index").annotate(
        entry_kind=Subquery(entry.values("kind")), entry_agency=Subquery(entry.values("agency"))
    )


def _problem_of(leaf: Leaf, entry: tuple[str | None, str | None]) -> str | None:
    data = leaf.data.encode()
    try:
        says = LeafEntry.parse(data)
    except EnvelopeError:
        return "altered: not a leaf"
    if leaf_hash(data) != bytes(leaf.hash):
        return "altered: data and hash differ"
    if (says.d, says.t) != (leaf.od, leaf.t):
        return "altered: data and columns differ"
    if (says.k, says.a or "") != entry:
        return "altered, or its entry was: no such entry"
    return None


def _compare_leaf_file(tree: StoredTree, folder: Path, signed: SignedState) -> None:
    filed = list(signed_leaves(folder, signed))
    rows = Leaf.objects.filter(index__lt=len(filed)).order_by("index").values_list("index", "data")
    for index, data in rows.iterator(chunk_size=CHUNK_ROWS):
        if data != filed[index]:
            belongs = filed.index(data) if data in filed else None
            tree.blame_leaf(index, "altered" if belongs is None else f"reordered: belongs at {belongs}")


def _read_level(tree: StoredTree, level: int, count: int) -> list[bytes | None]:
    hashes: list[bytes | None] = [None] * count
    for index, value in Node.objects.filter(level=level).values_list("index", "hash").iterator(CHUNK_ROWS):
        if index < count:
            hashes[index] = bytes(value)
        else:
            tree.findings.append(Finding("node", f"{level}/{index}", "added: above no leaves"))
    tree.findings += [missing_node((level, index)) for index, value in enumerate(hashes) if value is None]
    return hashes


def _broken_positions(tree: StoredTree) -> Iterator[NodePosition]:
    """Yield nodes that are not the hash of the two rows below."""
    for level, hashes in enumerate(tree.levels[1:], start=1):
        below = tree.levels[level - 1]
        for index, value in enumerate(hashes):
            left, right = below[2 * index], below[2 * index + 1]
            if value and left and right and node_hash(left, right) != value:
                yield level, index


def _blame_pairs(tree: StoredTree, pairs: Sequence[int]) -> None:
    """Name the leaves of pairs that do not fit a sound node: each in another's place, or altered."""
    suspects = [index for pair in pairs for index in (2 * pair, 2 * pair + 1)][:MAX_LEAVES_TO_REORDER]
    for pair in pairs:
        places = (2 * pair, 2 * pair + 1)
        belongs = _find_pair(tree, tree.levels[1][pair], suspects)
        if belongs is not None:
            for place, found in zip(places, belongs, strict=True):
                if place != found:
                    tree.blame_leaf(place, f"reordered: what belongs here stands at {found}")
        elif not tree.blamed_leaves & set(places):
            tree.findings.append(Finding("leaf", f"{places[0]} or {places[1]}", "altered"))


def _find_pair(tree: StoredTree, parent: bytes | None, suspects: Sequence[int]) -> tuple[int, int] | None:
    for left in suspects:
        for right in suspects:
            hashes = tree.levels[0][left], tree.levels[0][right]
            if hashes[0] and hashes[1] and node_hash(hashes[0], hashes[1]) == parent:
                return left, right
    return None
