# SPDX-License-Identifier: Apache-2.0
"""Watching the feed: each item as it arrives, in order, at least once, from where the last watch ended.

An item counts as delivered when the caller asks for the next one. Before the first item of a batch is handed over, everything
that its verification taught is written to the state; after each one its number is stored (`accord.client.position`). A killed
program therefore repeats at most its current item, and misses none. While the hub gives no answer the watch waits, longer each
time.

Another thread fetches slices ahead (`accord.following.fetching`); this one verifies and opens them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final

from accord.calls.agreements import AgreementAnswer
from accord.client.errors import (
    AnswerError,
    LedgerAlarmError,
    NotEntitledError,
    ProxyTrouble,
    ProxyTroubleError,
    RefusedError,
    UnpinnedError,
    UnreachableError,
)
from accord.client.holder import announce_when_due
from accord.client.inbox import (
    Doubt,
    concerns_all,
    entry_of,
    follow_feed,
    is_about_alert,
    records_after,
)
from accord.client.manifests import learn_manifests, unknown_manifests
from accord.client.position import Position, open_position
from accord.client.questions import FROZEN, OVERDUE, OVERDUE_SUSPENDED, Questions, own_agreements
from accord.client.reading import Place, open_fetched
from accord.client.results import DueAnswer, InboxEntry, Opened, Question
from accord.client.session import Act, Session
from accord.client.set_aside import SetAside
from accord.client.state_changes import REMINDER, add_due_told, set_watched
from accord.envelope.errors import EnvelopeError
from accord.following.fetching import Fetched, NotFetched, SlicesAhead
from accord.state import InboxRecord, OtherHolder

BATCH: Final = 100
POLL_SECS: Final = 5.0
FIRST_PAUSE_SECS: Final = 1.0
LONGEST_PAUSE_SECS: Final = 300.0

DUE_SOON_SECS: Final = 24 * 3600
ASKED_AGAIN_SECS: Final = 600
HELD_BYTES: Final = 64 * 1024 * 1024
"""About the most octets of a batch's attachments on this disk at once, or one alert's."""


@dataclass(frozen=True)
class News:
    """One delivered item of the feed. `opened` where it is an alert, opening was requested and succeeded.

    `problem` says why an alert stays closed or a statement is not trusted; `error` names its class.
    """

    entry: InboxEntry
    opened: Opened | None = None
    problem: str | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Rhythm:
    """The pauses between questions to the hub, in seconds, and after failures.

    `jitter` returns numbers from 0 to 1, so that clients that lost one hub do not all come back at once. At most `batch` items,
    or the first whose attachments come to `held_bytes`, are opened before the first of them is delivered.
    """

    jitter: Callable[[], float]
    poll_secs: float = POLL_SECS
    first_pause_secs: float = FIRST_PAUSE_SECS
    longest_pause_secs: float = LONGEST_PAUSE_SECS
    batch: int = BATCH
    held_bytes: int = HELD_BYTES

    def pause_after(self, failures: int) -> float:
        """Return the pause after so many consecutive failures: doubled each time, half of it random."""
        whole = min(self.first_pause_secs * 2.0 ** min(failures - 1, 30), self.longest_pause_secs)
        return whole / 2 + self.jitter() * whole / 2


def watch_feed(
    session: Session,
    *,
    opening: bool,
    officer: str | None,
    once: bool,
    rhythm: Rhythm,
    trouble: Callable[[Exception, float], None],
    elsewhere: Callable[[OtherHolder], None],
    due: Callable[[DueAnswer], None] | None,
) -> Generator[News, None, None]:
    """Yield every item of the feed after the last delivered one; with `once` stop at the newest.

    `trouble` is called at each pause for a hub that gives no answer; with `once` that error is raised instead. `elsewhere` is
    called once with another holder of the own identity; reading goes on. `due` is called with an answer that is due within a day,
    and again when it is overdue, once each. Raises VerificationError where the ledger is not the
    stored one. A statement that shows another agency's view of it has a LedgerAlarmError as its `error`: the hub has proved
    here that its ledger is the stored one, so one agency's false word must not stop reading; with `once` it is raised at the
    end. WatchedAlreadyError: another watch runs.
    """
    with open_position(session.home.watch_file, session.ring.state_key) as position:
        failures, alarm = 0, None
        reminder = None if due is None else _Reminder(due)
        while True:
            try:
                if (other := announce_when_due(session)) is not None:
                    elsewhere(other)
                delivering = _deliver_news(session, position, rhythm, opening=opening, officer=officer)
                alarm = yield from delivering
                if reminder is not None:
                    reminder.remind(session.begin())
                failures, pause = 0, rhythm.poll_secs * (0.5 + rhythm.jitter())
            except (UnreachableError, RefusedError) as failed:
                if once or not _may_pass(failed):
                    raise
                failures += 1
                pause = rhythm.pause_after(failures)
                trouble(failed, pause)
            if once:
                if alarm is not None:
                    raise alarm
                return
            session.sleep(pause)


def _may_pass(failed: UnreachableError | RefusedError) -> bool:
    """Tell whether asking later may help: a hub that is down, busy or failing, but not one that has judged.

    Nor a proxy that refuses the login: asking repeatedly locks the account.
    """
    if isinstance(failed, ProxyTroubleError) and failed.trouble == ProxyTrouble.LOGIN:
        return False
    return isinstance(failed, UnreachableError) or failed.status >= 500 or not failed.is_of_hub


def _deliver_news(
    session: Session, position: Position, rhythm: Rhythm, *, opening: bool, officer: str | None
) -> Generator[News, None, LedgerAlarmError | None]:
    """Take in the feed to its end, then deliver the undelivered items, a batch at a time.

    Returns the first alarm that was delivered.
    """
    alarm = None
    act = session.begin()
    _, doubts = follow_feed(act)
    waiting = records_after(act.state, max(position.read(), act.state.watched))
    with SlicesAhead(act.session.exchange) as slices:
        reader = _Reader(
            slices, doubts, rhythm.held_bytes, opening=opening, officer=officer, aside=SetAside()
        )
        while waiting:
            # Each batch reads the keys anew: an alert is shown by the keys valid then.
            act = session.begin()
            news = deque(reader.read(act, waiting[: rhythm.batch]))
            waiting = waiting[len(news) :]
            act.changes.record(set_watched(position.read()))
            act.changes.write()
            while news:
                item = news.popleft()
                yield item
                position.keep(item.entry.number)
                if alarm is None and isinstance(item.error, LedgerAlarmError):
                    alarm = item.error
    _write_position(act, position)
    return alarm


def _write_position(act: Act, position: Position) -> None:
    delivered = position.read()
    if delivered > act.state.watched:
        act.changes.record(set_watched(delivered))
        act.changes.write()


class _Reminder:
    """A reminder of answers that this agency owes, by what the home knows; each word is said once."""

    def __init__(self, due: Callable[[DueAnswer], None]) -> None:
        self._due = due
        self._asked_about: set[str] = set()
        self._agreements: Sequence[AgreementAnswer] = ()
        self._asked_at = 0

    def remind(self, act: Act) -> None:
        """Tell of each answer that has become due soon or overdue, then record that it was told."""
        # A manifest that cannot be verified is asked for once in a watch, not at each round.
        unknown = [record for record in unknown_manifests(act) if record.d not in self._asked_about]
        learn_manifests(act, unknown)
        self._asked_about |= {record.d for record in unknown}
        for md, question in self._to_tell(act):
            known = act.state.inbox.get(md)
            iss, ref = (known.iss, known.ref) if known else ("", None)
            is_overdue = question.state == OVERDUE
            self._due(DueAnswer(md, iss, ref, question.reply_by, question.answer_by, is_overdue))
            act.changes.record(add_due_told(_word(md, question)))
        act.changes.write()

    def _to_tell(self, act: Act) -> list[tuple[str, Question]]:
        """Return the questions to be told of now.

        Where lanes are or were suspended and questions wait, the agreements are asked for every ten minutes.
        """
        is_fresh = act.now < self._asked_at + ASKED_AGAIN_SECS
        if not is_fresh and Questions(act).to_answer():
            self._agreements, self._asked_at = own_agreements(act), act.now
        return _told_of(act, self._agreements)


def _told_of(act: Act, agreements: Sequence[AgreementAnswer]) -> list[tuple[str, Question]]:
    questions = Questions(act, agreements)
    return [
        (md, question)
        for md, question in questions.to_answer()
        if (record := questions.record(md)) is not None
        and record.status == "actual"
        and question.answer_by - act.now <= DUE_SOON_SECS
        and question.state not in (FROZEN, OVERDUE_SUSPENDED)
        and not question.in_doubt
        and _word(md, question) not in act.state.due_told
        and not (question.state == OVERDUE and _was_called(act, md, since=question.answered_at or 0))
    ]


def _word(md: str, question: Question) -> str:
    """Return what is noted once a question was told of; it is told of anew where its due time has moved."""
    moved = "" if question.answer_by == question.reply_by else f" {question.answer_by}"
    return f"{'overdue' if question.state == OVERDUE else 'due'} {md}{moved}"


def _was_called(act: Act, md: str, *, since: int) -> bool:
    """Tell whether a call about a received question was noted after its newest answer, which ends its escalation."""
    return any(call.d == md and call.noted_at > since for call in act.state.calls)


class _Reader:
    """A reader that turns records into news: verifies and opens, or gives the reason why not."""

    def __init__(
        self,
        slices: SlicesAhead,
        doubts: Sequence[Doubt],
        held_bytes: int,
        *,
        opening: bool,
        officer: str | None,
        aside: SetAside,
    ) -> None:
        self._slices = slices
        self._doubts = {doubt.number: doubt for doubt in doubts}
        self._held_bytes = held_bytes
        self._opening = opening
        self._officer = officer
        self._aside = aside

    def read(self, act: Act, records: Sequence[InboxRecord]) -> list[News]:
        """Return the news of these records, or of the first of them where their attachments are large."""
        to_fetch = deque(record.d for record in records if self._opens(act, record))
        news, held = [], 0
        if not self._opening:
            learn_manifests(act, records)
        for record in records:
            if self._opens(act, record):
                item = self._open(act, record, self._slices.take(to_fetch, act.log))
                to_fetch.popleft()
            else:
                item = self._list(act, record)
            news.append(item)
            held += sum(file.len for file in item.opened.attachments) if item.opened else 0
            if held >= self._held_bytes:
                break
        return news

    def _opens(self, act: Act, record: InboxRecord) -> bool:
        """Tell whether to open an item: a repudiated one is opened again and shown as such, the subject of a reminder is not."""
        return self._opening and record.what != REMINDER and is_about_alert(act.state, record)

    def _list(self, act: Act, record: InboxRecord) -> News:
        doubt = self._doubts.get(record.number)
        if doubt is None:
            return News(entry_of(act, record))
        error = LedgerAlarmError(doubt.alarm) if doubt.alarm is not None else None
        return News(entry_of(act, record), problem=doubt.problem, error=error)

    def _open(self, act: Act, record: InboxRecord, fetched: Fetched | NotFetched) -> News:
        try:
            if isinstance(fetched, NotFetched):
                raise fetched.error
            place = Place(record.d, record.ref)
            opened = open_fetched(
                act, place, fetched.octets, fetched.unverified, officer=self._officer, ask=False
            )
        except (
            EnvelopeError, UnpinnedError, NotEntitledError, AnswerError, RefusedError, LedgerAlarmError,
        ) as failed:  # fmt: skip
            if concerns_all(failed):
                raise
            return News(entry_of(act, record), problem=str(failed), error=failed)
        except Exception as failed:  # noqa: BLE001 - of itself, or raised again
            aside = self._aside.take(failed)
            return News(entry_of(act, record), problem=str(aside), error=aside)
        self._aside.went_well()
        return News(entry_of(act, record, opened.content), opened=opened)
