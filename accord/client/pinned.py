# SPDX-License-Identifier: Apache-2.0
"""The directory that a client trusts: keysets of pinned roots, verified, logged, kept.

`PinnedDirectory` answers from the state alone, so that what was read once can be verified without a network.
`refresh_keysets` asks the hub for what is newer and verifies the whole chain: each version by the root of the
one before it, one of the roots being the pinned one, each with a receipt of the ledger. A hub that leaves a
version out, rolls one back or shows another root is refused, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accord.calls.answers import KeysetAnswer, StatementAnswer
from accord.calls.exchange import Exchange
from accord.client.errors import UnpinnedError
from accord.client.log import KeptLog
from accord.client.notebook import Notebook, keyset_fact, revocation_fact
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keysets import (
    Keyset,
    Revocation,
    newest_in_force,
    read_keyset,
    revocations_of,
    verify_keyset,
)
from accord.envelope.seal import Recipient
from accord.envelope.statements.checks import revocation_of, verify_logged_revoke
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree.receipts import Receipt
from accord.state import KeysetRecord, RevocationRecord, State

MAX_VERSIONS_BEHIND = 1000


class PinnedDirectory:
    """A `KeyDirectory` over the state as one act sees it, at its moment."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._chains: dict[tuple[str, int], list[Keyset]] = {}

    def chain(self, agency: str) -> list[Keyset]:
        """Every kept keyset, oldest version first; empty unless a root is pinned that the chain contains."""
        # A chain only grows: its length tells whether what was read before is still all of it.
        place = agency, len(self._notebook.state.keysets.get(agency, []))
        if place not in self._chains:
            self._chains[place] = _kept_chain(self._notebook.state, agency)
        chain, pin = self._chains[place], self._notebook.state.pins.get(agency)
        pinned = pin is not None and any(keyset.root_fingerprint == pin.fingerprint for keyset in chain)
        return chain if pinned else []

    def keyset(self, agency: str) -> Keyset | None:
        """The newest keyset in force, or None."""
        return newest_in_force(self.chain(agency), self._notebook.now)

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        """The newest keyset that was in force at `log_time`, for the leaf of this index."""
        return newest_in_force(self.chain(agency), log_time, index=index)

    def revocations(self, agency: str) -> Sequence[Revocation]:
        """Every logged revocation of the agency's keys, by a `revoke` or by a keyset in force."""
        stated = [
            revocation_of(parse_statement(record.jws.encode()).statement, record.log_time, index_of(record))
            for record in self._notebook.state.revocations.get(agency, [])
        ]
        return revocations_of(self.chain(agency), stated, now=self._notebook.now)

    def recipient(self, agency: str) -> Recipient | None:
        """The agency as sealing wants it, or None while no keyset of a pinned root is kept."""
        keyset = self.keyset(agency)
        if keyset is None:
            return None
        revoked = frozenset(word.kid for word in self.revocations(agency))
        return Recipient(keyset, keyset.root_fingerprint, keyset.version, revoked)


def require_pins(state: State, agencies: Iterable[str]) -> None:
    """Refuse agencies whose root nobody pinned; raises UnpinnedError naming all of them."""
    missing = {agency for agency in agencies if agency not in state.pins}
    if missing:
        raise UnpinnedError(missing)


def refresh_keysets(exchange: Exchange, notebook: Notebook, log: KeptLog, agency: str) -> None:
    """Fetch and verify what is newer than the kept chain, and note it.

    Raises UnpinnedError, VerificationError, AnswerError, or the errors of the transport.
    """
    require_pins(notebook.state, [agency])
    newest = exchange.keyset(agency)
    if newest is None:
        if notebook.state.keysets.get(agency):
            raise VerificationError(Failure.KEYSET_CHAIN, "the hub denies a keyset it gave before", (agency,))
        return
    follow_keyset(exchange, notebook, log, agency, newest)
    for revoke in newest.revokes:
        _note_revocation(notebook, log, agency, revoke)


def follow_keyset(
    exchange: Exchange, notebook: Notebook, log: KeptLog, agency: str, newest: KeysetAnswer
) -> None:
    """Walk from the kept version to this one, verify each step, and note them all or none.

    It need not be in force: a recovered root that waits is taken in as what it is. Raises as `refresh_keysets`.
    """
    target = read_keyset(newest.keyset)
    kept = _kept_chain(notebook.state, agency)
    standing = _standing(kept, notebook.now)
    _refuse_rollback(agency, target, standing)
    steps: list[tuple[KeysetRecord, Keyset]] = []
    if all(keyset.od != target.od for keyset in kept):
        steps = _walk(exchange, log, agency, newest, target.version, standing)
    roots = {keyset.root_fingerprint for keyset in (*kept, *(keyset for _, keyset in steps))}
    if notebook.state.pins[agency].fingerprint not in roots:
        raise VerificationError(Failure.KEYSET_ROOT, agencies=(agency,))
    for record, _ in steps:
        notebook.note(keyset_fact(agency, record))


def _standing(kept: Sequence[Keyset], now: int) -> Keyset | None:
    """The newest kept keyset that nothing may replace.

    A recovery that still waits may be cancelled, so what comes of it is no version the hub must not go behind.
    """
    moments = [keyset.log_time for keyset in kept if keyset.log_time is not None]
    return newest_in_force(kept, max([now, *moments]))


def _walk(
    exchange: Exchange, log: KeptLog, agency: str, newest: KeysetAnswer, last: int, previous: Keyset | None
) -> list[tuple[KeysetRecord, Keyset]]:
    """Fetch and verify every version after `previous` up to `last`, which is `newest`."""
    known = previous.version if previous else 0
    if last - known > MAX_VERSIONS_BEHIND:
        raise VerificationError(Failure.KEYSET_CHAIN, "too many versions at once", (agency,))
    steps: list[tuple[KeysetRecord, Keyset]] = []
    for version in range(known + 1, last + 1):
        answer = newest if version == last else exchange.keyset(agency, version)
        if answer is None:
            raise VerificationError(Failure.KEYSET_CHAIN, f"version {version} is missing", (agency,))
        record, previous = _verify_step(log, agency, version, answer, previous)
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


def _kept_chain(state: State, agency: str) -> list[Keyset]:
    return [_read_record(record) for record in state.keysets.get(agency, [])]


def _read_record(record: KeysetRecord) -> Keyset:
    return read_keyset(
        record.jws.encode(),
        log_time=record.log_time,
        log_index=index_of(record),
        succession=record.succession,
    )


def index_of(record: KeysetRecord | RevocationRecord) -> int | None:
    """The leaf by whose receipt a kept keyset or revocation was proved at its log time."""
    return Receipt.parse(record.receipt).index_at(record.log_time)


def _note_revocation(notebook: Notebook, log: KeptLog, agency: str, revoke: StatementAnswer) -> None:
    od = parse_statement(revoke.jws).od
    if any(record.od == od for record in notebook.state.revocations.get(agency, [])):
        return
    if revoke.receipt is None:
        # Until it is logged a revocation counts for nobody; it comes again with the next refresh.
        return
    log_time = log.prove(revoke.receipt, d=od, k="revoke", a=agency)
    verify_logged_revoke(revoke.jws, _kept_chain(notebook.state, agency), log_time=log_time)
    record = RevocationRecord(od, revoke.jws.decode(), revoke.receipt.as_json(), log_time)
    notebook.note(revocation_fact(agency, record))
