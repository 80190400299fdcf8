# SPDX-License-Identifier: Apache-2.0
"""What a retract does to the alerts we received: verified like any statement, then marked, never deleted.

It counts only while every signature under it does. A key that signed it may be revoked later, so it is judged when
it comes and again at each display, against the newest keys: one that does not count withdraws nothing, and a
sentence says that it came and why it does not count.
"""

import datetime as dt
import logging
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
from agencies.directory import DatabaseKeyDirectory
from agencies.errors import KeysetUnreadableError
from alerts.models import ReceivedAlert
from alerts.peers.directory import KeysOfPeers, directory_of
from alerts.set_aside import distrusted_text, mark_distrusted
from alerts.standing import judge_received
from alerts.verification import failed_retract_text, repudiated_retract_text
from alerts.versions import lock_versions, settle_versions
from callers.actors import Actor
from ledger.audit import record_event
from ledger.models import Distrust
from ledger.proofs import log_places, log_time
from ledger.set_aside import Item, Loop, begin_round
from sharing.models import Statement
from sharing.signatures import reaffirms_of

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


def apply_statement(actor: Actor, od: str, *, now: dt.datetime) -> None:
    """Notes the retract that this statement of the feed is, or reaffirms; others change nothing here."""
    statement = Statement.objects.visible_to(actor).filter(od=od, k__in=("retract", REAFFIRM)).first()
    if statement is None or actor.agency_id is None:
        return
    of_issuer = ReceivedAlert.objects.filter(agency_id=actor.agency_id, issuer_id=statement.iss_id)
    about = Q(retract_od=statement.sub_d) if statement.k == REAFFIRM else Q(md=statement.sub_d)
    for row in of_issuer.filter(about).order_by("pk"):
        lock_versions(row)
    issued = of_issuer.select_for_update().order_by("pk")
    if statement.k == REAFFIRM:
        _keep_judgements(actor, list(issued.filter(retract_od=statement.sub_d)), now)
        settle_versions(actor.agency_id, statement.sub_d, now=now)
        return
    received = list(issued.filter(md=statement.sub_d))
    for row in received:
        if row.retract_od != od:
            # Who confirmed a thief's withdrawal has not confirmed this one.
            row.withdrawal_confirmed_at = None
        row.retract_od = od
    _keep_judgements(actor, received, now)


def note_known_retract(received: ReceivedAlert, *, now: dt.datetime) -> None:
    """For an alert, not saved yet, that arrives after its own withdrawal, as one that was held may."""
    said = Statement.objects.filter(k="retract", sub_d=received.md, iss_id=received.issuer_id)
    # One that came after another is the one that counts: until then no second is taken.
    statement = said.order_by("-received_at", "-od").first()
    if statement is not None and log_time(statement.od) is not None:
        received.retract_od = statement.od
        judge_retracts([received], now=now)


def as_it_stands(received: ReceivedAlert, *, now: dt.datetime) -> ReceivedAlert:
    """The same row, its signatures and its retract judged for a display."""
    judge_received([received], now=now)
    judge_retracts([received], now=now)
    mark_distrusted([received])
    if received.is_distrusted:
        received.retract_doubt = distrusted_text(received.issuer.name)
    return received


def judge_retracts(rows: Iterable[ReceivedAlert], *, now: dt.datetime) -> None:
    """Sets, in memory, what the retract of each row is worth now: `withdrawn_at`, or else `retract_doubt`."""
    retracted = [row for row in rows if row.retract_od]
    if not retracted:
        return
    directories: dict[str, KeysOfPeers] = {}
    for row in retracted:
        directories.setdefault(row.agency_id, directory_of(row.agency, now))
    for agency, directory in directories.items():
        directory.preload(row.issuer_id for row in retracted if row.agency_id == agency)
    ods = [row.retract_od for row in retracted]
    statements, places = Statement.objects.in_bulk(ods), log_places(ods)
    for row in retracted:
        directory = directories[row.agency_id]
        _judge(row, statements.get(row.retract_od), places.get(row.retract_od), directory)


