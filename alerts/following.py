# SPDX-License-Identifier: Apache-2.0
"""Follows the feeds of the hub's agencies by number, as a partner's system would.

For a hosted agency each alert is opened once, for its card and its tokens (RED has neither); a failure is
terminal, and the originator learns it by a signed `ack unopenable`. For an agency with its own keys only the
manifest's facts are kept. Opening here is no reading: that is a person's act. One process follows one agency
at a time; a row and the cursor move in one transaction, so a kill repeats at most one opening.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from django.db import connection, transaction

from accord.envelope.errors import EnvelopeError, Failure, OpeningError
from accord.envelope.statements.form import SubjectRef
from agencies.actors import SystemActor
from agencies.errors import AbsentError
from agencies.models import Agency, AgencyStatus
from agencies.vault import doors
from alerts.cards import card_of, seal_received_card
from alerts.document.reading import ReadDocument, read_document
from alerts.errors import UnknownSchemaError
from alerts.fetching import CLOSED, fetch_and_open, seen_by
from alerts.file_digests import plain_digests, spectral_files
from alerts.forgetting import forget_cards
from alerts.models import DeskCursor, ReceivedAlert
from alerts.retractions import apply_statement, judge_again, note_known_retract
from alerts.science.library import drop_stale_imports
from alerts.science.library_received import keep_received_files, read_received_files
from alerts.science.replies.keeping import keep_received
from alerts.science.stored import keep_received_structure
from alerts.science.watching import tell_of_published
from alerts.tokenising import tokenise_sent
from alerts.tokens import keep_tokens
from alerts.versions import place_version, settle_versions
from ledger.proofs import log_places
from sharing.feed import read_feed
from sharing.models import Envelope, FeedItem
from sharing.statements import submit_statement

ROLE: Final = "desk-worker"
PAGE: Final = 100
RETRIED_AT_MOST: Final = 100
"""How many alerts whose first fetch was stopped by a suspension are tried again in one round."""
LEDGER_ALARMS: Final = (Failure.LEDGER_FORK, Failure.LEDGER_TIME)


def follow_feeds(*, now: datetime) -> int:
    """Follows every agency that is not still entering, then tidies; returns how many items were taken.

    Trouble with one agency's feed keeps nobody else waiting: it is raised, as a group, after the others.
    """
    taken, troubles = 0, []
    for agency in Agency.objects.exclude(status=AgencyStatus.ENTERING).order_by("pk"):
        try:
            taken += follow_feed(agency, now=now)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is raised below
            troubles.append(trouble)
    try:
        tidy_received(now=now)
    except Exception as trouble:  # noqa: BLE001 - as above
        troubles.append(trouble)
    if troubles:
        raise ExceptionGroup("feeds that could not be followed", troubles)
    return taken


def follow_feed(agency: Agency, *, now: datetime) -> int:
    """Takes what is new in an agency's feed; 0 when another process is at it."""
    actor = SystemActor(ROLE, agency.pk)
    with _alone(agency.pk) as is_alone:
        if not is_alone:
            return 0
        taken = sum(1 for item in _new_items(actor) if _take(actor, agency, item, now))
        if agency.is_hosted:
            _retry_unfetched(actor, agency, now)
    return taken


def tidy_received(*, now: datetime) -> None:
    """For all agencies: retracts are judged again where keys were revoked since, what is past `keep` is forgotten.

    Sent alerts get their search tokens, and their structures are put away; spectra that came with alerts are read, and
    imports of spectra that nobody confirmed are dropped.
    """
    actor = SystemActor(ROLE)
    judge_again(actor, now=now)
    forget_cards(actor, now=now)
    tokenise_sent()
    drop_stale_imports(now=now)
    read_received_files()


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


def _new_items(actor: SystemActor) -> Iterator[FeedItem]:
    after = DeskCursor.objects.filter(agency_id=actor.agency_id).values_list("after", flat=True).first() or 0
    while items := read_feed(actor, after=after, limit=PAGE).items:
        yield from items
        after = items[-1].number


