# SPDX-License-Identifier: Apache-2.0
"""Enrolment: an agency proves its keys to the hub and publishes its first keyset.

The hub's administrator has entered the root fingerprint from paper and handed over a key for entering. The client pins the
ledger's key (also from paper), proves possession of every new key over a one-time challenge, and sends keyset version 1, signed
by its root. The answer brings the agency's own API key, sealed to its encryption key, which replaces the one for entering.

- Each step may be repeated after a crash: the signed keyset is kept before it is sent, and the hub answers the same octets
  alike for a day.
- The root may lie in the key file, in a file of its own, or offline: then the keyset comes signed.
- An agency that moves to a new home names its root by its fingerprint and publishes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from accord.calls.answers import AccessionAnswer, CallerAnswer, KeysetAnswer, KeysetTaken
from accord.calls.transport import require_hub_address
from accord.client.apikey import keep_api_key
from accord.client.errors import AnswerError, NotLoggedYetError, ProposalError, RequestError
from accord.client.keys.drafts import draft_first_keyset
from accord.client.keys.journal import Journal, SignedChange
from accord.client.keys.proving import prove_possession
from accord.client.keys.rows import new_rows
from accord.client.session import Session
from accord.client.waiting import wait_for
from accord.envelope.credentials import SealedCredential
from accord.envelope.encoding import agency_id
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, VerificationError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Keyset, read_keyset, verify_keyset
from accord.envelope.private import DecryptionKey, Root
from accord.envelope.statements.form import parse_statement, sign_statement
from accord.envelope.tree.notes import VerifierKey
from accord.envelope.unseal import open_credential
from accord.envelope.vocabulary import MAX_IAT_AGE_SECS
from accord.following.keysets import refresh_keysets
from accord.keyring import KeyRing
from accord.state import Pin, State, StateAbsentError

_FIRST: Final = "first"
"""The journal's kind of change for an agency's first keyset."""


@dataclass(frozen=True)
class OwnRoot:
    """The root whose keys are enrolled, in one of three forms.

    A root at hand, with the next one's fingerprint; or a keyset it has signed; or its fingerprint alone, where the agency's
    keyset is accepted already.
    """

    root: Root | None = None
    next_root: str = ""
    signed: bytes | None = None
    fingerprint: str = ""

    @classmethod
    def of_ring(cls, ring: KeyRing) -> OwnRoot:
        """Return the root in the key file; raise RootElsewhereError."""
        return cls(root=ring.root, next_root=ring.next_root)

    @property
    def pinned(self) -> str:
        """The fingerprint to pin for the own agency; raises ProposalError."""
        if self.root is not None:
            return self.root.fingerprint
        return self.fingerprint if self.signed is None else _read_signed(self.signed).root_fingerprint


@dataclass(frozen=True)
class Enrolment:
    """The progress of an enrolment; `log_time` is None until the ledger's receipt was verified."""

    agency: str
    fingerprint: str
    version: int
    od: str
    log_time: int | None


def begin_enrolment(
    session: Session,
    agency: str,
    own: OwnRoot,
    *,
    hub: str,
    ledger_vkey: str,
    api_key: str,
    lowest: str | None,
) -> None:
    """Write the first state of this home, or check that it fits; then publish the keyset.

    Raises RequestError, HubAddressError, StateTakenError, ProposalError, and the errors of the transport.
    """
    pin = Pin(own.pinned, session.clock())
    first = _first_state(agency, pin, hub=hub, ledger_vkey=ledger_vkey, api_key=api_key)
    low = _lowest(session.ring, lowest)
    kept = _kept_state(session, first)
    exchange = session.connect(first.hub, first.api_key)
    # Checked first: an API key that the hub refuses must not replace one that works.
    answer = exchange.accession() or exchange.caller()
    if isinstance(answer, AccessionAnswer) and answer.entry.id != agency:
        raise RequestError(f"This API key lets {answer.entry.id} enter, not {agency}.")
    _require_exchange(first.hub, answer.exchange)
    stands = isinstance(answer, CallerAnswer) and exchange.keyset(agency) is not None
    if kept is None:
        session.state_file.create(first)
    elif kept.hub != first.hub:
        with session.state_file.change() as state:
            state.hub = first.hub
    session.use(exchange)
    if isinstance(answer, CallerAnswer):
        keep_api_key(session, first.api_key, answer.until)
        if not stands:
            _publish(session, agency, own, low)
    elif answer.keyset is None or kept is None or kept.api_key == first.api_key:
        _enter(session, agency, own, low, stands=answer.keyset)
    # The next call connects with the API key stored by then.
    session.close()


