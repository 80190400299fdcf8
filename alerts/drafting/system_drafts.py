# SPDX-License-Identifier: Apache-2.0
"""Drafts that an agency's system has written, for that system: its own text and files, and their state.

The system never sees an officer's changes: of a draft that an officer has changed it reads the revision that it wrote
itself. Only persons open alerts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerts.boxes.paging import FIRST_WRITTEN, Page, by_moment, take_page
from alerts.document.files import AttachmentFile
from alerts.document.findings import Findings
from alerts.drafting.drafts import add_file, open_files
from alerts.drafting.revisions import DraftContent, read_revision
from alerts.errors import DraftTakenOverError
from alerts.models import Alert, AlertRevision
from alerts.review.preview import check_written
from alerts.states import Move, check_move
from callers.actors import ApiClient
from callers.errors import AbsentError
from callers.rows import one_of
from peers.sent import DeliveryFact, sent_by


@dataclass(frozen=True)
class SystemDraft:
    """Draft of the system with its newest own text; `deliveries` once it was sent."""

    alert: Alert
    content: DraftContent
    findings: Findings
    deliveries: Sequence[DeliveryFact]

    @property
    def is_changed(self) -> bool:
        """Tell whether somebody else has saved since."""
        return self.content.number != self.alert.current


def list_system_drafts(client: ApiClient, *, cursor: str = "", limit: int) -> Page[Alert]:
    """Return a page of what the system has written, newest first."""
    found = take_page(Alert.objects.written_with(client), by_moment(FIRST_WRITTEN), cursor, limit)
    return found.page(found.rows, filtered=False)


def read_system_draft(client: ApiClient, alert_id: UUID, *, now: datetime) -> SystemDraft:
    """Return a draft that this system has written; raises AbsentError for any other alert."""
    alert = _find(client, alert_id)
    content = _own_content(client, alert)
    sent = sent_by(alert.agency_id, [alert.md]) if alert.md else {}
    return SystemDraft(
        alert,
        content,
        check_written(client, alert, content, now=now),
        sent[alert.md].facts if sent else (),
    )


def read_system_draft_file(client: ApiClient, alert_id: UUID, *, n: int) -> AttachmentFile:
    """Open a file that the system attached; raises AbsentError, also where an officer has removed it."""
    alert = _find(client, alert_id)
    notes = [note for note in _own_content(client, alert).attachments if note.n == n]
    if not notes:
        raise AbsentError
    return open_files(alert, notes)[0]


def attach_system_draft_file(
    client: ApiClient, alert_id: UUID, *, filename: str, data: bytes, now: datetime
) -> AlertRevision:
    """Add a file to a draft that nobody else has changed.

    Raises AbsentError, MoveRefusedError, DraftTakenOverError, AttachmentRefusedError.
    """

    def lock() -> tuple[Alert, DraftContent]:
        rows = Alert.objects.written_with(client).select_related("agency", "author")
        locked = one_of(rows.select_for_update(of=("self",)).filter(pk=alert_id))
        if locked is None:
            raise AbsentError
        check_move(locked, Move.EDIT)
        newest = read_revision(locked)
        if newest.author != client.audit_name:
            raise DraftTakenOverError
        return locked, newest

    return add_file(client, _find(client, alert_id), lock, filename=filename, data=data, now=now)


def _find(client: ApiClient, alert_id: UUID) -> Alert:
    alert = one_of(Alert.objects.written_with(client).select_related("agency").filter(pk=alert_id))
    if alert is None:
        raise AbsentError
    return alert


def _own_content(client: ApiClient, alert: Alert) -> DraftContent:
    own = alert.revisions.filter(author=client.audit_name).order_by("-number")
    return read_revision(alert, own.values_list("number", flat=True)[:1].get())
