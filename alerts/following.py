# SPDX-License-Identifier: Apache-2.0
"""Follows the feeds of the hub's agencies by number, as a partner's system would.

For a hosted agency each alert is opened once, for its card and its tokens (RED has neither); a failure is
terminal, and the originator learns it by a signed `ack unopenable`. For an agency with its own keys only the
manifest's facts are kept. Opening here is no reading: that is a person's act. One process follows one agency
at a time; a row and the cursor move in one transaction, so a kill repeats at most one opening.

An item that raises is set aside (`ledger.set_aside`) and the feed goes on; so is what is derived from an alert (card,
tokens, structure, spectra, notices), without which the alert itself is still filed.
"""

import logging
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import connection, transaction
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When

from accord.calls.errors import ClientError
from accord.envelope.errors import BackendError, EnvelopeError, OpeningError, VerificationError
from accord.envelope.statements.form import SubjectRef
from accord.following.keysets import LEDGER_FAILURES
from accord.moments import moment_of, moment_or_none
from alerts.document.reading import ReadDocument, read_document
from alerts.errors import ExchangeAwayError, NotJudgedError, UnknownSchemaError
from alerts.fetching import fetch_and_open, seen_by
from alerts.file_digests import plain_digests, spectral_files
from alerts.filing import file_content
from alerts.forgetting import forget_cards, forget_what_came_back
from alerts.held import CLOSED, fetch_ahead, forget_envelopes
from alerts.models import ReceivedAlert
from alerts.peers.alarm import raise_alarms
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.seeing import keep_known
from alerts.retractions import apply_statement, judge_again, note_known_retract
from alerts.science.library import drop_stale_imports
from alerts.science.library_received import read_received_files
from alerts.science.replies.keeping import keep_received
from alerts.tokenising import tokenise_sent
from alerts.versions import place_version, settle_versions
from callers.actors import SystemActor
from callers.directory import AgencyStatus, Custody
from callers.doorbell import ring, ring_where_few_wait
from callers.errors import AbsentError, NotBoundError
from ledger.models import Distrust
from ledger.proofs import log_places
from ledger.set_aside import Item, Loop, begin_round, run_each
from peers.models import Agency, SeenLedger
from sharing.errors import FeedRestartedError
from sharing.feed import FIRST_EPOCH, FeedPage, read_feed
from sharing.models import DeskCursor, Envelope, FeedItem, Statement
from sharing.statements import submit_statement
from vault import doors
from vault.errors import is_vault_away

log = logging.getLogger(__name__)
ROLE: Final = "desk-worker"
BELL: Final = "alerts.follow_feed"
PAGE: Final = 100
TURN: Final = 20
"""How many items of a hosted agency's feed are taken before another agency has its turn."""
RETRIED_AT_MOST: Final = 100
"""How many alerts that the worker could not open are tried again in one round."""


def _is_common(error: Exception) -> bool:
    """Tell whether no item can be judged.

    Exchange or keys are away, or the ledger, or what was seen of it before, is another one.
    """
    is_alarm = isinstance(error, EnvelopeError) and getattr(error, "failure", None) in LEDGER_FAILURES
    is_away = isinstance(error, ExchangeAwayError) and not error.is_answered
    return is_alarm or is_away or isinstance(error, BackendError | NotBoundError) or is_vault_away(error)


FEED: Final = Loop("desk.feed", f"system:{ROLE}", _is_common)
DERIVED: Final = Loop("desk.derived", f"system:{ROLE}", _is_common)
"""What is made of an alert that is filed: card, tokens, structure, spectra, notices of a changed law."""


PEERS_EVERY: Final = timedelta(seconds=20)
"""So often, at most, an agency asks for everybody's keys."""


def _never() -> bool:
    return False