def judge_again(actor: Actor, *, now: dt.datetime) -> int:
    """Keeps the judgement of retracts whose issuers have revoked keys since; returns how many were looked at.

    Lists are filtered by what is kept; every display judges for itself.
    """
    retracted = ReceivedAlert.objects.exclude(retract_od="")
    issuers = list(retracted.order_by().values_list("issuer_id", flat=True).distinct())
    directory = DatabaseKeyDirectory(now)
    directory.preload(issuers)
    behind = [
        pk
        for issuer in issuers
        for pk in retracted.filter(issuer_id=issuer)
        .exclude(retract_judged_on=len(directory.revocations(issuer)))
        .values_list("pk", flat=True)[:JUDGED_AGAIN_AT_MOST]
    ]
    a_round = begin_round(JUDGING, now=now)
    with transaction.atomic():
        rows = ReceivedAlert.objects.select_for_update().order_by("pk")
        a_round.try_again(lambda key: _keep_judgements(actor, list(rows.filter(pk=key)), now))
        due = list(rows.filter(pk__in=behind).exclude(pk__in=a_round.keys_aside()))
        a_round.take_all(due, lambda some: _keep_judgements(actor, some, now), name=_named)
    return len(behind)


def _named(row: ReceivedAlert) -> Item:
    """An alert whose withdrawal cannot be judged is not to be relied on."""
    return Item(str(row.pk), row.md, Distrust.ALERT, row.agency_id)


def _keep_judgements(actor: Actor, rows: Sequence[ReceivedAlert], now: dt.datetime) -> None:
    """A retract that does not count is in the agency's audit too. Raises KeysetUnreadableError."""
    directory = DatabaseKeyDirectory(now)
    for issuer in {row.issuer_id for row in rows if row.retract_od}:
        directory.require_readable(issuer)
    judge_retracts(rows, now=now)
    for row in rows:
        # As `judge_again` counts, who does not open each agency's book.
        row.retract_judged_on = len(directory.revocations(row.issuer_id))
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


def _judge(
    received: ReceivedAlert,
    statement: Statement | None,
    place: tuple[int, int] | None,
    directory: KeysOfPeers,
) -> None:
    try:
        directory.require_readable(received.issuer_id)
    except KeysetUnreadableError:
        # What was judged before stands: nobody's damaged row takes a withdrawal back.
        received.retract_doubt = distrusted_text(received.issuer.name)
        return
    received.withdrawn_at, received.retract_doubt = None, ""
    received.retract_judged_on = len(directory.revocations(received.issuer_id))
    try:
        verified = _verify(received, statement, place, directory)
    except EnvelopeError as failure:
        log.warning("retract %s of %s does not count: %s", received.retract_od, received.md, failure.code)
        received.retract_doubt = failed_retract_text(received)
        return
    said = verified.statement
    received.retract_id, received.retract_code = said.id, str(said.body["code"])
    standing = _after_reaffirms(verified, directory)
    if isinstance(standing, Repudiated):
        received.retract_doubt = repudiated_retract_text(received, standing)
    else:
        received.withdrawn_at = moment_of(verified.log_time or 0)


def _after_reaffirms(verified: VerifiedStatement, directory: KeysOfPeers) -> Standing:
    said = verified.statement
    if not isinstance(verified.standing, Repudiated):
        return verified.standing
    words = reaffirms_of([said.od], directory).get(said.od, ())
    return standing_after(verified.standing, words, SubjectRef(said.k, said.id, said.od), said.iss)


def _verify(
    received: ReceivedAlert,
    statement: Statement | None,
    place: tuple[int, int] | None,
    directory: KeysOfPeers,
) -> VerifiedStatement:
    """The retract as its issuer signed it, about this very alert; raises MalformedError or VerificationError."""
    if statement is None or place is None:
        raise VerificationError(Failure.RECEIPT_MISSING)
    index, logged = place
    verified = verify_statement(
        parse_statement(bytes(statement.jws)), directory, log_time=logged, index=index
    )
    said = verified.statement
    if said.od != received.retract_od or said.k != "retract" or said.iss != received.issuer_id:
        raise VerificationError(Failure.SUBJECT)
    if said.sub is None or said.sub.d != received.md:
        raise VerificationError(Failure.SUBJECT)
    return verified
