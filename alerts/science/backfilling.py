# SPDX-License-Identifier: Apache-2.0
"""Here alerts that came or went before the hub stored what science needs are opened once more, and it is stored now.

Each is opened as the feed's follower opens a new one: by the desk-worker, through the vault's door, checked and audited.
A cursor of the agency moves with what was stored, in one transaction, so that a kill repeats at most one opening and a
second run finds nothing to do. What does not open is counted, told and not tried again; while the vault itself is
closed nothing moves. Alerts that only an agency's own keys open are passed over, and no agency that holds its keys has
a run. Nothing is told to watchers: it is no news.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accord.envelope.errors import EnvelopeError
from accord.following.keysets import LEDGER_FAILURES
from alerts.document.reading import ReadDocument, read_document
from alerts.errors import ExchangeAwayError, NotJudgedError, UnknownSchemaError
from alerts.fetching import fetch_and_open, seen_by
from alerts.file_digests import spectral_files
from alerts.held import CLOSED
from alerts.models import Alert, ReceivedAlert
from alerts.revisions import read_revision
from alerts.science.library_received import keep_received_files
from alerts.science.locking import alone
from alerts.science.replies.keeping import keep_received
from alerts.science.replies.kinds import DETAILS
from alerts.science.replies.samples import keep_profile
from alerts.science.stored import keep_received_structure, keep_sent_structure
from alerts.science_library import LibrarySpectrum
from alerts.sent_document import sent_document
from alerts.stored import Backfill, StoredStructure
from callers.actors import SystemActor
from callers.directory import AgencyStatus
from callers.errors import AbsentError, NotBoundError
from ledger.audit import record_event
from ledger.models import SetAside, SetAsideQuerySet
from ledger.set_aside import Item, Loop, begin_round
from peers.models import Agency
from vault.errors import SealBrokenError, SecretMissingError, VaultError, is_vault_away

ROLE: Final = "desk-worker"
REASON: Final = "backfill"
"""What the audit gives as the reason of each opening."""
LOCK: Final = "accord backfill"
BATCH: Final = 100
RECEIVED, SENT = "received", "sent"
SLICE_SECS: Final = 5.0

log = logging.getLogger(__name__)


class _NotNowError(Exception):
    """Nobody can tell now whether it opens: the agency's run waits, and nothing is settled."""


FILLING: Final = Loop(
    "desk.backfill",
    "system:desk-worker",
    lambda error: isinstance(error, _NotNowError) or is_vault_away(error),
)


def fill_in(*, now: datetime, secs: float = SLICE_SECS, clock: Callable[[], float] = time.monotonic) -> bool:
    """Works for about `secs` on what is left at all hosted agencies; whether anything is left that can be done now.

    Trouble with one agency keeps no other waiting: it is raised, as a group, after the others.
    """
    until, left, troubles = clock() + secs, False, list[Exception]()
    for agency_id in set(_set_aside().values_list("agency", flat=True)):
        again = partial(_fill_again, agency_id, now=now)
        with suppress(_NotNowError):
            begin_round(FILLING, agency=agency_id, now=now).try_again(again)
    for agency in _due():
        with alone(LOCK, agency.pk) as is_alone:
            if not is_alone:
                continue
            try:
                left |= _work(agency, lambda: clock() >= until, now)
            except (_NotNowError, VaultError):
                # Without the trace, which may show content.
                log.error("alerts of %s from before the science core cannot be opened now", agency.pk)
            except Exception as trouble:  # noqa: BLE001 - whatever it is, it is raised below
                troubles.append(trouble)
    if troubles:
        raise ExceptionGroup("agencies whose older alerts could not be stored", troubles)
    return left


def waits_for_filling() -> bool:
    """Whether the run of any hosted agency has not ended, or not begun, or what it set aside is due again."""
    return _due().exists() or _set_aside().exists()


