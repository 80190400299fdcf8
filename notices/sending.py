# SPDX-License-Identifier: Apache-2.0
"""Sending of leased notices over one connection, with each outcome committed before the next mail."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from random import SystemRandom

from django.conf import settings

from callers.backoff import MOST_ATTEMPTS, next_wait
from callers.closed_lists import FLASH
from callers.smtp import Accepted, InterruptedMailError, MailServerError, MailSession, Refused, mail_session
from ledger.set_aside import Item, Loop, Round, begin_round
from notices import answers_waiting, commitments, release_waiting
from notices.api_keys import end_of
from notices.desk_warnings import certificate_ends_text
from notices.key_endings import ends_text, moment_text
from notices.leasing import BATCH, LEASE, Lease, LeaseLostError, lease_batch
from notices.message import NoticeFacts, compose_message
from notices.models import Notification
from notices.rights import FreshNotices, reason_to_withhold
from notices.states import Cause, NotificationState, Occasion
from officers.quiet_hours import quiet_until

log = logging.getLogger(__name__)
SENDING = Loop(
    "notices.mails",
    "system:mailer",
    lambda error: isinstance(error, MailServerError | InterruptedMailError | LeaseLostError),
)
Clock = Callable[[], datetime]
_SYSTEM = SystemRandom()


@dataclass
class Tally:
    """Result of one call; `left` is true where more may wait: after a full batch, an end by the clock, or a broken connection."""

    sent: int = 0
    others: int = 0
    left: bool = False


@dataclass(frozen=True)
class _Batch:
    lease: Lease
    clock: Clock
    jitter: Callable[[], float]
    tally: Tally
    round: Round
    until: datetime | None = None

    @cached_property
    def fresh(self) -> FreshNotices:
        return FreshNotices(self.lease.rows)


def send_notifications(
    *,
    clock: Clock,
    jitter: Callable[[], float] = _SYSTEM.random,
    lease_length: timedelta = LEASE,
    limit: int = BATCH,
    until: datetime | None = None,
    urgent_only: bool = False,
) -> Tally:
    """Send up to `limit` due notices over one connection; return what became of them.

    After `until` no further mail begins, so that a slow server delays the caller by one mail at most.
    """
    a_round = begin_round(SENDING, now=clock())
    if a_round.is_stopped:
        return Tally()
    a_round.try_again(lambda key: _queue_again(key, clock()))
    lease = lease_batch(now=clock(), length=lease_length, limit=limit, urgent_only=urgent_only)
    batch = _Batch(lease, clock, jitter, Tally(left=len(lease.rows) == limit), a_round, until)
    if lease.rows:
        try:
            _send_all(batch, list(lease.rows))
        except LeaseLostError:
            log.warning("a lease of notices was taken back while its mail went out")
    return batch.tally


def _send_all(batch: _Batch, waiting: list[Notification]) -> None:
    """Send in order. After a broken connection the row in progress is uncertain, and the others return to the queue."""
    try:
        with mail_session() as session:
            while waiting:
                _send_or_set_aside(batch, session, waiting[0])
                waiting.pop(0)
                is_over = batch.until is not None and batch.clock() >= batch.until
                if batch.round.is_stopped or (is_over and waiting):
                    batch.lease.give_back(waiting)
                    batch.tally.left = is_over
                    return
    except MailServerError as away:
        log.warning("mail server away: %s", away.reply)
        batch.tally.left = False
        _put_off(batch, waiting, Cause.SERVER_AWAY, away.reply)
    except InterruptedMailError:
        _set_uncertain(batch, waiting[0])
        batch.lease.give_back(waiting[1:])
        batch.tally.left = True


def _send_or_set_aside(batch: _Batch, session: MailSession, row: Notification) -> None:
    """Send one mail; one that cannot be composed fails alone, and a person can send it again."""
    failed = partial(batch.lease.record, row, NotificationState.FAILED, cause=Cause.SET_ASIDE)
    item = Item(str(row.pk), row.subject, agency=row.recipient_id or "")
    if not batch.round.take(item, partial(_send_one, batch, session, row), passed=failed):
        batch.tally.others += 1


def _queue_again(key: str, now: datetime) -> None:
    failed = Notification.objects.filter(pk=key, state=NotificationState.FAILED)
    failed.update(state=NotificationState.QUEUED, cause="", not_before=now)


def _send_one(batch: _Batch, session: MailSession, row: Notification) -> None:
    now = batch.clock()
    batch.lease.keep(now)
    notice = batch.fresh.read(batch.lease.rows.index(row), now=now)
    if (cause := reason_to_withhold(notice, now=now)) is not None:
        _withhold(batch, notice, cause, now)
        return
    message = compose_message(_facts(notice), hub_url=settings.HUB_URL, sender=settings.MAIL_FROM)
    match session.deliver(message):
        case Accepted(reply):
            _record_sent(batch, notice, reply)
        case Refused() as refusal:
            _record_refused(batch, notice, refusal)


def _facts(notice: Notification) -> NoticeFacts:
    officer = notice.officer
    waits = notice.occasion in (Occasion.RELEASE_WAITS, Occasion.UNSENT)
    return NoticeFacts(
        address=officer.email,
        language=officer.effective_language,
        occasion=Occasion(notice.occasion),
        message_id=notice.message_id,
        reference=notice.reference,
        priority=FLASH if waits else notice.pri,
        exercise=notice.status == "exercise" or release_waiting.is_exercise(notice),
        ends=_ends(notice),
        agency=_agency_name(notice),
        count=answers_waiting.count_of(notice) if notice.occasion == Occasion.ANSWERS_MISSING else 0,
    )


def _agency_name(notice: Notification) -> str:
    """Return the name of the receiving agency in one line, since the directory's text is the exchange's."""
    agency = notice.officer.agency
    return " ".join(agency.name.split()) if agency else ""


def _ends(notice: Notification) -> str:
    """Return the end, or the time, that a warning states, in the officer's zone; else empty."""
    if notice.occasion == Occasion.API_KEY_ENDING:
        return moment_text(end_of(notice), notice.officer)
    if notice.occasion == Occasion.DESK_WARNING:
        return certificate_ends_text(notice)
    if notice.occasion in (Occasion.ANSWER_DUE, Occasion.ANSWER_OVERDUE):
        return answers_waiting.due_text(notice)
    if notice.occasion == Occasion.COMMITMENT_DUE:
        return commitments.due_text(notice)
    return ends_text(notice) if notice.occasion == Occasion.KEY_ENDING else ""


