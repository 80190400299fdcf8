# SPDX-License-Identifier: Apache-2.0
"""The own keys through their life: `Client.keys`.

    with Client(home, passphrase) as client:
        client.keys.overview()                            # what there is, until when, what has to be done
        client.keys.renew()                               # the same keys for 90 days more
        client.keys.rotate(uses=("sign", "enc"))          # new keys; the old ones overlap for 30 days
        plan = client.keys.plan_revocation("3F9A")        # what of ours was signed with it since
        client.keys.revoke(plan.kid, code="stolen", since=plan.since)

Every change is a keyset, or a `revoke`, that the root signs. If the root lies in the key file, that happens at once; if it lies
in a file of its own, pass it (`root=`); if it stays offline, the `propose_...` methods return the octets to sign there
(`accord.client.ceremony`) and `submit` takes the signed ones. The next call, or `resume`, finishes an interrupted change. One
program at a time: another one gets KeyFileBusyError.

All of them may raise VerificationError, RefusedError, UnreachableError, NotLoggedYetError (accepted; the next call continues),
KeyChangeOvertakenError, and `accord.keyerrors.KeyFileError` and its subclasses; RootElsewhereError where the root is needed and
not held; except for revocations, HeldElsewhereError while another holder has the identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from accord.client.errors import RequestError
from accord.client.holder import require_holder
from accord.client.keys.drafts import Draft, draft_first_keyset
from accord.client.keys.journal import Journal, SignedChange
from accord.client.keys.overview import KeyOverview, KeyWarning, overview_of, warnings_of
from accord.client.keys.planning import (
    draft_recovery,
    draft_renewal,
    draft_retirement,
    draft_revocation_of,
    draft_root_change,
    draft_rotation,
    require_announced,
    rotation_kind,
)
from accord.client.keys.public import PublicRoot
from accord.client.keys.publishing import KeyChange, KeyWork
from accord.client.keys.revoking import RevocationPlan, find_row, plan_revocation, require_code
from accord.client.keys.rows import USES, new_rows
from accord.client.session import Session
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keys import EC1, PQ1, PublicKey
from accord.envelope.keysets import Keyset, read_keyset
from accord.envelope.private import Root
from accord.envelope.statements.form import parse_statement
from accord.passphrases import Passphrase

WAIT_SECS = 30.0


@dataclass(frozen=True)
class Proposal:
    """A payload for a root elsewhere to sign, and the keyset it follows (the JWS), to be compared there."""

    kind: str
    payload: bytes
    previous: bytes | None


class OwnKeys:
    """The own keys of one agency; see the module. `wait_secs`: how long to wait for the ledger's receipt."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # --- looking ------------------------------------------------------------------------------------------

    def overview(self, *, online: bool = True) -> KeyOverview:
        """Return the own keys; without `online` as last seen. An unfinished change is named, not continued."""
        pending = Journal(self._session.home.key_change_file).read()
        if online:
            KeyWork(self._session, wait_secs=0).look()
        act = self._session.begin(online=False)
        keyset = act.directory.keyset(act.agency)
        if keyset is None:
            raise VerificationError(Failure.KEYSET_UNKNOWN, agencies=(act.agency,))
        return overview_of(act, keyset, pending=pending.kind if pending else None)

    def held(self) -> tuple[PublicKey, ...]:
        """Return the public halves of the operational keys in the key file; needs no call and no enrolment."""
        return tuple(key.public for key in self._session.ring.keys)

    def root_at_hand(self) -> tuple[Root | None, str]:
        """Return the root of the key file, if it holds one, and the fingerprint of the next root it announced."""
        ring = self._session.ring
        return ring.held_root, ring.next_root

    def standing(self) -> bytes:
        """Return the stored own keyset in force (the JWS); raise StateAbsentError before enrolment."""
        act = self._session.begin(online=False)
        keyset = act.directory.keyset(act.agency)
        if keyset is None:
            raise VerificationError(Failure.KEYSET_UNKNOWN, agencies=(act.agency,))
        return self._jws_of(keyset)

    def warnings(self) -> tuple[KeyWarning, ...]:
        """Return what ends within 30 days or has ended, by what is stored here, without a call."""
        act = self._session.begin(online=False)
        keyset = act.directory.keyset(act.agency)
        return () if keyset is None else warnings_of(act, keyset)

    # --- changes that this home's root signs --------------------------------------------------------------

    def renew(
        self, *, lowest: str | None = None, root: Root | None = None, wait_secs: float = WAIT_SECS
    ) -> KeyChange:
        """Publish the next keyset, for 90 days: the same keys, ended overlaps stated. It also cancels a waiting recovery.

        `lowest` raises or lowers the weakest suite the agency accepts.
        """
        return self._change("renew", lambda work: draft_renewal(work, lowest), root, wait_secs)

    def rotate(
        self,
        *,
        uses: Sequence[str] = USES,
        suites: Sequence[str] = (),
        root: Root | None = None,
        wait_secs: float = WAIT_SECS,
    ) -> KeyChange:
        """Publish new keys for these uses (sign, enc) and suites (else those in use); the old ones retire over 30 days."""
        kind = rotation_kind(uses, suites)
        return self._change(kind, lambda work: draft_rotation(work, uses, suites), root, wait_secs)

    def retire(self, name: str, *, root: Root | None = None, wait_secs: float = WAIT_SECS) -> KeyChange:
        """End a key now, without a statement about the past; `name` is its kid or the end of it.

        Raises RequestError, LastKeyError (the agency could no longer sign or receive).
        """
        return self._change("retire", lambda work: draft_retirement(work, name), root, wait_secs)

    def plan_revocation(self, name: str, *, since: int | None = None) -> RevocationPlan:
        """Return the effects of a revocation before it is done; ask the hub, change nothing. `since` in seconds, else now."""
        with self._working(wait_secs=0, takes_away=True) as work:
            return plan_revocation(work.act, work.standing(), name, since=since)

    def revoke(
        self,
        name: str,
        *,
        code: str,
        since: int | None = None,
        rotate: bool = False,
        root: Root | None = None,
        wait_secs: float = WAIT_SECS,
    ) -> tuple[KeyChange, ...]:
        """State that a key no longer counts since a time (seconds, else now); `code`: stolen, lost, error, ended.

        With `rotate` a keyset follows at once that states it too and brings new keys of its use; without it LastKeyError is
        raised where the agency could no longer sign, or receive, in a suite it uses now.
        """
        require_code(code)
        with self._working(wait_secs=wait_secs, takes_away=not rotate) as work:
            done = work.resume()
            standing = work.standing()
            row = find_row(standing, name)
            changes = [done] if done is not None and done.kind == f"revoke {row.kid}" else []
            if not changes:
                draft = draft_revocation_of(work, standing, row, code, since, rotate=rotate)
                changes.append(work.publish(draft, self._root(work, root, standing).signer, standing))
            if rotate:
                draft = draft_rotation(work, (row.use,), ())
                changes.append(work.publish(draft, self._root(work, root, standing).signer, standing))
            return tuple(changes)

    def change_root(
        self, next_root: Root, *, announce: str, root: Root | None = None, wait_secs: float = WAIT_SECS
    ) -> KeyChange:
        """Change to the announced next root; both sign. `announce`: fingerprint of the one after it, kept safe.

        Raises RequestError where `next_root` is not the announced one. If the key file holds the root, it holds the new one
        afterwards; else the file of `next_root` is the root's file from now on.
        """
        with self._working(wait_secs=wait_secs) as work:
            done = work.resume()
            if done is not None and done.kind == "change-root":
                return done
            standing = work.standing()
            old = self._root(work, root, standing)
            draft = draft_root_change(work, PublicRoot(next_root.public, ""), announce)
            self._keep_incoming(next_root)
            return work.publish(draft, old.change_signer(next_root), standing)

    def recover_root(self, next_root: Root, *, announce: str, wait_secs: float = WAIT_SECS) -> KeyChange:
        """Recover a lost root: the announced next root alone signs, and counts after 72 hours in public.

        Keys whose private half this home does not hold are retired with it; keys of this home that no keyset names yet are
        added. Within the 72 hours the holder of the old root can cancel it.
        """
        with self._working(wait_secs=wait_secs) as work:
            done = work.resume()
            if done is not None and done.kind == "recover-root":
                return done
            standing = work.standing()
            draft = draft_recovery(work, PublicRoot(next_root.public, ""), announce)
            self._keep_incoming(next_root)
            return work.publish(draft, next_root.signer, standing)

    def resume(self, *, wait_secs: float = WAIT_SECS) -> KeyChange | None:
        """Finish an interrupted change; None where there is none."""
        with self._working(wait_secs=wait_secs) as work:
            return work.resume()

    # --- changes that a root elsewhere signs --------------------------------------------------------------

    def propose_renewal(self, *, lowest: str | None = None) -> Proposal:
        """Return the proposal of `renew`, to be signed elsewhere."""
        return self._propose(lambda work: draft_renewal(work, lowest))

    def propose_rotation(self, *, uses: Sequence[str] = USES, suites: Sequence[str] = ()) -> Proposal:
        """Return the proposal of `rotate`, to be signed elsewhere; the new private keys are in the key file already."""
        return self._propose(lambda work: draft_rotation(work, uses, suites))

    def propose_retirement(self, name: str) -> Proposal:
        """Return the proposal of `retire`, to be signed elsewhere."""
        return self._propose(lambda work: draft_retirement(work, name))

    def propose_revocation(
        self, name: str, *, code: str, since: int | None = None, force: bool = False
    ) -> Proposal:
        """Return the proposal of `revoke`, to be signed elsewhere; `force` where new keys follow in a proposal of their own."""
        require_code(code)

        def draft(work: KeyWork) -> Draft:
            standing = work.standing()
            return draft_revocation_of(work, standing, find_row(standing, name), code, since, rotate=force)

        return self._propose(draft, takes_away=True)

    def propose_root_change(self, next_root: PublicRoot, *, announce: str) -> Proposal:
        """Return the proposal of `change_root`, to be signed elsewhere by both roots."""
        return self._propose(lambda work: draft_root_change(work, next_root, announce))

    def propose_recovery(self, next_root: PublicRoot, *, announce: str) -> Proposal:
        """Return the proposal of `recover_root`, to be signed elsewhere by the announced next root alone."""
        return self._propose(lambda work: draft_recovery(work, next_root, announce))

    def propose_first(self, agency: str, root: PublicRoot, *, lowest: str | None = None) -> Proposal:
        """Return keyset version 1 of an agency that is about to enter, to be signed by its root; needs no hub.

        The signed keyset goes to `Client.enrol`.
        """
        ring, now = self._session.ring, self._session.clock()
        low = lowest or (EC1 if EC1 in ring.suites else PQ1)
        rows = new_rows([key.public for key in ring.keys], now=now)
        draft = draft_first_keyset(
            self._session, agency, rows, root.keys, require_announced(root.next_root), low=low, now=now
        )
        return Proposal(draft.kind, draft.payload, None)

    def submit(self, jws: bytes, *, wait_secs: float = WAIT_SECS) -> KeyChange:
        """Send what a root elsewhere has signed, after checking it by the rules the hub applies; safe to repeat.

        Raises VerificationError where it does not follow the keyset in force, RequestError where it adds keys that this home
        does not hold.
        """
        unverified = parse_statement(jws)
        with self._working(wait_secs=wait_secs, takes_away=unverified.statement.k == "revoke") as work:
            od = unverified.od
            done = work.resume()
            if done is not None and done.od == od:
                return done
            standing = work.standing()
            return work.published(jws) or work.publish_signed(SignedChange("submit", jws), standing)

    # --- the key file -------------------------------------------------------------------------------------

    def change_passphrase(self, passphrase: Passphrase) -> None:
        """Encrypt the key file under another passphrase, in one atomic step; raise WeakPassphraseError."""
        with self._session.home.changing_keys():
            self._session.keys.change_passphrase(passphrase)

    # --- the work -----------------------------------------------------------------------------------------

    @contextmanager
    def _working(self, *, wait_secs: float, takes_away: bool = False) -> Iterator[KeyWork]:
        """Work under the home's lock on its keys. Revoking goes on even while another holder has the identity."""
        with self._session.home.changing_keys():
            if not takes_away:
                require_holder(self._session)
            yield KeyWork(self._session, wait_secs=wait_secs)

    def _change(
        self, kind: str, draft: Callable[[KeyWork], Draft], root: Root | None, wait_secs: float
    ) -> KeyChange:
        """Finish an interrupted change; return it if it was the same one, else make the new change."""
        with self._working(wait_secs=wait_secs) as work:
            done = work.resume()
            if done is not None and done.kind == kind:
                return done
            standing = work.standing()
            signer = self._root(work, root, standing).signer
            return work.publish(draft(work), signer, standing)

    def _propose(self, draft: Callable[[KeyWork], Draft], *, takes_away: bool = False) -> Proposal:
        with self._working(wait_secs=WAIT_SECS, takes_away=takes_away) as work:
            work.resume()
            made = draft(work)
            return Proposal(made.kind, made.payload, self._jws_of(work.standing()))

    def _root(self, work: KeyWork, given: Root | None, standing: Keyset) -> Root:
        root = given or self._session.ring.root
        if root.fingerprint != standing.root_fingerprint:
            if root.fingerprint == standing.nroot:
                raise RequestError("This is the announced next root. Go over to it: accord keys change-root")
            raise RequestError(
                "This is not the root of your agency's keyset in force. Look at: accord keys, accord fingerprint"
            )
        return root

    def _keep_incoming(self, next_root: Root) -> None:
        """Store the new root in the key file if that holds a root; it becomes the root once it is in force."""
        ring = self._session.ring
        if ring.held_root is not None:
            self._session.keys.replace(replace(ring, incoming_root=next_root))

    def _jws_of(self, keyset: Keyset) -> bytes:
        state = self._session.state_file.read()
        records = state.keysets[state.agency]
        return next(
            record.jws.encode() for record in records if read_keyset(record.jws.encode()).od == keyset.od
        )