def _set_aside() -> SetAsideQuerySet:
    return SetAside.objects.filter(loop=FILLING.name).due_again(FILLING.version)


def _fill_again(agency_id: str, key: str, *, now: datetime) -> None:
    """One that was set aside: as the run would have stored it; nothing where it is forgotten or does not open."""
    what, _, pk = key.partition(":")
    if what == SENT:
        alert = Alert.objects.select_related("agency").get(pk=pk)
        with transaction.atomic():
            _keep_sent(alert, sent_document(alert, read_revision(alert)), now)
        return
    received = ReceivedAlert.objects.filter(pk=pk, card__isnull=False).first()
    document = _opened(SystemActor(ROLE, agency_id), received, now) if received is not None else None
    if received is not None and document is not None:
        with transaction.atomic():
            _keep_received(received, document, now)


def backfill_of(agency_id: str) -> Backfill | None:
    """The agency's run, on its way or done."""
    return Backfill.objects.filter(pk=agency_id).first()


def _due() -> QuerySet[Agency]:
    hosted = Agency.objects.filter(is_hosted=True).exclude(status=AgencyStatus.ENTERING)
    done = Backfill.objects.filter(agency=OuterRef("pk"), finished_at__isnull=False)
    return hosted.filter(~Exists(done)).order_by("pk")


def _work(agency: Agency, is_late: Callable[[], bool], now: datetime) -> bool:
    """Whether anything is left for this agency."""
    run = _begin(agency, now)
    a_round = begin_round(FILLING, agency=agency.pk, now=now)
    for received in _batches_of_received(run):
        if is_late() or a_round.is_stopped:
            return not a_round.is_stopped
        a_round.take(
            Item(f"{RECEIVED}:{received.pk}", received.md),
            partial(_fill_received, run, received, now),
            passed=partial(_pass_over, run, received=received),
        )
    for alert in _batches_of_sent(run):
        if is_late() or a_round.is_stopped:
            return not a_round.is_stopped
        a_round.take(
            Item(f"{SENT}:{alert.pk}", alert.md),
            partial(_fill_sent, run, alert, now),
            passed=partial(_pass_over, run, sent=alert),
        )
    _finish(run, now)
    return False


@transaction.atomic
def _begin(agency: Agency, now: datetime) -> Backfill:
    """The agency's run: the one that is on its way, else a new one."""
    run = backfill_of(agency.pk)
    if run is None:
        run = Backfill(agency=agency, started_at=now)
        run.total = _received(run).count() + _sent(run).count()
        run.save(force_insert=True)
    return run


def _received(run: Backfill) -> QuerySet[ReceivedAlert]:
    """What was opened once and is kept, and lacks its row, or brings files of which no spectrum is known."""
    rows = ReceivedAlert.objects.filter(
        agency_id=run.agency_id, number__gt=run.received_after, card__isnull=False
    ).exclude(tlp="RED")
    has_files = Q(files__gt=0)
    has_spectra = Exists(LibrarySpectrum.objects.filter(received=OuterRef("pk")))
    return rows.filter(Q(structure=None) | (has_files & ~has_spectra)).order_by("number")


def _sent(run: Backfill) -> QuerySet[Alert]:
    """What went; what waits for its search tokens gets its row with them."""
    rows = Alert.objects.filter(
        agency_id=run.agency_id, released_at__isnull=False, tokens_kept=True, structure=None
    ).exclude(tlp="RED")
    return (rows.filter(pk__gt=run.sent_after) if run.sent_after else rows).order_by("pk")


def _batches_of_received(run: Backfill) -> Iterator[ReceivedAlert]:
    while batch := list(_received(run)[:BATCH]):
        yield from batch


def _batches_of_sent(run: Backfill) -> Iterator[Alert]:
    while batch := list(_sent(run).select_related("agency")[:BATCH]):
        yield from batch


