# SPDX-License-Identifier: Apache-2.0
"""The memory by which an agency's desk follows directory and ledger (`accord.following.ports.DirectoryMemory`).

What one act learns is held until `write`, and then stands in one transaction. Of two acts at the same time the one that
writes first counts, and the other learns of those peers again; of two checkpoints the larger is kept, and the other is
compared with it at the next chance.
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
"""The fingerprint that the reader has of an agency's root, empty where it has none."""


class PeerMemory:
    """All that `reader` has verified before. Raises NotBoundError for a row that was changed past the program."""

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
        """Read what is kept of these agencies in two statements; what is altered raises when it is asked for."""
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
        """Return those that may have revoked a key as far as is kept, in one statement; whatever others signed is in force."""
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
        """The fingerprint of the root that counts: the pinned one, or the one that the agency was first shown with."""
        if pinned := self._pin_of(agency):
            return pinned
        first = next(iter(self.keysets(agency)), None)
        return _root_of(first) if first else None

    def keysets(self, agency: str) -> Sequence[KeysetRecord]:
        """Return its kept keysets, oldest version first."""
        self._read(agency)
        return self._keysets[agency]

    def keep_keyset(self, agency: str, record: KeysetRecord) -> None:
        """Keep it, once."""
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
        """Return its kept revocations, in the order in which they were kept."""
        self._read(agency)
        return self._revocations[agency]

    def keep_revocation(self, agency: str, record: RevocationRecord) -> None:
        """Keep it, once."""
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
        """The pinned keys of the exchange's ledger, from the settings or the first start."""
        return exchange_place().vkey.split()

    def handovers(self) -> Sequence[str]:
        """The signed notes by which the ledger's key was replaced."""
        return list(self._ledger.handovers)

    def keep_handovers(self, notes: Sequence[str]) -> None:
        """Keep them, in this order, after those that are kept."""
        self._see(handovers=[*self._ledger.handovers, *notes])

    def newest_checkpoint(self) -> CheckpointRecord | None:
        """The largest one that was compared."""
        seen = self._ledger
        return CheckpointRecord(seen.checkpoint, seen.size, seen.kept_at) if seen.checkpoint else None

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        """Keep it, where its tree is larger than the kept one's."""
        if record.size > self._ledger.size:
            self._see(checkpoint=record.note, size=record.size, kept_at=record.kept_at)

    def uncompared(self) -> Sequence[str]:
        """The checkpoints that are still to be compared."""
        return list(self._ledger.uncompared)

    def keep_uncompared(self, note: str) -> None:
        """Keep it until it was compared."""
        if note not in self._ledger.uncompared:
            self._see(uncompared=[*self._ledger.uncompared, note])

    def drop_uncompared(self, note: str) -> None:
        """Let go of a checkpoint that was compared and is one tree with the kept one."""
        self._compared.add(note)
        self._see(uncompared=[kept for kept in self._ledger.uncompared if kept != note])

    def log_time_of(self, d: str) -> int | None:
        """Return None: a kept object has its log time beside it, and is proved once."""
        return None

    def newest_log_time(self) -> int:
        """The largest log time proved for any object; 0 before the first."""
        return self._ledger.newest_log_time

    def keep_log_time(self, d: str, log_time: int) -> None:
        """Keep the largest one."""
        if log_time > self._ledger.newest_log_time:
            self._see(newest_log_time=log_time)

    @property
    def troubles(self) -> Mapping[str, str]:
        """Causes by peer of what failed when its newest keys were last taken in."""
        return dict(self._ledger.troubles)

    def note_troubles(self, asked: Iterable[str], failed: Mapping[str, str]) -> None:
        """Keep what failed of those whose newest keys were asked for, in place of what failed before."""
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
        """Let go of a chain that the agency was shown with before its root was pinned, and that has not that root."""
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
        """Store what was learnt, but not of a peer of whom another act wrote meanwhile."""
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
        """The reader's row, by which those who write take turns; raises NotBoundError as `_ledger`."""
        # Asked first, so that one that was taken away is not begun anew.
        reader = self._ledger.reader
        SeenLedger.objects.get_or_create(reader=reader)
        return SeenLedger.objects.select_for_update().get(reader=reader)

    def _peers_written_meanwhile(self, peers: Collection[str]) -> set[str]:
        """Return those of whom other objects stand than this act has read: what it verified may not follow them."""
        stand: dict[str, set[str]] = {peer: set() for peer in peers}
        kept = {"reader": self.reader, "peer__in": peers}
        for model in (PeerKeyset, PeerRevocation):
            for peer, od in model._default_manager.filter(**kept).values_list("peer", "od"):
                stand[peer].add(od)
        return {peer for peer in peers if stand[peer] != {row.od for row in self._rows[peer]}}

    def _write_ledger(self, row: SeenLedger, seen: SeenLedger) -> None:
        added = [note for note in seen.uncompared if note not in row.uncompared]
        if row.checkpoint not in ("", self._checkpoint_before, seen.checkpoint):
            # Another act has seen another one: neither was held against the other.
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
        """The ledger as seen; raises NotBoundError where the row was altered, or is gone beside what was verified under it."""
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
        """Turn the rows of an agency into records, once."""
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
    """The row as `accord.following` knows it."""
    return KeysetRecord(row.version, row.jws, json.loads(row.receipt), row.log_time, row.succession)
