# SPDX-License-Identifier: Apache-2.0
"""Attachments of an alert that was just opened, each opened in memory; one that does not open is left out.

The manifest lists sealed octets only; a file's content is known only after it is opened.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from accord.envelope.content import OpenedAlert
from accord.envelope.errors import OpeningError
from alerts.document.files import AttachmentFile, inert_media_type
from alerts.projections.tokens import file_digest
from alerts.receiving.held_envelopes import held_blobs
from callers.actors import Actor
from vault import services

FILES_AT_MOST: Final = 8
"""Limit of files opened for projections of an alert, or for its page."""


def plain_digests(actor: Actor, opened: OpenedAlert, *, now: datetime) -> tuple[str, ...]:
    """Return the SHA-256 of each file, so that a file can be searched for; one file at a time is in memory."""
    numbers = (note.n for note in opened.attachments)
    return tuple(file_digest(data) for _, data in _opened(actor, opened, numbers, now))


def opened_files(
    actor: Actor,
    opened: OpenedAlert,
    wants: Callable[[str, int], bool],
    *,
    now: datetime,
    at_most: int = FILES_AT_MOST,
) -> dict[int, AttachmentFile]:
    """Return, by number, the first files that `wants` chooses by name and size in octets."""
    names = {note.n: note.fn for note in opened.attachments if wants(note.fn, note.size)}
    return {
        n: AttachmentFile(names[n], inert_media_type(names[n], data), data)
        for n, data in _opened(actor, opened, sorted(names)[:at_most], now)
    }


def _opened(
    actor: Actor, opened: OpenedAlert, numbers: Iterable[int], now: datetime
) -> Iterator[tuple[int, bytes]]:
    wanted = list(numbers)
    blobs = held_blobs(actor, opened.manifest.md, now=now) if wanted else []
    for n in wanted:
        try:
            yield n, services.open_attachment(opened, n, blobs[n])
        except OpeningError:
            continue
