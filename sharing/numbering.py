# SPDX-License-Identifier: Apache-2.0
"""Numbering: the sequencer alone gives covered entries their numbers in the recipients' feeds.

- Each feed's numbers have no gaps and rise in the order of the ledger; a delivery is numbered once.
- A delivery that policy denies at its turn is held and gets no number.
- It runs inside the transaction that publishes a checkpoint.
- It works on whole entries from `FeedMark.next_leaf` up, at most `MAX_TURNS` deliveries a call. Resumed deliveries come first,
  then entries submitted again after a restore, whose leaf lies below the mark.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import connection

from callers.task_calls import call_task
from ledger.entries import CoveredEntry
from ledger.proofs import covered_entries
from sharing.feed_turns import MARKS, Turn, mark_turns, new_turns, requeued_turns
from sharing.locks import share_issuers
from sharing.models import Delivery, FeedHead, FeedHeld, FeedItem, FeedMark, FeedPending, FeedRequeue
from sharing.policy import Denied, Onward, Terms, judge_passage
from sharing.policy_facts import Facts, read_facts
from sharing.recalls import recalls_that_count
from sharing.revoked import KeyWord
from sharing.states import DeliveryState, move

MAX_TURNS: Final = 5000
"""Deliveries in one call; a single entry has at most 500."""
MAX_LEAVES: Final = 5000
"""Leaves looked at in one call; most are audit events, which no feed carries."""


@dataclass
class Outcome:
    """The turns of one call by their result."""

    numbered: list[Turn] = field(default_factory=list)
    held: list[Turn] = field(default_factory=list)
    expired: list[Turn] = field(default_factory=list)


def number_covered(entries: Sequence[CoveredEntry], now: datetime, *, max_turns: int = MAX_TURNS) -> None:
    """Number the entries that the newest checkpoint covers; call it in the checkpoint's transaction, also when `entries` is empty.

    The mark, not `entries`, says where to go on: a call that stops early leaves the rest to the next. `max_turns` must be at
    least the largest number of recipients of one entry.
    """
    mark = FeedMark.objects.filter(pk=1).first() or FeedMark(pk=1)
    mark.beat = now
    covered: Sequence[CoveredEntry] = covered_entries(mark.next_leaf, MAX_LEAVES)
    pending = FeedPending.objects.in_bulk([entry.od for entry in covered]) if covered else {}
    passed = _passed_entries(mark.next_leaf, max_turns)
    pending |= passed
    again = set(FeedRequeue.objects.order_by("position").values_list("iss", flat=True)[:max_turns])
    if again or pending:
        share_issuers(again | {row.iss for row in pending.values()})
        # Read in statements after the lock, to see lanes that were resumed while we waited for it.
        turns = requeued_turns(again | {row.iss for row in pending.values()}, max_turns)
        taken = _take_passed(passed, max_turns - len(turns))
        room = max_turns - len(turns) - sum(pending[od].width for od in taken)
        covered = _whole_entries(covered, pending, room)
        taken |= {entry.od: entry.index for entry in covered if entry.od in pending}
        turns += new_turns(taken)
        _write(_decide(turns, now), taken, now)
        max_turns -= len(turns)
    _write_marks(mark_turns(max_turns), now)
    if covered:
        _note_key_words(covered, now)
        mark.next_leaf = covered[-1].index + 1
    mark.save()


def _passed_entries(next_leaf: int, limit: int) -> dict[str, FeedPending]:
    """Return entries submitted again after a restore, whose leaf the mark has passed, in the ledger's order."""
    rows = FeedPending.objects.filter(leaf__lt=next_leaf).order_by("leaf")[:limit]
    return {row.od: row for row in rows}


def _take_passed(passed: dict[str, FeedPending], room: int) -> dict[str, int]:
    """Return the first entries whose turns all fit into `room`, with the leaf of each."""
    taken = {}
    for row in passed.values():
        room -= row.width
        if room < 0 or row.leaf is None:
            break
        taken[row.od] = row.leaf
    return taken


def _whole_entries(
    covered: Sequence[CoveredEntry], pending: dict[str, FeedPending], room: int
) -> Sequence[CoveredEntry]:
    """Return the first entries whose turns all fit into `room`."""
    for place, entry in enumerate(covered):
        room -= pending[entry.od].width if entry.od in pending else 0
        if room < 0:
            return covered[:place]
    return covered


def _decide(turns: Iterable[Turn], now: datetime) -> Outcome:
    """Ask policy again for each delivery whose turn has come."""
    turns = list(turns)
    outcome = Outcome()
    judged = _Judged([turn for turn in turns if turn.terms is not None], now)
    recalled = recalls_that_count({turn.d for turn in turns if turn.is_recalled}, now=now)
    reached = _holders({turn.follows for turn in turns if turn.follows})
    for turn in turns:
        if turn.terms is None:
            if not turn.follows or (turn.follows, turn.recipient) in reached:
                outcome.numbered.append(turn)
            continue
        is_late = turn.exp <= int(now.timestamp())
        denied = judged.is_denied(turn, turn.terms)
        # What is released onward is not held: its release has an end of its own.
        if is_late or (denied and turn.onward) or (turn.d in recalled and (turn.was_held or denied)):
            outcome.expired.append(turn)
        elif denied:
            outcome.held.append(turn)
        else:
            outcome.numbered.append(turn)
            reached.add((turn.d, turn.recipient))
    return outcome


