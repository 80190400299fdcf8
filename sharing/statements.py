# SPDX-License-Identifier: Apache-2.0
"""Signed statements at the exchange, of alerts, agreements and lanes; entitlement is checked first.

- A statement is accepted once and kept as received; the same bytes again get the same answer, other bytes under its id are
  refused.
- Its effect on deliveries, its ledger entry and its audit are written in one transaction.
- It reaches its recipients through their feeds, after it is logged, whatever lanes are suspended.
- A suspended agency sends nothing new, but may still make all these statements: a wrong alert must always be withdrawable.

Source: docs/spec/envelope.md, "Statements".
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accord.envelope.errors import EnvelopeError, VerificationError
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.releases import RELEASE, UNRELEASE
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.checks import accept_statement, verify_statement
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement as Stated
from accord.envelope.statements.form import UnverifiedStatement, parse_statement
from accord.moments import moment_of
from agencies.accession import accept_revoke
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Revocation
from callers.actors import Actor, SystemActor
from callers.capabilities import Capability
from callers.errors import AbsentError, NotPermittedError
from ledger.audit import record_event
from ledger.entries import append_entry
from ledger.errors import EntryExistsError
from ledger.proofs import LeafPlace, wanted_place
from sharing.agreement_statements import answer_agreement, leave_agreement, propose_agreement
from sharing.errors import AlreadyRetractedError, IdTakenError, NotFetchedError, StatementKindError
from sharing.intake import require_admitted
from sharing.ledger_views import compare_view
from sharing.locks import lock_deliveries
from sharing.models import Delivery, Envelope, FeedItem, FeedPending, Statement, StatementDelivery
from sharing.recalls import recalls_that_count
from sharing.refusal_audit import answer_to, audit_refusal
from sharing.releases import OnwardRelease, unrelease
from sharing.states import VISIBLE_STATES, DeliveryState, move
from sharing.suspensions import resume_lanes, suspend_lanes

STATES = frozenset(
    {
        Capability.STATEMENT_SUBMIT,
        Capability.ALERT_ACKNOWLEDGE,
        Capability.ALERT_RELEASE,
        Capability.ALERT_WITHDRAW,
    }
)
"""A partner's system, or an officer at the desk; a process of the hub acts for the agency it names."""


def submit_statement(caller: Actor, jws: bytes, *, entries: bytes | None = None, now: datetime) -> Statement:
    """Accept a signed statement of the caller's own agency, suspended or not; the same bytes again return the same row.

    `entries` come with a release onward, and with nothing else.

    Raises `NotPermittedError`, `AbsentError` (its subject is not visible to this agency), `EnvelopeError`, and these kinds of
    `SharingError`: `IdTakenError`, `IssuerSuspendedError` (still entering), `StatementKindError`, `AlreadyRetractedError`,
    `NotFetchedError`; for a release also what `sharing.releases` names.
    """
    if caller.agency_id is None or not (STATES & caller.capabilities or isinstance(caller, SystemActor)):
        raise NotPermittedError(Capability.STATEMENT_SUBMIT)
    with audit_refusal("statement.refused", caller, now=now) as attempt:
        unverified = parse_statement(jws)
        attempt.subject = unverified.od
        if unverified.statement.iss != caller.agency_id:
            raise AbsentError
        known = _find_known(unverified)
        if known is not None:
            return known
        require_admitted(caller)
        leaf = wanted_place(unverified.od)
        effect = _effect_of(unverified, entries, moment_of(leaf.t) if leaf else now)
        _verify(unverified, leaf, now)
        return _accept(caller, unverified, effect, leaf, now)


def _verify(unverified: UnverifiedStatement, leaf: LeafPlace | None, now: datetime) -> None:
    """Verify as of now; a statement that a restore has lost, as of its log time."""
    directory = DatabaseKeyDirectory(now)
    if leaf is None:
        issuer = unverified.statement.iss
        accept_statement(unverified, caller=issuer, directory=directory, now=int(now.timestamp()))
    else:
        verify_statement(unverified, directory, log_time=leaf.t, index=leaf.index)


