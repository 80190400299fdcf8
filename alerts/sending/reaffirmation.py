# SPDX-License-Identifier: Apache-2.0
"""Stands by what a revocation put in doubt, and lists what still waits for a word.

A releaser reaffirms, alone: the alert has passed two pairs of eyes at its release, and what is asked now is
whether it was this agency that sent it. What this desk never sent cannot be reaffirmed here, only withdrawn.
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
from alerts.receiving.signature_standing import StandingFacts, StandingState, standing_of
from alerts.refusal_audit import audited_refusal
from alerts.sending.hand_in import Handing, handing_in
from alerts.sending.own_name import (
    in_doubt,
    revoked_spans,
    said_in_name,
    said_within,
    sent_within,
    unsent_within,
)
from alerts.sending.sent_standing import own_standings, statement_standings
from alerts.states import Move, check_move
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.models import Officer
from peers.models import HeldStatement, UnsentEnvelope
from peers.sent import claimed_of


@dataclass(frozen=True)
class DoubtedAlert:
    """An envelope in the agency's name that waits for a word. `alert` is None for what this desk never sent.

    `total` and `opened` count recipients.
    """

    md: str
    jti: str
    alert: Alert | None
    card: Card | None
    standing: StandingFacts
    total: int
    opened: int


@dataclass(frozen=True)
class DoubtedStatement:
    """A statement in the agency's name that waits for a word; `k` its kind, `about` a digest, `act` whose act it says it was."""

    od: str
    k: str
    about: str
    act: str
    standing: StandingFacts


def list_doubted(
    officer: Officer, *, peers: VerifiedDirectory | None = None, now: datetime
) -> tuple[DoubtedAlert, ...]:
    """The agency's envelopes that a revocation put in doubt, neither reaffirmed nor withdrawn; newest first.

    `peers`: the directory of a caller that asks it more.
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
    """Says again, signed with a live key, that an alert of ours is ours; every holder hears of it.

    Raises `InputError` where nothing put it in doubt or it was reaffirmed already, `MoveRefusedError` for one
    that was not sent or is withdrawn, `NotTakenError`.
    """
    require(officer, Capability.ALERT_RELEASE)
    with audited_refusal(Move.REAFFIRM, officer, alert, now=now), handing_in(officer, now=now) as handing:
        locked = lock_alert(officer, alert)
        locked.state = check_move(locked, Move.REAFFIRM)
        standing = own_standings(officer, [locked.md], now=now)[locked.md]
        if _reaffirm(handing, SubjectRef(MANIFEST, locked.jti, locked.md), standing):
            _record("alert.reaffirmed", officer, str(locked.pk), now)
    return locked


def list_doubted_statements(
    officer: Officer, *, peers: VerifiedDirectory | None = None, now: datetime
) -> tuple[DoubtedStatement, ...]:
    """The agency's acknowledgements, withdrawals and confirmations in doubt, not reaffirmed; newest first. `peers` as above."""
    require(officer, Capability.ALERT_READ)
    peers = peers or VerifiedDirectory(officer.agency_id or "", now)
    spans = revoked_spans(peers)
    found = in_doubt(peers, said_within(officer, spans)) if spans else ()
    return tuple(
        DoubtedStatement(row.od, row.k, row.sub_d, row.act, _standing(officer, worth)) for row, worth in found
    )


def _standing(officer: Officer, worth: Worth) -> StandingFacts:
    return standing_of(worth, officer.agency.name if officer.agency else "", own=True)


def reaffirm_statement(officer: Officer, od: str, *, now: datetime) -> None:
    """The same for an acknowledgement, withdrawal or confirmation of ours; raises `AbsentError` for any other."""
    require(officer, Capability.ALERT_RELEASE)
    with handing_in(officer, now=now) as handing:
        row = said_in_name(officer).filter(od=od).exclude(k=REAFFIRM).first()
        if row is None:
            raise AbsentError
        row.require_bound()
        standing = statement_standings(officer, [row], now=now)[od]
        if _reaffirm(handing, SubjectRef(row.k, row.statement_id, od), standing):
            _record("statement.reaffirmed", officer, od, now)


def _reaffirm(handing: Handing, subject: SubjectRef, standing: StandingFacts) -> bool:
    """Sign the word and hand it in; False where one waits for the log already."""
    if standing.state is not StandingState.REPUDIATED:
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
