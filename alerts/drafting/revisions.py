# SPDX-License-Identifier: Apache-2.0
"""Revision of a draft, sealed: fields, kept questions, and the files that belong to it.

Files are listed by the digest of their sealed bytes, so that the digest of a revision covers them too.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from alerts.document.files import AttachmentNote
from alerts.models import Alert, AlertRevision
from vault import services

TABLE = "alertrevision"


@dataclass(frozen=True)
class DraftContent:
    """Opened revision. `author` is the audit name of whoever saved it."""

    number: int
    digest: str
    author: str
    saved_at: datetime
    data: Mapping[str, Any]
    kept: tuple[str, ...]
    attachments: tuple[AttachmentNote, ...]


def read_revision(alert: Alert, number: int | None = None) -> DraftContent:
    """Open a revision (the newest without a number). Raises the vault's error when it was tampered with."""
    revision = alert.revisions.get(number=alert.current if number is None else number)
    sealed = bytes(revision.sealed)
    plain = services.open_row(alert.agency_id, TABLE, str(alert.pk), revision.number, sealed)
    content = json.loads(plain)
    return DraftContent(
        number=revision.number,
        digest=services.row_digest(sealed),
        author=revision.author,
        saved_at=revision.saved_at,
        data=content["data"],
        kept=tuple(content["kept"]),
        attachments=tuple(AttachmentNote(**note) for note in content["attachments"]),
    )


def add_revision(
    alert: Alert,
    *,
    author: str,
    data: Mapping[str, Any],
    kept: tuple[str, ...],
    attachments: tuple[AttachmentNote, ...],
    now: datetime,
) -> AlertRevision:
    """Append the next revision of a locked alert; of two writers of one number the unique constraint refuses the second."""
    number = alert.current + 1
    content = {"data": dict(data), "kept": list(kept), "attachments": [asdict(note) for note in attachments]}
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    sealed = services.seal_row(alert.agency_id, TABLE, str(alert.pk), number, plain)
    alert.current = number
    return AlertRevision.objects.create(
        alert=alert,
        number=number,
        author=author,
        sealed=sealed,
        digest=services.row_digest(sealed),
        saved_at=now,
    )
