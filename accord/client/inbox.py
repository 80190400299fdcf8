# SPDX-License-Identifier: Apache-2.0
"""The inbox: the agency's feed, followed from the stored number on.

- At least once, in order, resumable: a page is stored whole before the next one is requested. Where a restored hub has begun
  its feed anew, items with a known digest are skipped.
- Alerts are listed, not fetched, since the hub shows a fetch to the sender as "collected".
- Statements are fetched and verified at once: a retraction must not wait until somebody opens the alert again.
- An item "repudiated" is the hub's hint that a key which signed an earlier one was revoked: the issuer's keyset is fetched, and
  decides.
- An item "reminder" is the hub's word that the sender of an earlier one asks again for an answer; it is only listed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from accord.calls.answers import FeedEntry
from accord.client.agreement_texts import texts_among
from accord.client.errors import (
    AbsentError,
    AnswerError,
    ApiKeyRefusedError,
    LedgerAlarmError,
    RefusedError,
    SpoolError,
    UnpinnedError,
    UnreachableError,
)
from accord.client.memory import verified_senders
from accord.client.questions import Questions
from accord.client.resending import resend_wanted
from accord.client.results import InboxEntry
from accord.client.session import Act
from accord.client.set_aside import SetAside
from accord.client.state_changes import REMINDER, REPUDIATED, add_inbox_item
from accord.envelope.content import OpenedAlert
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing, Valid
from accord.following.feed import Feed
from accord.following.judging import retraction_of, retractions_of, said_about, standing_of
from accord.following.keysets import refresh_keysets
from accord.following.statements import fetch_statement
from accord.state import InboxRecord, State

PAGE = 500
_FORKS = frozenset({Failure.LEDGER_FORK, Failure.LEDGER_TIME})


@dataclass(frozen=True)
class Doubt:
    """A statement, or an alert's manifest, that could not be verified, and the reason; it is tried again the next time.

    `iss` is the hub's word. `alarm` names the agency whose view of the ledger differs from the stored one.
    """

    number: int
    iss: str
    d: str
    problem: str
    alarm: str | None = None


def follow_feed(act: Act) -> tuple[int, list[Doubt]]:
    """Take in all news; return how many items were new, and the statements that could not be verified."""
    news, feed, epoch = 0, Feed(act, limit=PAGE), act.state.epoch
    doubts = _learn_revocations(act, _unproved(act))
    while (page := feed.next_page()).items:
        records = _new_records(act.state, page.items)
        # Before the page is stored: a stored item is never examined again.
        doubts += _learn_revocations(act, [record for record in records if record.what == REPUDIATED])
        for record in records:
            act.changes.record(add_inbox_item(record))
        feed.go_on_after(page)
        act.changes.write()
        news += len(records)
    if feed.is_restarted or act.state.epoch != epoch:
        act.changes.write()
        _offer_again(act)
    return news, doubts + _verify_statements(act)


def _new_records(state: State, entries: Iterable[FeedEntry]) -> list[InboxRecord]:
    """Return items with an unknown digest, reminders with an unknown id: after a restart most are known."""
    entries = list(entries)
    repudiated = {(record.d, record.iss) for record in state.repudiations.values()}
    here = {entry.d for entry in entries if entry.what == "envelope"}

    def is_new(entry: FeedEntry) -> bool:
        if entry.what == REPUDIATED:
            return (entry.d, entry.iss) not in repudiated
        if entry.what == REMINDER:
            return entry.id not in state.reminders and (entry.d in state.inbox or entry.d in here)
        return entry.d not in state.inbox

    return [_record(state, entry) for entry in entries if is_new(entry)]


def _offer_again(act: Act) -> None:
    """Offer the restored hub our lost objects; `accord submit --resend` offers again what it does not take now."""
    with contextlib.suppress(RefusedError, UnreachableError, AnswerError, SpoolError):
        list(resend_wanted(act))


def records_after(state: State, number: int) -> list[InboxRecord]:
    """Return every stored item after this number, in the order of the feed; texts of agreements are read with their versions."""
    records = (*state.inbox.values(), *state.repudiations.values(), *state.reminders.values())
    found = sorted((record for record in records if record.number > number), key=lambda record: record.number)
    texts = texts_among(state, found)
    return [record for record in found if record.d not in texts]


def records_listed(state: State, *, after: int | None, limit: int) -> list[InboxRecord]:
    """Return stored items in the order of the feed: those after a number, or else the newest."""
    records = records_after(state, after or 0)
    return records[:limit] if after is not None else records[-limit:]


def list_entries(act: Act, *, after: int | None, limit: int) -> list[InboxEntry]:
    """Return the entries of `records_listed`."""
    return entries_of(act, records_listed(act.state, after=after, limit=limit))


def entries_of(
    act: Act, records: Iterable[InboxRecord], questions: Questions | None = None
) -> list[InboxEntry]:
    """Return these stored items in their present state; `questions` as the caller knows them."""
    senders, questions = verified_senders(act.state), questions or Questions(act)
    return [_entry(act, record, senders.get(record.d), questions) for record in records]


def entry_of(act: Act, record: InboxRecord, opened: OpenedAlert | None = None) -> InboxEntry:
    """Return one stored item in its present state; `opened` is the alert, where it was opened just now."""
    if opened is not None:
        entry = _entry(act, record, (opened.manifest.iss, opened.manifest.jti), Questions(act))
        return _marked(entry, opened.standings[0])
    record = _about(act.state, record)
    verified = act.state.seen.get(record.iss, {}).get(record.id) == record.d
    return _entry(act, record, (record.iss, record.id) if verified else None, Questions(act))


def _about(state: State, record: InboxRecord) -> InboxRecord:
    """Return a reminder under the id of the object it is about."""
    known = state.inbox.get(record.d) if record.what == REMINDER else None
    return record if known is None else replace(record, id=known.id)


def is_about_alert(state: State, record: InboxRecord) -> bool:
    """Tell whether an item is an alert, or is about an alert which came before."""
    if record.what not in (REPUDIATED, REMINDER):
        return record.what == "envelope"
    known = state.inbox.get(record.d)
    return known is not None and known.what == "envelope"


def is_fork(failed: Exception) -> bool:
    """Tell whether a check has shown that the hub's ledger is not the stored one: then nothing is opened any more."""
    return isinstance(failed, VerificationError) and failed.failure in _FORKS