def _require_exchange(hub: str, exchange: str | None) -> None:
    """Refuse an address that serves officers; nothing is bound to it."""
    if exchange is not None and exchange != hub:
        raise RequestError(
            f"{hub} is the desk, for officers; systems call the exchange. Nothing was kept. Compare the exchange's address "
            f"with your papers, then enrol there: --hub {exchange}"
        )


def complete_enrolment(session: Session, *, wait_secs: float) -> Enrolment:
    """Fetch the receipt of the own keyset; raise NotLoggedYetError when there is none within the time."""
    state = session.state_file.read()
    answer = wait_for(
        lambda: _logged(session.exchange.keyset(state.agency)),
        wait_secs=wait_secs,
        sleep=session.sleep,
    )
    if answer is None:
        raise NotLoggedYetError(f"the keyset of {state.agency}")
    keyset = read_keyset(answer.keyset)
    if keyset.root_fingerprint != state.pins[state.agency].fingerprint:
        raise VerificationError(Failure.KEYSET_ROOT, "the hub shows another root for this agency")
    act = session.begin(enrolled=False)
    refresh_keysets(act, state.agency)
    act.changes.record(_enrolled)
    act.changes.write()
    return Enrolment(
        state.agency, keyset.root_fingerprint, keyset.version, keyset.od, act.state.log_times[keyset.od]
    )


def _enrolled(state: State) -> None:
    state.enrolled = True


def _logged(answer: KeysetAnswer | None) -> KeysetAnswer | None:
    return answer if answer is not None and answer.receipt is not None else None


def _first_state(agency: str, pin: Pin, *, hub: str, ledger_vkey: str, api_key: str) -> State:
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
    return State(
        agency=agency,
        hub=require_hub_address(hub),
        ledger_keys=[ledger_vkey],
        api_key=api_key,
        pins={agency: pin},
        # Drawn at once, so that every copy of the home counts as the same holder.
        instance=str(uuid4()),
    )


def _kept_state(session: Session, first: State) -> State | None:
    """Return the state of an earlier enrolment, unfinished or not, if any: of the same agency and ledger.

    The hub may have a new address: its ledger identifies it.
    """
    try:
        kept = session.state_file.read()
    except StateAbsentError:
        return None
    if (kept.agency, kept.ledger_keys) != (first.agency, first.ledger_keys):
        raise RequestError(f"This home belongs to {kept.agency} at {kept.hub} already.")
    return kept


def _lowest(ring: KeyRing, lowest: str | None) -> str:
    """Return the lowest suite the agency accepts: the requested one, else the weakest it has keys for."""
    if lowest is not None and lowest not in ring.suites:
        raise RequestError(f"This home has no keys of the suite {lowest}.")
    return lowest or (EC1 if EC1 in ring.suites else PQ1)


def _enter(session: Session, agency: str, own: OwnRoot, low: str, *, stands: str | None) -> None:
    """Bring the keys in by a key for entering, and take the agency's own API key from the answer.

    `stands` is the od of the accepted keyset, None before.
    """
    with session.home.changing_keys():
        journal = Journal(session.home.key_change_file)
        change = journal.read()
        if stands is None:
            change = _change_to_send(session, agency, own, low, change)
            journal.write(change)
        elif change is None or parse_statement(change.jws).od != stands:
            raise RequestError(
                "Your agency's keyset stands already, and this home has not kept what brought it in. Enrol with an "
                "API key that your agency's admin has issued."
            )
        taken = _hand_in(session, agency, change.jws, known=stands is not None)
        if taken.api_key is None:
            raise RequestError(
                "The keyset stands, and the hub no longer gives out the API key that came with it: it does so for a "
                "day. Enrol with an API key that your agency's admin has issued."
            )
        od, key = parse_statement(change.jws).od, _key_of(session, taken.api_key)
        keep_api_key(session, open_credential(taken.api_key, agency=agency, od=od, key=key), taken.until)
        journal.drop()


