# SPDX-License-Identifier: Apache-2.0
"""Proofs: receipts, log times and consistency proofs of the ledger.

- Nothing is shown before a signed checkpoint covers it.
- A receipt never changes: it stands under the first checkpoint that covers its leaf.

Each proof reads a few dozen rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from accord.envelope.tree.merkle import (
    complete_subtrees,
    consistency_ranges,
    inclusion_ranges,
    range_root,
)
from accord.envelope.tree.receipts import LeafEntry, Receipt
from ledger.entries import CoveredEntry
from ledger.models import Checkpoint, Leaf, PendingEntry, Wanted
from ledger.nodes import read_nodes, root_at

COVERED: Final = (
    "(SELECT index, od, t FROM ledger_leaf WHERE index < (SELECT max(size) FROM ledger_checkpoint))"
)
"""The leaves under a signed checkpoint, as a table for raw SQL: index, od, log time."""
# Raw SQL, since every submission runs it: building it from querysets takes Python ten times as long.
_PLACES: Final = f"SELECT od, index, t FROM {COVERED} AS covered WHERE od = ANY(%s)"  # noqa: S608 - of the name above


def latest_checkpoint() -> Checkpoint | None:
    """Return the newest checkpoint, or None before the first."""
    return Checkpoint.objects.order_by("-size").first()


def receipt_for(od: str) -> dict[str, Any] | None:
    """Return the receipt of an object digest as JSON, or None as long as no checkpoint covers it."""
    return receipts_for([od]).get(od)


def receipts_for(ods: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the receipts of those digests that have one, by digest, in four queries."""
    receipts = _receipts(Leaf.objects.filter(od__in=list(ods)))
    return {receipt.leaf.d: receipt.as_json() for receipt in receipts}


def receipt_at(index: int) -> Receipt | None:
    """Return the receipt of the leaf at an index, or None where no checkpoint covers it."""
    newest = latest_checkpoint()
    if newest is None or not 0 <= index < newest.size:
        return None
    return next(iter(_receipts(Leaf.objects.filter(index=index))), None)


def log_time(od: str) -> int | None:
    """Return when the ledger logged a digest, in seconds, or None as long as no checkpoint covers it."""
    leaf = _covered(Leaf.objects.filter(od=od)).first()
    return leaf.t if leaf else None


def log_times(ods: Iterable[str]) -> dict[str, int]:
    """Return the log times, in seconds, of those digests that a checkpoint covers, by digest, in one query."""
    return {od: t for od, (_index, t) in log_places(ods).items()}


def log_places(ods: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return index and log time, in seconds, of those digests that a checkpoint covers, by digest, in one query."""
    wanted = list(ods)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [wanted])
        return {od: (index, t) for od, index, t in cursor.fetchall()}


def pending_since() -> datetime | None:
    """Return when the oldest entry without a leaf was handed in; None when nothing waits."""
    return PendingEntry.objects.order_by("id").values_list("created_at", flat=True).first()


def root_of(size: int) -> bytes | None:
    """Return the root over the first `size` leaves; None for a size beyond the newest checkpoint."""
    newest = latest_checkpoint()
    if newest is None or not 0 <= size <= newest.size:
        return None
    return root_at(size) if size else range_root((0, 0), {})


def consistency(first: int, second: int) -> list[bytes] | None:
    """Return the proof that the tree of `second` leaves extends that of `first`; None for sizes that were never signed."""
    return consistencies([(first, second)])[0]


def consistencies(pairs: Sequence[tuple[int, int]]) -> list[list[bytes] | None]:
    """Return the proof for each pair of sizes, as `consistency` does, in three queries."""
    newest = latest_checkpoint()
    size = newest.size if newest else -1
    ranges = [consistency_ranges(*pair) if 0 <= pair[0] <= pair[1] <= size else None for pair in pairs]
    nodes = read_nodes(
        position for paths in ranges for leaves in paths or () for position in complete_subtrees(leaves)
    )
    return [None if paths is None else [range_root(leaves, nodes) for leaves in paths] for paths in ranges]


def covered_entries(start: int, limit: int) -> list[CoveredEntry]:
    """Return at most `limit` entries under the newest checkpoint, from leaf index `start` up."""
    newest = latest_checkpoint()
    covered = Leaf.objects.filter(index__gte=start, index__lt=newest.size if newest else 0)
    return [covered_entry(leaf) for leaf in covered.order_by("index")[:limit]]


def covered_entry(leaf: Leaf) -> CoveredEntry:
    """Return a leaf in the form that numbering takes."""
    entry = LeafEntry.parse(leaf.data.encode())
    return CoveredEntry(index=leaf.index, od=entry.d, kind=entry.k, agency=entry.a or "", t=entry.t)


def _covered(leaves: QuerySet[Leaf]) -> QuerySet[Leaf, Any]:
    """Return those leaves that a checkpoint covers, each with the size of its first one."""
    first = Checkpoint.objects.filter(size__gt=OuterRef("index")).order_by("size").values("size")[:1]
    return leaves.annotate(covered_by=Subquery(first)).exclude(covered_by=None)


def _receipts(leaves: QuerySet[Leaf]) -> list[Receipt]:
    covered = list(_covered(leaves))
    notes = Checkpoint.objects.in_bulk({leaf.covered_by for leaf in covered})
    ranges = {leaf.index: inclusion_ranges(leaf.index, leaf.covered_by) for leaf in covered}
    nodes = read_nodes(
        position
        for paths in ranges.values()
        for leaves_of in paths
        for position in complete_subtrees(leaves_of)
    )
    return [
        Receipt(
            leaf=LeafEntry.parse(leaf.data.encode()),
            index=leaf.index,
            path=tuple(range_root(leaves_of, nodes) for leaves_of in ranges[leaf.index]),
            checkpoint=notes[leaf.covered_by].note,
        )
        for leaf in covered
    ]


@dataclass(frozen=True)
class LeafPlace:
    """An object's position in the ledger: leaf index, and log time in seconds."""

    index: int
    t: int


def wanted_place(od: str) -> LeafPlace | None:
    """Return the leaf of an object that a restore has lost (`ledger.models.Wanted`); None for any other.

    The leaf proves that the hub accepted it then. No leaf says whose object it is: its owner asks by digest.
    """
    found = Leaf.objects.filter(od=od, od__in=Wanted.objects.filter(pk=od)).values_list("index", "t").first()
    return None if found is None else LeafPlace(*found)


def wanted_of(ods: Sequence[str]) -> list[str]:
    """Return those of these digests whose content is lost, in the order given."""
    found = set(Wanted.objects.filter(pk__in=ods).values_list("od", flat=True))
    return [od for od in ods if od in found]