@dataclass(frozen=True)
class Accepted:
    """The exchange's answer to an accepted statement."""

    iss: str
    id: str
    od: str


def accept_posted(caller: Actor, jws: bytes, *, now: datetime) -> Accepted:
    """Take any posted statement: a `revoke` goes to the directory, all others to `submit_statement`."""
    if _is_revoke(jws):
        revocation = _accept_revoke(caller, jws, now)
        return Accepted(revocation.agency_id, parse_statement(jws).statement.id, revocation.od)
    row = submit_statement(caller, jws, now=now)
    return Accepted(row.iss_id, row.statement_id, row.od)


def accept_release_onward(caller: Actor, jws: bytes, entries: bytes, *, now: datetime) -> Accepted:
    """Take a posted release onward with its entries; raise as `submit_statement`."""
    row = submit_statement(caller, jws, entries=entries, now=now)
    return Accepted(row.iss_id, row.statement_id, row.od)


def _accept_revoke(caller: Actor, jws: bytes, now: datetime) -> Revocation:
    """Pass a `revoke` to the directory, which audits its own refusals; translate them into the exchange's answers."""
    try:
        return accept_revoke(caller, jws, now=now)
    except VerificationError as refusal:
        raise answer_to(refusal, caller) from refusal


def _is_revoke(jws: bytes) -> bool:
    try:
        return parse_statement(jws).statement.k == "revoke"
    except EnvelopeError:
        return False


def statements_about(actor: Actor, md: str) -> list[Statement]:
    """Return the statements about an envelope that the actor made or that reached it; `AbsentError` for strangers."""
    envelope = Envelope.objects.visible_to(actor).filter(pk=md).only("iss_id").first()
    if envelope is None:
        raise AbsentError
    visible = Statement.objects.visible_to(actor)
    about = list(visible.filter(sub_d=md) | _said_to_holders(envelope))
    released = envelope.releases.values_list("pk", flat=True)
    answers = list(visible.filter(sub_d__in=[*(row.od for row in about), *released]))
    return sorted([*about, *answers], key=lambda row: (row.received_at, row.od))


def _said_to_holders(envelope: Envelope) -> QuerySet[Statement]:
    """Return the envelope's reaffirms, for every holder, including one that received the envelope after them."""
    return Statement.objects.filter(k=REAFFIRM, sub_d=envelope.md, iss_id=envelope.iss_id)


def find_statement(actor: Actor, od: str) -> Statement:
    """Return one statement that the actor made or that reached it; raise `AbsentError`."""
    found = Statement.objects.visible_to(actor).filter(pk=od).first()
    if found is None:
        raise AbsentError
    return found


def _find_known(unverified: UnverifiedStatement) -> Statement | None:
    stated = unverified.statement
    row = Statement.objects.filter(iss_id=stated.iss, statement_id=stated.id).first()
    if row is not None and row.od != unverified.od:
        raise IdTakenError(stated.iss, stated.id)
    return row


def _accept(
    caller: Actor, unverified: UnverifiedStatement, effect: "Effect", leaf: LeafPlace | None, now: datetime
) -> Statement:
    """Store the statement once: when two submissions race, the second gets the first's row."""
    try:
        with transaction.atomic():
            return _store(caller, unverified, effect, leaf, now)
    except (IntegrityError, AlreadyRetractedError, EntryExistsError):
        known = _find_known(unverified)
        if known is None:
            raise
        return known


def _store(
    caller: Actor, unverified: UnverifiedStatement, effect: "Effect", leaf: LeafPlace | None, now: datetime
) -> Statement:
    stated = unverified.statement
    if leaf is not None:
        _note_fetched(stated, leaf)
    audience = effect(stated, now)
    row = Statement.objects.create(
        od=unverified.od,
        iss_id=stated.iss,
        statement_id=stated.id,
        k=stated.k,
        sub_k=stated.sub.k if stated.sub else "",
        sub_id=stated.sub.id if stated.sub else "",
        sub_d=stated.sub.d if stated.sub else "",
        act=stated.act or "",
        iat=stated.iat,
        exp=stated.exp,
        body=dict(stated.body),
        jws=unverified.raw,
        suite=stated.suite,
        signers=list(stated.signers),
        received_at=now,
    )
    StatementDelivery.objects.bulk_create(
        StatementDelivery(statement=row, recipient_id=agency) for agency in sorted(audience)
    )
    append_entry(row.od, now=now)
    FeedPending.objects.create(
        od=row.od,
        what=FeedItem.STATEMENT,
        iss=stated.iss,
        width=len(audience) + _onward_width(stated),
        queued_at=now,
        leaf=leaf.index if leaf else None,
    )
    compare_view(stated, now=now)
    _audit(caller, row, now)
    return row


