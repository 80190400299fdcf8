# SPDX-License-Identifier: Apache-2.0
"""Following what became of an agency's own envelopes, over the exchange's public API.

Nothing of the exchange's answer is signed, so that it is only shown and decides nothing. A row that was altered outside
the program is left as it is, refused wherever it would be shown, and logged at each change of it.
"""

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accord.calls.deliveries import ChangedDelivery, DeliveryChanges
from accord.calls.errors import AnswerError, ClientError, RefusedError
from accord.calls.exchange import Exchange
from callers.binding import change_bound, keep_bound
from callers.deliveries import DeliveryState
from callers.directory import AGENCY_ID_FORM
from callers.errors import NotBoundError
from peers.exchange import exchange_of
from peers.models import DeliveriesPlace, SentDelivery, SentEnvelope

log = logging.getLogger(__name__)
PAGES_AT_MOST: Final = 5
"""Most answers taken in one turn, so that a long list does not hold up other agencies."""
FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=1)
"""Longest wait after an unanswered request until the next."""
ANSWERS: Final = ("", "opened", "refused", "unopenable")
_PLACE_UNKNOWN: Final = ("cursor-refused", "feed-restarted")


def follow_deliveries(agency_id: str) -> int:
    """Take in what changed since the last time; return how many deliveries. Not inside a transaction.

    Starts from the beginning where the exchange no longer knows the place, as after it was restored; what is kept here
    stays. Of two calls at the same time the first to write counts, and the other stops. Raises NotBoundError for an
    altered place, and `accord.calls.errors.ClientError`.
    """
    exchange, place, taken = exchange_of(agency_id), _place_of(agency_id), 0
    for _again in range(PAGES_AT_MOST):
        changes = _ask(agency_id, exchange, place)
        if changes.next == place and (changes.items or changes.more):
            changes = _as_a_last_one(changes)
        if not _take(agency_id, changes, place):
            break
        taken, place = taken + len(changes.items), changes.next
        if not changes.more:
            break
    return taken


def ask_at_once(agency_id: str) -> None:
    """Follow deliveries after an act of the desk's own, so that its page shows the result; the desk-worker repeats what fails.

    Not inside a transaction.
    """
    with suppress(ClientError, NotBoundError):
        follow_deliveries(agency_id)


def follow_deliveries_in_turn(agency_id: str, *, now: datetime) -> None:
    """Follow deliveries for the desk-worker; an error is logged, and the next attempt waits longer each time."""
    row = DeliveriesPlace.objects.filter(reader=agency_id).values_list("asked_at", "failures").first()
    asked_at, failures = row or (None, 0)
    wait = min(FIRST_WAIT * 2**failures, LONGEST_WAIT) if failures else timedelta()
    if asked_at is not None and asked_at <= now < asked_at + wait:
        return
    try:
        follow_deliveries(agency_id)
    except (ClientError, NotBoundError) as trouble:
        log.warning("what became of the envelopes of %s could not be asked: %s", agency_id, trouble)
        _note_failures(agency_id, min(failures + 1, 16), now)
    else:
        if failures:
            _note_failures(agency_id, 0, now)


def _note_failures(agency_id: str, failures: int, now: datetime) -> None:
    with transaction.atomic():
        DeliveriesPlace.objects.get_or_create(reader=agency_id)
        DeliveriesPlace.objects.filter(reader=agency_id).update(failures=failures, asked_at=now)


def _ask(agency_id: str, exchange: Exchange, place: str) -> DeliveryChanges:
    try:
        return exchange.changed_deliveries(since=place)
    except RefusedError as refused:
        if not place or refused.slug not in _PLACE_UNKNOWN:
            raise
        log.warning(
            "the exchange does not know the place of %s any more: it is asked from the beginning", agency_id
        )
        return exchange.changed_deliveries(since="")


def _as_a_last_one(changes: DeliveryChanges) -> DeliveryChanges:
    """Mark an answer as the last one where its place is the one asked from, since asking again would return it again."""
    return DeliveryChanges(changes.items, changes.next, more=False)


def _place_of(agency_id: str) -> str:
    row = DeliveriesPlace.objects.filter(reader=agency_id).first()
    if row is None:
        return ""
    row.require_bound()
    return row.place


def _take(agency_id: str, changes: DeliveryChanges, since: str) -> bool:
    """Keep an answer and the place after it; return False where another call has moved the place meanwhile."""
    if not changes.items and changes.next == since:
        return True
    with transaction.atomic():
        DeliveriesPlace.objects.get_or_create(reader=agency_id)
        row = DeliveriesPlace.objects.select_for_update().get(reader=agency_id)
        row.require_bound()
        if row.place != since:
            return False
        _keep(agency_id, changes.items)
        row.place = changes.next
        row.save(update_fields=["place"])
    return True


def _keep(agency_id: str, items: Sequence[ChangedDelivery]) -> None:
    """Write what is stated of each delivery over what was stated before."""
    said = {(item.md, item.facts.recipient): item for item in items}
    mds = {md for md, _recipient in said}
    elsewhere = _not_sent_to(agency_id, mds, said)
    rows = SentDelivery.objects.select_for_update().filter(reader=agency_id, md__in=mds).order_by("pk")
    here = {(row.md, row.recipient): row for row in rows}
    new, changed = list[SentDelivery](), list[SentDelivery]()
    for key, item in said.items():
        if key in elsewhere:
            continue
        row = here.get(key)
        if row is None:
            md, recipient = key
            row = SentDelivery(reader=agency_id, md=md, recipient=recipient)
            new.append(row)
        elif not row.is_bound:
            log.error("a row of %s does not carry its code", row._meta.db_table, extra={"row": str(row.pk)})
            continue
        before = row.facts_now()
        _write(row, item)
        if key in here and row.facts_now() != before:
            changed.append(row)
    keep_bound(new)
    change_bound(SentDelivery, changed, SentDelivery.SAID)


def _not_sent_to(
    agency_id: str, mds: Collection[str], said: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return deliveries to recipients to whom this desk did not send the envelope: the exchange cannot add a recipient."""
    sent = dict(SentEnvelope.objects.filter(reader=agency_id, md__in=mds).values_list("md", "recipients"))
    return {(md, recipient) for md, recipient in said if md in sent and recipient not in sent[md]}


def _write(row: SentDelivery, item: ChangedDelivery) -> None:
    facts = item.facts
    if facts.state not in DeliveryState.values or (facts.answer or "") not in ANSWERS:
        raise AnswerError(f"The hub says of a delivery what this program does not know: {facts.state}.")
    if not AGENCY_ID_FORM.match(facts.recipient):
        raise AnswerError("The hub named a recipient that is no agency.")
    row.state, row.answer = facts.state, facts.answer or ""
    row.told_at, row.fetched_at, row.opened_at = map(
        _moment, (facts.told_at, facts.fetched_at, facts.opened_at)
    )
    row.acknowledged_at = _moment(facts.acknowledged_at)
    row.recalled_at, row.recall_confirmed_at = map(_moment, (facts.recalled_at, facts.recall_confirmed_at))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise AnswerError("The hub gave a time that is none.")
    return moment
