# SPDX-License-Identifier: Apache-2.0
"""Import of a history from the agency's former desk: each envelope is verified and opened once, then kept as it came.

A history may be imported repeatedly; an import that was interrupted continues. An alert that was filed closed, because its key
is not here, is opened by the desk-worker afterwards.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.calls.errors import ClientError
from accord.envelope.errors import EnvelopeError, MalformedError
from accord.envelope.slices import parse_slice
from accord.moments import moment_of
from alerts.errors import ExchangeAwayError
from alerts.history.form import HandedEnvelope, Head, NoHistoryError, read_history
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.fetching import kept_ledger
from alerts.receiving.first_opening import is_common
from alerts.receiving.held_envelopes import CLOSED, envelope_of, keep_handed
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.task_calls import call_task
from ledger.audit import record_event
from officers.departure import show_receipt
from officers.models import Officer
from peers.models import Agency
from vault import handing, services
from vault.backupseal import NewerFormError, NoBackupError, NotWholeError, OtherKeyError
from vault.models import Arrival, HandedEntry

CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class HistoryIn:
    """Number of envelopes taken now, here already, past `keep`, and not verified; `receipt` is for the former desk."""

    taken: int
    known: int
    over: int
    refused: int
    receipt: str


def take_history(officer: Officer, file: BinaryIO, *, now: datetime) -> HistoryIn:
    """Import what another desk has handed over of the own agency. Not inside a transaction.

    The file is read twice, so that nothing of a cut or altered file is taken. Raises NotPermittedError, AbsentError (the agency
    did not come from another desk), InputError (`history`), ExchangeAwayError; envelopes taken before the error stay.
    """
    require(officer, Capability.KEY_MANAGE)
    agency_id = officer.agency_id or ""
    if not Arrival.objects.filter(pk=agency_id).exists():
        raise AbsentError
    digest = _digest_of(file)
    with _in_words():
        _require_whole(officer, file)
        peers = VerifiedDirectory(agency_id, now)
        file.seek(0)
        counts = dict.fromkeys(("taken", "known", "over", "refused"), 0)
        for one in read_history(services.read_history(officer, file))[1]:
            counts[_take(officer, one, peers, now)] += 1
    with transaction.atomic():
        Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
        row = Arrival.objects.get(pk=agency_id)
        row.files = sorted({*row.files, digest})
        row.save()
        _record(officer, agency_id, digest, counts, now)
    call_task("alerts.follow_feed")
    return HistoryIn(**counts, receipt=show_receipt(digest))


def _require_whole(officer: Officer, file: BinaryIO) -> None:
    """Read the whole file once; raises InputError for another agency's."""
    file.seek(0)
    head: Head
    head, envelopes = read_history(services.read_history(officer, file))
    for _one in envelopes:
        pass
    if head.agency != officer.agency_id:
        raise InputError(
            "history", _("History: it is of %(id)s. Choose the file of your agency.") % {"id": head.agency}
        )


def _take(officer: Officer, one: HandedEnvelope, peers: VerifiedDirectory, now: datetime) -> str:
    """Take one envelope and return the count it belongs to.

    Raises ExchangeAwayError, and any error that keeps every envelope from being judged.
    """
    agency_id = officer.agency_id or ""
    if HandedEntry.objects.filter(agency_id=agency_id, md=one.md).exists():
        return "known"
    try:
        unverified = parse_slice(one.octets)
        manifest = unverified.manifest
        if manifest.md != one.md:
            return "refused"
        if moment_of(manifest.terms.keep) <= now:
            return "over"
        peers.refresh({agency_id, manifest.iss, *(release.statement.iss for release in unverified.via)})
        ledger = kept_ledger(peers.log(is_away=False), unverified)
        blobs: Sequence[bytes] = one.blobs
        if len(blobs) < len(manifest.att):
            blobs = envelope_of(officer, one.md, now=now).blobs
        entry = services.check_handed_entry(
            officer, unverified, one.entry, blobs=blobs, peers=peers, ledger=ledger, now=now
        )
        with transaction.atomic():
            handing.keep_handed_entry(agency_id, one.md, entry)
            keep_handed(agency_id, one.octets, manifest, blobs, now=now)
            closed = ReceivedAlert.objects.filter(agency_id=agency_id, md=one.md, unopenable=True)
            closed.update(unopenable=False, is_elsewhere=False, derived_at=None)
    except ClientError as away:
        raise ExchangeAwayError from away
    except (*CLOSED, AbsentError):
        return "refused"
    except (EnvelopeError, ValueError) as failure:
        if is_common(failure):
            raise
        return "refused"
    return "taken"


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except NewerFormError:
        raise InputError("history", _("History: a newer desk made it. Update this desk.")) from None
    except OtherKeyError:
        raise InputError(
            "history",
            _(
                "History: it is sealed to keys that this desk does not have: another agency's, or former ones. Have it made anew."
            ),
        ) from None
    except NotWholeError:
        raise InputError(
            "history",
            _("History: it was cut or altered on its way. Bring it over once more; nothing was taken."),
        ) from None
    except (NoBackupError, NoHistoryError, MalformedError):
        raise InputError(
            "history", _("History: it is no history of an agency. Choose the file that the other desk gave.")
        ) from None


def _digest_of(file: BinaryIO) -> str:
    whole = sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        whole.update(chunk)
    return whole.hexdigest()


def _record(officer: Officer, agency_id: str, digest: str, counts: dict[str, int], now: datetime) -> None:
    record_event(
        "agency.history_taken",
        actor=officer.audit_name,
        agency=agency_id,
        subject=agency_id,
        detail={**counts, "digest": digest},
        now=now,
    )
