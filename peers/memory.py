# SPDX-License-Identifier: Apache-2.0
"""Memory with which an agency's desk follows directory and ledger (`accord.following.ports.DirectoryMemory`).

- What is learnt is held until `write`, which stores it in one transaction.
- Of two writers at the same time the first counts, and the other learns of those peers again.
- Of two checkpoints the larger is kept, and the other is compared with it at the next opportunity.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from accord.envelope.keysets import RECOVERED
from accord.following.pinned import read_record
from accord.following.records import CheckpointRecord, KeysetRecord, RevocationRecord
from callers.binding import keep_bound
from callers.errors import NotBoundError
from peers.models import PeerKeyset, PeerRevocation, SeenLedger
from peers.own_exchange import exchange_place

PinOf = Callable[[str], str]
"""Function from an agency to the root fingerprint that the reader has of it; empty where it has none."""


class PeerMemory:
    """Everything that `reader` has verified before. Raises NotBoundError for a row that was altered outside the program."""

    def __init__(self, reader: str, pin_of: PinOf) -> None:
        self.reader = reader
        self._pin_of = pin_of
        self._rows: dict[str, list[PeerKeyset | PeerRevocation]] = {}
        self._keysets: dict[str, list[KeysetRecord]] = {}
        self._revocations: dict[str, list[RevocationRecord]] = {}
        self._may_revoke: dict[str, bool] = {}
        self._seen: SeenLedger | None = None
        self._new: list[PeerKeyset | PeerRevocation] = []
        self._checkpoint_before = ""
        self._compared: set[str] = set()
        self._is_more_seen = False

    def preload(self, agencies: Iterable[str]) -> None:
        """Read what is kept of these agencies in two queries; an altered row raises only when it is used."""
        wanted = set(agencies) - self._rows.keys()
        if not wanted:
            return
        self._rows |= {agency: [] for agency in wanted}
        kept = {"reader": self.reader, "peer__in": wanted}
        for keyset in PeerKeyset.objects.filter(**kept):
            self._rows[keyset.peer].append(keyset)
        for revocation in PeerRevocation.objects.filter(**kept):
            self._rows[revocation.peer].append(revocation)

    def revokers(self, agencies: Collection[str]) -> set[str]:
        """Return the agencies that may have revoked a key, as far as is kept, in one query; all that others signed is in force."""
        if unasked := set(agencies) - self._may_revoke.keys():
            kept = {"reader": self.reader, "peer__in": unasked}
            in_keysets = PeerKeyset.objects.filter(
                Q(revokes=True) | Q(succession=RECOVERED), **kept
            ).order_by()
            said = PeerRevocation.objects.filter(**kept).order_by()
            found = {peer for (peer,) in said.values_list("peer").union(in_keysets.values_list("peer"))}
            self._may_revoke |= {agency: agency in found for agency in unasked}
        return {agency for agency in agencies if self._may_revoke[agency]}

    def pin_of(self, agency: str) -> str | None:
        """Return the root fingerprint that counts: the pinned one, or that of the agency's first keyset seen."""
        if pinned := self._pin_of(agency):
            return pinned
        first = next(iter(self.keysets(agency)), None)
        return _root_of(first) if first else None

    def keysets(self, agency: str) -> Sequence[KeysetRecord]:
        """Return the agency's kept keysets, oldest version first."""
        self._read(agency)
        return self._keysets[agency]

    def keep_keyset(self, agency: str, record: KeysetRecord) -> None:
        """Keep the keyset."""
        self._read(agency)
        self._keysets[agency].append(record)
        keyset = read_record(record)
        self._new.append(
            PeerKeyset(
                reader=self.reader,
                peer=agency,
                od=keyset.od,
                version=record.version,
                jws=record.jws,
                receipt=json.dumps(record.receipt),
                log_time=record.log_time,
                succession=record.succession,
                revokes=any(row.since is not None for row in keyset.rows),
            )
        )

    def revocations(self, agency: str) -> Sequence[RevocationRecord]:
        """Return the agency's kept revocations, in the order in which they were kept."""
        self._read(agency)
        return self._revocations[agency]

    def keep_revocation(self, agency: str, record: RevocationRecord) -> None:
        """Keep the revocation."""
        self._read(agency)
        self._revocations[agency].append(record)
        self._new.append(
            PeerRevocation(
                reader=self.reader,
                peer=agency,
                od=record.od,
                jws=record.jws,
                receipt=json.dumps(record.receipt),
                log_time=record.log_time,
            )
        )

    def ledger_keys(self) -> Sequence[str]:
        """Return the pinned keys of the exchange's ledger, from the settings or the first start."""
        return exchange_place().vkey.split()

    def handovers(self) -> Sequence[str]:
        """Return the signed notes by which the ledger's key was replaced."""
        return list(self._ledger.handovers)

    def keep_handovers(self, notes: Sequence[str]) -> None:
        """Append notes to those that are kept, in this order."""
        self._see(handovers=[*self._ledger.handovers, *notes])

    def newest_checkpoint(self) -> CheckpointRecord | None:
        """Return the largest checkpoint that was compared."""
        seen = self._ledger
        return CheckpointRecord(seen.checkpoint, seen.size, seen.kept_at) if seen.checkpoint else None

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        """Keep a checkpoint whose tree is larger than the kept one's."""
        if record.size > self._ledger.size:
            self._see(checkpoint=record.note, size=record.size, kept_at=record.kept_at)

    def uncompared(self) -> Sequence[str]:
        """Return the checkpoints that are still to be compared."""
        return list(self._ledger.uncompared)

    def keep_uncompared(self, note: str) -> None:
        """Keep a checkpoint until it is compared."""
        if note not in self._ledger.uncompared:
            self._see(uncompared=[*self._ledger.uncompared, note])

    def drop_uncompared(self, note: str) -> None:
        """Drop a checkpoint that was found to be of the same tree as the kept one."""
        self._compared.add(note)
        self._see(uncompared=[kept for kept in self._ledger.uncompared if kept != note])

    def log_time_of(self, d: str) -> int | None:
        """Return None: a kept object has its own log time, and is proved once."""
        return None

    def newest_log_time(self) -> int:
        """Return the largest log time proved for any object; 0 before the first."""
        return self._ledger.newest_log_time

    def keep_log_time(self, d: str, log_time: int) -> None:
        """Keep the largest log time."""
        if log_time > self._ledger.newest_log_time:
            self._see(newest_log_time=log_time)

    @property
    def troubles(self) -> Mapping[str, str]:
        """Causes, by peer, for which its newest keys could not be taken in last time."""
        return dict(self._ledger.troubles)

    def note_troubles(self, asked: Iterable[str], failed: Mapping[str, str]) -> None:
        """Replace the failures of the peers that were asked for."""
        before, asked = self.troubles, set(asked)
        if not failed and not asked & before.keys():
            return
        with transaction.atomic():
            row = self._lock()
            others = {peer: cause for peer, cause in row.troubles.items() if peer not in asked}
            row.troubles = others | dict(failed)
            row.save(update_fields=["troubles"])
        self._ledger.troubles = row.troubles

    def drop_other_roots(self, agency: str) -> None:
        """Drop an agency's keysets that were kept before its root was pinned and that have another root."""
        pinned, kept = self._pin_of(agency), self.keysets(agency)
        if not kept or not pinned or pinned in {_root_of(one) for one in kept}:
            return
        mine = {"reader": self.reader, "peer": agency}
        with transaction.atomic():
            self._lock()
            PeerRevocation.objects.filter(**mine).delete()
            PeerKeyset.objects.filter(**mine).delete()
        self._rows[agency], self._keysets[agency], self._revocations[agency] = [], [], []
        self._may_revoke.clear()

    def write(self) -> None:
        """Store what was learnt, without peers of whom another act has written meanwhile."""
        if self._new or self._is_more_seen:
            self._write()

    @transaction.atomic
    def _write(self) -> None:
        row = self._lock()
        new, self._new = self._new, []
        behind = self._peers_written_meanwhile({one.peer for one in new})
        keep_bound(one for one in new if one.peer not in behind)
        for one in new:
            self._rows[one.peer].append(one)
        self._may_revoke.clear()
        for peer in behind:
            for read in (self._rows, self._keysets, self._revocations):
                read.pop(peer, None)
        if self._is_more_seen:
            self._write_ledger(row, self._ledger)
            self._is_more_seen = False

    def _lock(self) -> SeenLedger:
        """Lock the reader's row, by which writers take turns; raises NotBoundError as `_ledger`."""
        # Read first, so that a row that was deleted outside the program is not created again.
        reader = self._ledger.reader
        SeenLedger.objects.get_or_create(reader=reader)
        return SeenLedger.objects.select_for_update().get(reader=reader)

    def _peers_written_meanwhile(self, peers: Collection[str]) -> set[str]:
        """Return the peers whose stored objects are not those that this act has read: what it verified may not follow them."""
        stand: dict[str, set[str]] = {peer: set() for peer in peers}
        kept = {"reader": self.reader, "peer__in": peers}
        for model in (PeerKeyset, PeerRevocation):
            for peer, od in model._default_manager.filter(**kept).values_list("peer", "od"):
                stand[peer].add(od)
        return {peer for peer in peers if stand[peer] != {row.od for row in self._rows[peer]}}

    def _write_ledger(self, row: SeenLedger, seen: SeenLedger) -> None:
        added = [note for note in seen.uncompared if note not in row.uncompared]
        if row.checkpoint not in ("", self._checkpoint_before, seen.checkpoint):
            # Another act has seen a different checkpoint, and the two were not compared.
            added.append(min((row.size, row.checkpoint), (seen.size, seen.checkpoint))[1])
        if seen.size > row.size:
            row.checkpoint, row.size, row.kept_at = seen.checkpoint, seen.size, seen.kept_at
        row.newest_log_time = max(row.newest_log_time, seen.newest_log_time)
        row.handovers = [*row.handovers, *(note for note in seen.handovers if note not in row.handovers)]
        row.uncompared = [note for note in row.uncompared if note not in self._compared] + added
        row.save()
        self._checkpoint_before = row.checkpoint

    @property
    def _ledger(self) -> SeenLedger:
        """The ledger as seen; raises NotBoundError where the row was altered, or deleted while verified keysets are there."""
        if self._seen is None:
            seen = SeenLedger.objects.filter(reader=self.reader).first()
            if seen is not None:
                seen.require_bound()
            elif PeerKeyset.objects.filter(reader=self.reader).exists():
                raise NotBoundError(SeenLedger._meta.db_table, self.reader)
            self._seen = seen or SeenLedger(reader=self.reader)
            self._checkpoint_before = self._seen.checkpoint
        return self._seen

    def _see(self, **more: Any) -> None:
        for name, value in more.items():
            setattr(self._ledger, name, value)
        self._is_more_seen = True

    def _read(self, agency: str) -> None:
        """Convert the rows of an agency to records, once."""
        if agency in self._keysets:
            return
        self.preload([agency])
        rows = self._rows[agency]
        for row in rows:
            row.require_bound()
        self._keysets[agency] = [keyset_record(row) for row in rows if isinstance(row, PeerKeyset)]
        self._revocations[agency] = [
            RevocationRecord(row.od, row.jws, json.loads(row.receipt), row.log_time)
            for row in rows
            if isinstance(row, PeerRevocation)
        ]


def _root_of(record: KeysetRecord) -> str:
    return read_record(record).root_fingerprint


def keyset_record(row: PeerKeyset) -> KeysetRecord:
    """Convert the row to a record of `accord.following`."""
    return KeysetRecord(row.version, row.jws, json.loads(row.receipt), row.log_time, row.succession)