def concerns_all(failed: Exception) -> bool:
    """Tell whether a failure is not one alert's but the ledger's, the API key's or the hub's."""
    if isinstance(failed, RefusedError):
        return isinstance(failed, ApiKeyRefusedError) or failed.status >= 500 or not failed.is_of_hub
    return is_fork(failed)


def _entry(act: Act, record: InboxRecord, sender: tuple[str, str] | None, questions: Questions) -> InboxEntry:
    if not is_about_alert(act.state, record):
        return _statement_entry(act, record)
    return replace(_alert_entry(act, record, sender), question=questions.question(record.d))


def require_no_alarm(doubts: Iterable[Doubt]) -> None:
    """Raise LedgerAlarmError for the first doubt that is an alarm; items already taken in stay."""
    for doubt in doubts:
        if doubt.alarm is not None:
            raise LedgerAlarmError(doubt.alarm)


def _is_kept(state: State, od: str) -> bool:
    """Tell whether a statement is stored with its signers; earlier versions stored none, and those are verified again."""
    known = state.statements.get(od)
    return known is not None and bool(known.signers)


def _verify_statements(act: Act) -> list[Doubt]:
    doubts, aside = [], SetAside()
    waiting = [
        record
        for record in act.state.inbox.values()
        if record.what == "statement" and not _is_kept(act.state, record.d)
    ]
    for record in sorted(waiting, key=lambda record: record.number):
        try:
            fetch_statement(act, record.d)
        except (EnvelopeError, UnpinnedError, AbsentError, AnswerError, LedgerAlarmError) as failed:
            if is_fork(failed):
                act.changes.write()
                raise
            alarm = failed.agency if isinstance(failed, LedgerAlarmError) else None
            doubts.append(Doubt(record.number, record.iss, record.d, str(failed), alarm))
        except Exception as failed:  # noqa: BLE001 - of itself, or raised again
            doubts.append(Doubt(record.number, record.iss, record.d, str(aside.take(failed))))
    act.changes.write()
    return doubts


