# SPDX-License-Identifier: Apache-2.0
"""Effect of a retract on received alerts: verified like any statement, then marked, never deleted.

- It counts only while every signature under it does. A key that signed it may be revoked later, so it is judged when it
  comes and again at each display, against the newest keys.
- One that does not count withdraws nothing; a sentence says that it came and why it does not count.
- A retract whose row was changed or deleted past the program does not undo a withdrawal: the earlier judgement stands, and
  the alert is marked as not to be relied on.
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import transaction
from django.db.models import Q

from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.keyrule import Repudiated, Standing
from accord.envelope.reaffirming import REAFFIRM, standing_after
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import SubjectRef, parse_statement
from accord.moments import moment_of
from alerts.errors import KeysetUnreadableError
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.feed_statements import WITHDRAWALS
from alerts.receiving.set_aside import distrusted_text, mark_distrusted
from alerts.receiving.signature_judging import reaffirms_of
from alerts.receiving.signature_state import judge_received
from alerts.receiving.verification import failed_retract_text, repudiated_retract_text
from alerts.receiving.versions import lock_versions, settle_versions
from callers.actors import Actor
from ledger.audit import record_event
from ledger.models import Distrust
from ledger.set_aside import Item, Loop, begin_round
from notices.telling import lift_withdrawal
from peers.models import HeldStatement

log = logging.getLogger(__name__)

JUDGED: Final = (
    "withdrawn_at",
    "retract_od",
    "retract_id",
    "retract_code",
    "retract_judged_on",
    "withdrawal_confirmed_at",
)
JUDGED_AGAIN_AT_MOST: Final = 500
JUDGING: Final = Loop("desk.withdrawals", "system:desk-worker")


def apply_statement(actor: Actor, od: str, *, peers: VerifiedDirectory, now: dt.datetime) -> None:
    """Apply a held statement that is a retract, or reaffirms one; others change nothing here."""
    statement = HeldStatement.objects.filter(reader=peers.reader, od=od, k__in=WITHDRAWALS).first()
    if statement is None:
        return
    of_issuer = ReceivedAlert.objects.filter(agency_id=peers.reader, issuer_id=statement.iss)
    about = Q(retract_od=statement.sub_d) if statement.k == REAFFIRM else Q(md=statement.sub_d)
    for row in of_issuer.filter(about).order_by("pk"):
        lock_versions(row)
    issued = of_issuer.select_for_update().order_by("pk")
    if statement.k == REAFFIRM:
        _keep_judgements(actor, list(issued.filter(retract_od=statement.sub_d)), peers, now)
        settle_versions(peers.reader, statement.sub_d, now=now)
        return
    _keep_judgements(actor, list(issued.filter(md=statement.sub_d)), peers, now)


def note_known_retract(received: ReceivedAlert, *, peers: VerifiedDirectory) -> None:
    """Apply a retract that came before its alert; the alert's row is not saved yet."""
    _judge_all([received], peers)


def judge_for_display(
    received: ReceivedAlert, *, peers: VerifiedDirectory | None = None, now: dt.datetime
) -> ReceivedAlert:
    """Return the row with its signatures and its retract judged for display; `peers` as in `judge_received`."""
    peers = peers or VerifiedDirectory(received.agency_id, now)
    judge_received([received], peers=peers, now=now)
    judge_retracts([received], peers=peers, now=now)
    mark_distrusted([received])
    if received.is_distrusted:
        received.retract_doubt = distrusted_text(received.issuer.name)
    return received


def judge_retracts(
    rows: Iterable[ReceivedAlert], *, peers: VerifiedDirectory | None = None, now: dt.datetime
) -> None:
    """Set, in memory, the present effect of each row's retracts: `withdrawn_at`, or else `retract_doubt`.

    `peers` as in `judge_received`.
    """
    received = list(rows)
    for agency_id in {row.agency_id for row in received}:
        own = [row for row in received if row.agency_id == agency_id]
        _judge_all(own, peers or VerifiedDirectory(agency_id, now))


def _judge_all(rows: Sequence[ReceivedAlert], peers: VerifiedDirectory) -> None:
    """Judge every held retract of an alert's originator, whatever its row says: any one that counts withdraws it."""
    held = HeldStatement.objects.filter(
        Q(sub_d__in=[row.md for row in rows])
        | Q(reader=peers.reader, od__in=[row.retract_od for row in rows if row.retract_od]),
        reader=peers.reader,
        k="retract",
    ).order_by("-log_index")
    said: defaultdict[tuple[str, str], list[HeldStatement]] = defaultdict(list)
    for statement in held:
        said[statement.iss, statement.sub_d].append(statement)
    retracted = [row for row in rows if row.retract_od or (row.issuer_id, row.md) in said]
    if retracted:
        peers.preload(row.issuer_id for row in retracted)
    for row in retracted:
        _judge(row, said[row.issuer_id, row.md], peers)


