# SPDX-License-Identifier: Apache-2.0
"""The history of an agency that has left this desk, sealed for the desk that holds its keys now.

- For each alert that was received or sent: the agency's slice and the sealed files as the exchange gave them, and the content
  key sealed again to the agency's newest key.
- No private key and no content in clear leaves the vault.
- Drafts and officers' notes stay here.
- RED is not handed to a desk that hosts the agency.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, Final, cast

from accord.envelope.errors import EnvelopeError
from accord.envelope.slices import parse_slice
from accord.envelope.vocabulary import RED
from alerts.errors import ExchangeAwayError
from alerts.history.form import HandedEnvelope, Head, write_end, write_envelope, write_head
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.held_envelopes import CLOSED, Held, envelope_of
from callers.capabilities import Capability, require
from callers.directory import Custody
from callers.errors import AbsentError
from officers.departure import note_history
from officers.models import Officer
from vault import services
from vault.errors import NotElsewhereError
from vault.handing import keyset_elsewhere

CHUNK_BYTES: Final = 1 << 20
PART_BYTES: Final = 40 * 1024 * 1024
"""Size at which a part ends: a desk takes uploads of 64 MiB."""
MOST_FILES_BYTES: Final = 16 * 1024 * 1024
"""Limit of the files of one envelope; larger ones stay out, and the other desk asks the exchange for them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HistoryOut:
    """Part of a history: the sealed file, at its beginning, its digest, and how many envelopes could not be included.

    `next_place`: where the next part begins; None after the last one.
    """

    file: IO[bytes]
    digest: str
    envelopes: int
    left_out: int
    next_place: int | None


def hand_over_history(officer: Officer, *, place: int = 0, now: datetime) -> HistoryOut:
    """Make the history from this place on, and record that it is handed over. It is made anew at each call.

    For a key officer. Not inside a transaction. Raises NotPermittedError, AbsentError, MoveError, NotElsewhereError (the agency's
    keys are still here), ExchangeAwayError (an envelope that is not here cannot be fetched).
    """
    require(officer, Capability.KEY_MANAGE)
    agency_id = officer.agency_id or ""
    keyset = keyset_elsewhere(agency_id, now=now)
    if keyset is None:
        raise NotElsewhereError
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        writer = services.write_history(officer, cast(BinaryIO, file), now=now)
        write_head(writer, Head(agency_id, keyset.od, now.isoformat(timespec="seconds")))
        count = left_out = 0
        next_place = None
        for n, md in enumerate(_mds(agency_id)):
            if n < place:
                continue
            if file.tell() >= PART_BYTES:
                next_place = n
                break
            one = _handed(officer, md, is_red_taken=keyset.custody == Custody.AGENCY, now=now)
            if one is None:
                left_out += 1
                continue
            write_envelope(writer, one)
            count += 1
        write_end(writer, count)
        writer.finish()
        digest = _digest_of(file)
        note_history(officer, digest, count, is_last=next_place is None, now=now)
    except BaseException:
        file.close()
        raise
    return HistoryOut(file, digest, count, left_out, next_place)


def _mds(agency_id: str) -> Iterator[str]:
    """Yield the addresses of all received and all sent alerts, each oldest first."""
    received = ReceivedAlert.objects.filter(agency_id=agency_id).order_by("number")
    yield from received.values_list("md", flat=True)
    sent = Alert.objects.filter(agency_id=agency_id, released_at__isnull=False).exclude(md="")
    yield from sent.order_by("released_at").values_list("md", flat=True)


def _handed(officer: Officer, md: str, *, is_red_taken: bool, now: datetime) -> HandedEnvelope | None:
    """Return one envelope; None for one that nobody can open here, or that the exchange keeps closed."""
    try:
        held: Held = envelope_of(officer, md, now=now)
        unverified = parse_slice(held.octets)
        if unverified.manifest.terms.tlp == RED and not is_red_taken:
            return None
        entry = services.hand_over_entry(officer, unverified, now=now)
    except (*CLOSED, AbsentError):
        return None
    except ExchangeAwayError as away:
        if not away.is_answered:
            raise
        return None
    except EnvelopeError as failure:
        log.warning("the content key of %s is not handed over: %s", md, failure.code)
        return None
    size = sum(blob.len for blob in unverified.manifest.att)
    return HandedEnvelope(md, held.octets, entry, held.blobs if size <= MOST_FILES_BYTES else ())


def _digest_of(file: IO[Any]) -> str:
    whole = sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        whole.update(chunk)
    file.seek(0)
    return whole.hexdigest()
