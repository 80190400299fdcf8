# SPDX-License-Identifier: Apache-2.0
"""The sequencer: give entries their place in the tree, sign the tree, have covered entries numbered.

- Leaves are appended without gaps and in the order of arrival; log times never go back.
- Nothing is published before the state file, outside the database, says it was signed.

A batch is:

1. T1: take pending entries, insert their leaves and the nodes that these complete, commit;
2. outside any transaction: check the state file against the ledger, append the leaves to the leaf file, sign, replace the state
   file;
3. T2: insert the checkpoint, call `on_checkpoint` with what it covers, commit.

After a crash between two steps the next batch takes nothing new: it signs the same size and root again and publishes that. A
state that does not fit the ledger is refused (`StateError`), never repaired here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from accord.envelope.private import LedgerKey
from accord.envelope.tree.merkle import leaf_hash
from accord.envelope.tree.notes import Checkpoint as SignedTree
from accord.envelope.tree.receipts import LeafEntry
from ledger import nodes, state
from ledger.entries import CoveredEntry
from ledger.errors import StateAheadError, StateBehindError, StateForkError, StateMissingError
from ledger.leadership import Leadership, lead
from ledger.models import Checkpoint, Leaf, Node, PendingEntry
from ledger.proofs import covered_entry, latest_checkpoint

MAX_BATCH_ENTRIES = 5000
INSERT_CHUNK_ROWS = 1000

OnCheckpoint = Callable[[list[CoveredEntry], datetime], object]


@dataclass(frozen=True)
class Batch:
    """The result of one batch: signed size, newly covered entries, and whether more may be waiting."""

    size: int
    covered: list[CoveredEntry]
    is_full: bool


def sequence_batch(
    now: datetime,
    key: LedgerKey,
    state_dir: Path | str,
    on_checkpoint: OnCheckpoint,
    *,
    leadership: Leadership | None = None,
) -> Batch:
    """Sequence at most `MAX_BATCH_ENTRIES` pending entries, or finish what a crash left unfinished.

    `on_checkpoint` is called inside the last transaction, in every batch: with the entries that the new checkpoint covers, or
    none. Without `leadership`, leads for this batch alone and raises `NotLeadingError` where another leads. Raises
    `StaleLeaderError`, `StateError`; `RuntimeError` inside a transaction.
    """
    folder = Path(state_dir)
    if leadership is None:
        with lead(folder) as own:
            return sequence_batch(now, key, folder, on_checkpoint, leadership=own)
    published = _published_size()
    signed = _sound_state(leadership, published)
    is_full = _append_pending(now, leadership, published)
    signed, leaves = _sign_ledger(leadership, signed, published)
    covered = [covered_entry(leaf) for leaf in leaves]
    _publish(now, key, leadership, signed, covered, on_checkpoint)
    return Batch(signed.size, covered, is_full)


def _sound_state(leadership: Leadership, published: int) -> state.SignedState:
    """Return the state file after checking it against the ledger; an empty ledger gets one of size 0 before its first leaf."""
    folder, size = leadership.folder, nodes.ledger_size()
    signed = state.read_state(folder)
    if signed is None:
        if size or published:
            raise StateMissingError(folder, size)
        leadership.write(state.SignedState())
        return state.SignedState()
    leadership.require_own(signed)
    if signed.size > size:
        raise StateAheadError(folder, signed.size, size)
    if signed.size < published:
        raise StateBehindError(folder, signed.size, published)
    return signed


def _append_pending(now: datetime, leadership: Leadership, published: int) -> bool:
    """Run T1, finishing leaves without a checkpoint before taking new ones; return whether the batch is full."""
    if not PendingEntry.objects.exists():
        return False
    with _durable_transaction(leadership):
        first = nodes.ledger_size()
        if first > published:
            return True
        leaves = _make_leaves(first, _take_pending(), now)
        Leaf.objects.bulk_create(leaves, batch_size=INSERT_CHUNK_ROWS)
        above = nodes.nodes_above(first, [bytes(leaf.hash) for leaf in leaves])
        Node.objects.bulk_create(above, batch_size=INSERT_CHUNK_ROWS)
    return len(leaves) == MAX_BATCH_ENTRIES


def _take_pending() -> list[tuple[str, str, str]]:
    """Return digest, kind and agency of the entries taken, in order of arrival.

    Entries are taken by deletion, never by a cursor on the id: ids are drawn before their transactions commit, so a lower one
    may appear later. RETURNING keeps no order; rows are sorted afterwards.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ledger_pendingentry WHERE id IN"
            " (SELECT id FROM ledger_pendingentry ORDER BY id LIMIT %s) RETURNING id, od, kind, agency",
            [MAX_BATCH_ENTRIES],
        )
        rows = sorted(cursor.fetchall())
    return [(od, kind, agency) for _, od, kind, agency in rows]


def _make_leaves(first: int, pending: list[tuple[str, str, str]], now: datetime) -> list[Leaf]:
    previous: int | None = Leaf.objects.order_by("-index").values_list("t", flat=True).first()
    t = max(previous or 0, int(now.timestamp()))
    leaves = []
    for index, (od, kind, agency) in enumerate(pending, start=first):
        data = LeafEntry(d=od, k=kind, t=t, a=agency or None).encode()
        leaves.append(Leaf(index=index, od=od, t=t, data=data.decode("ascii"), hash=leaf_hash(data)))
    return leaves


def _sign_ledger(
    leadership: Leadership, signed: state.SignedState, published: int
) -> tuple[state.SignedState, list[Leaf]]:
    """Bring state file and leaf file up to the ledger; return the new state and the unpublished leaves."""
    leaves = list(Leaf.objects.filter(index__gte=published).order_by("index"))
    if not leaves:
        return signed, []
    if nodes.root_at(signed.size) != signed.root:
        raise StateForkError(leadership.folder, signed.size)
    size = leaves[-1].index + 1
    if size > signed.size:
        unsigned = [leaf.data for leaf in leaves if leaf.index >= signed.size]
        octets = state.append_leaves(leadership.folder, signed, unsigned)
        signed = state.SignedState(size, nodes.root_at(size), octets)
        leadership.write(signed)
    return signed, leaves


def _publish(
    now: datetime,
    key: LedgerKey,
    leadership: Leadership,
    signed: state.SignedState,
    covered: list[CoveredEntry],
    on_checkpoint: OnCheckpoint,
) -> None:
    """Run T2. The note of one size and root is the same each time, since Ed25519 is deterministic."""
    with _durable_transaction(leadership):
        if covered:
            text = SignedTree(key.name, signed.size, signed.root).text
            Checkpoint.objects.create(
                size=signed.size,
                number=_next_number(),
                root=signed.root,
                note=key.sign_note(text),
                at=now,
            )
        on_checkpoint(covered, now)


@contextmanager
def _durable_transaction(leadership: Leadership) -> Iterator[None]:
    """Open a transaction that is on disk once committed, and that no replaced leader can enter."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")
        leadership.require_current()
        yield


def _published_size() -> int:
    newest = latest_checkpoint()
    return newest.size if newest else 0


def _next_number() -> int:
    newest = latest_checkpoint()
    return newest.number + 1 if newest else 1
