# SPDX-License-Identifier: Apache-2.0
"""Review by a second person: what a recipient will read, who will receive it, and the three possible acts."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alerts.access import find_alert, find_received
from alerts.document.building import as_sent
from alerts.document.fields import FIELDS, Step
from alerts.drafting.changes import changes_in
from alerts.drafting.revisions import DraftContent, read_revision
from alerts.errors import (
    AlertIncompleteError,
    AmendmentRefusedError,
    ChangedSinceValidationError,
    ExchangeAwayError,
    NotTakenError,
    ReceiptPendingError,
    ReplyRefusedError,
    RevisionConflictError,
    SecondPersonNeededError,
    SendingStoppedError,
    UnopenableError,
)
from alerts.models import Alert
from alerts.problems import words_for
from alerts.profiles.consequences import consequence_of
from alerts.receiving.held_envelopes import CLOSED
from alerts.receiving.opening import open_alert
from alerts.red_readers import named_lines
from alerts.replies.display import Answered, answered_by
from alerts.replies.kinds import PEER_REVIEW
from alerts.review.preview import findings_of, shown_preview, why_held
from alerts.review.second_person import Denied, may_release, may_validate
from alerts.review.tlp_ceiling import opens_on_duty
from alerts.review.validation import return_alert, validate_alert
from alerts.sending.handed_in import envelope_of, to_telephone
from alerts.sending.release import release_alert
from alerts.states import IN_REVIEW, SENT, AlertState
from callers import clock
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from desk.alerts.compose.page import step_address
from desk.alerts.compose.posted import posted_number
from desk.alerts.compose.reach import reach_of
from desk.alerts.display.evidence import claim_of, evidence_of
from desk.alerts.display.sections import preview_of
from desk.alerts.received.page import reading_or_question
from desk.alerts.received.reading import Reading, reading_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.spectra.evidence import spectra_in, spectra_of_draft

UNREADABLE = (*CLOSED, AbsentError, ExchangeAwayError, InputError, ReceiptPendingError, UnopenableError)
STOPS = (
    AlertIncompleteError,
    AmendmentRefusedError,
    ChangedSinceValidationError,
    ExchangeAwayError,
    ReplyRefusedError,
    RevisionConflictError,
    SecondPersonNeededError,
    SendingStoppedError,
    NotTakenError,
)


def review(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show an alert that waits; one that was sent or returned redirects to its own page.

    A POST gives the reason for reading the question that the alert answers, or the alert that it reviews.
    """
    officer = signed_in(request)
    alert = find_alert(officer, alert_id)
    if request.method == "POST":
        return _read_source(request, officer, alert)
    if alert.state in SENT:
        return redirect("admin:sent", alert.pk)
    if alert.state not in IN_REVIEW:
        return redirect(step_address(alert, Step.KNOWN))
    return review_page(request, alert, read_revision(alert))


def _read_source(request: HttpRequest, officer: Officer, alert: Alert) -> HttpResponseBase:
    """Keep the reason that was given, and show beside the reply what it answers; without one ask for it."""
    answered = answered_by(officer, alert)
    if answered is not None and answered.received is not None:
        received = find_received(officer, answered.received)
        reading = reading_or_question(request, received, now=clock.now())
        if not isinstance(reading, Reading):
            return reading
    return redirect("admin:review", alert.pk)


def _review_again(request: HttpRequest, alert_id: uuid.UUID, problem: str, reason: str = "") -> HttpResponse:
    """Show the review page again after a move that was refused, with the present state, which may be the cause."""
    alert = find_alert(signed_in(request), alert_id)
    return review_page(request, alert, read_revision(alert), problem=problem, reason=reason)


def review_page(
    request: HttpRequest, alert: Alert, content: DraftContent, *, problem: str = "", reason: str = ""
) -> HttpResponse:
    """Show the review page; `problem` says why a move was refused, `reason` is what was typed for a return."""
    officer, now = signed_in(request), clock.now()
    preview = shown_preview(alert, content, now=now)
    findings = findings_of(officer, alert, content, preview, now=now)
    answered = answered_by(officer, alert)
    return render_page(
        request,
        "review",
        _("To release"),
        status=409 if problem else 200,
        alert=alert,
        content=content,
        title=content.data.get("title"),
        is_exercise=content.data.get("status") == "exercise",
        files=content.attachments,
        changes=changes_in(officer, alert, content.data),
        findings=findings,
        still_empty=[FIELDS[name].label for name in findings.hints],
        reach=reach_of(preview),
        held=why_held(preview),
        named=named_lines(content.data),
        for_attention=content.data.get("for_attention") or (),
        preview_digest=preview.digest if preview else "",
        problem=problem,
        typed_reason=reason,
        answered=answered,
        **_source(request, officer, answered, now, is_review=content.data.get("alert_type") == PEER_REVIEW),
        consequence=consequence_of(alert, content.data),
        **_on_its_way(officer, alert),
        **preview_of(
            as_sent(content.data, left_out=findings.left_out_fields),
            officer,
            alert,
            revision=content.number,
            seen=spectra_of_draft(alert, content.attachments, content.data),
            now=now,
        ),
        **_ways_on(officer, alert),
    )


