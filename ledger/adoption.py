# SPDX-License-Identifier: Apache-2.0
"""Adoption: reconcile state folder and ledger, after someone has found out why they differ.

Two cases can be repaired without contradicting a signature. If the database is older than the state folder, the missing leaves
are replayed from the leaf file. If the state folder is missing or older, it is rewritten from a ledger that verifies. Where the
two contradict each other the ledger was forked, and adoption is refused. The object that a replayed leaf proves may be lost
with the database: such leaves are listed (`ledger.proofs`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from accord.envelope.tree.merkle import leaf_hash, root_of
from accord.envelope.tree.notes import VerifierKey
from accord.envelope.tree.receipts import LeafEntry
from ledger import nodes, state
from ledger.errors import StateForkError, StateUnreadableError
from ledger.leadership import Leadership, lead
from ledger.models import Entry, Leaf, Node, PendingEntry, Wanted
from ledger.proofs import latest_checkpoint
from ledger.verification import verify_ledger


@dataclass(frozen=True)
class Adoption:
    """A plan: leaves to replay into the ledger, or the signed size to write into the state folder."""

    replayed_leaves: int
    signed_size: int

    def __str__(self) -> str:
        if self.replayed_leaves:
            return f"replay {self.replayed_leaves} leaves from the leaf file, up to size {self.signed_size}"
        return f"write the state folder afresh at the newest checkpoint, size {self.signed_size}"


def plan_adoption(folder: Path) -> Adoption:
    """Return what `adopt_ledger` would do. Raises `StateForkError` where no repair is possible."""
    signed, size = _readable_state(folder), nodes.ledger_size()
    if signed and signed.size > size:
        return Adoption(signed.size - size, signed.size)
    if signed and nodes.root_at(signed.size) != signed.root:
        raise StateForkError(folder, signed.size)
    newest = latest_checkpoint()
    return Adoption(0, newest.size if newest else 0)


def adopt_ledger(
    keys: Sequence[VerifierKey],
    folder: Path,
    *,
    also: Callable[[], object] = lambda: None,
    now: datetime,
) -> Adoption:
    """Do what `plan_adoption` says, with every sequencer shut out; `also` runs in the same transaction.

    Raises `NotLeadingError` while a sequencer leads, `StateForkError`, `StateUnreadableError` for a damaged leaf file,
    `LedgerDamagedError` for a ledger that does not verify.
    """
    with lead(folder) as leadership:
        plan = plan_adoption(folder)
        signed = _readable_state(folder)
        if plan.replayed_leaves and signed:
            _replay_leaves(folder, signed, also, now)
        else:
            verify_ledger(keys)
            with transaction.atomic(durable=True):
                also()
            _write_folder(leadership, plan.signed_size)
        return plan


def _readable_state(folder: Path) -> state.SignedState | None:
    try:
        return state.read_state(folder)
    except StateUnreadableError:
        return None


def _replay_leaves(
    folder: Path, signed: state.SignedState, also: Callable[[], object], now: datetime
) -> None:
    leaves = list(state.signed_leaves(folder, signed))
    hashes = [leaf_hash(leaf.encode()) for leaf in leaves]
    if len(leaves) != signed.size or root_of(hashes) != signed.root:
        raise StateUnreadableError(folder, "the leaf file (it does not hold the signed leaves)")
    first = nodes.ledger_size()
    if root_of(hashes[:first]) != nodes.root_at(first):
        raise StateForkError(folder, first)
    entries = [LeafEntry.parse(leaf.encode()) for leaf in leaves[first:]]
    with transaction.atomic(durable=True):
        _insert_entries(entries, now)
        Leaf.objects.bulk_create(
            Leaf(index=first + place, od=entry.d, t=entry.t, data=leaf, hash=value)
            for place, (entry, leaf, value) in enumerate(
                zip(entries, leaves[first:], hashes[first:], strict=True)
            )
        )
        Node.objects.bulk_create(nodes.nodes_above(first, hashes[first:]))
        also()


def _insert_entries(entries: Sequence[LeafEntry], now: datetime) -> None:
    """Insert the entries that the restored database lacks, marked as wanted; entries that it has as pending are no longer pending."""
    ods = [entry.d for entry in entries]
    known = set(Entry.objects.filter(od__in=ods).values_list("od", flat=True))
    PendingEntry.objects.filter(od__in=ods).delete()
    gone = [entry for entry in entries if entry.d not in known]
    Entry.objects.bulk_create(
        Entry(od=entry.d, kind=entry.k, agency=entry.a or "", created_at=now) for entry in gone
    )
    Wanted.objects.bulk_create(Wanted(od=entry.d) for entry in gone)


def _write_folder(leadership: Leadership, size: int) -> None:
    """Write the published leaves and the state into the folder; keep its earlier contents beside them."""
    folder = leadership.folder
    for name in (state.LEAF_FILE, state.STATE_FILE):
        if (folder / name).exists():
            (folder / name).replace(folder / f"{name}.before-adoption")
    leaves = Leaf.objects.filter(index__lt=size).order_by("index").values_list("data", flat=True)
    octets = state.append_leaves(folder, state.SignedState(), leaves.iterator(chunk_size=2000))
    leadership.write(state.SignedState(size, nodes.root_at(size), octets))
