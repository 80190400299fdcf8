# SPDX-License-Identifier: Apache-2.0
"""Plan of the next keyset for each change of keys; a change that would leave no working key is refused."""

from __future__ import annotations

from collections.abc import Sequence

from accord.client.errors import LastKeyError, RequestError, RootsLostError
from accord.client.keys.drafts import (
    Draft,
    changed_root,
    draft_keyset,
    draft_revocation,
    recovered_root,
    same_root,
)
from accord.client.keys.making import fresh_keys, provide_keys
from accord.client.keys.public import PublicRoot
from accord.client.keys.publishing import KeyWork
from accord.client.keys.revoking import find_row, loses_of, require_since
from accord.client.keys.rows import (
    RETIRED,
    REVOKED,
    SUITES,
    USES,
    capabilities_of,
    carried_rows,
    new_rows,
    suites_of,
    with_replaced,
    with_retired,
    without_lost,
)
from accord.envelope.keys import ENC, PQ1, SIGN, suite_rank
from accord.envelope.keysets import KeyRow, Keyset


def draft_renewal(work: KeyWork, lowest: str | None) -> Draft:
    """Draft the same keys for 90 days more; `lowest` is the weakest suite the agency accepts, None for as before."""
    standing = work.standing()
    rows = _carried(work, standing)
    if lowest is not None and not _serves(standing, rows, lowest, work.now):
        raise RequestError(f"Your agency has no current keys of the suite {lowest}. Run: accord keys rotate")
    return draft_keyset(work.session, "renew", standing, rows, same_root(standing), low=lowest, now=work.now)


def draft_rotation(work: KeyWork, uses: Sequence[str], suites: Sequence[str]) -> Draft:
    """Draft new keys, stored in the key file before they are named; the current ones of these uses retire."""
    kind = rotation_kind(uses, suites)
    standing = work.standing()
    chain = work.act.directory.chain(work.agency)
    added = [
        key
        for use in USES
        if use in uses
        for key in provide_keys(
            work.session, chain, uses=(use,), suites=suites or suites_of(standing, use) or (PQ1,)
        )
    ]
    rows = with_replaced(_carried(work, standing), uses, now=work.now)
    rows += new_rows(added, now=work.now)
    _require_kept(standing, _carried(work, standing), rows, work.now, "Name every suite in use: --suite both")
    return draft_keyset(work.session, kind, standing, rows, same_root(standing), now=work.now)


def draft_retirement(work: KeyWork, name: str) -> Draft:
    """Draft the end of a key now; raise RequestError, LastKeyError."""
    standing = work.standing()
    row = find_row(standing, name)
    before = _carried(work, standing)
    if next(item for item in before if item.kid == row.kid).st in (RETIRED, REVOKED):
        raise RequestError("This key has ended already. Look at: accord keys")
    rows = with_retired(before, row.kid, now=work.now)
    _require_kept(standing, before, rows, work.now, "Rotate first: accord keys rotate")
    return draft_keyset(work.session, "retire", standing, rows, same_root(standing), now=work.now)


def draft_revocation_of(
    work: KeyWork, standing: Keyset, row: KeyRow, code: str, since: int | None, *, rotate: bool
) -> Draft:
    """Draft the revocation of a key since a time; without `rotate` the agency must still be able to work."""
    moment = require_since(work.act, row, since)
    if not rotate and loses_of(work.act, standing, row.kid, moment):
        raise LastKeyError(
            "Without this key your agency could no longer "
            f"{'sign' if row.use == SIGN else 'receive'}. Bring new keys with it (--rotate), or rotate first: "
            f"accord keys rotate --use {row.use}"
        )
    return draft_revocation(work.session, standing, row.kid, code=code, since=moment, now=work.now)


def draft_root_change(work: KeyWork, next_root: PublicRoot, announce: str) -> Draft:
    """Draft the change to the announced root, which both roots sign."""
    standing = work.standing()
    announced = _require_next(standing, next_root, announce)
    word = changed_root(standing, next_root.keys, announced)
    rows = _carried(work, standing)
    return draft_keyset(work.session, "change-root", standing, rows, word, now=work.now)


def draft_recovery(work: KeyWork, next_root: PublicRoot, announce: str) -> Draft:
    """Draft the recovery, in which the announced root takes over alone, after 72 hours."""
    standing = work.standing()
    held_root = work.session.ring.held_root
    if held_root is not None and held_root.fingerprint == standing.root_fingerprint:
        raise RequestError("The root is not lost: this home holds it. Change it: accord keys change-root")
    announced = _require_next(standing, next_root, announce)
    held = {key.public.kid for key in work.session.ring.keys}
    fresh = fresh_keys(work.session, work.act.directory.chain(work.agency))
    rows = without_lost(_carried(work, standing), held, now=work.now)
    rows += new_rows([key.public for key in fresh], now=work.now)
    word = recovered_root(next_root.keys, announced)
    return draft_keyset(work.session, "recover-root", standing, rows, word, now=work.now)


def require_announced(announce: str) -> str:
    """Return a fingerprint that a keyset may announce; raise RequestError."""
    digits = "".join(announce.split()).lower()
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise RequestError("The next root's fingerprint is 64 hex digits, in groups of four.")
    return digits


def _carried(work: KeyWork, standing: Keyset) -> list[KeyRow]:
    return carried_rows(standing, work.act.directory.revocations(work.agency), now=work.now)


def rotation_kind(uses: Sequence[str], suites: Sequence[str]) -> str:
    """Return the request in the command's words; raise RequestError for other uses and suites."""
    if not uses or not set(uses) <= set(USES) or not set(suites) <= set(SUITES):
        raise RequestError("Rotate the keys of use sign, enc, or both; suites are PQ1 and EC1.")
    words = [use for use in USES if use in uses] + [suite for suite in SUITES if suite in suites]
    return " ".join(("rotate", *words))


def _serves(standing: Keyset, rows: Sequence[KeyRow], lowest: str, now: int) -> bool:
    """Tell whether there are keys to sign and to open in a suite at least as strong as `lowest`."""
    able = capabilities_of(standing, rows, now=now)
    strong = [suite for suite in SUITES if suite_rank(suite) >= suite_rank(lowest)]
    return all(any((use, suite) in able for suite in strong) for use in (SIGN, ENC))


def _require_kept(
    standing: Keyset, before: Sequence[KeyRow], after: Sequence[KeyRow], now: int, remedy: str
) -> None:
    lost = capabilities_of(standing, before, now=now) - capabilities_of(standing, after, now=now)
    if lost:
        words = " and ".join(sorted({"sign" if use == SIGN else "receive" for use, _ in lost}))
        raise LastKeyError(f"With this your agency could no longer {words}. {remedy}")


def _require_next(standing: Keyset, next_root: PublicRoot, announce: str) -> str:
    """Return the fingerprint to announce, in its plain form."""
    if next_root.fingerprint != standing.nroot:
        raise RootsLostError("This is not the next root that your agency's keyset announces.")
    announced = require_announced(announce)
    if announced in (standing.root_fingerprint, standing.nroot):
        raise RequestError("The root to announce must be a new one: accord keygen --next-root")
    return announced