def _source(
    request: HttpRequest, officer: Officer, answered: Answered | None, now: datetime, *, is_review: bool
) -> dict[str, Any]:
    """Return the question that is answered, or the evidence that is reviewed, while the officer has a reason for reading it.

    Without one return how it may be opened.
    """
    if answered is None or answered.received is None:
        return {}
    received = find_received(officer, answered.received)
    if received.reply_by is None and not is_review:
        return {}
    reading = reading_of(request, received.pk, now=now)
    if reading is None:
        return {"source_waits": True, "source_opens_on_duty": opens_on_duty(received), "is_review": is_review}
    try:
        view = open_alert(officer, received, reason=reading.reason, reference=reading.reference, now=now)
    except UNREADABLE:
        return {}
    if is_review:
        seen = spectra_in(view.files, view.document)
        return {"judged": evidence_of(view.document, seen), "claim": claim_of(view.document)}
    return {"question": view.document.get("question")}


def _on_its_way(officer: Officer, alert: Alert) -> dict[str, Any]:
    """Return the facts of a released alert that waits for the exchange, or that the exchange refused."""
    if alert.state not in (AlertState.QUEUED, AlertState.VALIDATED):
        return {}
    is_queued = alert.state == AlertState.QUEUED
    return {
        "handed_in": envelope_of(alert),
        "is_queued": is_queued,
        "to_telephone": to_telephone(alert) if is_queued else (),
        "may_cancel": is_queued and Capability.ALERT_RELEASE in officer.capabilities,
    }


def _ways_on(officer: Officer, alert: Alert) -> dict[str, Any]:
    """Return which buttons to show, or the sentence why there are none."""
    if alert.state == AlertState.QUEUED:
        return {"may_move": False, "may_return": False, "is_validated": False}
    validated = alert.state == AlertState.VALIDATED
    needed = Capability.ALERT_RELEASE if validated else Capability.ALERT_VALIDATE
    verdict = may_release(officer, alert) if validated else may_validate(officer, alert)
    can = needed in officer.capabilities
    return {
        "may_move": can and not isinstance(verdict, Denied),
        "denied": verdict.reason if can and isinstance(verdict, Denied) else "",
        "may_return": bool({Capability.ALERT_VALIDATE, Capability.ALERT_WRITE} & officer.capabilities),
        "is_validated": validated,
    }


def validate(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Confirm that a second person has read the alert and its recipients."""
    officer, revision = signed_in(request), posted_number(request.POST, "revision") or 0
    alert = find_alert(officer, alert_id)
    seen = request.POST.get("preview", "")
    try:
        validate_alert(officer, alert, revision=revision, seen_preview=seen, now=clock.now())
    except STOPS as stop:
        return _review_again(request, alert_id, stop_text(stop))
    return redirect("admin:review", alert.pk)


def release(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Sign and send; the page before has said to whom, and that reading cannot be undone."""
    officer, revision = signed_in(request), posted_number(request.POST, "revision") or 0
    alert = find_alert(officer, alert_id)
    try:
        sent = release_alert(officer, alert, revision=revision, now=clock.now())
    except STOPS as stop:
        return _review_again(request, alert_id, stop_text(stop))
    if sent.state == AlertState.QUEUED:
        messages.warning(request, _("Released. The exchange does not answer: it is sent as soon as it does."))
        return redirect("admin:review", sent.pk)
    messages.success(request, _("Sent. The log receipt usually takes a second."))
    return redirect("admin:sent", sent.pk)


def send_back(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Return the alert to the author with a reason."""
    officer, reason = signed_in(request), request.POST.get("reason", "")
    alert = find_alert(officer, alert_id)
    try:
        return_alert(officer, alert, reason=reason, now=clock.now())
    except InputError as refused:
        return _review_again(request, alert_id, refused.problem, reason)
    messages.success(request, _("Returned. The author sees your reason."))
    return redirect("admin:queue" if Capability.QUEUE_READ in officer.capabilities else "admin:on_the_way")


def stop_text(stop: Exception) -> str:
    """Return why nothing was sent, and the remedy."""
    if isinstance(stop, ChangedSinceValidationError) and stop.what == "recipients":
        return _(
            "Who will receive this has changed since it was checked. Return it, or check it again below."
        )
    if isinstance(stop, ChangedSinceValidationError | RevisionConflictError):
        return _("The text has changed since this page was shown. Read it again below.")
    if isinstance(stop, AlertIncompleteError):
        return _("Something in it must be corrected first. Return it to the author.")
    return words_for(stop)
