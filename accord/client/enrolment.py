# SPDX-License-Identifier: Apache-2.0
"""Enrolment: an agency proves its keys to the hub and publishes its first keyset.

The hub's administrator has entered the root fingerprint from paper and handed over an API key. The client
pins the ledger's key (also from paper), proves possession of every new key over a one-time challenge, and
sends keyset version 1, signed by its root. Each step may be repeated after a crash: what the hub already
has is found by asking it first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accord.client.answers import KeysetAnswer
from accord.client.errors import AnswerError, NotLoggedYetError, RequestError
from accord.client.pinned import refresh_keysets
from accord.client.session import Session
from accord.client.transport import require_hub_address
from accord.client.waiting import wait_for
from accord.envelope.encoding import agency_id
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, VerificationError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import MAX_KEYSET_SECS, KeyRow, build_keyset_body, read_keyset
from accord.envelope.private import SignerSet
from accord.envelope.statements.form import make_statement
from accord.envelope.tree.notes import VerifierKey
from accord.envelope.unseal import open_challenge
from accord.keyfile import KeyRing
from accord.state import Pin, State, StateAbsentError

KEY_LIFETIME_SECS: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Enrolment:
    """How far an enrolment has come; `log_time` is None until the ledger's receipt was verified."""

    agency: str
    fingerprint: str
    version: int
    od: str
    log_time: int | None


def begin_enrolment(
    session: Session, agency: str, *, hub: str, ledger_vkey: str, api_key: str, lowest: str | None
) -> None:
    """Write the first state of this home, or check that it fits; then publish the keyset.

    Raises RequestError, HubAddressError, StateTakenError, and the errors of the transport.
    """
    first = _first_state(session, agency, hub=hub, ledger_vkey=ledger_vkey, api_key=api_key)
    low = _lowest(session.ring, lowest)
    kept = _kept_state(session, first)
    exchange = session.connect(first.hub, first.api_key)
    stands = exchange.keyset(agency) is not None
    # Asked first: an API key that the hub does not accept must not replace one that works.
    if kept is None:
        session.state_file.create(first)
    else:
        with session.state_file.change() as state:
            state.api_key = first.api_key
    session.use(exchange)
    if not stands:
        _publish(session, agency, low)


def complete_enrolment(session: Session, *, wait_secs: float) -> Enrolment:
    """Pick up the receipt of the own keyset; raises NotLoggedYetError when there is none within the time."""
    state = session.state_file.read()
    answer = wait_for(
        lambda: _logged(session.exchange.keyset(state.agency)),
        wait_secs=wait_secs,
        sleep=session.sleep,
    )
    if answer is None:
        raise NotLoggedYetError(f"the keyset of {state.agency}")
    keyset = read_keyset(answer.keyset)
    if keyset.root_fingerprint != session.ring.root.fingerprint:
        raise VerificationError(Failure.KEYSET_ROOT, "the hub shows another root for this agency")
    act = session.begin(enrolled=False)
    refresh_keysets(session.exchange, act.notebook, act.log, state.agency)
    act.notebook.note(_enrolled)
    act.notebook.write()
    return Enrolment(
        state.agency, keyset.root_fingerprint, keyset.version, keyset.od, act.state.log_times[keyset.od]
    )


def _enrolled(state: State) -> None:
    state.enrolled = True


def _logged(answer: KeysetAnswer | None) -> KeysetAnswer | None:
    return answer if answer is not None and answer.receipt is not None else None


def _first_state(session: Session, agency: str, *, hub: str, ledger_vkey: str, api_key: str) -> State:
    try:
        agency_id(agency)
    except MalformedError as exc:
        raise RequestError("An agency id looks like xd-reg.") from exc
    try:
        VerifierKey.parse(ledger_vkey)
    except EnvelopeError as exc:
        raise RequestError("The ledger's key is not whole: copy the line name+id+key from paper.") from exc
    if not api_key:
        raise RequestError("The API key is empty.")
    own = Pin(session.ring.root.fingerprint, session.clock())
    return State(
        agency=agency,
        hub=require_hub_address(hub),
        ledger_keys=[ledger_vkey],
        api_key=api_key,
        pins={agency: own},
    )


def _kept_state(session: Session, first: State) -> State | None:
    """The state of an enrolment that broke off or stands, if any: of the same agency, hub and ledger."""
    try:
        kept = session.state_file.read()
    except StateAbsentError:
        return None
    if (kept.agency, kept.hub, kept.ledger_keys) != (first.agency, first.hub, first.ledger_keys):
        raise RequestError(f"This home belongs to {kept.agency} at {kept.hub} already.")
    return kept


def _lowest(ring: KeyRing, lowest: str | None) -> str:
    """The lowest suite the agency takes: what was asked for, else the weakest it has keys for."""
    if lowest is not None and lowest not in ring.suites:
        raise RequestError(f"This home has no keys of the suite {lowest}.")
    return lowest or (EC1 if EC1 in ring.suites else PQ1)


def _publish(session: Session, agency: str, low: str) -> None:
    keys = [{"jwk": dict(key.public.jwk), "use": key.public.use} for key in session.ring.keys]
    challenge = session.exchange.challenge(agency, keys)
    nonces = _open_nonces(session, agency, challenge.chal, challenge.sealed)
    now = session.clock()
    pop = make_statement(
        "pop",
        iss=agency,
        signer=SignerSet(session.ring.signing),
        suite=session.ring.suites[0],
        id=session.new_id(now),
        iat=now,
        nonce=os.urandom(16),
        body={"chal": challenge.chal, "enc": nonces},
    )
    session.exchange.post_keyset(agency, pop=pop, keyset=first_keyset(session, agency, low, now=now))


def first_keyset(session: Session, agency: str, low: str, *, now: int) -> bytes:
    """Keyset version 1, signed by the root: every key of the ring, valid from now for a year."""
    ring = session.ring
    rows = [KeyRow(key.public, now, now + KEY_LIFETIME_SECS) for key in ring.keys]
    body = build_keyset_body(
        version=1,
        prev=None,
        root=ring.root.public,
        nroot=ring.next_root,
        custody="agency",
        low=low,
        rows=rows,
    )
    return make_statement(
        "keyset",
        iss=agency,
        signer=ring.root.signer,
        suite=PQ1,
        id=session.new_id(now),
        iat=now,
        nonce=os.urandom(16),
        exp=now + MAX_KEYSET_SECS,
        body=body,
    )


def _open_nonces(
    session: Session, agency: str, chal: str, sealed: Sequence[tuple[str, dict[str, object]]]
) -> list[dict[str, str]]:
    held = session.decryption_keys()
    if {kid for kid, _ in sealed} != held.keys():
        raise AnswerError("The hub's challenge is not about the keys of this home.")
    return [
        {"kid": kid, "nonce": open_challenge(jwe, agency=agency, chal=chal, key=held[kid])}
        for kid, jwe in sealed
    ]