def follow_feeds(*, now: datetime, is_over: Callable[[], bool] = _never) -> int:
    """Follows every agency that is not still entering, then tidies; returns how many alerts were taken.

    Agencies take turns, so that a long feed keeps no other waiting: first those with keys of their own, whose alerts
    are not opened here, then whoever was followed longest ago. Another process takes whoever is not at it. Nothing
    new is begun once it `is_over`; then it rings for the next round. Trouble with one agency's feed is raised, as a
    group, after the others.
    """
    taken, troubles = 0, []
    waiting = list(_in_order())
    while waiting and not is_over():
        agency = waiting.pop(0)
        try:
            turn = _follow_turn(agency, now, is_over)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is raised below
            troubles.append(trouble)
            continue
        taken += turn.taken
        if turn.has_more:
            waiting.append(agency)
    if waiting:
        ring_where_few_wait(BELL)
    try:
        tidy_received(now=now)
    except Exception as trouble:  # noqa: BLE001 - as above
        troubles.append(trouble)
    if troubles:
        raise ExceptionGroup("feeds that could not be followed", troubles)
    return taken


def follow_peers(agency: Agency, *, now: datetime) -> None:
    """Take in what is newer of all agencies' keys, as an agency whose keys are here sees them.

    A peer of whom something newly fails raises an alarm. Raises as `VerifiedDirectory.refresh`.
    """
    directory = VerifiedDirectory(agency.pk, now)
    peers = list(Agency.objects.exclude(status=AgencyStatus.ENTERING).values_list("pk", flat=True))
    directory.preload(peers)
    directory.refresh(peers)
    directory.preload(peers)
    seen, alarms = SeenLedger.objects.filter(reader=agency.pk), directory.alarms
    before = seen.values_list("alarmed", flat=True).first() or {}
    new = {peer: cause for peer, cause in alarms.items() if before.get(peer) != cause}
    raise_alarms(SystemActor(ROLE, agency.pk), agency.pk, new, now=now)
    seen.update(asked_at=now, alarmed=alarms)
    keep_known(directory, now=now)


def follow_feed(agency: Agency, *, now: datetime) -> int:
    """Take what is new in an agency's feed; how many alerts, 0 when another process is at it."""
    turn = _follow_turn(agency, now, _never)
    taken = turn.taken
    while turn.has_more:
        turn = _follow_turn(agency, now, _never)
        taken += turn.taken
    return taken


def _in_order() -> QuerySet[Agency]:
    followed = DeskCursor.objects.filter(agency=OuterRef("pk")).values("moved_at")
    return (
        Agency.objects.exclude(status=AgencyStatus.ENTERING)
        .alias(followed_at=Subquery(followed), keys_at=Case(When(custody=Custody.AGENCY, then=0), default=1))
        .order_by("keys_at", F("followed_at").asc(nulls_first=True), "pk")
    )


@dataclass(frozen=True)
class _Turn:
    """How many alerts one turn took, and whether it ended before the feed did."""

    taken: int = 0
    has_more: bool = False


def _follow_turn(agency: Agency, now: datetime, is_over: Callable[[], bool]) -> _Turn:
    actor = SystemActor(ROLE, agency.pk)
    with _alone(agency.pk) as is_alone:
        turn = _Desk(actor, agency, now, is_over).follow() if is_alone else _Turn()
    if turn.taken:
        # Officers are told of what the desk can show.
        ring("notices.send")
    return turn


def tidy_received(*, now: datetime) -> None:
    """For all agencies: retracts are judged again where keys were revoked since, what is past `keep` is forgotten.

    Sent alerts get their search tokens, and their structures are put away; spectra that came with alerts are read, and
    imports of spectra that nobody confirmed are dropped.
    """
    actor = SystemActor(ROLE)
    run_each(
        partial(judge_again, actor, now=now),
        partial(forget_envelopes, now=now),
        partial(forget_cards, actor, now=now),
        partial(forget_what_came_back, actor, now=now),
        partial(tokenise_sent, now=now),
        partial(drop_stale_imports, now=now),
        partial(read_received_files, now=now),
    )


