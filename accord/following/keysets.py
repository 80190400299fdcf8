# SPDX-License-Identifier: Apache-2.0
"""Walking to the newest keyset of an agency whose root is pinned.

`refresh_keysets` asks the hub for newer keysets and verifies the whole chain: each version by the root of the previous one, one
of the roots being the pinned one, each with a receipt of the ledger. A hub that leaves a version out, rolls one back or shows
another root is refused, and nothing of its answer is stored. `refresh_many` does so for many agencies at once, also for those
whose root nobody has pinned yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from accord.calls.answers import MOST_KEYSETS, KeysetAnswer, StatementAnswer
from accord.calls.errors import AnswerError
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.keysets import Keyset, newest_in_force, read_keyset, verify_keyset
from accord.envelope.statements.checks import verify_logged_revoke
from accord.envelope.statements.form import parse_statement
from accord.following.errors import UnpinnedError
from accord.following.follower import DirectoryFollower
from accord.following.log import KeptLog
from accord.following.pinned import kept_chain
from accord.following.ports import KeysetMemory
from accord.following.records import KeysetRecord, RevocationRecord

MAX_VERSIONS_BEHIND = 1000
LEDGER_FAILURES: Final = (Failure.LEDGER_FORK, Failure.LEDGER_TIME)
"""Failures of the ledger, which say nothing about an agency: a ledger not seen before can judge nobody's keys."""


def require_pins(memory: KeysetMemory, agencies: Iterable[str]) -> None:
    """Refuse agencies whose root nobody pinned; raise UnpinnedError naming all of them."""
    missing = {agency for agency in agencies if memory.pin_of(agency) is None}
    if missing:
        raise UnpinnedError(missing)


def refresh_keysets(follower: DirectoryFollower, agency: str) -> None:
    """Fetch and verify keysets newer than the stored chain, and store them.

    Raises UnpinnedError, VerificationError, AnswerError, or the errors of the transport.
    """
    require_pins(follower.memory, [agency])
    newest = follower.exchange.keyset(agency)
    if newest is None:
        _require_never_given(follower, agency)
        return
    _take_in(follower, agency, newest)


def refresh_many(
    follower: DirectoryFollower, agencies: Iterable[str], *, anew: Collection[str] = ()
) -> dict[str, EnvelopeError]:
    """Fetch, verify and store newer keysets of these agencies; return the failures, by agency.

    The first keyset of an agency without a pin is accepted as shown; later ones must follow it. For agencies in `anew` the
    newest is fetched whatever is stored: everything is verified before it counts again. Raises VerificationError where the
    ledger is not the stored one, AnswerError, or the errors of the transport.
    """
    failed: dict[str, EnvelopeError] = {}
    waiting = sorted(set(agencies))
    while waiting:
        asked, waiting = waiting[:MOST_KEYSETS], waiting[MOST_KEYSETS:]
        held = {agency: 0 if agency in anew else _held(follower, agency) for agency in asked}
        answer = follower.exchange.keysets(held)
        for agency in (*answer.newer, *answer.unknown):
            try:
                if agency in answer.newer:
                    _take_in(follower, agency, answer.newer[agency])
                else:
                    _require_never_given(follower, agency)
            except EnvelopeError as failure:
                if getattr(failure, "failure", None) in LEDGER_FAILURES:
                    raise
                failed[agency] = failure
        follower.fresh |= {*answer.newer, *answer.unchanged} - failed.keys()
        if answer.rest and not answer.newer:
            raise AnswerError("The hub gave no keyset and says that there is more.")
        waiting = [*answer.rest, *waiting]
    return failed


def _held(follower: DirectoryFollower, agency: str) -> int:
    """Return the version of the stored keyset that nothing may replace, 0 for none."""
    standing = _standing(kept_chain(follower.memory, agency), follower.now)
    return standing.version if standing else 0


def _take_in(follower: DirectoryFollower, agency: str, newest: KeysetAnswer) -> None:
    """Store the keyset, those before it and the revocations that came with it: all or none."""
    steps = _verify_chain(follower, agency, newest)
    chain = [*kept_chain(follower.memory, agency), *(keyset for _, keyset in steps)]
    revoked = [
        record for revoke in newest.revokes if (record := _verify_revocation(follower, agency, revoke, chain))
    ]
    for step, _ in steps:
        follower.memory.keep_keyset(agency, step)
    for record in revoked:
        follower.memory.keep_revocation(agency, record)


def _require_never_given(follower: DirectoryFollower, agency: str) -> None:
    if follower.memory.keysets(agency):
        raise VerificationError(Failure.KEYSET_CHAIN, "the hub denies a keyset it gave before", (agency,))


def refresh_once(follower: DirectoryFollower, agency: str) -> None:
    """Refresh as `refresh_keysets` does, unless it was done at this moment."""
    if agency not in follower.fresh:
        refresh_keysets(follower, agency)
        follower.fresh.add(agency)


