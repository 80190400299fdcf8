# SPDX-License-Identifier: Apache-2.0
"""Overview of the agency's keys: what there is, until when, and what has to be done about it in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from accord.client.keys.rows import CURRENT, DAY_SECS, USES, capabilities_of, carried_rows, smallest_since
from accord.client.session import Act
from accord.envelope.keysets import RECOVERED, KeyRow, Keyset, in_force

WARN_DAYS: Final = (30, 14, 7, 1)
CANCELLED_TOLD_SECS: Final = 7 * DAY_SECS


@dataclass(frozen=True)
class KeyFact:
    """One key of the own keyset. `st` includes revocations and ended overlaps; `held`: its private half is here."""

    kid: str
    use: str
    alg: str
    suites: tuple[str, ...]
    st: str
    begins: int
    until: int
    since: int | None
    held: bool


@dataclass(frozen=True)
class KeyWarning:
    """A warning about an end: "keyset", "key" (with its kid), "recovery", "recovery-cancelled", "sign" or "enc".

    "recovery" is a root recovery that waits, "recovery-cancelled" one that the present root has cancelled; "sign" or "enc"
    means that no key of that use is left. `days` is the step of 30, 14, 7, 1 that was reached, 0 after the end; None for a
    recovery.
    """

    what: str
    kid: str | None
    until: int
    days: int | None
    remedy: str


@dataclass(frozen=True)
class KeyOverview:
    """The own keyset in force and its keys, newest first within each use. Times in seconds.

    `unpublished` are keys that this home holds and no keyset names: the change was not finished.
    """

    agency: str
    version: int
    until: int
    custody: str
    lowest: str
    fingerprint: str
    next_fingerprint: str
    holds_root: bool
    keys: tuple[KeyFact, ...]
    unpublished: tuple[str, ...]
    warnings: tuple[KeyWarning, ...]
    pending: str | None


def overview_of(act: Act, keyset: Keyset, *, pending: str | None) -> KeyOverview:
    """Return everything about the own keys that is stored here. `pending`: the kind of an unfinished change."""
    ring = act.session.ring
    held = {key.public.kid for key in ring.keys}
    since = smallest_since(act.directory.revocations(act.agency))
    facts = [_fact(row, since.get(row.kid), held, act.now) for row in keyset.rows]
    named = {row.kid for known in act.directory.chain(act.agency) for row in known.rows}
    return KeyOverview(
        agency=act.agency,
        version=keyset.version,
        until=keyset.exp,
        custody=keyset.custody,
        lowest=keyset.low,
        fingerprint=keyset.root_fingerprint,
        next_fingerprint=keyset.nroot,
        holds_root=ring.held_root is not None and ring.held_root.fingerprint == keyset.root_fingerprint,
        keys=tuple(sorted(facts, key=lambda fact: (fact.use != "sign", -fact.begins))),
        unpublished=tuple(kid for kid in (key.public.kid for key in ring.keys) if kid not in named),
        warnings=warnings_of(act, keyset),
        pending=pending,
    )


def warnings_of(act: Act, keyset: Keyset) -> tuple[KeyWarning, ...]:
    """Return what ends within 30 days or has ended, and a root recovery that waits; the most urgent first."""
    revoked = {word.kid for word in act.directory.revocations(act.agency)}
    ending = [row for row in keyset.rows if row.st == CURRENT and row.kid not in revoked]
    found = [_ending("keyset", None, keyset.exp, act.now, "accord keys renew")]
    found += [_ending("key", row.kid, row.exp, act.now, "accord keys rotate") for row in ending]
    due = sorted((warning for warning in found if warning is not None), key=lambda warning: warning.until)
    chain = act.directory.chain(act.agency)
    held = act.session.ring.held_root
    holds_root = held is not None and held.fingerprint == keyset.root_fingerprint
    # The holder of the root has cancelled it and needs no warning.
    cancelled = () if holds_root else _cancelled(chain, act.now)
    return (*_recoveries(chain, act.now), *cancelled, *_missing(act, keyset), *due)


def step_of(until: int, now: int) -> int | None:
    """Return the step of 30, 14, 7, 1 days reached before an end, 0 after it, None while it is farther away."""
    if until <= now:
        return 0
    reached = [days for days in WARN_DAYS if until - now <= days * DAY_SECS]
    return min(reached) if reached else None


def _missing(act: Act, keyset: Keyset) -> Iterable[KeyWarning]:
    """Yield the uses whose last key was revoked or has ended."""
    rows = carried_rows(keyset, act.directory.revocations(act.agency), now=act.now)
    able = {use for use, _ in capabilities_of(keyset, rows, now=act.now)}
    return [KeyWarning(use, None, act.now, 0, "accord keys rotate") for use in USES if use not in able]


def _ending(what: str, kid: str | None, until: int, now: int, remedy: str) -> KeyWarning | None:
    days = step_of(until, now)
    return None if days is None else KeyWarning(what, kid, until, days, remedy)


def _recoveries(chain: Sequence[Keyset], now: int) -> Iterable[KeyWarning]:
    """Yield recoveries that will come into force unless the old root cancels them."""
    coming = {keyset.od for keyset in in_force(chain, max([now, *_ends(chain)]))}
    for keyset in chain:
        begins = keyset.in_force_from
        if keyset.succession == RECOVERED and begins is not None and begins > now and keyset.od in coming:
            yield KeyWarning("recovery", None, begins, None, "accord keys renew")


def _cancelled(chain: Sequence[Keyset], now: int) -> Iterable[KeyWarning]:
    """Yield recoveries that the root in force has cancelled, until a week after they would have taken over."""
    coming = {keyset.od for keyset in in_force(chain, max([now, *_ends(chain)]))}
    for keyset in chain:
        begins = keyset.in_force_from
        is_over = keyset.succession == RECOVERED and keyset.od not in coming
        if is_over and begins is not None and begins > now - CANCELLED_TOLD_SECS:
            yield KeyWarning("recovery-cancelled", None, begins, None, "accord keys")


def _ends(chain: Sequence[Keyset]) -> list[int]:
    return [keyset.in_force_from for keyset in chain if keyset.in_force_from is not None]


def _fact(row: KeyRow, since: int | None, held: set[str], now: int) -> KeyFact:
    st = "revoked" if since is not None else row.st
    if st == "retiring" and row.exp <= now:
        st = "retired"
    return KeyFact(
        kid=row.kid,
        use=row.use,
        alg=row.key.alg,
        suites=tuple(sorted(row.key.suites, reverse=True)),
        st=st,
        begins=row.nbf,
        until=row.exp,
        since=since if since is not None else row.since,
        held=row.kid in held,
    )