def _change_to_send(
    session: Session, agency: str, own: OwnRoot, low: str, kept: SignedChange | None
) -> SignedChange:
    """Return a change that an earlier run signed, if it can still be sent; else the first keyset, signed now."""
    if kept is not None and own.signed is None and _is_sendable(session, agency, own, kept.jws):
        return kept
    return SignedChange(_FIRST, _first_signed(session, agency, own, low))


def _hand_in(session: Session, agency: str, jws: bytes, *, known: bool) -> KeysetTaken:
    keyset = _verify_first(session, agency, jws)
    pop = None if known else prove_possession(session, keyset, None)
    return session.exchange.post_keyset(agency, pop=pop, keyset=jws)


def _key_of(session: Session, sealed: SealedCredential) -> DecryptionKey:
    key = session.decryption_keys().get(sealed.kid)
    if key is None:
        raise AnswerError("The hub has sealed the API key to a key that is not one of this home's.")
    return key


def _is_sendable(session: Session, agency: str, own: OwnRoot, jws: bytes) -> bool:
    """Tell whether a stored keyset is of this root and the keys of this home, and recent enough."""
    try:
        keyset = _verify_first(session, agency, jws)
    except ProposalError:
        return False
    is_recent = keyset.iat > session.clock() - MAX_IAT_AGE_SECS
    return is_recent and keyset.root_fingerprint == own.pinned


def _publish(session: Session, agency: str, own: OwnRoot, low: str) -> None:
    _hand_in(session, agency, _first_signed(session, agency, own, low), known=False)


def _first_signed(session: Session, agency: str, own: OwnRoot, low: str) -> bytes:
    """Return the first keyset as signed by the root, here or elsewhere; raise RequestError without a root."""
    if own.signed is not None:
        _verify_first(session, agency, own.signed)
        return own.signed
    if own.root is None:
        raise RequestError(
            "The hub has no keyset of your agency yet, and its root has to sign the first one: name the root's "
            "file (--root FILE), or a keyset that it has signed (--keyset FILE)."
        )
    return first_keyset(session, agency, own.root, own.next_root, low)


def first_keyset(session: Session, agency: str, root: Root, next_root: str, low: str) -> bytes:
    """Return keyset version 1, signed by the root: every key of the ring, valid from now for a year."""
    now = session.clock()
    rows = new_rows([key.public for key in session.ring.keys], now=now)
    draft = draft_first_keyset(session, agency, rows, root.public, next_root, low=low, now=now)
    return sign_statement(draft.payload, root.signer)


def _verify_first(session: Session, agency: str, jws: bytes) -> Keyset:
    """Refuse a keyset that the hub would refuse, or with keys that are not this home's; raise ProposalError."""
    try:
        keyset = verify_keyset(jws, pinned=_read_signed(jws).root_fingerprint, strict=True)
    except EnvelopeError as exc:
        raise ProposalError(f"The signed keyset does not hold ({exc}); nothing was sent.") from exc
    held = {key.public.kid for key in session.ring.keys}
    if keyset.agency != agency or {row.kid for row in keyset.rows} != held:
        raise ProposalError(
            f"The signed keyset is not about the keys of this home for {agency}; nothing was sent. Propose it anew: "
            "accord keys propose first"
        )
    return keyset


def _read_signed(jws: bytes) -> Keyset:
    try:
        return read_keyset(jws)
    except EnvelopeError as exc:
        raise ProposalError(f"This is not a signed keyset ({exc}): name what accord sign wrote.") from exc