def follow_keyset(follower: DirectoryFollower, agency: str, newest: KeysetAnswer) -> None:
    """Walk from the stored version to this one, verify each step, and store them all or none.

    It need not be in force: a recovered root that waits is stored as such. Raises as `refresh_keysets`.
    """
    for record, _ in _verify_chain(follower, agency, newest):
        follower.memory.keep_keyset(agency, record)


def _verify_chain(
    follower: DirectoryFollower, agency: str, newest: KeysetAnswer
) -> list[tuple[KeysetRecord, Keyset]]:
    """Return the verified steps from the stored version to this one; none where it is stored."""
    target = read_keyset(newest.keyset)
    kept = kept_chain(follower.memory, agency)
    standing = _standing(kept, follower.now)
    _refuse_rollback(agency, target, standing)
    steps: list[tuple[KeysetRecord, Keyset]] = []
    if all(keyset.od != target.od for keyset in kept):
        steps = _walk(follower, agency, newest, target.version, standing)
    roots = {keyset.root_fingerprint for keyset in (*kept, *(keyset for _, keyset in steps))}
    pin = follower.memory.pin_of(agency)
    if pin is not None and pin not in roots:
        raise VerificationError(Failure.KEYSET_ROOT, agencies=(agency,))
    return steps


def _standing(kept: Sequence[Keyset], now: int) -> Keyset | None:
    """Return the newest stored keyset that nothing may replace.

    A recovery that still waits may be cancelled, so the hub may go behind it.
    """
    moments = [keyset.log_time for keyset in kept if keyset.log_time is not None]
    return newest_in_force(kept, max([now, *moments]))


def _walk(
    follower: DirectoryFollower, agency: str, newest: KeysetAnswer, last: int, previous: Keyset | None
) -> list[tuple[KeysetRecord, Keyset]]:
    """Fetch and verify every version after `previous` up to `last`, which is `newest`."""
    known = previous.version if previous else 0
    if last - known > MAX_VERSIONS_BEHIND:
        raise VerificationError(Failure.KEYSET_CHAIN, "too many versions at once", (agency,))
    steps: list[tuple[KeysetRecord, Keyset]] = []
    for version in range(known + 1, last + 1):
        answer = newest if version == last else follower.exchange.keyset(agency, version)
        if answer is None:
            raise VerificationError(Failure.KEYSET_CHAIN, f"version {version} is missing", (agency,))
        record, previous = _verify_step(follower.log, agency, version, answer, previous)
        steps.append((record, previous))
    return steps


def _refuse_rollback(agency: str, target: Keyset, previous: Keyset | None) -> None:
    if target.agency != agency:
        raise VerificationError(Failure.ISSUER, agencies=(agency,))
    if previous is None:
        return
    if target.version < previous.version:
        raise VerificationError(Failure.KEYSET_CHAIN, "an older version than seen before", (agency,))
    if target.version == previous.version and target.od != previous.od:
        raise VerificationError(Failure.KEYSET_CHAIN, "another keyset of the same version", (agency,))


def _verify_step(
    log: KeptLog, agency: str, version: int, answer: KeysetAnswer, previous: Keyset | None
) -> tuple[KeysetRecord, Keyset]:
    unproved = read_keyset(answer.keyset)
    if (unproved.agency, unproved.version) != (agency, version):
        raise VerificationError(Failure.KEYSET_CHAIN, f"not version {version}", (agency,))
    if answer.receipt is None:
        raise VerificationError(Failure.RECEIPT_MISSING, f"keyset version {version}", (agency,))
    log_time = log.prove(answer.receipt, d=unproved.od, k="keyset", a=agency)
    root = previous.root_fingerprint if previous else unproved.root_fingerprint
    keyset = verify_keyset(
        answer.keyset, pinned=root, previous=previous, strict=version == 1, log_time=log_time
    )
    receipt = answer.receipt.as_json()
    record = KeysetRecord(version, answer.keyset.decode(), receipt, log_time, keyset.succession)
    return record, keyset


def _verify_revocation(
    follower: DirectoryFollower, agency: str, revoke: StatementAnswer, chain: Sequence[Keyset]
) -> RevocationRecord | None:
    """Return the record to store, by the agency's chain; None for one that is stored, or not logged yet."""
    od = parse_statement(revoke.jws).od
    if any(record.od == od for record in follower.memory.revocations(agency)):
        return None
    if revoke.receipt is None:
        # Until it is logged a revocation counts for nobody; it comes again with the next refresh.
        return None
    log_time = follower.log.prove(revoke.receipt, d=od, k="revoke", a=agency)
    verify_logged_revoke(revoke.jws, chain, log_time=log_time)
    return RevocationRecord(od, revoke.jws.decode(), revoke.receipt.as_json(), log_time)
