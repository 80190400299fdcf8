# SPDX-License-Identifier: Apache-2.0
"""Rows that the desk keeps, sealed, of a reply or a profile when one is sent or received.

A reply is filed under the alert it answers; a later version of it takes the place of the first.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accord.document.rules import ASKS_ANEW, CLOSED
from alerts.document.building import owes_no_answer
from alerts.drafting.revisions import DraftContent
from alerts.models import Alert, ReceivedAlert
from alerts.profiles.samples import keep_profile
from alerts.receiving.versions import UPDATE
from alerts.red_readers import is_red
from alerts.replies.answers import settle_question, versions_asked
from alerts.replies.kinds import PROFILE_DETAILS, REPLY
from alerts.replies.source import open_source, seal_source
from alerts.replies.summary import seal_summary, summary_of
from alerts.rows.replies import ProfileQuestion, Reply


def keep_received(received: ReceivedAlert, document: Mapping[str, Any] | None, *, now: datetime) -> None:
    """Keep the rows of a received alert that is saved; without a document (own keys) only the alert it answers.

    Of a reply marked RED no words are kept, and of RED no profile.
    """
    reply = _filed(received, now)
    _note_question(received, document or {})
    if received.kind == UPDATE and received.reply_by is not None:
        settle_question(received.agency_id, received.md)
    if document is None:
        return
    if reply is not None:
        summary = summary_of(document, files=received_files(received))
        reply.summary = seal_summary(reply, summary.without_words() if is_red(received.tlp) else summary)
        reply.save(update_fields=["summary"])
    if not is_red(received.tlp):
        keep_profile(received.agency_id, document, received=received, now=now)


def keep_sent(alert: Alert, content: DraftContent, document: Mapping[str, Any], *, now: datetime) -> None:
    """Keep the rows of an own alert that was just sent; the caller holds its lock."""
    if alert.previous_id is not None and document.get("question_change"):
        alert.question_change = str(document["question_change"])
        alert.save(update_fields=["question_change"])
    reply = Reply.of(alert)
    if reply is not None:
        reply.summary = seal_summary(reply, summary_of(document, files=len(content.attachments)))
        reply.save(update_fields=["summary"])
        settle_question(alert.agency_id, reply.re_md)
    if document.get("alert_type") != PROFILE_DETAILS:
        # Case details repeat the profile of a sample that is kept already.
        keep_profile(alert.agency_id, document, alert=alert, now=now)


def keep_amended(previous: Alert, draft: Alert, *, now: datetime) -> None:
    """Bind a reply's next version to the alert the reply answers, and a question's to the same sample.

    If the answered alert is forgotten, nothing is left to bind the version to, and it cannot be sent.
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
    """Return how many files its envelope carries."""
    return received.files


def _note_question(received: ReceivedAlert, document: Mapping[str, Any]) -> None:
    """Note what a next version changes in its question, and whether this agency owes an answer.

    That it asks anew, and of whom, is in its content; that it asks no more, in its manifest.
    """
    asks, is_update = received.reply_by is not None, received.kind == UPDATE
    change, for_attention = "", asks and owes_no_answer(document, received.agency_id)
    if asks and is_update and document.get("question_change") == ASKS_ANEW:
        change = ASKS_ANEW
    elif is_update and not asks and versions_asked(received).filter(version__lt=received.version).exists():
        change = CLOSED
    if change or for_attention:
        received.question_change, received.for_attention = change, for_attention
        received.save(update_fields=["question_change", "for_attention"])


def _filed(received: ReceivedAlert, now: datetime) -> Reply | None:
    """Return the row of a reply, under the alert it answers; None for an alert that is no reply."""
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
    """Return the alert that a reply's manifest names; for an update, the one that its first version answers."""
    if received.kind == REPLY:
        return (received.re_jti, received.re_md) if received.re_md else None
    first = ReceivedAlert.objects.filter(
        agency=received.agency_id, md=received.first_md, kind=REPLY, issuer=received.issuer_id
    )
    row = first.exclude(re_md="").values_list("re_jti", "re_md").first()
    return (str(row[0]), str(row[1])) if row else None
