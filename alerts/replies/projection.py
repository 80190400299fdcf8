# SPDX-License-Identifier: Apache-2.0
"""Here the desk keeps, sealed, what it needs of a reply and of a profile when one is sent or comes in.

A reply is filed under what it answers; a later version of it stands where its first stood.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.drafting.revisions import DraftContent
from alerts.models import Alert, ReceivedAlert
from alerts.profiles.samples import keep_profile
from alerts.receiving.versions import UPDATE
from alerts.replies.kinds import DETAILS, REPLY
from alerts.replies.source import open_source, seal_source
from alerts.replies.summary import gist_of, seal_gist
from alerts.rows.replies import ProfileQuestion, Reply


def keep_received(received: ReceivedAlert, document: Mapping[str, Any] | None, *, now: datetime) -> None:
    """Of an alert that came in, saved by now; without a document (own keys, RED) only what it answers."""
    reply = _filed(received, now)
    if document is None:
        return
    if reply is not None:
        reply.gist = seal_gist(reply, gist_of(document, files=received_files(received)))
        reply.save(update_fields=["gist"])
    keep_profile(received.agency_id, document, received=received, now=now)


def keep_sent(alert: Alert, content: DraftContent, document: Mapping[str, Any], *, now: datetime) -> None:
    """Of an alert of ours that was just sent, its row locked by the caller."""
    reply = Reply.objects.filter(alert=alert).first() if alert.kind != "alert" else None
    if reply is not None:
        reply.gist = seal_gist(reply, gist_of(document, files=len(content.attachments)))
        reply.save(update_fields=["gist"])
    if document.get("alert_type") != DETAILS:
        # Case details repeat the profile of a sample that is kept already.
        keep_profile(alert.agency_id, document, alert=alert, now=now)


def keep_amended(previous: Alert, draft: Alert, *, now: datetime) -> None:
    """The next version of a reply answers what the reply answered; of a question it asks about the same sample.

    Where what was answered is forgotten, nothing of it is left to bind the version, and it cannot be sent.
    """
    before = Reply.objects.filter(alert=previous).first()
    if before is not None:
        reply = Reply(
            agency=draft.agency,
            alert=draft,
            re_jti=before.re_jti,
            re_md=before.re_md,
            sample=before.sample,
            created_at=now,
        )
        if before.source is not None:
            reply.source = seal_source(reply, open_source(before))
        reply.save(force_insert=True)
    asked = ProfileQuestion.objects.filter(alert=previous).first()
    if asked is not None:
        ProfileQuestion.objects.create(alert=draft, sample=asked.sample, created_at=now)


def received_files(received: ReceivedAlert) -> int:
    """How many files its envelope carries."""
    return received.files


def _filed(received: ReceivedAlert, now: datetime) -> Reply | None:
    """The row of a reply, under what it answers; None for what is no reply."""
    if received.kind not in (REPLY, UPDATE):
        return None
    held = Reply.objects.filter(received=received).first()
    if held is not None:
        return held
    answered = _answered_by(received)
    if answered is None:
        return None
    re_jti, re_md = answered
    return Reply.objects.create(
        agency_id=received.agency_id, received=received, re_jti=re_jti, re_md=re_md, created_at=now
    )


def _answered_by(received: ReceivedAlert) -> tuple[str, str] | None:
    """What the manifest of a reply names; of an update what its first version answered."""
    if received.kind == REPLY:
        return (received.re_jti, received.re_md) if received.re_md else None
    first = ReceivedAlert.objects.filter(
        agency=received.agency_id, md=received.first_md, kind=REPLY, issuer=received.issuer_id
    )
    row = first.exclude(re_md="").values_list("re_jti", "re_md").first()
    return (str(row[0]), str(row[1])) if row else None