def _onward_width(stated: Stated) -> int:
    """Return how many deliveries the statement brings beside its own."""
    return len(stated.body["aud"]) if stated.k == RELEASE else 0


def _note_fetched(stated: Stated, leaf: LeafPlace) -> None:
    """Mark the delivery fetched where the ledger has its acknowledgement: the restore lost the fetch too."""
    if stated.k == "ack" and stated.sub is not None and stated.sub.k == MANIFEST:
        Delivery.objects.filter(
            envelope_id=stated.sub.d, recipient_id=stated.iss, state=DeliveryState.AVAILABLE
        ).update(state=move(DeliveryState.AVAILABLE, "fetch"), fetched_at=moment_of(leaf.t))


def _audit(caller: Actor, row: Statement, now: datetime) -> None:
    record_event(
        "statement.accepted",
        actor=caller.audit_name,
        agency=row.iss_id,
        subject=row.od,
        detail={"k": row.k, "about": row.sub_d, "act": row.act},
        now=now,
    )


@dataclass(frozen=True)
class _Subject:
    """The envelope that a statement finally concerns, and the facts that entitlement is checked on."""

    envelope: Envelope
    facts: SubjectFacts


def _about_manifest(stated: Stated) -> _Subject:
    """Return the envelope, locked, if the statement's issuer may see it and its id is the named one."""
    assert stated.sub is not None
    envelope = _lock_envelope(stated.iss, stated.sub.d)
    return _Subject(
        envelope,
        SubjectFacts(
            k="manifest",
            id=envelope.jti,
            d=envelope.md,
            iss=envelope.iss_id,
            manifest_iss=envelope.iss_id,
            holders=_holders(envelope),
        ),
    )


def _about_retract(stated: Stated) -> _Subject:
    """Return the envelope of the named retract, if the retract has reached the statement's issuer."""
    assert stated.sub is not None
    reached = StatementDelivery.objects.filter(recipient_id=stated.iss, number__isnull=False)
    retract = Statement.objects.filter(
        pk=stated.sub.d, k="retract", pk__in=reached.values("statement_id")
    ).first()
    if retract is None:
        raise AbsentError
    envelope = _lock_envelope(stated.iss, retract.sub_d)
    return _Subject(
        envelope,
        SubjectFacts(
            k="retract",
            id=retract.statement_id,
            d=retract.od,
            iss=retract.iss_id,
            manifest_iss=envelope.iss_id,
            holders=_holders(envelope),
        ),
    )


def _lock_envelope(agency: str, md: str) -> Envelope:
    """Lock the envelope, so that of two statements about it the second sees the first's effect."""
    known = Envelope.objects.known_to(agency).filter(pk=md)
    envelope = known.select_for_update(no_key=True).defer("manifest", "jwe_head", "leaf_hashes").first()
    if envelope is None:
        raise AbsentError
    return envelope


def _holders(envelope: Envelope) -> frozenset[str]:
    numbered = Delivery.objects.filter(envelope=envelope, state__in=VISIBLE_STATES)
    return frozenset(numbered.values_list("recipient_id", flat=True))


def _own_delivery(subject: _Subject, agency: str) -> Delivery:
    row = Delivery.objects.select_for_update().filter(
        envelope=subject.envelope, recipient_id=agency, state__in=VISIBLE_STATES
    )
    found = row.first()
    if found is None:
        raise AbsentError
    return found