def judge_again(actor: Actor, peers: VerifiedDirectory, *, now: dt.datetime) -> int:
    """Judge again an agency's retracts whose issuers have revoked keys since; return how many were due.

    Lists are filtered by the kept judgement; every display judges for itself.
    """
    retracted = ReceivedAlert.objects.filter(agency_id=peers.reader).exclude(retract_od="")
    issuers = set(retracted.order_by().values_list("issuer_id", flat=True).distinct())
    peers.preload(issuers)
    behind = [
        pk
        for issuer in issuers
        for pk in retracted.filter(issuer_id=issuer)
        .exclude(retract_judged_on=len(peers.revocations(issuer)))
        .values_list("pk", flat=True)[:JUDGED_AGAIN_AT_MOST]
    ]
    a_round = begin_round(JUDGING, agency=peers.reader, now=now)
    with transaction.atomic():
        rows = ReceivedAlert.objects.select_for_update().order_by("pk")
        a_round.try_again(lambda key: _keep_judgements(actor, list(rows.filter(pk=key)), peers, now))
        due = list(rows.filter(pk__in=behind).exclude(pk__in=a_round.keys_aside()))
        a_round.take_all(due, lambda some: _keep_judgements(actor, some, peers, now), name=_named)
    return len(behind)


def _named(row: ReceivedAlert) -> Item:
    """Return the item to set aside: an alert whose withdrawal cannot be judged is not to be relied on."""
    return Item(str(row.pk), row.md, Distrust.ALERT, row.agency_id)


def _keep_judgements(
    actor: Actor, rows: Sequence[ReceivedAlert], peers: VerifiedDirectory, now: dt.datetime
) -> None:
    """Judge the rows and save the result; audit a retract that does not count. Raises KeysetUnreadableError."""
    for issuer in {row.issuer_id for row in rows}:
        peers.require_readable(issuer)
    _judge_all(rows, peers)
    for row in rows:
        if row.withdrawn_at is None:
            lift_withdrawal(row.agency_id, row.md)
        row.retract_judged_on = len(peers.revocations(row.issuer_id))
        row.save(update_fields=JUDGED)
        if row.retract_doubt:
            record_event(
                "retract.doubted",
                actor=actor.audit_name,
                agency=row.agency_id,
                subject=row.md,
                detail={"retract": row.retract_od},
                now=now,
            )


def _judge(received: ReceivedAlert, held: Sequence[HeldStatement], peers: VerifiedDirectory) -> None:
    """Judge one row; raises nothing. If it cannot be judged, the earlier judgement stays and `retract_doubt` says so."""
    is_known = any(statement.od == received.retract_od for statement in held) or not received.retract_od
    try:
        peers.require_readable(received.issuer_id)
    except KeysetUnreadableError:
        is_known = False
    if not is_known or not all(statement.is_bound for statement in held):
        received.retract_doubt = distrusted_text(received.issuer.name)
        return
    received.withdrawn_at, received.retract_doubt = None, ""
    received.retract_judged_on = len(peers.revocations(received.issuer_id))
    doubts = []
    for statement in held:
        doubt = _doubt_about(received, statement, peers)
        if not doubt:
            return
        doubts.append(doubt)
    received.retract_doubt = doubts[0] if doubts else ""


def _doubt_about(received: ReceivedAlert, statement: HeldStatement, peers: VerifiedDirectory) -> str:
    """Return why this retract does not count; empty where it does, and then the row's columns are set."""
    try:
        verified = _verify(received, statement, peers)
    except EnvelopeError as failure:
        log.warning("retract %s of %s does not count: %s", statement.od, received.md, failure.code)
        received.retract_od = received.retract_od or statement.od
        return failed_retract_text(received)
    said, standing = verified.statement, _after_reaffirms(verified, peers)
    if isinstance(standing, Repudiated):
        received.retract_od = received.retract_od or statement.od
        received.retract_id, received.retract_code = said.id, str(said.body["code"])
        return repudiated_retract_text(received, standing)
    if received.retract_od != said.od:
        # A confirmation of a withdrawal that does not count is no confirmation of this one.
        received.withdrawal_confirmed_at = None
    received.retract_od, received.retract_id = said.od, said.id
    received.retract_code = str(said.body["code"])
    received.withdrawn_at = moment_of(verified.log_time or 0)
    return ""


def _after_reaffirms(verified: VerifiedStatement, peers: VerifiedDirectory) -> Standing:
    said = verified.statement
    if not isinstance(verified.standing, Repudiated):
        return verified.standing
    words = reaffirms_of(peers, [said.od]).get(said.od, ())
    return standing_after(verified.standing, words, SubjectRef(said.k, said.id, said.od), said.iss)


def _verify(received: ReceivedAlert, statement: HeldStatement, peers: VerifiedDirectory) -> VerifiedStatement:
    """Verify the retract as its issuer signed it, about this very alert; raises MalformedError or VerificationError."""
    if statement.log_time is None:
        raise VerificationError(Failure.RECEIPT_MISSING)
    verified = verify_statement(
        parse_statement(statement.jws.encode()),
        peers,
        log_time=statement.log_time,
        index=statement.log_index,
    )
    said = verified.statement
    if said.od != statement.od or said.k != "retract" or said.iss != received.issuer_id:
        raise VerificationError(Failure.SUBJECT)
    if said.sub is None or said.sub.d != received.md:
        raise VerificationError(Failure.SUBJECT)
    return verified
