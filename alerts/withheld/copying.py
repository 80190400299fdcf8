# SPDX-License-Identifier: Apache-2.0
"""The content of a withheld alert as it goes out anew, to its one recipient: the same text and files, its days and clocks anew."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from accord.document.rules import read_day
from alerts.document.building import RESENT
from alerts.document.defaults import EXPIRES_AFTER
from alerts.document.fields import FIELDS
from alerts.document.files import AttachmentFile
from alerts.drafting.drafts import add_revision_of
from alerts.drafting.revisions import DraftContent
from alerts.models import Alert, WithheldAlert
from alerts.review.preview import Preview
from alerts.states import AlertState
from callers.markings import strictest
from officers.models import Officer

OF_OTHERS = ("recipient_reasons", "for_attention", "named_officers", "question_change")
"""Fields that were about the first recipients or versions."""


def copied_fields(row: WithheldAlert, content: DraftContent, *, now: datetime) -> dict[str, Any]:
    """Return the fields under which it goes out. It is kept no longer than the original, and names that."""
    assert row.alert.logged_at is not None
    data = {name: content.data[name] for name in FIELDS if name in content.data}
    data |= dict.fromkeys(OF_OTHERS) | {"recipient_reasons": {}, "recipients": [row.peer_id]}
    if data.get("request_priority") == "custom":
        data |= {"request_priority": "normal", "due_at": None, "due_reason": None}
    resent = {
        "jti": row.alert.jti,
        "md": row.alert.md,
        "logged": int(row.alert.logged_at.timestamp()),
    }
    return data | _days(data, row.keep, now) | {RESENT: resent}


def _days(data: Mapping[str, Any], keep: datetime, now: datetime) -> dict[str, str]:
    """Return the day of expiry, a new one where the first is past, and the day until which the original is kept."""
    today, kept = now.astimezone(UTC).date(), (keep.astimezone(UTC) - timedelta(days=1)).date()
    expiry = read_day(data.get("expiry"))
    if expiry is None or expiry <= today:
        expiry = today + EXPIRES_AFTER
    return {"expiry": min(expiry, kept).isoformat(), "review_date": kept.isoformat()}


def draft_copy(
    officer: Officer,
    row: WithheldAlert,
    data: Mapping[str, Any],
    content: DraftContent,
    files: Sequence[AttachmentFile],
    preview: Preview,
    *,
    now: datetime,
) -> Alert:
    """Make the alert that goes out: written by whoever chose it, checked by the releasing officer. Inside a transaction."""
    chooser = row.decided_by
    assert isinstance(chooser, Officer)
    alert = Alert(
        agency_id=row.agency_id,
        author=chooser,
        created_by=chooser.audit_name,
        floor=strictest(row.alert.tlp, row.alert.floor),
        created_at=now,
        changed_at=now,
    )
    alert.save(force_insert=True)
    revision = add_revision_of(chooser, alert, data=data, kept=content.kept, files=files, now=now)
    alert.state = AlertState.VALIDATED
    alert.submitted_at, alert.submitted_by = row.decided_at, chooser
    alert.validated_at, alert.validated_by = now, officer
    alert.validated_digest, alert.validated_preview = revision.digest, preview.as_json()
    alert.save()
    row.sent = alert
    row.save(update_fields=["sent"])
    return alert