def _unproved(act: Act) -> list[InboxRecord]:
    """Return items that the hub calls repudiated, where no revocation by their issuer is known yet."""
    records = act.state.repudiations.values()
    return [record for record in records if not act.directory.revocations(record.iss)]


def _learn_revocations(act: Act, records: Iterable[InboxRecord]) -> list[Doubt]:
    """Fetch the keysets of the issuers in doubt; without a revocation there the hub's hint stays a hint."""
    doubts = []
    refreshed: dict[str, str | None] = {}
    for record in records:
        if record.iss not in refreshed:
            refreshed[record.iss] = _learn_revocation(act, record.iss)
        problem = refreshed[record.iss]
        if problem is not None:
            doubts.append(Doubt(record.number, record.iss, record.d, problem))
    return doubts


def _learn_revocation(act: Act, iss: str) -> str | None:
    """Return why an agency's revocation of a key cannot be verified; None where it can."""
    try:
        refresh_keysets(act, iss)
    except (EnvelopeError, UnpinnedError, AbsentError, AnswerError) as failed:
        if is_fork(failed):
            raise
        return str(failed)
    except Exception as failed:  # noqa: BLE001 - of itself, or raised again
        return str(SetAside().take(failed))
    return None if act.directory.revocations(iss) else "the hub shows no revocation of a key of theirs"


def _record(state: State, entry: FeedEntry) -> InboxRecord:
    return InboxRecord(state.base + entry.number, entry.what, entry.d, entry.iss, entry.id, entry.ref)


def _alert_entry(act: Act, record: InboxRecord, sender: tuple[str, str] | None) -> InboxEntry:
    """`sender`: issuer and jti of the verified manifest, None while only the hub names the sender."""
    iss, jti = sender or (record.iss, record.id)
    known = act.state.inbox.get(record.d, record)
    entry = InboxEntry(
        number=record.number,
        what=record.what,
        d=record.d,
        iss=iss,
        id=jti,
        ref=record.ref or known.ref,
        opened_at=act.state.opened.get(record.d),
        acknowledged=known.acknowledged,
        retracted=sender is not None and retraction_of(act, record.d, iss) is not None,
        retraction_in_doubt=sender is None and bool(retractions_of(act, record.d)),
        statement=None,
    )
    if not _is_doubted(act, record.d, iss):
        return entry
    stands_by = any(
        word.statement.iss == iss and isinstance(word.standing, Valid)
        for word in said_about(act, "reaffirm", {record.d})
    )
    return replace(entry, repudiated=not stands_by, reaffirmed=stands_by)


def _is_doubted(act: Act, d: str, iss: str) -> bool:
    """Tell whether the hub says so and the issuer has revoked a key. Opening judges by the signature itself."""
    said = any((record.d, record.iss) == (d, iss) for record in act.state.repudiations.values())
    return said and bool(act.directory.revocations(iss))


def _statement_entry(act: Act, record: InboxRecord) -> InboxEntry:
    statement = act.state.statements.get(record.d)
    entry = InboxEntry(
        number=record.number,
        what=record.what,
        d=record.d,
        iss=statement.iss if statement else record.iss,
        id=statement.id if statement else record.id,
        ref=record.ref,
        opened_at=None,
        acknowledged=None,
        retracted=False,
        retraction_in_doubt=False,
        statement=statement,
    )
    if statement is None:
        return replace(entry, repudiated=_is_doubted(act, record.d, record.iss))
    return _marked(entry, standing_of(act, statement))


def _marked(entry: InboxEntry, standing: Standing | None) -> InboxEntry:
    """Return the entry marked by its standing; None means that it was logged after its key had been revoked."""
    repudiated = standing is None or isinstance(standing, Repudiated)
    return replace(entry, repudiated=repudiated, reaffirmed=isinstance(standing, Reaffirmed))
