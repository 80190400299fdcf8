# SPDX-License-Identifier: Apache-2.0
"""Publishing a change of keys: sign, store, prove, send, wait for the ledger; every step can be resumed.

The order makes every crash harmless:

- New private keys stand in the key file before a keyset names them.
- The signed octets stand in the journal before they are sent.
- The journal is removed when the receipt was verified, or the refusal is final.
- The key file takes a new root when the keyset that names it is in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from accord.calls.answers import KeysetAnswer, StatementAnswer
from accord.calls.verdicts import is_final
from accord.client.errors import (
    KeyChangeOvertakenError,
    NotLoggedYetError,
    RefusedError,
)
from accord.client.keys.drafts import Draft
from accord.client.keys.journal import Journal, SignedChange
from accord.client.keys.proving import added_rows, prove_possession
from accord.client.session import Act, Session
from accord.client.state_changes import set_own_root
from accord.client.waiting import wait_for
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.jws import JwsSigner
from accord.envelope.keysets import Keyset, read_keyset, verify_keyset
from accord.envelope.statements.checks import verify_revoke
from accord.envelope.statements.form import parse_statement, sign_statement
from accord.envelope.vocabulary import MAX_IAT_AGE_SECS
from accord.following.keysets import follow_keyset, refresh_keysets

STANDS: Final = "stands"
"""The kind of a change that was published before: nothing was sent."""

_PICK_UP: Final = "accord keys resume"


@dataclass(frozen=True)
class KeyChange:
    """A change of keys that the ledger has logged; times in seconds.

    `in_force_from` is later than `log_time` for a recovered root. `version` is None for a revocation, `kids` are the keys it
    adds or revokes, `resumed` says that an earlier run signed it.
    """

    kind: str
    agency: str
    version: int | None
    od: str
    log_time: int
    in_force_from: int
    until: int | None
    fingerprint: str
    next_fingerprint: str
    kids: tuple[str, ...]
    resumed: bool


class KeyWork:
    """One run of work on the own keys, under the home's lock on them."""

    def __init__(self, session: Session, *, wait_secs: float) -> None:
        self.session = session
        self.act: Act = session.begin()
        self.journal = Journal(session.home.key_change_file)
        self._wait_secs = wait_secs

    @property
    def now(self) -> int:
        """The time of this work, in seconds."""
        return self.act.now

    @property
    def agency(self) -> str:
        """The own agency."""
        return self.act.agency

    def standing(self) -> Keyset:
        """Return the keyset in force, which the next one must follow, after verifying everything the hub has of it.

        Raises VerificationError, NotLoggedYetError (another program's keyset waits for the ledger), UnpinnedError.
        """
        self._refresh()
        keyset = self._in_force()
        while (following := self._following(keyset)) is not None:
            self._take_in(following)
            keyset = self._in_force()
        self._settle_roots(keyset)
        return keyset

    def _following(self, keyset: Keyset) -> KeysetAnswer | None:
        """Return the hub's keyset after this one, if this home does not have it yet."""
        answer = self.session.exchange.keyset(self.agency, keyset.version + 1)
        return None if answer is None or self._is_kept(read_keyset(answer.keyset)) else answer

    def look(self) -> None:
        """Take in the own keysets that the ledger has logged; wait for nothing, settle nothing."""
        self._refresh()
        following = self._following(self._in_force())
        if following is not None and following.receipt is not None:
            self._take_in(following)

    def resume(self) -> KeyChange | None:
        """Finish what an earlier run signed; None where there is nothing, or it is void by now."""
        change = self.journal.read()
        if change is None:
            return None
        if change.statement.k == "revoke":
            return self._carry_revoke(change, resumed=True)
        standing = self.standing()
        keyset = read_keyset(change.jws)
        if self._is_kept(keyset) or keyset.prev == standing.od:
            return self._carry_or_drop(change, keyset, standing)
        self.journal.drop()
        return None

    def publish(self, draft: Draft, signer: JwsSigner, standing: Keyset) -> KeyChange:
        """Sign a draft and publish it; see `publish_signed`."""
        return self.publish_signed(SignedChange(draft.kind, sign_statement(draft.payload, signer)), standing)

    def published(self, jws: bytes) -> KeyChange | None:
        """Return a signed change that the ledger has logged already, as stored here; None for any other."""
        unverified = parse_statement(jws)
        od, statement = unverified.od, unverified.statement
        if statement.k == "revoke":
            known = self.act.state.revocations.get(self.agency, [])
            return self._revoke_change(STANDS, jws) if any(record.od == od for record in known) else None
        chain = {item.od: item for item in self.act.directory.chain(self.agency)}
        if od not in chain:
            return None
        return _keyset_change(STANDS, chain[od], chain.get(chain[od].prev or ""), resumed=False)

    def publish_signed(self, change: SignedChange, standing: Keyset) -> KeyChange:
        """Check a signed change by the rules the hub applies, store it, send it, wait for its receipt.

        Raises VerificationError (it breaks a rule; nothing was sent), RefusedError, KeyChangeOvertakenError, UnreachableError
        and NotLoggedYetError (it is stored, and continued by the next run).
        """
        if change.statement.k == "revoke":
            verify_revoke(change.jws, standing)
            self.journal.write(change)
            return self._carry_revoke(change, resumed=False)
        keyset = verify_keyset(change.jws, pinned=standing.root_fingerprint, previous=standing, strict=True)
        self.journal.write(change)
        return self._carry(change, keyset, standing, resumed=False)

    def _carry_or_drop(self, change: SignedChange, keyset: Keyset, standing: Keyset) -> KeyChange | None:
        """Send an earlier run's change, or drop it where the hub never saw it and would refuse it as too old."""
        known = self._is_kept(keyset) or self._at_hub(keyset) is not None
        if not known and keyset.iat <= self.session.clock() - MAX_IAT_AGE_SECS:
            self.journal.drop()
            return None
        return self._carry(change, keyset, standing, resumed=True)

    def _carry(self, change: SignedChange, keyset: Keyset, standing: Keyset, *, resumed: bool) -> KeyChange:
        if not self._is_kept(keyset):
            if self._at_hub(keyset) is None:
                self._send_keyset(change, keyset, standing)
            self._take_in(self._await_keyset(keyset))
        self._settle_roots(self._in_force())
        self.journal.drop()
        chain = {item.od: item for item in self.act.directory.chain(self.agency)}
        return _keyset_change(change.kind, chain[keyset.od], chain.get(keyset.prev or ""), resumed=resumed)

    def _send_keyset(self, change: SignedChange, keyset: Keyset, standing: Keyset) -> None:
        exchange = self.session.exchange
        with self._void_unless_sound():
            verify_keyset(change.jws, pinned=standing.root_fingerprint, previous=standing, strict=True)
        try:
            pop = prove_possession(self.session, keyset, standing)
            exchange.post_keyset(self.agency, pop=pop, keyset=change.jws)
        except RefusedError as refused:
            if self._is_over(refused):
                self._blame_overtaking(keyset)
            raise

    def _is_over(self, refused: RefusedError) -> bool:
        """Drop a change that the hub has judged; any other answer leaves it for the next run."""
        refused.is_kept = not is_final(refused)
        if refused.is_kept:
            refused.add_note(f"The change of keys is kept and taken up by: {_PICK_UP}")
        else:
            self.journal.drop()
        return not refused.is_kept

    @contextmanager
    def _void_unless_sound(self) -> Iterator[None]:
        """Drop a change of an earlier run that is no longer valid, without sending it."""
        try:
            yield
        except EnvelopeError:
            self.journal.drop()
            raise

    def _blame_overtaking(self, keyset: Keyset) -> None:
        """Raise KeyChangeOvertakenError where another keyset took this version meanwhile: the remedy is to look at it."""
        other = self.session.exchange.keyset(self.agency, keyset.version)
        if other is not None and read_keyset(other.keyset).root_fingerprint == keyset.root_fingerprint:
            raise KeyChangeOvertakenError(keyset.version)

    def _carry_revoke(self, change: SignedChange, *, resumed: bool) -> KeyChange:
        statement = parse_statement(change.jws)
        if self._receipt_of(statement.od) is None:
            with self._void_unless_sound():
                verify_revoke(change.jws, self._in_force())
            try:
                self.session.exchange.post_statement(statement.statement.id, change.jws)
            except RefusedError as refused:
                self._is_over(refused)
                raise
        found = wait_for(
            lambda: self._receipt_of(statement.od), wait_secs=self._wait_secs, sleep=self.session.sleep
        )
        if found is None:
            raise NotLoggedYetError(statement.od, pick_up=_PICK_UP)
        self._refresh()
        self.journal.drop()
        return replace(self._revoke_change(change.kind, change.jws), resumed=resumed)

    def _revoke_change(self, kind: str, jws: bytes) -> KeyChange:
        statement, keyset = parse_statement(jws), self._in_force()
        log_time = self.act.state.log_times[statement.od]
        return KeyChange(
            kind, self.agency, None, statement.od, log_time, log_time, None,
            keyset.root_fingerprint, keyset.nroot, (statement.statement.body["kid"],), resumed=False,
        )  # fmt: skip

    def _receipt_of(self, od: str) -> StatementAnswer | None:
        answer = self.session.exchange.keyset(self.agency)
        revokes = answer.revokes if answer else ()
        return next(
            (item for item in revokes if item.receipt is not None and parse_statement(item.jws).od == od),
            None,
        )

    def _await_keyset(self, keyset: Keyset) -> KeysetAnswer:
        found = wait_for(
            lambda: self._logged_at_hub(keyset), wait_secs=self._wait_secs, sleep=self.session.sleep
        )
        if found is None:
            raise NotLoggedYetError(f"keyset version {keyset.version}", pick_up=_PICK_UP)
        return found

    def _logged_at_hub(self, keyset: Keyset) -> KeysetAnswer | None:
        answer = self._at_hub(keyset)
        return answer if answer is not None and answer.receipt is not None else None

    def _at_hub(self, keyset: Keyset) -> KeysetAnswer | None:
        """Return the hub's answer about this very keyset, or None."""
        answer = self.session.exchange.keyset(self.agency, keyset.version)
        return answer if answer is not None and read_keyset(answer.keyset).od == keyset.od else None

    def _is_kept(self, keyset: Keyset) -> bool:
        return any(known.od == keyset.od for known in self.act.directory.chain(self.agency))

    def _take_in(self, answer: KeysetAnswer) -> None:
        """Verify and record a keyset of ours that may not be in force yet, once it is logged."""
        keyset = read_keyset(answer.keyset)
        logged = answer if answer.receipt is not None else self._await_keyset(keyset)
        follow_keyset(self.act, self.agency, logged)
        self.act.changes.write()

    def _refresh(self) -> None:
        refresh_keysets(self.act, self.agency)
        self.act.changes.write()

    def _in_force(self) -> Keyset:
        keyset = self.act.directory.keyset(self.agency)
        if keyset is None:
            raise VerificationError(Failure.KEYSET_UNKNOWN, agencies=(self.agency,))
        return keyset

    def _settle_roots(self, keyset: Keyset) -> None:
        """Make a new root that is in force the own root, in the pins and in the key file."""
        if self.act.state.pins[self.agency].fingerprint != keyset.root_fingerprint:
            self.act.changes.record(set_own_root(keyset.root_fingerprint, self.now))
            self.act.changes.write()
        ring = self.session.ring
        incoming = ring.incoming_root
        if incoming is not None and incoming.fingerprint == keyset.root_fingerprint:
            settled = replace(ring, held_root=incoming, next_root=keyset.nroot, incoming_root=None)
            self.session.keys.replace(settled)


def _keyset_change(kind: str, keyset: Keyset, previous: Keyset | None, *, resumed: bool) -> KeyChange:
    assert keyset.log_time is not None
    assert keyset.in_force_from is not None
    return KeyChange(
        kind=kind,
        agency=keyset.agency,
        version=keyset.version,
        od=keyset.od,
        log_time=keyset.log_time,
        in_force_from=keyset.in_force_from,
        until=keyset.exp,
        fingerprint=keyset.root_fingerprint,
        next_fingerprint=keyset.nroot,
        kids=tuple(row.kid for row in added_rows(keyset, previous)),
        resumed=resumed,
    )
