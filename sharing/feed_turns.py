# SPDX-License-Identifier: Apache-2.0
"""Turns: the next items of each feed, in the order of the ledger."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q

from accord.envelope.statements.bodies import MANIFEST
from sharing.locks import lock_deliveries
from sharing.models import Delivery, FeedItem, FeedRequeue, StatementDelivery
from sharing.policy import Onward, Terms
from sharing.revoked import FeedMarked, FeedReminder, FeedRepudiated
from sharing.states import DeliveryState

MARKS: Final[Mapping[str, type[FeedMarked]]] = {
    FeedItem.REPUDIATED: FeedRepudiated,
    FeedItem.REMINDER: FeedReminder,
}
"""Rows about earlier items, by the feed's name for them."""
TO_HOLDERS = ("retract", "reaffirm")
_DELIVERY_COLUMNS = (
    "pk",
    "recipient_id",
    "reference",
    "recalled_at",
    "envelope_id",
    "envelope__iss_id",
    "envelope__jti",
    "envelope__exp",
    "envelope__lane",
    "envelope__purpose",
    "envelope__tlp",
    "envelope__suite",
    "envelope__pri",
    "envelope__status",
    "envelope__text_of",
    "release_id",
    "release__iss",
    "release__purpose",
    "release__is_emergency",
    "release__until",
)
_RELEASE: Final = _DELIVERY_COLUMNS.index("release_id")
_STATEMENT_COLUMNS = (
    "pk",
    "recipient_id",
    "statement_id",
    "statement__iss_id",
    "statement__statement_id",
    "statement__k",
    "statement__sub_k",
    "statement__sub_d",
)


@dataclass(frozen=True)
class Turn:
    """One recipient's turn for one object. `row` is the primary key of the delivery or statement delivery."""

    what: str
    row: int
    d: str
    iss: str
    item_id: str
    recipient: str
    position: int
    ref: str = ""
    terms: Terms | None = None
    exp: int = 0
    is_recalled: bool = False
    was_held: bool = False
    onward: Onward | None = None
    """The release by which the recipient has it."""
    follows: str = ""
    """The md that a retract or a reaffirm is about: only agencies with a number for it are told."""


def requeued_turns(issuers: Collection[str], limit: int) -> list[Turn]:
    """Return the first `limit` deliveries of these issuers that may flow again, in the ledger's order."""
    rows = FeedRequeue.objects.filter(iss__in=issuers).order_by("position", "recipient")[:limit]
    positions = {row.delivery_id: row.position for row in rows}
    locked = lock_deliveries(Delivery.objects.filter(pk__in=list(positions)))
    turns = [_delivery_turn(row, positions[row[0]], was_held=True) for row in _values(locked)]
    return sorted(turns, key=_order)


def new_turns(positions: Mapping[str, int]) -> list[Turn]:
    """Return the turns of entries, given as object digest and leaf index, in the ledger's order."""
    if not positions:
        return []
    ods = list(positions)
    first, onward = Q(envelope_id__in=ods, release=None), Q(release_id__in=ods)
    locked = lock_deliveries(Delivery.objects.filter(first | onward, state=DeliveryState.PENDING))
    statements = StatementDelivery.objects.filter(statement_id__in=ods, number__isnull=True)
    turns = [
        _delivery_turn(row, positions[row[_RELEASE] or row[4]], was_held=False) for row in _values(locked)
    ]
    turns += [_statement_turn(row, positions[row[2]]) for row in statements.values_list(*_STATEMENT_COLUMNS)]
    return sorted(turns, key=_order)


def mark_turns(limit: int) -> list[Turn]:
    """Return the first `limit` marks of earlier items; `position` is their order among those of their kind."""
    turns: list[Turn] = []
    for what, rows in MARKS.items():
        turns += _mark_turns(what, rows, limit - len(turns))
    return turns


def _mark_turns(what: str, rows: type[FeedMarked], limit: int) -> list[Turn]:
    return [
        Turn(
            what=what,
            row=mark.pk,
            d=mark.d,
            iss=mark.iss,
            item_id=mark.item_id,
            recipient=mark.recipient,
            position=mark.pk,
            ref=mark.ref,
        )
        for mark in rows._default_manager.order_by("pk")[: max(0, limit)]
    ]


def _order(turn: Turn) -> tuple[int, str]:
    return turn.position, turn.recipient


def _values(locked: Collection[int]) -> Iterable[tuple[Any, ...]]:
    """Read the rows after the lock, so that a retraction that committed meanwhile counts."""
    return Delivery.objects.filter(pk__in=locked).values_list(*_DELIVERY_COLUMNS)


def _delivery_turn(row: tuple[Any, ...], position: int, *, was_held: bool) -> Turn:
    pk, recipient, reference, recalled_at, md, iss, jti, exp, *terms = row[:_RELEASE]
    released, releaser, purpose, is_emergency, until = row[_RELEASE:]
    return Turn(
        what=FeedItem.ENVELOPE,
        row=pk,
        d=md,
        iss=iss,
        item_id=jti,
        recipient=recipient,
        position=position,
        ref=reference,
        terms=Terms(*terms),
        onward=Onward(releaser, purpose, is_emergency, iss) if released else None,
        exp=min(exp, until) if released else exp,
        is_recalled=recalled_at is not None,
        was_held=was_held,
    )


def _statement_turn(row: tuple[Any, ...], position: int) -> Turn:
    pk, recipient, od, iss, statement_id, k, about_k, about = row
    return Turn(
        what=FeedItem.STATEMENT,
        row=pk,
        d=od,
        iss=iss,
        item_id=statement_id,
        recipient=recipient,
        position=position,
        follows=about if k in TO_HOLDERS and about_k == MANIFEST else "",
    )
