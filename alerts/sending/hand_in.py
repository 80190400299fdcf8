# SPDX-License-Identifier: Apache-2.0
"""Hand-in to the exchange of what was released and stated here, and the settling of its outcome.

- An act queues what it has signed and tries it at once. What gets no answer the desk-worker repeats, octet for octet, in the
  order of signing, flash alerts first.
- What the exchange refuses goes back to a person: the alert to its validated state, the statement undone.
- Nothing is signed again automatically. What never arrived is cancelled, not withdrawn.
"""

import logging
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.agreements import AGREEMENT
from accord.calls.errors import ClientError
from accord.envelope.encoding import MAX_MANIFEST_BYTES
from accord.envelope.jws import parse_jws
from accord.envelope.manifest import read_manifest
from accord.envelope.releases import RELEASE, MadeRelease
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from accord.envelope.vocabulary import TYP_MANIFEST
from accord.moments import moment_of, moment_or_none
from accord.suspensions import RESUME, SUSPEND
from alerts.access import lock_alert
from alerts.agency.agreement_texts import forget_text
from alerts.boxes.state_words import HELD_SINCE, refusal_text
from alerts.drafting.revisions import read_revision
from alerts.errors import CancelRefusedError, NotTakenError
from alerts.models import Alert, ReceivedAlert, WithheldAlert
from alerts.peers.lanes import settle_stops
from alerts.peers.withheld_recipients import hold_back
from alerts.replies.answers import settle_answered
from alerts.replies.due_times import settle_by_statement
from alerts.replies.projection import keep_sent
from alerts.review.verdicts import RecipientVerdict
from alerts.rows.onward import unsay_release
from alerts.sending import ledger_places as placing
from alerts.sending.amendment import mark_replaced
from alerts.sending.sending_stopped import require_may_send
from alerts.sending.sent_document import sent_document
from alerts.states import AlertState, Move, check_move
from alerts.withheld.noting import withheld_by
from callers.actors import Actor, SystemActor
from callers.binding import keep_bound
from callers.capabilities import Capability, require
from callers.closed_lists import FLASH
from callers.errors import NotBoundError
from callers.task_calls import call_task
from ledger.audit import record_event
from notices.handed_in import tell_of_return, tell_of_unsent
from officers.duty import on_duty
from officers.models import Officer
from peers import outgoing
from peers.entries import note_first_release
from peers.feed_memory import held_statement
from peers.models import HeldStatement, Outgoing, OutgoingState
from peers.outgoing import TEXT, TOO_OLD, Outcome, Refused, Taken, Waits
from peers.sent import note_sent
from vault import services
from vault.instances import may_send, may_send_now

log = logging.getLogger(__name__)
ROLE: Final = "desk-worker"
SEND_TASK: Final = "alerts.send_waiting"
UNSENT_AFTER: Final = timedelta(minutes=5)
MOST_SUSPECTS: Final = 2
"""Limit of one agency's objects in a round that may themselves be the cause of no answer; one more means the exchange is away."""


@dataclass
class Handing:
    """Objects that one act signs and hands in, inside its transaction."""

    actor: Actor
    now: datetime
    ds: list[str] = field(default_factory=list)

    def state(
        self, k: str, sub: SubjectRef | None, body: Mapping[str, Any], *, exp: int | None = None
    ) -> str:
        """Sign a statement, hold it and queue it; return its digest. Raises what the vault refuses."""
        self.ds.append(queue_statement(self.actor, k, sub, body, exp=exp, now=self.now))
        return self.ds[-1]

    def release(self, made: MadeRelease, pri: str) -> None:
        """Hold and queue a release onward, with its entries."""
        said = held_statement(self.actor.agency_id or "", made.jws, now=self.now)
        keep_bound([said])
        by = self.actor.public_id or ""
        outgoing.put_statement(said, by=by, entries=made.entries, pri=pri, now=self.now)
        self.ds.append(said.od)

    def send(self, alert: Alert, envelope: SealedEnvelope, recipients: Collection[str]) -> None:
        """Queue an alert's envelope."""
        outgoing.put_envelope(
            envelope,
            subject=str(alert.pk),
            pri=alert.pri,
            recipients=recipients,
            by=self.actor.public_id or "",
            now=self.now,
        )
        self.ds.append(envelope.md)

    def send_text(self, proposal: str, envelope: SealedEnvelope, recipients: Collection[str]) -> None:
        """Queue the text of an agreement behind its proposal."""
        outgoing.put_envelope(
            envelope,
            subject=proposal,
            pri="routine",
            recipients=recipients,
            by=self.actor.public_id or "",
            k=TEXT,
            now=self.now,
        )
        self.ds.append(envelope.md)


