# SPDX-License-Identifier: Apache-2.0
"""A received alert: the manifest first, the content once a reason was given, then the officer's acts."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError
from alerts.access import find_by_reference, find_received
from alerts.boxes.thread import ThreadEntry, read_thread
from alerts.document.display import choice_text
from alerts.document.files import AttachmentFile
from alerts.document.kinds import REPLIES
from alerts.document.marking import marking_of
from alerts.errors import NotOpenedError, ReceiptPendingError, UnopenableError
from alerts.models import ReceivedAlert
from alerts.peers.suspensions import mark_clocks
from alerts.problems import words_for
from alerts.projections.cards import open_received_cards
from alerts.receiving.acknowledgement import ANSWERS, OPENED, acknowledge_alert
from alerts.receiving.held_envelopes import CLOSED
from alerts.receiving.opening import (
    OpenedView,
    OpeningReason,
    open_alert,
    open_attachment,
    preset_reason,
    reason_text,
)
from alerts.receiving.retractions import judge_for_display
from alerts.receiving.verification import Verification, failed, pending
from alerts.receiving.versions import versions_held
from alerts.red_readers import is_red
from alerts.replies.answers import answers_given, asked_back
from alerts.replies.beginning import replies_under_way
from alerts.replies.calls import calls_about
from alerts.replies.display import Answered, answered_by
from alerts.replies.reviews import reviews_of
from alerts.replies.thread_rows import read_replies
from alerts.review.tlp_ceiling import check_reason, reasons_that_open
from alerts.sending.sending_stopped import gone_text
from alerts.sending.withdrawal import WITHDRAWAL_CODES, confirm_withdrawal
from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from callers.problems import CONTENT_DELETED
from desk.alerts.display.controlled import ControlledShown, controlled_on_page
from desk.alerts.display.evidence import EvidenceShown, evidence_of
from desk.alerts.display.sections import PageSection, acknowledge_text, page_sections
from desk.alerts.display.spectra import show_spectra
from desk.alerts.display.structure import shown_structure
from desk.alerts.onward.page import onward_part
from desk.alerts.received.reading import Reading, forget_reading, reading_of, remember_reading
from desk.alerts.replies.alert_acts import acts_on_received, may_note_calls, review_section
from desk.alerts.sent.handed_in_page import say_signed
from desk.alerts.versions.page import version_before
from desk.casework.alert_part import casework_on
from desk.web.frame import render_page, signed_in
from notices.facts import first_told
from officers.models import Officer
from peers.models import Agency
from science.law.adopting import rules_followed
from science.spectra.evidence import is_worth_reading, spectra_in
from vault.handing import is_gone


def by_reference(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Redirect from a mail's link to the alert."""
    officer = signed_in(request)
    return redirect("admin:received", find_by_reference(officer, reference).pk)


