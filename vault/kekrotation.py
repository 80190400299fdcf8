# SPDX-License-Identifier: Apache-2.0
"""Rotation of the key-encryption key, and the check whether the old one may be removed.

1. Put the new key first into the ring of every process that holds one, the old one after it; restart them all.
2. `rotate_kek` rewraps each agency's root secret under the first key. Each row is changed by one statement, only if it
   is still as it was read, so that the command can be stopped at any moment and run again while the hub works.
3. Once `rotate_kek --check` finds the old key unused, remove it from the ring, and last from wherever old backups could
   be opened with it.

At a desk that is locked at rest `unlocking.rotate_ring` does all three, and begins new root secrets besides
(`begin_epochs`).

Private keys and sealed rows are sealed under root secrets and are not changed. Rows that carry a code made under a key
of the ring (`callers.binding`) get a new code under the first key, if theirs holds.
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
from vault.kek import held_ring
from vault.models import VaultSecret
from vault.wrapped_keys import unwrap_secret

SHOWN_EVERY: Final = 100
"""Rows between two reports of progress."""

MOST_ROUNDS: Final = 5
"""A process that was not restarted goes on making secrets under the old key: after so many rounds they are reported."""


@dataclass(frozen=True)
class KekUse:
    """Number of root secrets and row codes under one key-encryption key, and whether this ring has the key."""

    kek: str
    secrets: int
    rows: int
    is_current: bool
    is_held: bool

    @property
    def may_go(self) -> bool:
        """Tell whether the key can be removed from the ring."""
        return self.is_held and not self.is_current and not self.is_used

    @property
    def is_used(self) -> bool:
        """Tell whether anything is wrapped or coded under the key."""
        return bool(self.secrets or self.rows)


@dataclass(frozen=True)
class Rewrapped:
    """Number of rows that were changed, and those that were left because they do not open or hold.

    `broken` names them: the agency or `HUB` of a secret, the table and key of a row with a code.
    """

    changed: int
    broken: tuple[str, ...] = ()


def rewrap_secrets(*, say: Callable[[int, int], None] = lambda done, of: None) -> Rewrapped:
    """Rewrap root secrets that are wrapped under older keys; calls `say(done, of)` on the way.

    Raises KekUnknownError or KekWrongError before it changes anything, when the ring lacks a key that is in use. A row
    that was altered is left and named, and does not hold up the others.
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
    """Draw a new root secret for each agency, and for the hub, whose newest one is wrapped under an older key; return how many.

    From then on everything is sealed under the new secret, and whoever has the earlier one cannot open it. What was
    sealed before stays under the older secret, as do search tokens (`rows.tokens`). May run at any time and again.
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
    """Make the codes of rows again that were made under older keys; a row whose code does not hold is left and named."""
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
    """Return every key of this ring and every key that is in use, the current one first."""
    ring = held_ring()
    counted = dict(VaultSecret.objects.values_list("kek").annotate(n=Count("pk")).values_list("kek", "n"))
    macs = (entry.mac for table in bound_tables() for entry in table.entries() if entry.mac)
    rows = Counter(mac.partition(".")[0] for mac in macs)
    found = sorted({*ring.keys, *counted, *rows}, key=lambda kek: (kek != ring.current, kek))
    return [
        KekUse(kek, counted.get(kek, 0), rows[kek], kek == ring.current, kek in ring.keys) for kek in found
    ]


def check_ring() -> None:
    """Check that this process's ring opens what the vault holds: one secret under each key is tried."""
    ring = held_ring()
    for row in VaultSecret.objects.order_by("kek", "pk").distinct("kek"):
        if row.kek not in ring.keys:
            raise KekUnknownError(row.kek)
        try:
            unwrap_secret(row)
        except SealBrokenError:
            _check_another(row)


def _check_another(broken: VaultSecret) -> None:
    """Raise KekWrongError unless another secret under the same key opens: one altered row does not make the key wrong."""
    for row in VaultSecret.objects.filter(kek=broken.kek).exclude(pk=broken.pk).order_by("pk")[:SHOWN_EVERY]:
        try:
            unwrap_secret(row)
        except SealBrokenError:
            continue
        return
    raise KekWrongError(broken.kek)


def _rewrap_row(pk: int) -> int:
    """Rewrap one row unless another process has changed or erased it since; return how many rows were changed."""
    ring = held_ring()
    row = _older().filter(pk=pk).first()
    if row is None:
        return 0
    wrapped = hierarchy.wrap_secret(unwrap_secret(row), ring)
    unchanged = VaultSecret.objects.filter(pk=pk, kek=row.kek, wrapped=bytes(row.wrapped))
    return unchanged.update(kek=ring.current, wrapped=wrapped)


def _older() -> QuerySet[VaultSecret]:
    return VaultSecret.objects.exclude(kek=held_ring().current)
