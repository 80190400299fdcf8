# SPDX-License-Identifier: Apache-2.0
"""Reaffirmation of alerts and statements that a revocation put in doubt, and the list of those that wait for it.

A releaser reaffirms alone: the alert was reviewed at its release, and the only question now is whether this agency sent it.
An envelope that was never sent from here cannot be reaffirmed, only withdrawn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from accord.envelope.worth import Worth
from alerts.access import lock_alert
from alerts.boxes.paging import PAGE_ROWS
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.projections.cards import Card, open_alert_cards
from alerts.receiving.signature_state import SignatureFacts, SignatureState, signature_facts_of
from alerts.refusal_audit import audited_refusal
from alerts.sending.hand_in import Handing, handing_in
from alerts.sending.own_name import (
    in_doubt,
    own_statements,
    own_statements_within,
    revoked_spans,
    sent_within,
    unsent_within,
)
from alerts.sending.sent_signatures import own_signatures, statement_signatures
from alerts.states import Move, check_move
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.models import Officer
from peers.models import HeldStatement, UnsentEnvelope
from peers.sent import claimed_of


@dataclass(frozen=True)
class DoubtedAlert:
    """Envelope in doubt in the agency's name. `alert` is None if it was never sent from here.

    `total` and `opened` count recipients.
    """

    md: str
    jti: str
    alert: Alert | None
    card: Card | None
    standing: SignatureFacts
    total: int
    opened: int


@dataclass(frozen=True)
class DoubtedStatement:
    """Statement in doubt in the agency's name; `k` is its kind, `about` a digest, `act` the officer it names as its author."""

    od: str
    k: str
    about: str
    act: str
    standing: SignatureFacts


def list_doubted(
    officer: Officer, *, peers: VerifiedDirectory | None = None, now: datetime
) -> tuple[DoubtedAlert, ...]:
    """Return the agency's envelopes that a revocation put in doubt, neither reaffirmed nor withdrawn; newest first.

    `peers`: the directory, where the caller has one already.
    """
    require(officer, Capability.ALERT_READ)
    peers = peers or VerifiedDirectory(officer.agency_id or "", now)
    spans = revoked_spans(peers)
    if not spans:
        return ()
    found: list[tuple[Alert | UnsentEnvelope, Worth]] = []
    found += in_doubt(peers, sent_within(officer, spans))
    found += in_doubt(peers, unsent_within(officer, spans))
    found.sort(key=lambda one: one[0].log_index or 0, reverse=True)
    return tuple(_shown(officer, found[:PAGE_ROWS]))


def reaffirm_alert(officer: Officer, alert: Alert, *, now: datetime) -> Alert:
    """Reaffirm an own alert with a key in force; every recipient is told.

    Raises `InputError` where nothing put it in doubt or it was reaffirmed already, `MoveRefusedError` for one
    that was not sent or is withdrawn, `NotTakenError`.
    """
    require(officer, Capability.ALERT_RELEASE)
    with audited_refusal(Move.REAFFIRM, officer, alert, now=now), handing_in(officer, now=now) as handing:
        locked = lock_alert(officer, alert)
        locked.state = check_move(locked, Move.REAFFIRM)
        standing = own_signatures(officer, [locked.md], now=now)[locked.md]
        if _reaffirm(handing, SubjectRef(MANIFEST, locked.jti, locked.md), standing):
            _record("alert.reaffirmed", officer, str(locked.pk), now)
    return locked


def list_doubted_statements(
    officer: Officer, *, peers: VerifiedDirectory | None = None, now: datetime
) -> tuple[DoubtedStatement, ...]:
    """Return the agency's statements in doubt that are not reaffirmed; newest first. `peers` as in `list_doubted`."""
    require(officer, Capability.ALERT_READ)
    peers = peers or VerifiedDirectory(officer.agency_id or "", now)
    spans = revoked_spans(peers)
    found = in_doubt(peers, own_statements_within(officer, spans)) if spans else ()
    return tuple(
        DoubtedStatement(row.od, row.k, row.sub_d, row.act, _standing(officer, worth)) for row, worth in found
    )


def _standing(officer: Officer, worth: Worth) -> SignatureFacts:
    return signature_facts_of(worth, officer.agency.name if officer.agency else "", own=True)


def reaffirm_statement(officer: Officer, od: str, *, now: datetime) -> None:
    """Reaffirm an own acknowledgement, withdrawal or confirmation; raises `AbsentError` for any other statement."""
    require(officer, Capability.ALERT_RELEASE)
    with handing_in(officer, now=now) as handing:
        row = own_statements(officer).filter(od=od).exclude(k=REAFFIRM).first()
        if row is None:
            raise AbsentError
        row.require_bound()
        standing = statement_signatures(officer, [row], now=now)[od]
        if _reaffirm(handing, SubjectRef(row.k, row.statement_id, od), standing):
            _record("statement.reaffirmed", officer, od, now)


def _reaffirm(handing: Handing, subject: SubjectRef, standing: SignatureFacts) -> bool:
    """Sign the reaffirmation and hand it in; return False where one waits for the log already."""
    if standing.state is not SignatureState.REPUDIATED:
        raise InputError("alert", _("Nothing puts this in doubt now."))
    said = HeldStatement.objects.issued_by(handing.actor.agency_id or "").filter(k=REAFFIRM, sub_d=subject.d)
    if said.filter(log_time=None).exists():
        return False
    handing.state(REAFFIRM, subject, {})
    return True


def _shown(officer: Officer, found: Sequence[tuple[Alert | UnsentEnvelope, Worth]]) -> Iterable[DoubtedAlert]:
    cards = open_alert_cards(officer.agency_id or "", [row for row, _ in found if isinstance(row, Alert)])
    facts = claimed_of(officer.agency_id or "", [row.md for row, _ in found])
    for row, worth in found:
        alert, told = row if isinstance(row, Alert) else None, list(facts.get(row.md, {}).values())
        yield DoubtedAlert(
            md=row.md,
            jti=row.jti,
            alert=alert,
            card=cards.get(str(alert.pk)) if alert else None,
            standing=_standing(officer, worth),
            total=len(told),
            opened=sum(fact.opened_at is not None for fact in told),
        )


def _record(act: str, officer: Officer, subject: str, now: datetime) -> None:
    record_event(
        act, actor=officer.audit_name, agency=officer.agency_id or "", subject=subject, detail=None, now=now
    )