@contextmanager
def handing_in(actor: Actor, *, now: datetime) -> Generator[Handing]:
    """Run one act in a transaction of its own, then try what it queued. Not inside another transaction.

    Raises HeldElsewhereError before anything is signed, NotTakenError where the exchange refuses, which undoes the refused part;
    while the exchange is away, all waits for the desk-worker.
    """
    require_may_send(actor, actor.agency_id or "", now=now)
    handing = Handing(actor, now)
    with transaction.atomic(durable=True):
        yield handing
    _send_at_once(actor, handing.ds, now)


def queue_statement(
    actor: Actor,
    k: str,
    sub: SubjectRef | None,
    body: Mapping[str, Any],
    *,
    exp: int | None = None,
    now: datetime,
) -> str:
    """Sign a statement, hold it and queue it, in the caller's transaction; return its digest. Raises what the vault refuses."""
    jws = services.sign_statement(actor, k=k, sub=sub, body=dict(body), exp=exp, now=now)
    said = held_statement(actor.agency_id or "", jws, now=now)
    keep_bound([said])
    outgoing.put_statement(said, by=actor.public_id or "", now=now)
    return said.od


def send_waiting(*, now: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
    """Try everything that is due, agency by agency; return how much the exchange accepted. For the desk-worker.

    If the exchange does not answer, the rest of the agency's objects wait for the next round; while another holder has its
    identity, all of them wait. A row that was changed past the program is not sent, and is logged.
    """
    taken = sum(send_waiting_of(reader, now=now, is_over=is_over) for reader in outgoing.readers_due(now=now))
    _tell_of_unsent(now)
    outgoing.forget_settled(now=now)
    return taken


def send_waiting_of(reader: str, *, now: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
    """Try everything that is due for one agency; return how much the exchange accepted.

    If an object has repeatedly found no answer, the next is tried too, to learn whether the object or the exchange is the cause.
    """
    taken, suspects, tries_next = 0, list[Outgoing](), False
    due = list(outgoing.due_of(reader, now=now))
    goes_out = bool(due) and may_send_now(reader, now=now)
    for row in due:
        if is_over() and not tries_next:
            break
        if not goes_out and not outgoing.is_too_old(row, now=now):
            continue
        outcome = _tried(row, now)
        taken += isinstance(outcome, Taken)
        tries_next = False
        if isinstance(outcome, Waits) and outcome.is_away:
            if not outcome.may_be_alone or len(suspects) == MOST_SUSPECTS:
                if suspects:
                    outgoing.postpone_after(suspects[0])
                break
            suspects.append(row)
            tries_next = True
    return taken


def offer_all_again() -> int:
    """Offer the exchange again what a restore of it lost, for every agency that sent lately; return how much it accepted."""
    taken = 0
    for reader in filter(may_send, outgoing.readers_of_sent()):
        with suppress(ClientError):
            taken += outgoing.offer_again(reader)
    return taken


def cancel_release(officer: Officer, alert: Alert, *, now: datetime) -> Alert:
    """Take back a released alert that never arrived: it is validated and not sent, as before. Not inside a transaction.

    Raises MoveRefusedError, and CancelRefusedError for an alert that arrived, is on its way, or may have arrived.
    """
    require(officer, Capability.ALERT_RELEASE)
    with transaction.atomic():
        locked = lock_alert(officer, alert)
        check_move(locked, Move.CANCEL)
        row = Outgoing.objects.get(reader=locked.agency_id, d=locked.md)
    if row.may_have_arrived and row.trying_until is None:
        _require_absent(row, now)
    with transaction.atomic():
        locked = lock_alert(officer, alert)
        check_move(locked, Move.CANCEL)
        if not outgoing.is_untouched_since(row):
            text = _("It is being sent at this moment. Look again in a minute.")
            raise CancelRefusedError("trying", text)
        outgoing.settle(row, OutgoingState.CANCELLED, now=now)
        _take_back(locked, Move.CANCEL, now)
        _record("alert.cancelled", officer.audit_name, locked, now)
    return locked


def waiting_for(reader: str, subjects: Collection[str]) -> dict[str, Outgoing]:
    """Return the waiting objects by these alerts' ids, and by the digests that waiting statements are about.

    Raises NotBoundError for a row that was changed past the program.
    """
    found = {}
    for row in outgoing.queued_about(reader, subjects):
        row.require_bound()
        found[row.subject] = row
    return found


def _send_at_once(actor: Actor, ds: Collection[str], now: datetime) -> None:
    """Hand in these objects now, unless older ones wait: then the worker takes all in order. A flash alert is tried anyway."""
    reader, refused = actor.agency_id or "", None
    rows = list(outgoing.queued_of(reader).filter(d__in=ds))
    if rows and outgoing.has_older(rows[0]) and rows[0].pri != FLASH:
        outgoing.make_due(reader, now=now)
        call_task(SEND_TASK)
        return
    for row in rows:
        outcome = _attempt(row, actor.audit_name, now)
        if isinstance(outcome, Refused) and refused is None:
            refused = outcome
        if isinstance(outcome, Waits) and outcome.is_away:
            break
    if refused is not None:
        raise NotTakenError(refused.cause, refusal_text(refused.cause, refused.denials), refused.denials)


def _tell_of_unsent(now: datetime) -> None:
    """Tell the releaser and the duty list, once, of a flash alert that has not left within `UNSENT_AFTER`."""
    for row in filter(lambda row: row.is_bound, outgoing.unsent(FLASH, since=now - UNSENT_AFTER)):
        with transaction.atomic():
            alert = _alert_of(row)
            if alert is not None and outgoing.note_told(row, now=now):
                told = {officer.pk: officer for officer in (*_signer_of(row), *on_duty(row.reader))}
                tell_of_unsent(told.values(), md=row.d, status=alert.status, now=now)


def _signer_of(row: Outgoing) -> list[Officer]:
    return list(Officer.objects.filter(public_id=row.by, agency_id=row.reader, is_active=True))


def _tried(row: Outgoing, now: datetime) -> Outcome | None:
    try:
        return _attempt(row, SystemActor(ROLE, row.reader).audit_name, now, tells=True)
    except NotBoundError:
        log.error("what was to be handed in was changed past the program", extra={"row": str(row.pk)})
        return None


def _attempt(row: Outgoing, name: str, now: datetime, *, tells: bool = False) -> Outcome | None:
    """Try a row once and settle the outcome.

    `name` is the actor in the audit of a refusal; with `tells`, the signer is told of it.
    """
    row.require_bound()
    if row.k == TEXT and outgoing.queued_of(row.reader).filter(d=row.subject).exists():
        return None
    outcome: Outcome | None
    objection = _objection(row, now) if tells else None
    if objection is None:
        outcome = outgoing.hand_in(row, now=now)
    else:
        outcome = outgoing.ask_for(row, now=now) if row.may_have_arrived else Refused(objection)
    if isinstance(outcome, Taken):
        _settle_sent(row, now)
    if isinstance(outcome, Refused):
        _settle_refused(row, outcome, name, now, tells=tells)
    return outcome


def _objection(row: Outgoing, now: datetime) -> str | None:
    """Return why a waiting object must not leave: it is too old, or the agency itself now holds a recipient back."""
    if outgoing.is_too_old(row, now=now):
        return TOO_OLD
    if row.k != MANIFEST:
        return None
    alert = Alert.objects.get(pk=row.subject)
    chosen = [RecipientVerdict(**one) for one in alert.validated_preview or () if one["will"]]
    held = hold_back(row.reader, chosen, pri=alert.pri)
    return None if all(one.will for one in held) else HELD_SINCE


@transaction.atomic
def _settle_sent(row: Outgoing, now: datetime) -> None:
    alert = _alert_of(row)
    if outgoing.settle(row, OutgoingState.SENT, now=now) and alert is not None:
        _note_sent(alert, row, now)
        call_task(placing.RECEIPTS_TASK, in_secs=placing.RECEIPT_SECS)


@transaction.atomic
def _settle_refused(row: Outgoing, refused: Refused, name: str, now: datetime, *, tells: bool) -> None:
    alert = _alert_of(row)
    if not outgoing.settle(row, OutgoingState.REFUSED, now=now, refused=refused):
        return
    if tells:
        status = alert.status if alert else ""
        tell_of_return(_signer_of(row), d=row.d, status=status, now=now)
    if alert is not None:
        _take_back(alert, Move.REFUSE, now)
        _record("alert.refused", name, alert, now, move=Move.RELEASE.value, cause=refused.cause)
    else:
        _unsay(row, now)
        record_event(
            "statement.refused",
            actor=name,
            agency=row.reader,
            subject=row.d,
            detail={"kind": row.k, "cause": refused.cause},
            now=now,
        )


def _alert_of(row: Outgoing) -> Alert | None:
    """Return the alert of an envelope, locked before the row is; None for a statement."""
    if row.k != MANIFEST:
        return None
    rows = Alert.objects.select_for_update(of=("self",)).select_related("agency__desk_policy", "author")
    return rows.get(agency=row.reader, md=row.d)


def _note_sent(alert: Alert, row: Outgoing, now: datetime) -> None:
    """Mark the alert as released at the time of signing, whenever the exchange accepted it."""
    terms = read_manifest(parse_jws(bytes(row.signed), TYP_MANIFEST, limit=MAX_MANIFEST_BYTES).payload).terms
    alert.state = check_move(alert, Move.SEND)
    alert.released_at, alert.changed_at = row.queued_at, now
    alert.answers_due_at = moment_or_none(terms.reply_by) if terms.status == "actual" else None
    alert.save(update_fields=["state", "released_at", "changed_at", "answers_due_at"])
    mark_replaced(alert, now=now)
    note_sent(
        row.reader,
        row.d,
        row.recipients,
        ack_by=moment_or_none(terms.ack_by),
        reply_by=moment_or_none(terms.reply_by),
        exp=moment_of(terms.exp),
        keep=moment_of(terms.keep),
    )
    if terms.status == "actual":
        note_first_release(row.reader, now=now)
    content = read_revision(alert)
    WithheldAlert.objects.bulk_create(withheld_by(alert, content, terms, released_at=row.queued_at))
    keep_sent(alert, content, sent_document(alert, content), now=now)
    alert.attachments.all().delete()


def _take_back(alert: Alert, move: Move, now: datetime) -> None:
    """Put the alert back as it was before its release; it can be released again, which signs it anew."""
    alert.state = check_move(alert, move)
    alert.jti, alert.md, alert.signers = "", "", []
    alert.released_by, alert.second_look_by, alert.changed_at = None, None, now
    alert.save()


def _unsay(row: Outgoing, now: datetime) -> None:
    """Undo here the effect of a statement or an agreement's text that the exchange refuses."""
    if row.k == TEXT:
        forget_text(row.reader, row.d)
        return
    said = HeldStatement.objects.filter(reader=row.reader, od=row.d).first()
    if said is None:
        return
    said.delete()
    received = ReceivedAlert.objects.filter(agency=row.reader)
    if row.k == "ack" and row.by:
        unsaid = {"acknowledged_at": None, "acknowledged_by": None, "answer": ""}
        received.filter(md=row.subject).update(**unsaid)
    if row.k == "confirm":
        received.filter(retract_od=row.subject).update(withdrawal_confirmed_at=None)
    if row.k == RELEASE:
        unsay_release(row.reader, row.d)
    if row.k in (SUSPEND, RESUME):
        settle_stops(row.reader, said.body["with"], said.body["lanes"], now=now)
        settle_by_statement(said, now=now)
    if row.k == AGREEMENT:
        _cancel_text(row, now)
    if row.k == "retract" and not _is_retracted(row):
        own = Alert.objects.filter(agency=row.reader, md=row.subject, state=AlertState.WITHDRAWN)
        own.update(state=AlertState.RELEASED, withdrawn_at=None, withdrawn_by=None, changed_at=now)
        for alert in Alert.objects.filter(agency=row.reader, md=row.subject):
            settle_answered(alert)


def _cancel_text(row: Outgoing, now: datetime) -> None:
    for text in outgoing.queued_about(row.reader, [row.d]).filter(k=TEXT):
        outgoing.settle(text, OutgoingState.CANCELLED, now=now)
        forget_text(row.reader, text.d)


def _is_retracted(row: Outgoing) -> bool:
    """Tell whether another retract of the agency still stands."""
    return HeldStatement.objects.issued_by(row.reader).filter(k="retract", sub_d=row.subject).exists()


def _require_absent(row: Outgoing, now: datetime) -> None:
    """Raise CancelRefusedError unless the exchange says that it does not have it."""
    match outgoing.ask_for(row, now=now):
        case Taken():
            _settle_sent(row, now)
            raise CancelRefusedError("arrived", _("It had arrived: it is sent. It can be withdrawn."))
        case Waits():
            text = _(
                "It may have arrived, and only the exchange knows. Once it answers, this is sent or can be cancelled."
            )
            raise CancelRefusedError("unknown", text)


def _record(act: str, name: str, alert: Alert, now: datetime, **detail: str) -> None:
    record_event(
        act, actor=name, agency=alert.agency_id, subject=str(alert.pk), detail=detail or None, now=now
    )