def received(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show the alert on GET, opened while a reason is valid; take the reason on POST."""
    officer, now = signed_in(request), clock.now()
    alert = find_received(officer, alert_id)
    has_gone = is_gone(alert.agency_id)
    stays_closed = alert.keep <= now or alert.unopenable or has_gone
    reading = None if request.method == "POST" else reading_of(request, alert.pk, now=now)
    if reading is not None and not stays_closed:
        # The marking is checked there, after the alert was opened.
        return _open(request, officer, alert, reading, now)
    judge_for_display(alert, now=now)
    if alert.keep <= now:
        return closed_page(request, alert, stopped=CONTENT_DELETED.words_for())
    if has_gone:
        return closed_page(request, alert, stopped=gone_text())
    if request.method == "POST":
        return _take_reason(request, alert, now)
    if alert.unopenable:
        return closed_page(request, alert, verification=failed(alert))
    return closed_page(request, alert)


def _take_reason(request: HttpRequest, alert: ReceivedAlert, now: datetime) -> HttpResponseBase:
    reason, reference = request.POST.get("reason", ""), request.POST.get("reference", "")
    try:
        reason_text(reason, reference)
        check_reason(alert, reason)
    except InputError as refused:
        return closed_page(request, alert, problem=refused.problem, reason=reason, reference=reference)
    remember_reading(request, alert.pk, reason, reference, now=now)
    return redirect("admin:received", alert.pk)


def reading_or_question(
    request: HttpRequest, alert: ReceivedAlert, *, now: datetime
) -> Reading | HttpResponseBase:
    """Return the valid reason for reading the alert, or the page that asks for one.

    That page keeps the fields of a form that was sent after the reason had ended, and sends them with the answer.
    """
    reading = reading_of(request, alert.pk, now=now)
    if reading is not None:
        return reading
    if request.method != "POST":
        return redirect("admin:received", alert.pk)
    reason, reference = request.POST.get("reading_reason", ""), request.POST.get("reading_reference", "")
    problem = ""
    if "reading" in request.POST:
        try:
            reason_text(reason, reference)
            check_reason(alert, reason)
        except InputError as refused:
            problem = refused.problem
        else:
            return remember_reading(request, alert.pk, reason, reference, now=now)
    return closed_page(
        request, alert, problem=problem, reason=reason, reference=reference, carried=_typed(request)
    )


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return every field of the form that was sent, without this page's own fields."""
    asked = {"csrfmiddlewaretoken", "reading", "reading_reason", "reading_reference"}
    return [(name, value) for name, values in request.POST.lists() if name not in asked for value in values]


def _reasons(alert: ReceivedAlert) -> list[tuple[str, str]]:
    """Return the reasons that the agency's policy accepts here."""
    accepted = reasons_that_open(alert, set(OpeningReason.values))
    return [(code, str(text)) for code, text in OpeningReason.choices if code in accepted]


def _open(
    request: HttpRequest, officer: Officer, alert: ReceivedAlert, reading: Reading, now: datetime
) -> HttpResponse:
    """Open the alert under the valid reason; whatever keeps it closed has its sentence on the page."""
    try:
        view = open_alert(
            officer,
            alert,
            reason=reading.reason,
            reference=reading.reference,
            wants=is_worth_reading,
            now=now,
        )
    except ReceiptPendingError:
        return closed_page(
            request, judge_for_display(alert, now=now), verification=pending(alert.issuer.name)
        )
    except UnopenableError:
        return closed_page(request, judge_for_display(alert, now=now), verification=failed(alert))
    except CLOSED as stopped:
        forget_reading(request, alert.pk)
        return closed_page(request, judge_for_display(alert, now=now), stopped=words_for(stopped))
    return opened_page(request, view, reading)


def closed_page(
    request: HttpRequest,
    alert: ReceivedAlert,
    *,
    verification: Verification | None = None,
    problem: str = "",
    reason: str = "",
    reference: str = "",
    stopped: str = "",
    carried: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> HttpResponse:
    """Show the manifest's facts, and ask for a reason, or say why the alert stays closed.

    `carried` are the fields of another page's form, which continues once the reason is given.
    """
    return render_page(
        request,
        "received",
        alert.reference,
        status=422 if problem else status,
        **_closed_facts(request, alert),
        standing=alert.standing,
        card=None if stopped else open_received_cards(alert.agency_id, [alert]).get(str(alert.pk)),
        marking=marking_of(alert.tlp, None, None),
        verification=verification,
        lane_text=choice_text("lane", alert.lane),
        purpose_text=choice_text("purpose", alert.purpose),
        reasons=_reasons(alert),
        preset_reason=preset_reason(alert),
        chosen_reason=reason,
        chosen_reference=reference,
        problem=problem,
        stopped=stopped,
        carried=carried,
        reason_to=request.path if carried else reverse("admin:received", args=[alert.pk]),
    )


def _closed_facts(request: HttpRequest, alert: ReceivedAlert) -> dict[str, Any]:
    """Return the facts of a closed alert; a RED one is acknowledged only when open."""
    facts = _common(request, alert, is_open=False)
    if is_red(alert.tlp):
        facts |= {"may_acknowledge": False, "opens_first": facts["asks_answer"]}
    return facts


def opened_page(request: HttpRequest, view: OpenedView, reading: Reading) -> HttpResponse:
    """Show the content in the order in which a reader needs it."""
    alert = view.received
    known_marks = bool(alert.withdrawn_at) + (alert.status != "actual")
    facts = _common(request, alert, is_open=True)
    officer, now = signed_in(request), clock.now()
    numbers = {row.md: row.version for row in facts["held"]}
    held = read_replies(officer, numbers, now=now)
    seen = spectra_in(view.files, view.document)
    evidence = evidence_of(view.document, seen)
    controlled = controlled_on_page(
        request, view.document, agency_id=alert.agency_id, sent_on=view.received.iat.date()
    )
    thread = read_thread(
        officer,
        numbers,
        rows=facts["held"],
        held=held,
        names={alert.issuer_id: alert.issuer.name},
        now=now,
    )
    return render_page(
        request,
        "received",
        alert.reference,
        **facts,
        opened=view,
        marking=view.marking,
        verification=view.verification,
        marks=[mark for mark in view.marks[known_marks:] if mark != view.standing.text],
        standing=view.standing,
        sections=_sections(view, filled_by(evidence, view.attachments, controlled)),
        controlled=controlled,
        followed=rules_followed(officer, alert.md, view.document),
        structure=shown_structure(view.document.get("structure")),
        evidence=evidence,
        spectra=show_spectra(seen, view.document),
        ways=acts_on_received(officer, view.received, view.document),
        replies_under_way=replies_under_way(officer, view.received.md),
        own_answer=answers_given(numbers, held, due=lambda _agency: alert.answer_by).get(alert.agency_id),
        asked_back=asked_back(numbers, held, asker=alert.issuer_id).get(alert.agency_id),
        may_note=may_note_calls(officer),
        calls=calls_about(officer, view.received),
        answered=_answered(officer, view),
        reviews=reviews_of(officer, numbers, held=held, issuer=view.received.issuer_id, now=now),
        audience_names=_names(officer, view.audience),
        named=_named(officer, view.named),
        thread=thread,
        acknowledged_in_doubt=_acknowledged_in_doubt(alert, thread),
        onward=onward_part(officer, alert, now=now),
        told_at=first_told(alert.agency_id, alert.md),
        reading=reading,
        reading_reason=OpeningReason(reading.reason).label,
        reading_until=reading.until,
    )


def _acknowledged_in_doubt(alert: ReceivedAlert, thread: Sequence[ThreadEntry]) -> bool:
    """Tell whether no acknowledgement of the agency counts at present, though it has given one."""
    given = [entry.counts for entry in thread if (entry.what, entry.agency) == ("ack", alert.agency_id)]
    return bool(given) and not any(given)


def _answered(officer: Officer, view: OpenedView) -> Answered | None:
    return answered_by(officer, view.received) if view.document.get("alert_type") in REPLIES else None


def filled_by(
    evidence: EvidenceShown, files: Sequence[object], controlled: ControlledShown | None
) -> frozenset[str]:
    """Return the anchors of sections that have more than rows of the document."""
    filled = {"evidence": bool(evidence.rows or files), "controlled": controlled is not None}
    return frozenset(anchor for anchor, is_filled in filled.items() if is_filled)


def _sections(view: OpenedView, filled: frozenset[str]) -> list[PageSection]:
    not_understood = [PageSection("as-text", _("Not understood here"))] if view.as_text else []
    return page_sections(
        view.document,
        asked=acknowledge_text(
            {"pri": view.received.pri, "status": view.received.status},
            is_done=view.received.acknowledged_at is not None,
        ),
        filled=filled,
        beside_evidence=[*review_section(view.document), *not_understood],
        after=[
            PageSection("thread", _("What was said since")),
            PageSection("told", _("Who was told, opened, acknowledged")),
            PageSection("verification", _("Verification")),
        ],
    )


def _named(officer: Officer, ids: tuple[str, ...]) -> list[str]:
    """Return the own officers whom a RED alert names."""
    if not ids:
        return []
    rows = Officer.objects.visible_to(officer).filter(agency_id=officer.agency_id, public_id__in=ids)
    return [row.display_name for row in rows.order_by("full_name", "pk")]


def _names(officer: Officer, ids: tuple[str, ...]) -> list[str]:
    others = Agency.objects.visible_to(officer).filter(pk__in=ids).exclude(pk=officer.agency_id)
    return list(others.order_by("name").values_list("name", flat=True))


def _common(request: HttpRequest, alert: ReceivedAlert, *, is_open: bool) -> dict[str, Any]:
    may_answer = Capability.ALERT_ACKNOWLEDGE in signed_in(request).capabilities
    over = alert.acknowledged_at or alert.unopenable or alert.withdrawn_at or alert.replaced_by_id
    asked = may_answer and not over
    mark_clocks([alert], now=clock.now())
    return {
        "alert": alert,
        "casework": casework_on(signed_in(request), alert, is_open=is_open),
        "released_by": _releaser(alert),
        "asks_answer": asked,
        "may_acknowledge": asked and alert.first_opened_at is not None,
        "opens_first": asked and alert.first_opened_at is None,
        "may_confirm": may_answer
        and alert.withdrawn_at is not None
        and alert.withdrawal_confirmed_at is None,
        "withdrawal_reason": dict(WITHDRAWAL_CODES).get(alert.retract_code, ""),
        "answers": ANSWERS,
        "answer_text": dict(ANSWERS).get(alert.answer, "") if alert.answer != OPENED else "",
        **_versions(signed_in(request), alert),
    }


def _releaser(alert: ReceivedAlert) -> str:
    """Return the name of the agency that released it onward to the own one; empty where its sender sent it."""
    names = Agency.objects.filter(pk=alert.via).values_list("name", flat=True)
    return (names.first() or alert.via) if alert.via else ""


def _versions(officer: Officer, alert: ReceivedAlert) -> dict[str, Any]:
    """Return every version that the agency has received and the officer may see, and which one replaces this one."""
    held = versions_held(officer, alert, now=clock.now())
    listed = [{"pk": row.pk, "version": row.version, "shown_at": row.logged_at} for row in held]
    return {
        "held": held,
        "versions": listed if len(held) > 1 else [],
        "version_page": "admin:received",
        "replaced_by": next((row for row in held if row.pk == alert.replaced_by_id), None),
        "before": version_before(alert, held),
    }


def acknowledge(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Acknowledge the alert as an officer; the statement is signed for the agency."""
    officer, now = signed_in(request), clock.now()
    alert = judge_for_display(find_received(officer, alert_id), now=now)
    try:
        acknowledge_alert(officer, alert, answer=request.POST.get("answer", OPENED), now=now)
    except NotOpenedError as stopped:
        return closed_page(request, alert, problem=words_for(stopped))
    say_signed(request, alert.md, _("Acknowledged. The sender sees it."))
    return redirect("admin:received", alert.pk)


def confirm(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Tell the sender of a withdrawn alert that this agency stopped using it."""
    officer = signed_in(request)
    alert = confirm_withdrawal(officer, find_received(officer, alert_id), now=clock.now())
    say_signed(request, alert.retract_od, _("Confirmed. The sender sees it."))
    return redirect("admin:received", alert.pk)


def attachment(request: HttpRequest, alert_id: uuid.UUID, n: int) -> HttpResponseBase:
    """Return one file, under the valid reason; without one the page asks first."""
    officer, now = signed_in(request), clock.now()
    alert = find_received(officer, alert_id)
    reading = reading_of(request, alert.pk, now=now)
    if reading is None or alert.keep <= now:
        return redirect("admin:received", alert.pk)
    try:
        words = {"reason": reading.reason, "reference": reading.reference}
        return inert(open_attachment(officer, alert, n=n, **words, now=now))
    except ReceiptPendingError:
        return closed_page(request, alert, verification=pending(alert.issuer.name), status=409)
    except (UnopenableError, EnvelopeError):
        return closed_page(request, alert, verification=failed(alert), status=409)


def inert(file: AttachmentFile) -> HttpResponse:
    """Return a file as plain octets to be saved: no browser displays, sniffs or runs it."""
    response = HttpResponse(file.data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(True, file.filename) or "attachment"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Accept-Ranges"] = "none"
    return response