def _acknowledge(stated: Stated, now: datetime) -> Collection[str]:
    """Apply an acknowledgement; return the originator as its recipient.

    Only a person's act acknowledges: `unopenable` is noted and leaves the clock running.
    """
    subject = _about_manifest(stated)
    check_entitled(stated, subject.facts)
    delivery = _own_delivery(subject, stated.iss)
    delivery.answer = stated.body["st"]
    if delivery.answer != "unopenable":
        _acknowledge_delivery(delivery, now)
    delivery.save(update_fields=["answer", "state", "opened_at", "acknowledged_at"])
    return {subject.envelope.iss_id}


def _acknowledge_delivery(delivery: Delivery, now: datetime) -> None:
    if delivery.state == DeliveryState.AVAILABLE:
        raise NotFetchedError
    if delivery.state == DeliveryState.FETCHED:
        delivery.state = move(delivery.state, "acknowledge")
        delivery.acknowledged_at = now
    if delivery.answer == "opened" and delivery.opened_at is None:
        delivery.opened_at = now


def _retract(stated: Stated, now: datetime) -> Collection[str]:
    """Apply a retract; return every holder, each of whom is told only if it has a number for the envelope.

    A second retract is refused while the first counts. One that does not count, by a thief or logged with its key's revocation,
    does not block another.
    """
    subject = _about_manifest(stated)
    check_entitled(stated, subject.facts)
    if recalls_that_count([subject.envelope.md], now=now):
        raise AlreadyRetractedError
    reachable = Delivery.objects.filter(
        pk__in=lock_deliveries(Delivery.objects.filter(envelope=subject.envelope))
    ).exclude(state=DeliveryState.EXPIRED)
    reachable.update(recalled_at=now, recall_confirmed_at=None)
    return set(reachable.values_list("recipient_id", flat=True))


def _confirm(stated: Stated, now: datetime) -> Collection[str]:
    """Apply a recipient's confirmation, of which the first is kept; return the originator as its recipient."""
    subject = _about_retract(stated)
    check_entitled(stated, subject.facts)
    delivery = _own_delivery(subject, stated.iss)
    if delivery.recall_confirmed_at is None:
        delivery.recall_confirmed_at = now
        delivery.save(update_fields=["recall_confirmed_at"])
    return {subject.envelope.iss_id}


def _reaffirm(stated: Stated, now: datetime) -> Collection[str]:
    """Return the recipients of a reaffirm: every holder of the envelope, or all whom the reaffirmed statement has reached."""
    assert stated.sub is not None
    if stated.sub.k == MANIFEST:
        subject = _about_manifest(stated)
        check_entitled(stated, subject.facts)
        reachable = Delivery.objects.filter(envelope=subject.envelope).exclude(state=DeliveryState.EXPIRED)
        return set(reachable.values_list("recipient_id", flat=True))
    own = Statement.objects.filter(pk=stated.sub.d, iss_id=stated.iss).first()
    if own is None:
        raise AbsentError
    check_entitled(stated, SubjectFacts(k=own.k, id=own.statement_id, d=own.od, iss=own.iss_id))
    reached = StatementDelivery.objects.filter(statement=own, number__isnull=False)
    return set(reached.values_list("recipient_id", flat=True))


Effect = Callable[[Stated, datetime], Collection[str]]
"""Checks entitlement, changes deliveries, returns the statement's recipients. Runs inside a transaction."""

_EFFECTS: Final[dict[str, Effect]] = {
    "accept": answer_agreement,
    "ack": _acknowledge,
    "agreement": propose_agreement,
    "retract": _retract,
    "confirm": _confirm,
    "leave": leave_agreement,
    REAFFIRM: _reaffirm,
    UNRELEASE: unrelease,
    "resume": resume_lanes,
    "suspend": suspend_lanes,
}


def _effect_of(unverified: UnverifiedStatement, entries: bytes | None, at: datetime) -> Effect:
    """Return the effect of a statement; raise `StatementKindError`: keyset, revoke and pop have their own endpoints, the rest none."""
    k = unverified.statement.k
    if k == RELEASE and entries is not None:
        return OnwardRelease(unverified, entries, at).store
    effect = _EFFECTS.get(k)
    if effect is None or entries is not None:
        raise StatementKindError(k)
    return effect