@contextmanager
def _alone(agency_id: str) -> Iterator[bool]:
    """A session lock, so that it outlives the transactions in between and dies with its process."""
    key = lock_key(agency_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def lock_key(agency_id: str) -> tuple[int, int]:
    """The two 32-bit numbers under which one agency's feed is followed."""
    numbers = zlib.crc32(b"accord desk feed"), zlib.crc32(agency_id.encode())
    first, second = (number - (1 << 32) if number >= 1 << 31 else number for number in numbers)
    return first, second


def _next_page(actor: SystemActor, limit: int) -> FeedPage:
    """What comes after the cursor; from the beginning where the feed does not have that place any more.

    What was taken before is known by its digest and taken once.
    """
    cursor = DeskCursor.objects.filter(agency_id=actor.agency_id).first() or DeskCursor()
    try:
        return read_feed(actor, epoch=cursor.epoch, after=cursor.after, limit=limit)
    except FeedRestartedError:
        return read_feed(actor, limit=limit)


@dataclass(frozen=True)
class _Opening:
    """What came of opening an alert once: what it says, or the code of `ack unopenable`; neither while it is closed.

    `is_aside`: it raised, and was set aside.
    """

    document: ReadDocument | None = None
    ack_code: str | None = None
    is_aside: bool = False

    @property
    def is_settled(self) -> bool:
        return self.is_aside or self.document is not None or self.ack_code is not None


CLOSED_NOW: Final = _Opening()


@dataclass(frozen=True)
class _Known:
    """What stands of the alerts of a page: their envelopes, which the desk has, and where the ledger put them."""

    envelopes: Mapping[str, Envelope]
    here: Set[str]
    places: Mapping[str, tuple[int, int]]


class _Desk:
    """One agency's feed, followed for one round."""

    def __init__(
        self, actor: SystemActor, agency: Agency, now: datetime, is_over: Callable[[], bool]
    ) -> None:
        self._actor, self._agency, self._now, self._is_over = actor, agency, now, is_over
        self._epoch = FIRST_EPOCH
        self._feed = begin_round(FEED, agency=agency.pk, now=now)
        self._derived = begin_round(DERIVED, agency=agency.pk, now=now)
        self._peers = VerifiedDirectory(agency.pk, now)

    def follow(self) -> _Turn:
        """First what was set aside and is due again, then what is new, as much as fits one turn."""
        taken: list[ReceivedAlert] = []
        if self._agency.is_hosted:
            self._follow_peers()
        self._feed.try_again(lambda number: taken.extend(self._take_again(self._item(number))))
        limit = TURN if self._agency.is_hosted else PAGE
        news = _next_page(self._actor, limit)
        page, self._epoch = news.items, news.epoch
        if self._agency.is_hosted:
            is_whole = self._take_each(page, taken)
        else:
            is_whole = self._take_together(page, taken)
        if self._feed.is_stopped:
            return _Turn(len(taken))
        if not is_whole or len(page) == limit:
            return _Turn(len(taken), has_more=True)
        if self._agency.is_hosted:
            self._derived.try_again(self._visit)
            self._visit_unread()
        return _Turn(len(taken))

    def _follow_peers(self) -> None:
        """Take in everybody's keys before the feed; a forked log is then met by each alert that it brings."""
        asked = SeenLedger.objects.filter(reader=self._agency.pk)
        if asked.filter(asked_at__gt=self._now - PEERS_EVERY, asked_at__lte=self._now).exists():
            return
        try:
            follow_peers(self._agency, now=self._now)
        except VerificationError:
            log.exception("the ledger is not the one that %s has seen before", self._agency.pk)

    def _take_each(self, page: Sequence[FeedItem], taken: list[ReceivedAlert]) -> bool:
        """One by one, since each is opened; whether all were taken."""
        known = self._look_up(page)
        self._ask_ahead(page, known)
        for item in page:
            self._feed.take(
                _named(item),
                lambda item=item: taken.extend(self._take(item, known, is_new=True)),  # type: ignore[misc]
                passed=partial(self._move, item),
            )
            if self._feed.is_stopped or self._is_over():
                return item is page[-1]
        return True

    def _ask_ahead(self, page: Sequence[FeedItem], known: _Known) -> None:
        """Ask for what the items of a page need, in one question each. Slices that are not given are asked for alone.

        Raises ExchangeAwayError: without the newest keys nothing of the page can be judged.
        """
        self._peers = VerifiedDirectory(self._agency.pk, self._now)
        issuers = {item.iss for item in page if item.iss}
        try:
            if issuers:
                self._peers.refresh([self._agency.pk, *issuers])
        except ClientError as trouble:
            raise ExchangeAwayError from trouble
        except VerificationError:
            log.exception("the ledger is not the one that %s has seen before", self._agency.pk)
        with suppress(ClientError):
            fetch_ahead(
                self._agency.pk, [md for md in known.envelopes if md not in known.here], now=self._now
            )

    def _take_together(self, page: Sequence[FeedItem], taken: list[ReceivedAlert]) -> bool:
        """In one transaction: nothing is opened, so the facts of many cost little; whether all were taken."""

        known = self._look_up(page)

        def take(some: Sequence[FeedItem]) -> None:
            taken.extend([alert for item in some for alert in self._take(item, known, of_many=True)])

        with transaction.atomic():
            done = self._feed.take_all(page, take, name=_named)
            if done:
                self._move(done[-1])
        return len(done) == len(page)

    def _item(self, number: str) -> FeedItem:
        return FeedItem.objects.visible_to(self._actor).get(number=int(number))

    def _move(self, item: FeedItem) -> None:
        moved = {"epoch": self._epoch, "after": item.number, "moved_at": self._now}
        DeskCursor.objects.update_or_create(agency_id=self._agency.pk, defaults=moved)

    def _look_up(self, page: Sequence[FeedItem]) -> _Known:
        mds = [item.d for item in page if item.what == FeedItem.ENVELOPE]
        here = ReceivedAlert.objects.filter(agency=self._agency, md__in=mds).values_list("md", flat=True)
        return _Known(Envelope.objects.visible_to(self._actor).in_bulk(mds), set(here), log_places(mds))

    def _take_again(self, item: FeedItem) -> list[ReceivedAlert]:
        return self._take(item, self._look_up([item]))

    def _take(
        self, item: FeedItem, known: _Known, *, is_new: bool = False, of_many: bool = False
    ) -> list[ReceivedAlert]:
        """One item, and the cursor past one that is new; the alert that was filed.

        `of_many`: the caller holds a savepoint of them all.
        """
        received = self._arrived(item, known) if item.what == FeedItem.ENVELOPE else None
        opening = self._try_open(received) if received is not None else CLOSED_NOW
        with transaction.atomic(savepoint=not of_many):
            if received is not None:
                received.save()
                self._settle(received, opening)
            elif item.what == FeedItem.STATEMENT:
                apply_statement(self._actor, item.d, now=self._now)
            elif item.what == FeedItem.REPUDIATED:
                settle_versions(self._agency.pk, item.d, now=self._now)
            if is_new:
                self._move(item)
        return [] if received is None else [received]

    def _arrived(self, item: FeedItem, known: _Known) -> ReceivedAlert | None:
        """The row to store; None where the envelope is gone or was taken before."""
        envelope = known.envelopes.get(item.d)
        if envelope is None or item.d in known.here:
            return None
        return _facts(self._agency, item, envelope, known.places.get(item.d), self._now)

    def _try_open(self, received: ReceivedAlert) -> _Opening:
        """Outside any transaction. Where the loop of what is derived stands, the alert waits for it closed."""
        if received.held_elsewhere:
            return CLOSED_NOW
        found: list[_Opening] = []
        self._derived.take(
            _derived(received), lambda: found.append(_open(self._actor, received, self._peers, self._now))
        )
        if found:
            return found[0]
        return CLOSED_NOW if self._derived.is_stopped else _Opening(is_aside=True)

    def _settle(self, received: ReceivedAlert, opening: _Opening) -> None:
        """Files what was opened, or says that it does not open. Inside the transaction that holds the row."""
        if opening.document is not None and received.tlp != "RED":
            work = partial(file_content, received, opening.document, now=self._now)
            self._derived.take(_derived(received), work)
        else:
            keep_received(received, None, now=self._now)
        _acknowledge_unopenable(self._actor, received, opening.ack_code, self._now)
        if opening.is_settled and not self._derived.is_stopped:
            received.derived_at = self._now
            received.save(update_fields=["derived_at"])
        settle_versions(self._agency.pk, received.md, now=self._now)

    def _visit(self, received_id: str) -> None:
        """Opens and files again what was set aside; raises what it raises."""
        received = ReceivedAlert.objects.filter(pk=received_id, unopenable=False).first()
        if received is None:
            return
        opening = _open(self._actor, received, self._peers, self._now)
        with transaction.atomic():
            if opening.document is not None and received.tlp != "RED":
                file_content(received, opening.document, now=self._now)
            _acknowledge_unopenable(self._actor, received, opening.ack_code, self._now)
            settle_versions(self._agency.pk, received.md, now=self._now)

    def _visit_unread(self) -> None:
        """Whatever the worker has not read: its first fetch was stopped, whether or not an officer opened it since."""
        waiting = ReceivedAlert.objects.filter(
            agency=self._agency,
            derived_at=None,
            unopenable=False,
            retract_od="",
            exp__gt=self._now,
            held_elsewhere=False,
        ).exclude(tlp="RED")
        for received in waiting.order_by("number")[:RETRIED_AT_MOST]:
            if self._derived.is_stopped or self._is_over():
                return
            opening = self._try_open(received)
            if opening.is_settled:
                with transaction.atomic():
                    self._settle(received, opening)


def _named(item: FeedItem) -> Item:
    """An alert whose withdrawal, or whose signer's revocation, cannot be read is not to be relied on."""
    if item.what == FeedItem.ENVELOPE:
        return Item(str(item.number), item.d)
    about = Statement.objects.filter(od=item.d).values_list("sub_d", flat=True).first()
    return Item(str(item.number), about or item.d, Distrust.ALERT)


def _derived(received: ReceivedAlert) -> Item:
    return Item(str(received.pk), received.md)


def _open(actor: SystemActor, received: ReceivedAlert, peers: VerifiedDirectory, now: datetime) -> _Opening:
    """Opened once; what the exchange keeps closed stays without a card and is no failure. What cannot be judged now waits.

    Of a ledger that does not fit the one seen before nothing is opened, and nothing is settled: it is raised.
    """
    try:
        seen = seen_by(received)
        opened = fetch_and_open(actor, received.md, reason="intake", seen=seen, peers=peers, now=now)
        document = replace(read_document(opened.alert), digests=plain_digests(actor, opened, now=now))
        keeps = received.tlp != "RED"
        return _Opening(replace(document, spectra=spectral_files(actor, opened, now=now) if keeps else ()))
    except (*CLOSED, AbsentError):
        return CLOSED_NOW
    except UnknownSchemaError:
        return _Opening(ReadDocument({}))
    except OpeningError as failure:
        return _Opening(ack_code=failure.ack_code)
    except NotJudgedError:
        return CLOSED_NOW
    except ExchangeAwayError as away:
        if not away.is_answered:
            raise
        return CLOSED_NOW
    except EnvelopeError as failure:
        if _is_common(failure):
            raise
        return _Opening(ack_code="check-failed")


def _acknowledge_unopenable(
    actor: SystemActor, received: ReceivedAlert, ack_code: str | None, now: datetime
) -> None:
    if ack_code is None:
        return
    statement = doors.sign_statement(
        actor,
        k="ack",
        sub=SubjectRef("manifest", received.jti, received.md),
        body={"st": "unopenable", "code": ack_code},
        now=now,
    )
    submit_statement(actor, statement, now=now)
    received.unopenable = True
    received.save(update_fields=["unopenable"])


def _facts(
    agency: Agency, item: FeedItem, envelope: Envelope, place: tuple[int, int] | None, now: datetime
) -> ReceivedAlert:
    """The manifest's facts, and where the ledger put it."""
    if place is None:
        raise AbsentError
    log_index, log_time = place
    received = ReceivedAlert(
        agency=agency,
        issuer_id=envelope.iss_id,
        md=envelope.md,
        number=item.number,
        reference=item.ref,
        log_index=log_index,
        logged_at=moment_of(log_time),
        received_at=now,
        held_elsewhere=not agency.is_hosted,
    )
    for name in ("jti", "suite", "kind", "status", "tlp", "lane", "purpose", "pri"):
        setattr(received, name, getattr(envelope, name))
    for name in ("iat", "exp", "keep", "ack_by", "reply_by"):
        setattr(received, name, moment_or_none(getattr(envelope, name)))
    place_version(received, envelope)
    note_known_retract(received, now=now)
    return received
