# SPDX-License-Identifier: Apache-2.0
"""Stands by what a revocation put in doubt, and lists what still waits for a word.

A releaser reaffirms, alone: the alert has passed two pairs of eyes at its release, and what is asked now is
whether it was this agency that sent it. What this desk never sent cannot be reaffirmed here, only withdrawn.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from accord.envelope.keyrule import Valid
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from accord.envelope.worth import Worth
from alerts.cards import Card, open_alert_cards
from alerts.finding import hosted_agency_of, lock_alert
from alerts.models import Alert
from alerts.paging import PAGE_ROWS
from alerts.refusals import audited_refusal
from alerts.sending import Handing, handing_in
from alerts.sent_standing import own_standings
from alerts.standing import StandingFacts, StandingState, standing_of
from alerts.states import Move, check_move
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.models import Officer
from peers.models import HeldStatement
from peers.sent import claimed_of
from sharing.models import Envelope, FeedItem, Statement
from sharing.recalls import recalls_that_count
from sharing.revoked import Doubt
from sharing.signatures import judge_signed, signed_envelopes, signed_statements

ROUND_ROWS: Final = 200
AnyRow = TypeVar("AnyRow", bound=Model)


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


def list_doubted(officer: Officer, *, now: datetime) -> tuple[DoubtedAlert, ...]:
    """The agency's envelopes that a revocation put in doubt, neither reaffirmed nor withdrawn; newest first."""
    require(officer, Capability.ALERT_READ)
    found = Doubt.objects.filter(iss_id=officer.agency_id, what=FeedItem.ENVELOPE).values("d")
    envelopes = Envelope.objects.originated_by(officer).filter(pk__in=found).only("md", "jti", "iss_id")
    open_ones: list[Envelope] = []
    standings: dict[str, StandingFacts] = {}
    for rows in in_rounds(envelopes.order_by("-received_at", "-md")):
        mds = [row.md for row in rows]
        judged = _standings(officer, judge_signed(signed_envelopes(mds), now=now), mds)
        withdrawn = recalls_that_count(mds, now=now)
        standings |= judged
        open_ones += [row for row in rows if _waits(judged[row.md]) and row.md not in withdrawn]
        if len(open_ones) >= PAGE_ROWS:
            break
    return tuple(_shown(officer, open_ones[:PAGE_ROWS], standings))


def reaffirm_alert(officer: Officer, alert: Alert, *, now: datetime) -> Alert:
    """Says again, signed with a live key, that an alert of ours is ours; every holder hears of it.

    Raises `InputError` where nothing put it in doubt or it was reaffirmed already, `MoveRefusedError` for one
    that was not sent or is withdrawn, `NotTakenError`.
    """
    require(officer, Capability.ALERT_RELEASE)
    hosted_agency_of(officer, command="accord reaffirm")
    with audited_refusal(Move.REAFFIRM, officer, alert, now=now), handing_in(officer, now=now) as handing:
        locked = lock_alert(officer, alert)
        locked.state = check_move(locked, Move.REAFFIRM)
        standing = own_standings(officer, [locked.md], now=now)[locked.md]
        if _reaffirm(handing, SubjectRef(MANIFEST, locked.jti, locked.md), standing):
            _record("alert.reaffirmed", officer, str(locked.pk), now)
    return locked


def list_doubted_statements(officer: Officer, *, now: datetime) -> tuple[DoubtedStatement, ...]:
    """The agency's acknowledgements, withdrawals and confirmations in doubt, not reaffirmed; newest first."""
    require(officer, Capability.ALERT_READ)
    found = Doubt.objects.filter(iss_id=officer.agency_id, what=FeedItem.STATEMENT).values("d")
    rows = Statement.objects.issued_by(officer).filter(pk__in=found).exclude(k=REAFFIRM).defer("jws")
    shown: list[DoubtedStatement] = []
    for newest in in_rounds(rows.order_by("-received_at", "-od")):
        worth = judge_signed(signed_statements(newest), now=now)
        standings = _standings(officer, worth, [row.od for row in newest])
        shown += [
            DoubtedStatement(row.od, row.k, row.sub_d, row.act, standings[row.od])
            for row in newest
            if _waits(standings[row.od])
        ]
        if len(shown) >= PAGE_ROWS:
            break
    return tuple(shown[:PAGE_ROWS])


def _standings(officer: Officer, worth: Mapping[str, Worth], ds: Iterable[str]) -> dict[str, StandingFacts]:
    """By the exchange's rows, which have what somebody else signed in the agency's name, too."""
    name = officer.agency.name if officer.agency else ""
    return {d: standing_of(worth.get(d, Valid()), name, own=True) for d in ds}


def _waits(standing: StandingFacts) -> bool:
    return standing.state is StandingState.REPUDIATED


def in_rounds(rows: QuerySet[AnyRow], *, size: int = ROUND_ROWS) -> Iterator[list[AnyRow]]:
    """A long history is judged piece by piece, newest first, until the caller has enough."""
    for start in itertools.count(step=size):
        piece = list(rows[start : start + size])
        if piece:
            yield piece
        if len(piece) < size:
            return


def reaffirm_statement(officer: Officer, od: str, *, now: datetime) -> None:
    """The same for an acknowledgement, withdrawal or confirmation of ours; raises `AbsentError` for any other."""
    require(officer, Capability.ALERT_RELEASE)
    hosted_agency_of(officer, command="accord reaffirm")
    with handing_in(officer, now=now) as handing:
        row = Statement.objects.issued_by(officer).filter(pk=od).exclude(k=REAFFIRM).first()
        if row is None:
            raise AbsentError
        worth = judge_signed(signed_statements([row]), now=now)
        standing = _standings(officer, worth, [od])[od]
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


def _shown(
    officer: Officer, rows: Sequence[Envelope], standings: Mapping[str, StandingFacts]
) -> Iterable[DoubtedAlert]:
    mds = [row.md for row in rows]
    alerts = {alert.md: alert for alert in Alert.objects.visible_to(officer).filter(md__in=mds)}
    cards = open_alert_cards(officer.agency_id or "", list(alerts.values()))
    facts = claimed_of(officer.agency_id or "", mds)
    for row in rows:
        alert, told = alerts.get(row.md), list(facts.get(row.md, {}).values())
        yield DoubtedAlert(
            md=row.md,
            jti=row.jti,
            alert=alert,
            card=cards.get(str(alert.pk)) if alert else None,
            standing=standings[row.md],
            total=len(told),
            opened=sum(fact.opened_at is not None for fact in told),
        )


def _record(act: str, officer: Officer, subject: str, now: datetime) -> None:
    record_event(
        act, actor=officer.audit_name, agency=officer.agency_id or "", subject=subject, detail=None, now=now
    )
