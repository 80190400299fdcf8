# SPDX-License-Identifier: Apache-2.0
"""An alert of ours that was sent: who was told, opened, acknowledged, and how to withdraw it."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.capabilities import Capability
from agencies.errors import AbsentError, InputError
from agencies.models import Officer
from alerts.cards import open_alert_cards
from alerts.errors import ReceiptPendingError, SendingStoppedError
from alerts.finding import find_alert
from alerts.models import Alert
from alerts.outbox import Recipient, SentAlert, open_sent_attachment, read_sent
from alerts.pages.errors import exchange_text
from alerts.pages.frame import render_page, signed_in
from alerts.pages.received import inert
from alerts.pages.sections import acknowledge_text, content_sections, evidence_section
from alerts.pages.words import delivery_tone
from alerts.release import confirm_second_look
from alerts.second_person import Denied, may_validate
from alerts.standing import StandingState
from alerts.states import SENT, AlertState
from alerts.withdrawal import WITHDRAWAL_CODES, withdraw_alert, withdrawal_preview
from ledger.proofs import log_time
from sharing.deliveries import DeliveryFact
from sharing.errors import SharingError
from sharing.notices.lateness import is_late
from sharing.states import DeliveryState


def _find_sent(request: HttpRequest, alert_id: uuid.UUID) -> Alert:
    alert = find_alert(signed_in(request), alert_id)
    if alert.state not in SENT:
        raise AbsentError
    return alert


def sent(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponse:
    """The alert as it was sent and what became of it."""
    officer, alert, now = signed_in(request), _find_sent(request, alert_id), timezone.now()
    view = read_sent(officer, alert, now=now)
    document, asked = view.document, acknowledge_text({"pri": alert.pri, "status": alert.status})
    return render_page(
        request,
        "sent",
        _("Sent alert"),
        alert=alert,
        view=view,
        title=view.title,
        sections=[*content_sections(document, asked=asked), evidence_section(document)],
        recipients=[_shown(recipient, view, now) for recipient in view.recipients],
        confirmed=sum(row.fact.recall_confirmed_at is not None for row in view.recipients),
        may_withdraw=alert.state == AlertState.RELEASED and Capability.ALERT_WITHDRAW in officer.capabilities,
        may_reaffirm=_may_reaffirm(officer, view),
        wants_second_look=_wants_second_look(officer, alert),
    )


def _may_reaffirm(officer: Officer, view: SentAlert) -> bool:
    may = Capability.ALERT_RELEASE in officer.capabilities and view.alert.agency.is_hosted
    return may and view.alert.state == AlertState.RELEASED and view.standing.state is StandingState.REPUDIATED


def _shown(recipient: Recipient, view: SentAlert, now: datetime) -> dict[str, Any]:
    fact = recipient.fact
    late = view.logged_at is not None and is_late(view.logged_at, now=now) and _waits_for_mail(fact)
    return {"recipient": recipient, "tone": delivery_tone(fact, view.ack_by, now), "mail_is_late": late}


def _waits_for_mail(fact: DeliveryFact) -> bool:
    """It has reached the agency's box, and nobody there was told or has looked."""
    untouched = fact.told_at is None and fact.opened_at is None and fact.recalled_at is None
    return untouched and fact.state in (DeliveryState.AVAILABLE, DeliveryState.FETCHED)


def sent_attachment(request: HttpRequest, alert_id: uuid.UUID, n: int) -> HttpResponse:
    """A file as it was sent, to be saved; the exchange serves it once the log has given its receipt."""
    alert = _find_sent(request, alert_id)
    if log_time(alert.md) is None:
        raise ReceiptPendingError
    return inert(open_sent_attachment(signed_in(request), alert, n=n, now=timezone.now()))


def _wants_second_look(officer: Officer, alert: Alert) -> bool:
    due = alert.second_look_by is not None and alert.second_look_at is None
    if not due or Capability.ALERT_VALIDATE not in officer.capabilities:
        return False
    verdict = may_validate(officer, alert)
    return not isinstance(verdict, Denied) and not verdict.alone


def second_look(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """A second person has read a flash alert that one person had sent alone."""
    officer, alert = signed_in(request), _find_sent(request, alert_id)
    if not _wants_second_look(officer, alert):
        raise AbsentError
    confirm_second_look(officer, alert, now=timezone.now())
    messages.success(request, _("Second look recorded."))
    return redirect("admin:sent", alert.pk)


def withdraw(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """GET says what withdrawing does and what it cannot undo; POST does it."""
    alert = _find_sent(request, alert_id)
    if alert.state != AlertState.RELEASED:
        return redirect("admin:sent", alert.pk)
    if request.method != "POST":
        return _withdraw_page(request, alert)
    try:
        code = request.POST.get("code", "")
        withdraw_alert(signed_in(request), alert, code=code, now=timezone.now())
    except InputError as refused:
        return _withdraw_page(request, alert, problem=refused.problem)
    except SendingStoppedError as stop:
        return _withdraw_page(request, alert, problem=stop.text)
    except SharingError as stop:
        problem = _("Nothing was withdrawn.") + " " + exchange_text(stop)
        return _withdraw_page(request, alert, problem=problem)
    messages.success(request, _("Withdrawn. Each agency must confirm."))
    return redirect("admin:sent", alert.pk)


def _withdraw_page(request: HttpRequest, alert: Alert, *, problem: str = "") -> HttpResponse:
    agencies, opened = withdrawal_preview(signed_in(request), alert)
    return render_page(
        request,
        "withdraw",
        _("Withdraw"),
        status=422 if problem else 200,
        alert=alert,
        card=open_alert_cards(alert.agency_id, [alert]).get(str(alert.pk)),
        agencies=agencies,
        opened=opened,
        codes=WITHDRAWAL_CODES,
        problem=problem,
    )
