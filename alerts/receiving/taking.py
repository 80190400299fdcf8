# SPDX-License-Identifier: Apache-2.0
"""One agency's feed, taken item by item over the exchange's API, as a partner's system would.

- Each alert is opened once, for its card and its tokens (RED has neither). A failure is filed, and the originator learns it
  by a signed `ack unopenable`. That is final, unless the octets are not those that the originator signed: then the exchange
  is asked for them again.
- This opening is no reading, which only a person does.
- Facts of an alert come from its manifest; an alert that cannot be used as it was given is awaited and shown to nobody.
- A statement counts once it was verified.
- The text of a proposed agreement, which the feed brings after the proposal, is kept beside the statements.
- An item's changes and the place in the feed move in one transaction, so a kill repeats at most the openings that were
  audited together.
- An item that raises is set aside (`ledger.set_aside`) and the feed goes on. If what is derived from an alert (card, tokens,
  structure, spectra, notices) raises, that is set aside, and the alert itself is still filed.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import islice, takewhile, zip_longest
from typing import Final

from django.db import transaction
from django.db.models import Max

from accord.calls import errors as calls
from accord.calls.answers import FeedEntry
from accord.calls.errors import ClientError
from accord.envelope.content import OpenedAlert
from accord.envelope.errors import EnvelopeError
from accord.envelope.manifest import Manifest
from accord.envelope.slices import UnverifiedSlice
from accord.envelope.statements.form import SubjectRef
from accord.envelope.tree.receipts import Receipt
from accord.following.feed import Feed
from accord.following.follower import Follower
from accord.following.records import FeedPlace
from accord.following.slices import verify_manifest_alone
from alerts.agency.agreement_texts import keep_text
from alerts.errors import ContentDeletedError, ExchangeAwayError
from alerts.models import AwaitedEnvelope, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.suspensions import clock_of_received
from alerts.receiving.feed_items import (
    ENVELOPE,
    REMINDER,
    REPUDIATED,
    STATEMENT,
    name_of,
    name_of_envelope,
    name_of_received,
)
from alerts.receiving.feed_notices import FeedNotices
from alerts.receiving.feed_statements import asked_again, hold_statement, refresh_keys
from alerts.receiving.fetching import open_ahead
from alerts.receiving.filing import file_content, file_rows
from alerts.receiving.first_opening import CLOSED_NOW, INTAKE, Opening, is_common, open_first, open_text
from alerts.receiving.held_envelopes import (
    CLOSED,
    Held,
    drop_envelope,
    envelope_of,
    fetch_ahead,
    held_envelopes,
    slug_of,
)
from alerts.receiving.long_feeds import LONG_TURN, TOGETHER, LongFeed, is_long
from alerts.receiving.manifest_facts import (
    ask_later,
    awaited_again,
    awaited_of,
    note_release,
    received_of,
    verify_signed,
)
from alerts.receiving.page_facts import PageFacts
from alerts.receiving.pages import Page, PagesAhead, ask_ahead
from alerts.receiving.reporting import report_openings, report_told
from alerts.receiving.retractions import apply_statement, note_known_retract
from alerts.receiving.round_memory import Turn
from alerts.receiving.statement_subjects import DeskSubjects
from alerts.receiving.versions import place_version, settle_versions, settle_versions_of
from alerts.replies.due_times import settle_by_digest
from alerts.replies.projection import keep_received
from alerts.replies.reminder_times import first_reminder
from alerts.sending.hand_in import queue_statement
from alerts.sending.ledger_places import take_places
from callers.actors import SystemActor
from callers.errors import AbsentError
from ledger.audit import record_event
from ledger.set_aside import Loop, begin_round, is_met_by_every_item
from peers.following import feed_follower_of
from peers.models import Agency, FeedCursor
from peers.progress import CLOCK_WARNED, ahead_secs, note_progress
from vault import services

log = logging.getLogger(__name__)
ROLE: Final = "desk-worker"
TURN: Final = 50
"""Limit of items of an agency's feed before another agency has its turn."""
OPENED_AT_ONCE: Final = 25
"""Limit of alerts that are opened, and their openings audited, before the first of them is filed."""
RETRIED_AT_MOST: Final = 100
"""Limit of alerts tried again in one round that could not be fetched or opened before."""
AWAITED_FOR: Final = timedelta(days=7)

