# SPDX-License-Identifier: Apache-2.0
"""Objects that the exchange lists in an agency's own name and that were never sent from here: found, verified, kept.

- Somebody else with the agency's keys can send and state things unknown to the desk.
- The listing itself proves nothing: an envelope counts by its manifest, a statement by its octets, each under the agency's own
  keys, and both by a receipt of the followed ledger.
- What the desk sent or stated itself is kept already and not fetched.
- The exchange may leave an object out of the listing, but without a receipt it cannot deliver it to a recipient.
- The newest are read every 20 seconds, up to the first page without news; everything once a day, and at once when a key of
  the agency was revoked. What does not verify is set aside (`ledger.set_aside`).
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Final

from django.db import transaction

from accord.calls import errors as calls
from accord.calls.answers import ManifestAnswer
from accord.calls.deliveries import SubmissionFacts
from accord.calls.errors import ClientError
from accord.envelope.encoding import MAX_MANIFEST_BYTES
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jws import parse_jws, verify_jws
from accord.envelope.keyrule import keys_of_signers
from accord.envelope.manifest import read_manifest
from accord.envelope.statements.checks import verify_statement
from accord.envelope.statements.form import UnverifiedStatement, parse_statement
from accord.envelope.vocabulary import TYP_MANIFEST
from accord.following.follower import Follower
from alerts.agency.agreement_texts import own_texts_among
from alerts.errors import ExchangeAwayError, KeysetUnreadableError
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.feed_items import ENVELOPE, STATEMENT
from alerts.receiving.feed_statements import asked_again, refresh_keys
from alerts.receiving.first_opening import is_common
from alerts.receiving.manifest_facts import verify_signed
from alerts.receiving.taking import ROLE
from callers.binding import BoundRow, keep_bound
from ledger.set_aside import Item, Loop, begin_round
from peers.feed_memory import held_statement
from peers.following import feed_follower_of
from peers.models import HeldStatement, SubmissionsPlace, UnsentEnvelope

log = logging.getLogger(__name__)
ASKED_EVERY: Final = timedelta(seconds=20)
WHOLE_EVERY: Final = timedelta(days=1)
PAGE: Final = 50
PAGES_AT_MOST: Final = 5
"""Limit of pages in one turn, so that a long listing delays no other agency."""
BEGINNING: Final = ""
GONE: Final = "content-deleted"
PLACE_UNKNOWN: Final = ("input-refused", "cursor-refused")
SUBMISSIONS: Final = Loop("desk.submissions", f"system:{ROLE}", is_common)


def follow_submissions_when_due(agency_id: str, *, now: datetime, is_over: Callable[[], bool]) -> None:
    """Follow the listing, unless that was done a moment ago; a failure is logged and delays nothing.

    Not inside a transaction.
    """
    asked_at = SubmissionsPlace.objects.filter(reader=agency_id).values_list("asked_at", flat=True).first()
    if asked_at is not None and asked_at <= now < asked_at + ASKED_EVERY:
        return
    try:
        OwnSubmissions(agency_id, now, is_over).follow()
    except (ClientError, ExchangeAwayError, KeysetUnreadableError) as trouble:
        log.warning("what stands in the name of %s cannot be told: %s", agency_id, type(trouble).__name__)
    finally:
        SubmissionsPlace.objects.filter(reader=agency_id).update(asked_at=now)


class OwnSubmissions:
    """Listing of one agency, read for one turn."""

    def __init__(self, agency_id: str, now: datetime, is_over: Callable[[], bool]) -> None:
        self._agency_id, self._now, self._is_over = agency_id, now, is_over
        self._peers = VerifiedDirectory(agency_id, now)
        self._round = begin_round(SUBMISSIONS, agency=agency_id, now=now)

    def follow(self) -> None:
        """Read the newest part of the listing, or all of it where that is due.

        Raises ExchangeAwayError, ClientError, KeysetUnreadableError.
        """
        place = self._place()
        if self._stands():
            return
        self._round.try_again(self._take)
        self._peers.preload([self._agency_id])
        revocations = len(self._peers.revocations(self._agency_id))
        if _is_whole_due(place, revocations, self._now):
            place.whole_at, place.revocations = self._now, revocations
            place.place = self._look(BEGINNING, through_everything=True)
        else:
            # If there is more news than fits one turn, the rest is read from there.
            unseen = self._look(BEGINNING, through_everything=False)
            place.place = unseen or (place.place and self._look(place.place, through_everything=True))
        if self._stands():
            # Once a person resumes the loop, it begins anew.
            place.whole_at = None
        place.save()

    def _stands(self) -> bool:
        """Tell whether too many items were set aside, so that the loop is stopped."""
        return self._round.is_stopped

    def _place(self) -> SubmissionsPlace:
        """Return the place up to which it has read; the beginning where the row was changed past the program."""
        row = SubmissionsPlace.objects.filter(reader=self._agency_id).first()
        if row is not None and not row.is_bound:
            log.error("the place of %s in its submissions was altered: all is looked at", self._agency_id)
            row.delete()
            row = None
        if row is None:
            row = SubmissionsPlace(reader=self._agency_id)
            row.save()
        return row

    def _look(self, place: str, *, through_everything: bool) -> str:
        """Take in pages from this place on; return the place of the next page, empty where nothing is left to read."""
        for _again in range(PAGES_AT_MOST):
            try:
                page = self._follower.exchange.submissions(after=place or None, limit=PAGE)
            except calls.RefusedError as refused:
                if not place or refused.slug not in PLACE_UNKNOWN:
                    raise
                log.warning("the exchange does not know the place of %s any more", self._agency_id)
                return BEGINNING
            is_news = self._take_page(page.items)
            if page.next in (None, place) or not (is_news or through_everything) or self._stands():
                return BEGINNING
            place = page.next or BEGINNING
            if self._is_over():
                break
        return place

    def _take_page(self, items: Sequence[SubmissionFacts]) -> bool:
        """Take in unknown objects of a page; return whether there were any. What is not in the ledger yet is listed again later."""
        logged = {item.d: item for item in items if item.receipt is not None}
        known = self._known(list(logged))
        news = [item for d, item in logged.items() if d not in known]
        if news:
            refresh_keys(self._peers, self._follower, set())
            # With keys that failed a check, an object can neither be proved nor disproved to be the agency's own.
            self._peers.require_readable(self._agency_id)
        for item in news:
            key = f"{item.what} {item.d}"
            self._round.take(Item(key, item.d), partial(self._take, key))
        return bool(news)

    def _known(self, ds: Sequence[str]) -> set[str]:
        """Return those that were sent, stated or taken in here, and those set aside. An altered row counts as unknown."""
        unsent = UnsentEnvelope.objects.filter(reader=self._agency_id, md__in=ds)
        said = HeldStatement.objects.filter(reader=self._agency_id, od__in=ds)
        return {
            *Alert.objects.filter(agency=self._agency_id, md__in=ds).values_list("md", flat=True),
            *said.values_list("od", flat=True),
            *own_texts_among(self._agency_id, ds),
            *(row.md for row in unsent if row.is_bound),
            *(key.partition(" ")[2] for key in self._round.keys_aside()),
        }

    def _take(self, key: str) -> None:
        """Take one object by its listed kind and digest; raises if it does not verify."""
        what, _, d = key.partition(" ")
        if what == ENVELOPE:
            self._take_envelope(d)
        elif what == STATEMENT:
            self._take_statement(d)
        else:
            raise LookupError(key)

    def _take_envelope(self, md: str) -> None:
        answer = self._manifest(md)
        if answer is None:
            self._keep(UnsentEnvelope(reader=self._agency_id, md=md))
            return
        jws = parse_jws(answer.manifest, TYP_MANIFEST, limit=MAX_MANIFEST_BYTES)
        manifest = read_manifest(jws.payload)
        self._require_own(manifest.md == md, manifest.iss)
        verify_signed(self._follower, self._peers, manifest, jws, answer.receipt)
        log.error("%s: an envelope in its name that its desk never sent, %s", self._agency_id, md)
        terms, receipt = manifest.terms, answer.receipt
        self._keep(
            UnsentEnvelope(
                reader=self._agency_id,
                md=md,
                jti=terms.jti,
                tlp=terms.tlp,
                pri=terms.pri,
                lane=terms.lane,
                suite=manifest.suite,
                signers=list(manifest.signers),
                log_time=receipt.leaf.t,
                log_index=receipt.index,
            )
        )

    def _manifest(self, md: str) -> ManifestAnswer | None:
        """Return the manifest; None where it was deleted, since it was past its time."""
        try:
            return self._follower.exchange.manifest(md)
        except calls.AbsentError:
            raise
        except ClientError as trouble:
            if isinstance(trouble, calls.RefusedError) and trouble.slug == GONE:
                return None
            raise ExchangeAwayError from trouble

    def _take_statement(self, od: str) -> None:
        with asked_again():
            answer = self._follower.exchange.statement(od)
        unverified = parse_statement(answer.jws)
        self._require_own(unverified.od == od, unverified.statement.iss)
        if answer.receipt is None:
            raise VerificationError(Failure.RECEIPT_MISSING)
        row = held_statement(self._agency_id, answer.jws, now=self._now)
        row.log_time = self._follower.log.prove(answer.receipt, d=od)
        row.log_index = answer.receipt.index_at(row.log_time)
        self._verify_statement(unverified, row.log_time, row.log_index)
        log.error("%s: a statement in its name that its desk never made, %s", self._agency_id, od)
        self._keep(row)

    def _verify_statement(self, unverified: UnverifiedStatement, log_time: int, index: int | None) -> None:
        """Verify by the agency's keys, even if they were revoked when it was logged."""
        said = unverified.statement
        try:
            verify_statement(unverified, self._peers, log_time=log_time, index=index)
        except VerificationError as failed:
            if failed.failure is not Failure.KEY_REVOKED:
                raise
            verify_jws(unverified.jws, keys_of_signers(self._peers, said.iss, said.signers))

    def _require_own(self, is_asked: bool, iss: str) -> None:
        """Refuse an object other than the one that was asked for, and one in another agency's name."""
        if not is_asked or iss != self._agency_id:
            raise VerificationError(Failure.SUBJECT, "the hub listed what is not in the agency's name")

    @transaction.atomic
    def _keep(self, row: BoundRow) -> None:
        """Keep the row, and what its receipt proves of the ledger; it replaces an altered row of the same envelope."""
        self._peers.memory.write()
        if isinstance(row, UnsentEnvelope):
            UnsentEnvelope.objects.filter(reader=row.reader, md=row.md).delete()
        keep_bound([row])

    @cached_property
    def _follower(self) -> Follower:
        """The agency as a client of the exchange, with its own keys as its desk trusts them."""
        follower = feed_follower_of(self._peers.memory, now=self._now)
        follower.judges_by = self._peers
        return follower


def _is_whole_due(place: SubmissionsPlace, revocations: int, now: datetime) -> bool:
    if place.whole_at is None or place.revocations != revocations:
        return True
    return not place.whole_at <= now < place.whole_at + WHOLE_EVERY