def _fill_received(run: Backfill, received: ReceivedAlert, now: datetime) -> None:
    """Opened outside any transaction; what was forgotten meanwhile stays forgotten."""
    document = _opened(SystemActor(ROLE, run.agency_id), received, now)
    with transaction.atomic():
        rows = ReceivedAlert.objects.select_for_update().filter(pk=received.pk, card__isnull=False)
        locked = rows.first()
        kept = locked is not None and document is not None and _keep_received(locked, document, now)
        run.received_after = received.number
        _move(run, kept=kept, is_opened=document is not None)


def _opened(actor: SystemActor, received: ReceivedAlert, now: datetime) -> ReadDocument | None:
    """What it says; None where it does not open. Raises _NotNowError, VaultError."""
    try:
        opened = fetch_and_open(actor, received.md, reason=REASON, seen=seen_by(received), now=now)
        return ReadDocument(read_document(opened.alert).data, spectra=spectral_files(actor, opened, now=now))
    except UnknownSchemaError:
        return ReadDocument({})
    except (ExchangeAwayError, NotBoundError, NotJudgedError) as away:
        raise _NotNowError from away
    except (*CLOSED, AbsentError, SealBrokenError, SecretMissingError):
        return None
    except EnvelopeError as failure:
        if getattr(failure, "failure", None) in LEDGER_FAILURES:
            raise _NotNowError from failure
        return None


def _keep_received(received: ReceivedAlert, document: ReadDocument, now: datetime) -> bool:
    """As the ordinary path keeps it; whether a row came of it that was not there."""
    before = _rows_of(received)
    keep_received_structure(received, document.data)
    if not received.spectra.exists():
        keep_received_files(received, document.spectra, document.data)
    keep_received(received, document.data, now=now)
    return _rows_of(received) > before


def _rows_of(received: ReceivedAlert) -> int:
    return StoredStructure.objects.filter(received=received).count() + received.spectra.count()


def _fill_sent(run: Backfill, alert: Alert, now: datetime) -> None:
    try:
        document = sent_document(alert, read_revision(alert))
    except (SealBrokenError, SecretMissingError):
        document = None
    with transaction.atomic():
        if document is not None:
            _keep_sent(alert, document, now)
        run.sent_after = alert.pk
        kept = StoredStructure.objects.filter(alert=alert).exists()
        _move(run, kept=kept, is_opened=document is not None)


def _keep_sent(alert: Alert, document: Mapping[str, Any], now: datetime) -> None:
    keep_sent_structure(alert, document)
    if document.get("alert_type") != DETAILS:
        keep_profile(alert.agency_id, document, alert=alert, now=now)


def _pass_over(run: Backfill, *, received: ReceivedAlert | None = None, sent: Alert | None = None) -> None:
    """Past one that raised."""
    if received is not None:
        run.received_after = received.number
    if sent is not None:
        run.sent_after = sent.pk
    _move(run, kept=False, is_opened=False)


def _move(run: Backfill, *, kept: bool, is_opened: bool) -> None:
    """The cursor past one alert, inside the caller's transaction."""
    Backfill.objects.filter(pk=run.pk).update(
        received_after=run.received_after,
        sent_after=run.sent_after,
        done=F("done") + 1,
        kept=F("kept") + int(kept),
        unopened=F("unopened") + int(not is_opened),
    )


@transaction.atomic
def _finish(run: Backfill, now: datetime) -> None:
    """Once. Where there was nothing to look at the audit has no need to say so."""
    row = Backfill.objects.select_for_update().get(pk=run.pk)
    if row.finished_at is not None:
        return
    row.finished_at = now
    row.save(update_fields=["finished_at"])
    if not row.total:
        return
    record_event(
        "science.backfilled",
        actor=SystemActor(ROLE, row.agency_id).audit_name,
        agency=row.agency_id,
        subject="science",
        detail={
            "alerts": row.done,
            "kept": row.kept,
            "unopened": row.unopened,
        },
        now=now,
    )
