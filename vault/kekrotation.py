# SPDX-License-Identifier: Apache-2.0
"""Move the vault from one key-encryption key to the next, and tell when the old one may go.

1. Put the new key first into the ring of every process that holds one, the old one after it; restart them all.
2. `rotate_kek` rewraps each agency's root secret under the first key. One row is one statement that changes it
   only if it is still what was read, so it can be stopped at any moment and run again, beside a hub that works.
3. Once `rotate_kek --check` finds the old key unused, take it out of the ring; and out of old backups' reach last.

At a desk that is locked at rest `unlocking.rotate_ring` does all three, and begins new root secrets besides (`begin_epochs`).

Private keys and sealed rows hang on the root secrets: they are not touched. Rows that carry a code made under a key
of the ring (`callers.binding`) get a new one under the first key, if theirs holds.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, QuerySet

from callers.binding import bound_tables, holds, mac_of
from vault import hierarchy
from vault.errors import KekUnknownError, KekWrongError, SealBrokenError
from vault.keeping import unwrap_secret
from vault.kek import held_ring
from vault.models import VaultSecret

SHOWN_EVERY: Final = 100
"""Rows between two words about progress."""

MOST_ROUNDS: Final = 5
"""A process that was not restarted goes on making secrets under the old key: they are named, not chased for ever."""


@dataclass(frozen=True)
class KekUse:
    """The number of root secrets and codes of rows that stand under one key-encryption key, and whether this ring has it."""

    kek: str
    secrets: int
    rows: int
    is_current: bool
    is_held: bool

    @property
    def may_go(self) -> bool:
        """Tell whether the ring can do without it."""
        return self.is_held and not self.is_current and not self.is_used

    @property
    def is_used(self) -> bool:
        """Tell whether anything stands under it."""
        return bool(self.secrets or self.rows)


@dataclass(frozen=True)
class Rewrapped:
    """The number of rows that were changed; whose secret (an agency's, or the hub's own) did not open and was left as it is."""

    changed: int
    broken: tuple[str, ...] = ()


def rewrap_secrets(*, say: Callable[[int, int], None] = lambda done, of: None) -> Rewrapped:
    """Rewraps what stands under older keys; `say(done, of)` on the way.

    Raises KekUnknownError or KekWrongError before it changes anything, when the ring lacks a key that is in use. A
    row that was altered is left and named; it does not keep the others waiting.
    """
    check_ring()
    changed, broken = 0, set[int]()
    for _round in range(MOST_ROUNDS):
        waiting = list(_older().exclude(pk__in=broken).order_by("pk").values_list("pk", flat=True))
        if not waiting:
            break
        for done, pk in enumerate(waiting, start=1):
            try:
                changed += _rewrap_row(pk)
            except SealBrokenError:
                broken.add(pk)
            if done % SHOWN_EVERY == 0 or done == len(waiting):
                say(done, len(waiting))
    altered = VaultSecret.objects.filter(pk__in=broken).order_by("agency_id")
    return Rewrapped(changed, tuple(row.holder for row in altered))


def begin_epochs(*, now: datetime) -> int:
    """Draw a new root secret for each agency, and the hub's own, whose newest one stands under an older key; how many.

    From then on everything is sealed under it: whoever has unwrapped the one of before opens nothing of that. What was sealed
    before stays under the older one, search tokens too (`rows.tokens`). May run at any time and twice.
    """
    ring, drawn = held_ring(), 0
    for row in VaultSecret.objects.order_by("agency_id", "-epoch").distinct("agency_id"):
        if row.kek == ring.current:
            continue
        secret = hierarchy.draw_secret(row.holder, row.epoch + 1)
        begun = VaultSecret(
            agency_id=row.agency_id,
            epoch=secret.epoch,
            kek=ring.current,
            wrapped=hierarchy.wrap_secret(secret, ring),
            created_at=now,
        )
        VaultSecret.objects.bulk_create([begun], ignore_conflicts=True)
        drawn += 1
    return drawn


def rebind_rows() -> Rewrapped:
    """Makes the codes of rows anew that were made under older keys; one that does not hold is left and named."""
    changed, broken = 0, set[str]()
    for table in bound_tables():
        for entry in table.entries():
            if not entry.mac or entry.mac.startswith(f"{held_ring().current}."):
                continue
            if holds(table.name, entry.facts, entry.mac):
                changed += table.swap(entry.pk, entry.mac, mac_of(table.name, entry.facts))
            else:
                broken.add(f"{table.name} {entry.pk}")
    return Rewrapped(changed, tuple(sorted(broken)))


def keks_in_use() -> list[KekUse]:
    """Every key of this ring and every key that a secret stands under, the current one first."""
    ring = held_ring()
    counted = dict(VaultSecret.objects.values_list("kek").annotate(n=Count("pk")).values_list("kek", "n"))
    macs = (entry.mac for table in bound_tables() for entry in table.entries() if entry.mac)
    rows = Counter(mac.partition(".")[0] for mac in macs)
    found = sorted({*ring.keys, *counted, *rows}, key=lambda kek: (kek != ring.current, kek))
    return [
        KekUse(kek, counted.get(kek, 0), rows[kek], kek == ring.current, kek in ring.keys) for kek in found
    ]


def check_ring() -> None:
    """Tell whether this process's ring opens what the vault holds: one secret under each key is tried.

    Raises VaultClosedError (no ring), KekUnknownError (a key that secrets stand under is missing), KekWrongError
    (another key under its id).
    """
    ring = held_ring()
    for row in VaultSecret.objects.order_by("kek", "pk").distinct("kek"):
        if row.kek not in ring.keys:
            raise KekUnknownError(row.kek)
        try:
            unwrap_secret(row)
        except SealBrokenError:
            _check_another(row)


def _check_another(broken: VaultSecret) -> None:
    """One altered row is no wrong key: where any other opens, the key is right."""
    for row in VaultSecret.objects.filter(kek=broken.kek).exclude(pk=broken.pk).order_by("pk")[:SHOWN_EVERY]:
        try:
            unwrap_secret(row)
        except SealBrokenError:
            continue
        return
    raise KekWrongError(broken.kek)


def _rewrap_row(pk: int) -> int:
    """Compare and swap: what another process has changed or erased since it was read is left to it."""
    ring = held_ring()
    row = _older().filter(pk=pk).first()
    if row is None:
        return 0
    wrapped = hierarchy.wrap_secret(unwrap_secret(row), ring)
    unchanged = VaultSecret.objects.filter(pk=pk, kek=row.kek, wrapped=bytes(row.wrapped))
    return unchanged.update(kek=ring.current, wrapped=wrapped)


def _older() -> QuerySet[VaultSecret]:
    return VaultSecret.objects.exclude(kek=held_ring().current)