def _take(actor: SystemActor, agency: Agency, item: FeedItem, now: datetime) -> bool:
    """One item, and the cursor past it."""
    if item.what == FeedItem.ENVELOPE:
        received, document, ack_code = _receive(actor, agency, item, now)
    else:
        received, document, ack_code = None, None, None
    with transaction.atomic():
        if received is not None:
            _store(received, document, now)
            _acknowledge_unopenable(actor, received, ack_code, now)
            settle_versions(agency.pk, received.md, now=now)
        elif item.what == FeedItem.STATEMENT:
            apply_statement(actor, item.d, now=now)
        elif item.what == FeedItem.REPUDIATED:
            settle_versions(agency.pk, item.d, now=now)
        DeskCursor.objects.update_or_create(agency=agency, defaults={"after": item.number, "moved_at": now})
    return received is not None


def _receive(
    actor: SystemActor, agency: Agency, item: FeedItem, now: datetime
) -> tuple[ReceivedAlert | None, ReadDocument | None, str | None]:
    """The row to store; what it says, unless closed; the code of `ack unopenable`, if a check failed."""
    envelope = Envelope.objects.visible_to(actor).filter(md=item.d).first()
    if envelope is None or ReceivedAlert.objects.filter(agency=agency, md=item.d).exists():
        return None, None, None
    received = _facts(agency, item, envelope, now)
    if not agency.is_hosted:
        return received, None, None
    document, ack_code = _open(actor, received, now)
    return received, document, ack_code


def _open(
    actor: SystemActor, received: ReceivedAlert, now: datetime
) -> tuple[ReadDocument | None, str | None]:
    """Opened once; what the exchange keeps closed stays without a card and is no failure.

    Of a ledger that does not fit the one seen before nothing is opened, and nothing is settled: it is raised.
    """
    try:
        opened = fetch_and_open(actor, received.md, reason="intake", seen=seen_by(received), now=now)
        document = replace(read_document(opened.alert), digests=plain_digests(actor, opened))
        keeps = received.tlp != "RED"
        return replace(document, spectra=spectral_files(actor, opened) if keeps else ()), None
    except (*CLOSED, AbsentError):
        return None, None
    except UnknownSchemaError:
        return ReadDocument({}), None
    except OpeningError as failure:
        return None, failure.ack_code
    except EnvelopeError as failure:
        if getattr(failure, "failure", None) in LEDGER_ALARMS:
            raise
        return None, "check-failed"


def _store(received: ReceivedAlert, document: ReadDocument | None, now: datetime) -> None:
    has_card = document is not None and received.tlp != "RED"
    if has_card and document is not None:
        received.card = seal_received_card(received, card_of(document.data))
    received.save()
    if has_card and document is not None:
        keep_tokens(received, document.data, document.digests)
        keep_received_structure(received, document.data)
        keep_received_files(received, document.spectra, document.data)
        tell_of_published(received, document.data, now=received.received_at)
    keep_received(received, document.data if has_card and document is not None else None, now=now)


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


def _retry_unfetched(actor: SystemActor, agency: Agency, now: datetime) -> None:
    waiting = ReceivedAlert.objects.filter(
        agency=agency, card=None, unopenable=False, retract_od="", exp__gt=now, held_elsewhere=False
    ).exclude(tlp="RED")
    for received in waiting.order_by("number")[:RETRIED_AT_MOST]:
        document, ack_code = _open(actor, received, now)
        if document is None and ack_code is None:
            continue
        with transaction.atomic():
            _store(received, document, now)
            _acknowledge_unopenable(actor, received, ack_code, now)
            settle_versions(agency.pk, received.md, now=now)


def _facts(agency: Agency, item: FeedItem, envelope: Envelope, now: datetime) -> ReceivedAlert:
    """The manifest's facts, and where the ledger put it."""
    place = log_places([envelope.md]).get(envelope.md)
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
        logged_at=datetime.fromtimestamp(log_time, tz=UTC),
        received_at=now,
        held_elsewhere=not agency.is_hosted,
    )
    for name in ("jti", "suite", "kind", "status", "tlp", "lane", "purpose", "pri"):
        setattr(received, name, getattr(envelope, name))
    for name in ("iat", "exp", "keep", "ack_by", "reply_by"):
        setattr(received, name, _time(getattr(envelope, name)))
    place_version(received, envelope)
    note_known_retract(received, now=now)
    return received


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
