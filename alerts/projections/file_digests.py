# SPDX-License-Identifier: Apache-2.0
"""The SHA-256 of what is in an alert's files, so that a file can be searched for by its digest.

The manifest names the sealed octets only; what is in them is known to who opens them.
"""

from collections.abc import Iterator
from datetime import datetime

from accord.envelope.content import OpenedAlert
from accord.envelope.errors import OpeningError
from alerts.projections.tokens import file_digest
from alerts.receiving.held import held_blobs
from alerts.science.library_received import FILES_AT_MOST, SpectralFile, may_hold_spectra
from callers.actors import Actor
from vault import doors


def plain_digests(actor: Actor, opened: OpenedAlert, *, now: datetime) -> tuple[str, ...]:
    """Of every file of an alert that was just opened; one file at a time is in memory. What does not open has none."""
    return tuple(_digests(actor, opened, now)) if opened.attachments else ()


def spectral_files(actor: Actor, opened: OpenedAlert, *, now: datetime) -> tuple[SpectralFile, ...]:
    """Of the same alert the files that may hold spectra, each small; what does not open is left out."""
    wanted = [note for note in opened.attachments if may_hold_spectra(note.fn, note.size)][:FILES_AT_MOST]
    blobs = held_blobs(actor, opened.manifest.md, now=now) if wanted else []
    found = []
    for note in wanted:
        try:
            found.append(SpectralFile(note.n, note.fn, doors.open_attachment(opened, note.n, blobs[note.n])))
        except OpeningError:
            continue
    return tuple(found)


def _digests(actor: Actor, opened: OpenedAlert, now: datetime) -> Iterator[str]:
    blobs = held_blobs(actor, opened.manifest.md, now=now)
    for note in opened.attachments:
        try:
            yield file_digest(doors.open_attachment(opened, note.n, blobs[note.n]))
        except OpeningError:
            continue