def _record_sent(batch: _Batch, notice: Notification, reply: str) -> None:
    facts = {"sent_at": batch.clock(), "reply": reply, "cause": "", "attempts": notice.attempts + 1}
    batch.lease.record(notice, NotificationState.SENT, **facts)
    batch.tally.sent += 1


def _record_refused(batch: _Batch, notice: Notification, refusal: Refused) -> None:
    if refusal.temporary:
        _put_off(batch, [notice], Cause.REFUSED, refusal.reply)
        return
    state = NotificationState.HELD if refusal.address else NotificationState.FAILED
    cause = Cause.ADDRESS if refusal.address else Cause.REFUSED
    batch.lease.record(notice, state, cause=cause, reply=refusal.reply, attempts=notice.attempts + 1)
    batch.tally.others += 1


def _withhold(batch: _Batch, notice: Notification, cause: Cause, now: datetime) -> None:
    """Record that a notice was withheld: during quiet hours it is put off to their end; for any other cause it is not sent."""
    if cause == Cause.QUIET and (until := quiet_until(notice.officer, now=now)) is not None:
        batch.lease.record(notice, NotificationState.DEFERRED, cause=cause, not_before=until)
    else:
        batch.lease.record(notice, NotificationState.SUPPRESSED, cause=cause)
    batch.tally.others += 1


def _put_off(batch: _Batch, notices: list[Notification], cause: Cause, reply: str) -> None:
    now = batch.clock()
    for notice in notices:
        attempts = notice.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            state, wait, why = NotificationState.FAILED, timedelta(0), Cause.GAVE_UP
        else:
            state, wait, why = NotificationState.DEFERRED, next_wait(notice.attempts, batch.jitter()), cause
        batch.lease.record(notice, state, cause=why, reply=reply, attempts=attempts, not_before=now + wait)
        batch.tally.others += 1


def _set_uncertain(batch: _Batch, notice: Notification) -> None:
    """Mark a mail as uncertain, since SMTP cannot tell whether the server took it; it is sent again with the same Message-ID."""
    wait = next_wait(notice.attempts, batch.jitter())
    batch.lease.record(
        notice,
        NotificationState.UNCERTAIN,
        uncertain=True,
        cause=Cause.INTERRUPTED,
        attempts=notice.attempts + 1,
        not_before=batch.clock() + wait,
    )
    batch.tally.others += 1
