# SPDX-License-Identifier: Apache-2.0
"""Verification of the whole ledger: every row against all that vouches for it.

- It names a leaf, node, checkpoint, entry or audit event that someone with full rights in the database altered, deleted or
  reordered, as far as something outside that person's reach still vouches: the signatures of the ledger key and, where given,
  the leaf file.
- It leaves out what needs a second party: that the hub shows everybody the same tree.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from accord.envelope.errors import NoteError
from accord.envelope.tree.merkle import EMPTY_ROOT
from accord.envelope.tree.notes import Checkpoint as SignedTree
from accord.envelope.tree.notes import VerifierKey, verify_checkpoint
from ledger.audit_damage import inspect_audit
from ledger.errors import Finding, LedgerDamagedError
from ledger.models import AuditEvent, Checkpoint, Entry, Leaf, PendingEntry
from ledger.state import SignedState, read_state
from ledger.tree_damage import CHUNK_ROWS, StoredTree, blame_nodes, inspect_tree


@dataclass(frozen=True)
class SoundLedger:
    """A verified ledger: counts of leaves, checkpoints and audit events, and the size the newest checkpoint covers.

    `remarks` name audit events that were logged late; they are no damage.
    """

    leaves: int
    signed_leaves: int
    checkpoints: int
    audit_events: int
    remarks: tuple[Finding, ...] = ()


def verify_ledger(keys: Sequence[VerifierKey], *, folder: Path | None = None) -> SoundLedger:
    """Check everything; `folder` is the sequencer's state folder, where it can be read.

    Raises `LedgerDamagedError`, which names every damaged row, and `StateUnreadableError`. Reads one snapshot, so that it may
    run beside the sequencer; inside a caller's transaction it reads that transaction's.
    """
    state = read_state(folder) if folder else None
    with _snapshot():
        tree = inspect_tree(folder, state)
        checkpoints, doubts = _authentic_checkpoints(keys)
        newest = checkpoints[-1] if checkpoints else None
        blame_nodes(tree, newest.size if newest else 0, newest.root if newest else EMPTY_ROOT)
        doubts += [*_check_roots(tree, checkpoints), *_check_state(folder, state, tree), *_check_entries()]
        report = inspect_audit()
        findings = [*tree.findings, *doubts, *report.findings]
        if findings:
            raise LedgerDamagedError(findings)
        events = AuditEvent.objects.count()
    remarks = tuple(report.remarks)
    return SoundLedger(tree.size, newest.size if newest else 0, len(checkpoints), events, remarks)


@contextmanager
def _snapshot() -> Iterator[None]:
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _authentic_checkpoints(keys: Sequence[VerifierKey]) -> tuple[list[SignedTree], list[Finding]]:
    """Return the trees that were truly signed, in order, and the rows that differ from them or are missing."""
    signed: list[SignedTree] = []
    findings: list[Finding] = []
    number = 0
    for row in Checkpoint.objects.order_by("size").iterator(chunk_size=CHUNK_ROWS):
        gap = range(number + 1, row.number)
        findings += [Finding("checkpoint", f"number {missing}", "deleted") for missing in gap]
        if row.number <= number:
            findings.append(Finding("checkpoint", str(row.size), "altered or reordered: number goes back"))
        number = row.number
        try:
            says = verify_checkpoint(row.note, keys)
        except NoteError as error:
            findings.append(Finding("checkpoint", str(row.size), f"altered: {error.detail}"))
            continue
        if (says.size, says.root) != (row.size, bytes(row.root)):
            findings.append(Finding("checkpoint", str(row.size), "altered: note and columns differ"))
        signed.append(says)
    return signed, findings


def _check_roots(tree: StoredTree, checkpoints: Sequence[SignedTree]) -> Iterator[Finding]:
    """Compare roots: a tree that fits itself, but not the signatures, was rewritten as a whole."""
    if tree.findings:
        return
    sound = 0
    for checkpoint in checkpoints:
        if tree.root_at(checkpoint.size) != checkpoint.root:
            rows = f"{sound} to {checkpoint.size - 1}"
            yield Finding("leaf", rows, f"rewritten or deleted: checkpoint {checkpoint.size} signed others")
            return
        sound = checkpoint.size
    for index in tree.out_of_time:
        yield Finding("leaf", str(index), "signed with an earlier log time than the leaf before")


def _check_state(folder: Path | None, state: SignedState | None, tree: StoredTree) -> Iterator[Finding]:
    if folder and state is None and tree.size:
        yield Finding("state file", str(folder), "missing beside a ledger with leaves")
    if state and not tree.findings and tree.root_at(state.size) != state.root:
        yield Finding("state file", str(folder), "says another root than the leaves have")


def _check_entries() -> Iterator[Finding]:
    """Check that every entry has its leaf or its pending row, and every pending row its entry."""
    same = {
        "entry_id": OuterRef("id"),
        "od": OuterRef("od"),
        "kind": OuterRef("kind"),
        "agency": OuterRef("agency"),
    }
    leaf, pending = Leaf.objects.filter(od=OuterRef("od")), PendingEntry.objects.filter(**same)
    for entry in Entry.objects.filter(~Exists(leaf), ~Exists(pending)).order_by("created_at"):
        yield Finding("entry", f"{entry.id} ({entry.od})", "altered, or its leaf or pending row was deleted")
    for waiting in PendingEntry.objects.filter(~Exists(Entry.objects.filter(id=OuterRef("entry_id")))):
        yield Finding("entry", f"{waiting.entry_id} ({waiting.od})", "deleted while pending")