FEED: Final = Loop("desk.feed", f"system:{ROLE}", is_common)
DERIVED: Final = Loop("desk.derived", f"system:{ROLE}", is_common)
"""Parts made from a filed alert: card, tokens, structure, spectra, notices of a changed law."""
CLOSED_BY_EXCHANGE: Final = Opening()


class FeedOfAgency:
    """Feed of one agency, followed for one turn."""

    def __init__(
        self, agency: Agency, now: datetime, is_over: Callable[[], bool], *, read_at: float | None = None
    ) -> None:
        """`read_at`: when `now` was read, by the monotonic clock; None for just now."""
        self._agency, self._now, self._is_over = agency, now, is_over
        self._read_at = time.monotonic() if read_at is None else read_at
        self._actor = SystemActor(ROLE, agency.pk)
        self._feed = begin_round(FEED, agency=agency.pk, now=now)
        self._derived = begin_round(DERIVED, agency=agency.pk, now=now)
        self._peers = VerifiedDirectory(agency.pk, now, subjects=DeskSubjects(agency.pk))
        self._notices = FeedNotices(self._peers, now)
        self._taken: list[ReceivedAlert] = []
        self._issuers: dict[str, Agency] = {}
        self._facts_here = PageFacts(agency.pk)
        self._opened_ahead: dict[str, OpenedAlert | None] = {}
        self._long_feed = LongFeed(self._actor, self._peers, self._facts_here, self._notices, now)
        self._ahead = PagesAhead(agency.pk, now=now)
        self._clock_ahead_secs: int | None = None

    def follow(self) -> Turn:
        """Take the items that were set aside and are due, then new items, as many as fit one turn. Not inside a transaction.

        Raises ExchangeAwayError.
        """
        with services.unwrapped_once(), self._ahead:
            return self._follow()

    def _follow(self) -> Turn:
        self._feed.try_again(self._take_again)
        cursor = self._peers.memory.cursor
        limit = LONG_TURN if is_long(cursor.number, cursor.head) else TURN
        with asked_again():
            page = Feed(self._follower, limit=limit).next_page()
        self._note_clock()
        is_whole = self._take_each(page.items, page.head)
        note_progress(
            self._agency.pk, cursor.number, page.head, clock_ahead_secs=self._clock_ahead_secs, now=self._now
        )
        self._speak()
        if self._feed.is_stopped:
            return Turn(len(self._taken))
        if not is_whole or len(page.items) == limit:
            return Turn(len(self._taken), has_more=True)
        self._derived.try_again(self._visit)
        self._visit_awaited()
        return Turn(len(self._taken), has_more=self._visit_unread())

    def _speak(self) -> None:
        """Learn the ledger places of own statements, and report what was told and opened; a failure does not delay the feed."""
        take_places(self._follower, now=self._now)
        try:
            report_told(self._agency.pk, now=self._now)
            report_openings(self._agency.pk)
        except ClientError as trouble:
            log.warning("%s could not report: %s", self._agency.pk, type(trouble).__name__)

    @cached_property
    def _newest_number(self) -> int:
        """Highest number here. The next one is larger, even if the feed began anew or an alert comes late."""
        rows = ReceivedAlert.objects.filter(agency=self._agency)
        return rows.aggregate(newest=Max("number"))["newest"] or 0

    def _number(self, rows: Iterable[ReceivedAlert]) -> None:
        for row in rows:
            row.number = self._newest_number = max(row.number, self._newest_number + 1)

    @cached_property
    def _follower(self) -> Follower:
        """The agency as a client of the exchange, with the keys that its officers trust."""
        follower = feed_follower_of(self._peers.memory, now=self._now)
        follower.judges_by = self._peers
        return follower

    def _note_clock(self) -> None:
        """Measure how far this machine's clock is off; a wrong one is stored at once, since items may then fail."""
        # The exchange states its time later than `now` was read: without the seconds between, this clock would seem behind.
        since = timedelta(seconds=time.monotonic() - self._read_at)
        self._clock_ahead_secs = ahead_secs(self._follower.exchange.hub_clock(), self._now + since)
        if abs(self._clock_ahead_secs or 0) > CLOCK_WARNED.total_seconds():
            rows = FeedCursor.objects.filter(reader=self._agency.pk)
            rows.update(clock_ahead_secs=self._clock_ahead_secs)

    def _take_each(self, items: Sequence[FeedEntry], head: int) -> bool:
        """Take a page's items, of a long feed several at once where that may be; return whether all were taken."""
        if not items:
            self._peers.memory.write()
            return True
        size = TOGETHER if is_long(items[0].number, head) else len(items)
        parts = [items[n : n + size] for n in range(0, len(items), size)]
        return all(self._take_part(*part, head) for part in zip_longest(parts, parts[1:], fillvalue=()))

    def _take_part(self, items: Sequence[FeedEntry], later: Sequence[FeedEntry], head: int) -> bool:
        """Take a part of a page, while the envelopes of a later one are fetched; return whether all were taken."""
        page = ask_ahead(items, self._follower, self._peers, self._facts_here, ahead=self._ahead)
        self._ahead.fetch(later)
        n = 0
        while n < len(items):
            filed = self._file_together(items[n:], page) if is_long(items[n].number, head) else 0
            if not filed:
                self._take_one(items[n:], page)
            n += filed or 1
            if self._feed.is_stopped or self._is_over():
                break
        return n == len(items)

    def _take_one(self, items: Sequence[FeedEntry], page: Page) -> None:
        """Take the first of these items, or set it aside."""
        item = items[0]
        self._open_ahead([later.d for later in items], page.held)
        self._feed.take(
            name_of(item, page.statements.get(item.d)),
            partial(self._take, item, page, is_new=True),
            passed=partial(self._move, item),
        )

    def _file_together(self, items: Sequence[FeedEntry], page: Page) -> int:
        """File in one transaction the alerts at the beginning of these items that may be; return how many."""
        new = takewhile(page.is_new, items)
        verified = self._long_feed.verify([(item, page.held[item.d]) for item in islice(new, TOGETHER)])
        if not verified:
            return 0
        place = self._peers.memory.place().number
        try:
            with transaction.atomic():
                rows = [self._facts(awaited_of(self._agency, item, self._now), one) for item, one in verified]
                self._number(rows)
                self._long_feed.file(rows)
                self._move(items[len(rows) - 1])
        except Exception as failure:
            self._peers.memory.return_to(place)
            vars(self).pop("_newest_number", None)
            if is_common(failure) or is_met_by_every_item(failure):
                raise
            # Which of them it was is found by taking them one by one.
            self._long_feed.leave(one.manifest.md for _, one in verified)
            return 0
        self._feed.go_on()
        self._facts_here.note_filed(rows)
        self._taken += rows
        return len(rows)

    def _open_ahead(self, ds: Sequence[str], held: Mapping[str, Held]) -> None:
        """Open the alerts before the first item that is none together, unless the first one was opened so already."""
        if ds[0] in self._opened_ahead or ds[0] not in held or self._derived.is_stopped:
            return
        run = [held[d] for d in islice(takewhile(held.__contains__, ds), OPENED_AT_ONCE)]
        opened = open_ahead(
            self._actor, run, reason=INTAKE, seen=self._facts_here.seen, peers=self._peers, now=self._now
        )
        self._opened_ahead = {one.md: opened.get(one.md) for one in run}

    def _move(self, item: FeedEntry) -> None:
        self._peers.memory.pass_item(item.number)
        self._peers.memory.write()

    def _take_again(self, key: str) -> None:
        """Take an item by its number and digest; raises LookupError where the exchange names another one there now."""
        number, _, d = key.partition(" ")
        place = FeedPlace(self._peers.memory.place().epoch, int(number) - 1)
        with asked_again():
            items = self._follower.exchange.inbox(after=str(place), limit=1).items
        if [(item.number, item.d) for item in items] != [(int(number), d)]:
            raise LookupError(key)
        page = ask_ahead(items, self._follower, self._peers, self._facts_here, ahead=self._ahead)
        self._take(items[0], page)

    def _take(self, item: FeedEntry, page: Page, *, is_new: bool = False) -> None:
        """Take one item, and for a new one move the place past it."""
        if item.what == ENVELOPE and item.d not in page.here:
            waiting = page.awaited.get(item.d)
            awaited = waiting or awaited_of(self._agency, item, self._now)
            self._take_envelope(awaited, item, page.held.get(item.d), is_new=is_new)
            return
        if item.what == STATEMENT:
            self._take_statement(item, page, is_new=is_new)
            return
        with transaction.atomic():
            if item.what == REPUDIATED:
                settle_versions(self._agency.pk, item.d, now=self._now)
                settle_by_digest(self._agency.pk, item.d, now=self._now)
                self._notices.tell_of_doubt(item.d)
            elif item.what == REMINDER:
                self._notices.tell_of_reminder(item)
            if is_new:
                self._move(item)

    def _take_envelope(
        self,
        awaited: AwaitedEnvelope,
        item: FeedEntry | None = None,
        held: Held | None = None,
        *,
        is_new: bool = False,
    ) -> None:
        """File the alert that the feed named. One that cannot be used is awaited, or given up once it will never be given."""
        passed = item if is_new else None
        try:
            if self._facts_here.is_text(awaited.iss, awaited.jti, awaited.md):
                self._keep_text(awaited, held, passed)
                return
            held = held or envelope_of(self._actor, awaited.md, now=self._now)
        except ContentDeletedError as gone:
            self._give_up(awaited, slug_of(gone), passed)
            return
        except CLOSED:
            self._file_closed(awaited, passed)
            return
        except (AbsentError, ExchangeAwayError) as away:
            if isinstance(away, ExchangeAwayError) and not away.is_answered:
                raise
            self._await(awaited, passed)
            return
        unverified = held.unverified
        try:
            received = self._facts(awaited, unverified)
        except Agency.DoesNotExist:
            # Its originator was admitted after the directory was last asked for.
            drop_envelope(held)
            self._await(awaited, passed)
            return
        opening = self._try_open(received, held)
        if opening.document is None and not opening.is_elsewhere and not self._is_signed(unverified):
            # As far as can be told now, its originator did not sign it: no officer is shown it.
            drop_envelope(held)
            self._await(awaited, passed)
            return
        self._file(awaited, received, opening, passed)

    def _keep_text(self, awaited: AwaitedEnvelope, held: Held | None, passed: FeedEntry | None) -> None:
        """Keep the text that a proposed agreement names. It is no alert: no box shows it, nobody acknowledges it."""
        ahead = self._opened_ahead.pop(awaited.md, None)
        text = open_text(self._actor, awaited.md, self._peers, held=held, opened_ahead=ahead, now=self._now)
        with transaction.atomic():
            AwaitedEnvelope.objects.filter(pk=awaited.pk).delete()
            keep_text(self._agency.pk, text, now=self._now)
            self._pass(passed)

    def _is_signed(self, unverified: UnverifiedSlice) -> bool:
        """Tell whether its originator's keys signed it, even if they were revoked when it was logged."""
        try:
            manifest, jws = unverified.manifest, unverified.manifest_jws
            verify_signed(self._follower, self._peers, manifest, jws, unverified.receipts[0])
        except EnvelopeError as failure:
            if is_common(failure):
                raise
            return False
        return True

    def _file_closed(self, awaited: AwaitedEnvelope, passed: FeedEntry | None) -> None:
        """File an alert that the exchange keeps closed, by its manifest, which it gives; it is opened once it may be."""
        try:
            with asked_again():
                answer = self._follower.exchange.manifest(awaited.md)
            manifest = verify_manifest_alone(self._follower, awaited.md, answer)
        except calls.RefusedError as refused:
            # It was deleted meanwhile, or is not given.
            log.warning("the manifest of %s is not given: %s", awaited.md, refused.slug)
            self._await(awaited, passed)
            return
        except EnvelopeError as failure:
            if is_common(failure):
                raise
            log.warning("the manifest of %s cannot be used: %s", awaited.md, failure.code)
            self._await(awaited, passed)
            return
        self._file(awaited, self._facts_of(awaited, manifest, answer.receipt), CLOSED_BY_EXCHANGE, passed)

    def _file(
        self,
        awaited: AwaitedEnvelope,
        received: ReceivedAlert,
        opening: Opening,
        passed: FeedEntry | None,
    ) -> None:
        """File an alert, and tell officers of it if it may be opened."""
        with transaction.atomic():
            if awaited.pk:
                AwaitedEnvelope.objects.filter(pk=awaited.pk).delete()
            received.derived_at = self._now if opening.is_settled else None
            self._number([received])
            file_rows([received], now=self._now)
            self._settle(received, opening)
            if opening is not CLOSED_BY_EXCHANGE and not opening.is_elsewhere:
                self._notices.tell_of_arrivals([received])
            self._pass(passed)
        self._facts_here.note_filed([received])
        self._taken.append(received)

    @transaction.atomic
    def _await(self, awaited: AwaitedEnvelope, passed: FeedEntry | None) -> None:
        """Keep the item to ask for it again, for some days, since it cannot be used as it was given."""
        if self._now - awaited.named_at > AWAITED_FOR:
            self._give_up(awaited, "unusable", passed)
            return
        ask_later(awaited, self._now)
        self._pass(passed)

    @transaction.atomic
    def _give_up(self, awaited: AwaitedEnvelope, cause: str, passed: FeedEntry | None) -> None:
        """Record that nothing of it is given any more: the agency's auditor reads that it never came."""
        if awaited.pk:
            awaited.delete()
        record_event(
            "alert.refused",
            actor=self._actor.audit_name,
            agency=self._agency.pk,
            subject=awaited.md,
            detail={"move": "fetch", "cause": cause},
            now=self._now,
        )
        self._pass(passed)

    def _pass(self, item: FeedEntry | None) -> None:
        if item is not None:
            self._peers.memory.pass_item(item.number)
        self._peers.memory.write()

    def _facts(self, awaited: AwaitedEnvelope, unverified: UnverifiedSlice) -> ReceivedAlert:
        """Return the row, not saved, with the facts of a slice; raises `Agency.DoesNotExist` for an originator that is not known."""
        received = self._facts_of(awaited, unverified.manifest, unverified.receipts[0])
        note_release(received, unverified.via)
        return received

    def _facts_of(self, awaited: AwaitedEnvelope, manifest: Manifest, receipt: Receipt) -> ReceivedAlert:
        """Return the row with the manifest's facts and its place in the ledger by the receipt."""
        received = received_of(self._agency, self._issuer(manifest.iss), manifest, receipt)
        received.number, received.reference, received.received_at = (
            awaited.number,
            awaited.reference,
            self._now,
        )
        if received.reply_by is not None:
            known = self._facts_here.suspensions(now=self._now)
            received.answer_by = clock_of_received(received, known).due
            if received.status == "actual":
                received.remind_at = first_reminder(received, now=self._now)
        place_version(received)
        self._facts_here.place_beside_copy(received)
        if self._facts_here.may_be_withdrawn(received.md):
            note_known_retract(received, peers=self._peers)
        return received

    def _issuer(self, agency_id: str) -> Agency:
        """Return an originator, read once a turn; raises `Agency.DoesNotExist` for one that is not in the directory."""
        if agency_id not in self._issuers:
            self._issuers[agency_id] = Agency.objects.get(pk=agency_id)
        return self._issuers[agency_id]

    def _take_statement(self, item: FeedEntry, page: Page, *, is_new: bool) -> None:
        """Verify and hold a statement; mark the alert that it is about."""
        if self._peers.memory.statement(item.d) is None:
            hold_statement(self._peers, self._follower, item.d, page.statements.get(item.d))
            self._facts_here.forget_statements()
        with transaction.atomic():
            self._peers.memory.write()
            apply_statement(self._actor, item.d, peers=self._peers, now=self._now)
            settle_by_digest(self._agency.pk, item.d, now=self._now)
            self._notices.tell_of_statement(item.d)
            if is_new:
                self._move(item)

    def _try_open(self, received: ReceivedAlert, held: Held | None = None) -> Opening:
        """Open an alert, outside any transaction. While the loop for derived parts is stopped, the alert waits closed."""
        found: list[Opening] = []
        self._derived.take(name_of_received(received), lambda: found.append(self._open(received, held)))
        if found:
            return found[0]
        return CLOSED_NOW if self._derived.is_stopped else Opening(is_aside=True)

    def _settle(self, received: ReceivedAlert, opening: Opening) -> None:
        """File what was opened, or note that it does not open. Inside the transaction that holds the row."""
        if opening.document is not None:
            work = partial(file_content, received, opening.document, opening.named, now=self._now)
            self._derived.take(name_of_received(received), work)
        else:
            keep_received(received, None, now=self._now)
        self._note_unopenable(received, opening)
        is_derived = opening.is_settled and not self._derived.is_stopped
        if is_derived != (received.derived_at is not None):
            received.derived_at = self._now if is_derived else None
            received.save(update_fields=["derived_at"])
        if self._facts_here.may_have_versions(received):
            settle_versions_of(received, now=self._now)

    def _visit(self, received_id: str) -> None:
        """Open and file again an alert that was set aside; raises its error."""
        received = ReceivedAlert.objects.filter(pk=received_id, unopenable=False).first()
        if received is None:
            return
        opening = self._open(received)
        with transaction.atomic():
            if opening.document is not None:
                file_content(received, opening.document, opening.named, now=self._now)
            self._note_unopenable(received, opening)
            settle_versions_of(received, now=self._now)

    def _visit_awaited(self) -> None:
        """Take the alerts that the exchange did not give when the feed named them."""
        due = AwaitedEnvelope.objects.filter(agency=self._agency, due_at__lte=self._now)
        waiting = list(due.order_by("due_at")[:RETRIED_AT_MOST])
        if not waiting:
            return
        refresh_keys(self._peers, self._follower, {row.iss for row in waiting})
        with suppress(ClientError):
            fetch_ahead(self._agency.pk, [row.md for row in waiting], now=self._now)
        mds = [row.md for row in waiting]
        filed = {row.md: row for row in ReceivedAlert.objects.filter(agency=self._agency, md__in=mds)}
        for row in waiting:
            if self._feed.is_stopped or self._is_over():
                return
            received = filed.get(row.md)
            take = partial(self._open_filed, row, received) if received else partial(self._take_envelope, row)
            self._feed.take(name_of_envelope(row.number, row.md), take, passed=row.delete)

    def _open_filed(self, awaited: AwaitedEnvelope, received: ReceivedAlert) -> None:
        """Open what was filed as unopenable, once it is given as its originator signed it."""
        if received.retract_od or not received.unopenable or received.exp <= self._now:
            awaited.delete()
            return
        opening = self._try_open(received)
        if opening.document is None and (opening.is_not_as_signed or opening.ack_code is None):
            self._await(awaited, None)
            return
        with transaction.atomic():
            AwaitedEnvelope.objects.filter(pk=awaited.pk).delete()
            if opening.document is not None:
                received.unopenable = False
                received.save(update_fields=["unopenable"])
                self._settle(received, opening)
                self._notices.tell_that_it_opens(received)

    def _visit_unread(self) -> bool:
        """Open alerts that the worker has not read, those of a long feed and those whose opening was interrupted.

        It does not matter whether an officer has opened them since. Return whether as many were read as one turn may read.
        """
        waiting = ReceivedAlert.objects.filter(
            agency=self._agency, derived_at=None, unopenable=False, retract_od="", exp__gt=self._now
        )
        unread, read = list(waiting.order_by("number")[:RETRIED_AT_MOST]), 0
        held = held_envelopes(self._agency.pk, [row.md for row in unread], now=self._now)
        for n, received in enumerate(unread):
            if self._derived.is_stopped or self._is_over():
                return False
            self._open_ahead([row.md for row in unread[n:]], held)
            opening = self._try_open(received, held.get(received.md))
            if opening.is_settled:
                read += 1
                with transaction.atomic():
                    self._settle(received, opening)
                    self._notices.tell_of_arrivals([received])
        return read == RETRIED_AT_MOST

    def _open(self, received: ReceivedAlert, held: Held | None = None) -> Opening:
        return open_first(
            self._actor,
            received,
            peers=self._peers,
            seen=self._facts_here.seen,
            held=held,
            opened_ahead=self._opened_ahead.pop(received.md, None),
            now=self._now,
        )

    def _note_unopenable(self, received: ReceivedAlert, opening: Opening) -> None:
        """Tell the originator that it does not open; ask the exchange again for octets that the originator did not sign.

        For an alert sealed to a former key that is not here, nothing is reported: the agency has received it.
        """
        if opening.is_elsewhere:
            received.unopenable = received.is_elsewhere = True
            received.save(update_fields=["unopenable", "is_elsewhere"])
            return
        if opening.ack_code is None:
            return
        subject = SubjectRef("manifest", received.jti, received.md)
        body = {"st": "unopenable", "code": opening.ack_code}
        queue_statement(self._actor, "ack", subject, body, now=self._now)
        received.unopenable = True
        received.save(update_fields=["unopenable"])
        if opening.is_not_as_signed:
            ask_later(awaited_again(received, self._now), self._now)
