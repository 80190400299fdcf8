# SPDX-License-Identifier: Apache-2.0
"""Rows of a coming keyset: carried over, added, ended, and when.

Pure: a keyset in force, revocations and a time go in, rows come out.

- Nothing is ever dropped.
- A key that is replaced is *retiring* for 30 days: peers that have not seen the new keyset may still seal to it, and objects
  signed with it may still arrive.
- Afterwards the next keyset states it as *retired*; its private half stays for reading.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from accord.envelope.keys import EC1, ENC, ML_DSA_65, PQ1, SIGN, PublicKey
from accord.envelope.keysets import (
    KeyRow,
    Keyset,
    Revocation,
    newest_encryption_key,
    newest_signing_keys,
)
from accord.envelope.vocabulary import KEY_MARGIN_SECS, MAX_CLOCK_AHEAD_SECS

DAY_SECS: Final = 24 * 3600
KEY_LIFETIME_SECS: Final = 365 * DAY_SECS
OVERLAP_SECS: Final = 30 * DAY_SECS

CURRENT, RETIRING, RETIRED, REVOKED = "current", "retiring", "retired", "revoked"

USES: Final = (SIGN, ENC)
SUITES: Final = (PQ1, EC1)


def smallest_since(revocations: Iterable[Revocation]) -> dict[str, int]:
    """Return by kid the time since which a key no longer counts: the earliest of several revocations."""
    since: dict[str, int] = {}
    for word in revocations:
        since[word.kid] = min(word.since, since.get(word.kid, word.since))
    return since


def carried_rows(keyset: Keyset, revocations: Iterable[Revocation], *, now: int) -> list[KeyRow]:
    """Return every row for the next keyset: revoked where a revocation exists, retired where its overlap is over."""
    since = smallest_since(revocations)
    return [_carried(row, since, now) for row in keyset.rows]


def new_rows(keys: Iterable[PublicKey], *, now: int) -> list[KeyRow]:
    """Return rows of new keys, current for a year.

    They begin earlier by as much as a clock may be ahead of the hub's, so that they count from the first moment.
    """
    return [KeyRow(key, now - MAX_CLOCK_AHEAD_SECS, now + KEY_LIFETIME_SECS) for key in keys]


def with_replaced(rows: Iterable[KeyRow], uses: Collection[str], *, now: int) -> list[KeyRow]:
    """Return the rows with every current key of these uses retiring."""
    return [_retiring(row, now) if row.st == CURRENT and row.use in uses else row for row in rows]


def with_retired(rows: Iterable[KeyRow], kid: str, *, now: int) -> list[KeyRow]:
    """Return the rows with this key retired: a signing key counts for one hour more, for objects on their way to the ledger."""
    return [_retired(row, now) if row.kid == kid else row for row in rows]


def with_revoked(rows: Iterable[KeyRow], kid: str, since: int) -> list[KeyRow]:
    """Return the rows with this key revoked since a time."""
    return [replace(row, st=REVOKED, since=since) if row.kid == kid else row for row in rows]


def without_lost(rows: Iterable[KeyRow], held: Collection[str], *, now: int) -> list[KeyRow]:
    """Return the rows with every key retired whose private half nobody holds any more."""
    ended = (RETIRED, REVOKED)
    return [row if row.st in ended or row.kid in held else _retired(row, now) for row in rows]


def suites_of(keyset: Keyset, use: str) -> tuple[str, ...]:
    """Return the suites of the current keys of a use, PQ1 first; of signing keys only the strongest."""
    keys = [row.key for row in keyset.rows if row.use == use and row.st == CURRENT]
    if use == SIGN:
        return (PQ1,) if any(key.alg == ML_DSA_65 for key in keys) else (EC1,)
    return tuple(suite for suite in SUITES if any(suite in key.suites for key in keys))


def capabilities_of(keyset: Keyset, rows: Sequence[KeyRow], *, now: int) -> set[tuple[str, str]]:
    """Return what these rows allow now, as (use, suite): signing takes complete suites."""
    coming = replace(keyset, rows=tuple(rows))
    signs = {(SIGN, suite) for suite in SUITES if newest_signing_keys(coming, suite, now)}
    return signs | {(ENC, suite) for suite in SUITES if newest_encryption_key(coming, suite, now)}


def _carried(row: KeyRow, since: Mapping[str, int], now: int) -> KeyRow:
    if row.kid in since:
        earliest = since[row.kid] if row.since is None else min(row.since, since[row.kid])
        return replace(row, st=REVOKED, since=earliest)
    return replace(row, st=RETIRED) if row.st == RETIRING and row.exp <= now else row


def _retiring(row: KeyRow, now: int) -> KeyRow:
    return replace(row, st=RETIRING, exp=_end(row, now + OVERLAP_SECS, now))


def _retired(row: KeyRow, now: int) -> KeyRow:
    margin = KEY_MARGIN_SECS if row.use == SIGN else 0
    return replace(row, st=RETIRED, exp=_end(row, now + margin, now))


def _end(row: KeyRow, wanted: int, now: int) -> int:
    """Return an end that is never later than before, nor before now: objects logged until now were signed in good faith."""
    return row.exp if row.exp <= now else max(min(row.exp, wanted), row.nbf + 1)