class _Judged:
    """Verdicts of one call; each pair with its terms is judged once."""

    def __init__(self, turns: Collection[Turn], now: datetime) -> None:
        self._now = now
        self._denied: dict[tuple[str, str, Terms, Onward | None], bool] = {}
        issuers, recipients = {turn.iss for turn in turns}, {turn.recipient for turn in turns}
        issuers |= {turn.onward.iss for turn in turns if turn.onward}
        self._facts = read_facts(issuers, recipients, now=now) if turns else Facts({}, {}, {})

    def is_denied(self, turn: Turn, terms: Terms) -> bool:
        asked = (turn.iss, turn.recipient, terms, turn.onward)
        if asked not in self._denied:
            verdict = judge_passage(self._facts, turn.iss, turn.recipient, terms, turn.onward, now=self._now)
            self._denied[asked] = isinstance(verdict, Denied)
        return self._denied[asked]


def _holders(mds: Collection[str]) -> set[tuple[str, str]]:
    """Return the (envelope, recipient) pairs that have a number."""
    if not mds:
        return set()
    rows = Delivery.objects.filter(envelope_id__in=mds, number__isnull=False)
    return set(rows.values_list("envelope_id", "recipient_id"))


def _write(outcome: Outcome, taken: Collection[str], now: datetime) -> None:
    numbers = _next_numbers(outcome.numbered)
    _write_items(outcome.numbered, numbers, now)
    _write_numbers(outcome.numbered, numbers)
    _write_held(outcome.held)
    _set_state(outcome.held, move(DeliveryState.PENDING, "hold"))
    _set_state(outcome.expired, move(DeliveryState.PENDING, "expire"))
    again = [turn.row for turn in (*outcome.numbered, *outcome.held, *outcome.expired) if turn.was_held]
    FeedRequeue.objects.filter(pk__in=again).delete()
    FeedPending.objects.filter(pk__in=list(taken)).delete()


def _write_marks(marks: Sequence[Turn], now: datetime) -> None:
    """Number marks without asking policy: a mark goes only to agencies that already have a number for its subject."""
    if not marks:
        return
    _write_items(marks, _next_numbers(marks), now)
    for what, rows in MARKS.items():
        rows._default_manager.filter(pk__in=[mark.row for mark in marks if mark.what == what]).delete()


def _note_key_words(covered: Sequence[CoveredEntry], now: datetime) -> None:
    """Note keysets and revocations that are logged now, so that a worker looks for objects they put in doubt."""
    words = [KeyWord(od=entry.od, agency=entry.agency, due_at=now) for entry in covered if entry.agency]
    if words:
        KeyWord.objects.bulk_create(words, ignore_conflicts=True)
        call_task("sharing.mark_doubts")


def _next_numbers(turns: Iterable[Turn]) -> list[int]:
    """Return the number of each turn, in order, and raise the feeds' heads. Nothing else writes them."""
    turns = list(turns)
    recipients = {turn.recipient for turn in turns}
    heads = dict.fromkeys(recipients, 0)
    heads |= dict(FeedHead.objects.filter(pk__in=recipients).values_list("recipient", "last"))
    numbers = []
    for turn in turns:
        heads[turn.recipient] += 1
        numbers.append(heads[turn.recipient])
    FeedHead.objects.bulk_create(
        [FeedHead(recipient=recipient, last=last) for recipient, last in heads.items()],
        update_conflicts=True,
        unique_fields=["recipient"],
        update_fields=["last"],
    )
    return numbers


def _write_items(turns: Sequence[Turn], numbers: Sequence[int], now: datetime) -> None:
    """Insert all items in one statement: rows are passed as arrays."""
    items = [
        (turn.recipient, number, turn.what, turn.d, turn.iss, turn.item_id, turn.ref)
        for turn, number in zip(turns, numbers, strict=True)
    ]
    if not items:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_feeditem (recipient, number, what, d, iss, item_id, ref, numbered_at)"
            " SELECT *, %s::timestamptz FROM unnest("
            "%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])",
            [now, *map(list, zip(*items, strict=True))],
        )


def _write_numbers(turns: Sequence[Turn], numbers: Sequence[int]) -> None:
    """Set all numbers in two statements: rows are passed as arrays."""
    placed = list(zip(turns, numbers, strict=True))
    deliveries = [(turn.row, number) for turn, number in placed if turn.what == FeedItem.ENVELOPE]
    statements = [(turn.row, number) for turn, number in placed if turn.what == FeedItem.STATEMENT]
    with connection.cursor() as cursor:
        if deliveries:
            cursor.execute(
                "UPDATE sharing_delivery AS row SET number = given.number, state = %s"
                " FROM unnest(%s::bigint[], %s::bigint[]) AS given(id, number)"
                " WHERE row.id = given.id AND row.state = %s",
                [
                    move(DeliveryState.PENDING, "number").value,
                    *map(list, zip(*deliveries, strict=True)),
                    DeliveryState.PENDING.value,
                ],
            )
        if statements:
            cursor.execute(
                "UPDATE sharing_statementdelivery AS row SET number = given.number"
                " FROM unnest(%s::bigint[], %s::bigint[]) AS given(id, number) WHERE row.id = given.id",
                [*map(list, zip(*statements, strict=True))],
            )


def _write_held(turns: Iterable[Turn]) -> None:
    FeedHeld.objects.bulk_create(
        FeedHeld(delivery_id=turn.row, position=turn.position, iss=turn.iss, recipient=turn.recipient)
        for turn in turns
    )


def _set_state(turns: Sequence[Turn], state: DeliveryState) -> None:
    if turns:
        Delivery.objects.filter(pk__in=[turn.row for turn in turns]).update(state=state)
