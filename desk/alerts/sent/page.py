# SPDX-License-Identifier: Apache-2.0
"""An alert of ours that was sent: who was told, opened, acknowledged, and how to withdraw it."""

import uuid
from datetime import date, datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.document.rules import CLOSED
from alerts.access import find_alert
from alerts.boxes.outbox import SentAlert, open_sent_attachment, read_sent
from alerts.boxes.state_words import must_be_phoned, overdue_text
from alerts.boxes.thread import read_thread
from alerts.document.fields import FIELDS, step_of
from alerts.document.kinds import REPLIES, Step
from alerts.drafting.drafts import read_draft
from alerts.errors import NotTakenError, ReceiptPendingError, SendingStoppedError
from alerts.models import Alert
from alerts.problems import words_for
from alerts.projections.cards import open_alert_cards
from alerts.receiving.signature_state import SignatureState
from alerts.replies.calls import calls_about
from alerts.replies.display import answered_by
from alerts.replies.reviews import reviews_of
from alerts.replies.thread_rows import read_replies
from alerts.review.second_person import Denied, may_validate
from alerts.sending.amendment import amend_alert, amendment_seen, versions_seen
from alerts.sending.receipts import Receipt, Receipts
from alerts.sending.release import confirm_second_look
from alerts.sending.reminders import remind_recipients
from alerts.sending.withdrawal import (
    WITHDRAWAL_CODES,
    void_withdrawal_text,
    void_withdrawals,
    withdraw_alert,
    withdrawal_preview,
)
from alerts.states import SENT, AlertState
from alerts.withheld.lists import repeated_by, withheld_from
from callers import clock
from callers.capabilities import Capability
from callers.deliveries import DeliveryState
from callers.errors import AbsentError, InputError, ReminderTooSoonError
from desk.alerts.display.controlled import controlled_on_page
from desk.alerts.display.evidence import evidence_of
from desk.alerts.display.sections import PageSection, acknowledge_text, page_sections
from desk.alerts.display.structure import shown_structure
from desk.alerts.onward.page import onward_part
from desk.alerts.received.page import filled_by, inert
from desk.alerts.replies.alert_acts import acts_on_sent, may_note_calls, review_section, submits
from desk.alerts.sent.handed_in_page import say_signed
from desk.casework.alert_part import casework_on
from desk.web.frame import render_page, signed_in
from desk.web.tones import delivery_tone
from notices.lateness import is_late
from officers.models import Officer
from peers.sent import DeliveryFact
from science.law.adopting import rules_followed

ZONES_AT_MOST: Final = 12
"""Number of recipients up to which a page shows when an answer is due in their time zone."""


def _find_sent(request: HttpRequest, alert_id: uuid.UUID) -> Alert:
    alert = find_alert(signed_in(request), alert_id)
    if alert.state not in SENT:
        raise AbsentError
    return alert


def sent(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponse:
    """Show the alert as it was sent and what became of it."""
    officer, now = signed_in(request), clock.now()
    view = read_sent(officer, Alert(pk=alert_id), now=now)
    alert = view.alert
    receipts = view.receipts
    evidence = evidence_of(view.document)
    controlled = controlled_on_page(
        request, view.document, agency_id=alert.agency_id, sent_on=_sent_day(alert)
    )
    return render_page(
        request,
        "sent",
        _("Sent alert"),
        alert=alert,
        casework=casework_on(officer, alert),
        view=view,
        title=view.title,
        sections=_sections(alert, view, filled_by(evidence, view.attachments, controlled)),
        controlled=controlled,
        followed=rules_followed(officer, alert.md, view.document),
        structure=shown_structure(view.document.get("structure")),
        evidence=evidence,
        recipients=[_shown(row, view, now) for row in view.recipients],
        zones=view.recipients[:ZONES_AT_MOST],
        receipts=receipts,
        earlier=[_shown(row, view, now) for row in receipts.earlier],
        answered=answered_by(officer, alert) if view.document.get("alert_type") in REPLIES else None,
        may_note=may_note_calls(officer),
        calls=calls_about(officer, alert),
        ways=acts_on_sent(officer, alert, view.document),
        may_reaffirm=_may_reaffirm(officer, view),
        wants_second_look=_wants_second_look(officer, alert),
        onward=onward_part(officer, alert, now=clock.now()),
        void_withdrawal=_void_withdrawal(officer, alert, receipts, now),
        withheld=withheld_from(officer, alert),
        repeated=repeated_by(alert),
        **_versions(officer, view, now),
        **_ways_on(officer, alert, view, receipts, now),
    )


def _sent_day(alert: Alert) -> date:
    assert alert.released_at is not None
    return alert.released_at.date()


def _sections(alert: Alert, view: SentAlert, filled: frozenset[str]) -> list[PageSection]:
    return page_sections(
        view.document,
        asked=acknowledge_text({"pri": alert.pri, "status": alert.status}, to_sender=True),
        filled=filled,
        beside_evidence=review_section(view.document),
        after=[
            PageSection("thread", _("What was said since")),
            PageSection("verification", _("Verification")),
        ],
    )


def _versions(officer: Officer, view: SentAlert, now: datetime) -> dict[str, Any]:
    receipts = view.receipts
    newest, names = receipts.newest, {row.agency: row.name for row in receipts.rows}
    versions = versions_seen(officer, newest)
    numbers = {version.md: version.version for version in versions}
    held = view.replies or read_replies(officer, numbers, now=now)
    return {
        "newest": newest,
        "versions": [_listed(version) for version in versions] if len(versions) > 1 else [],
        "version_page": "admin:sent",
        "thread": read_thread(officer, numbers, rows=versions, held=held, names=names, now=now),
        "reviews": reviews_of(officer, numbers, held=held, issuer=newest.agency_id, now=now),
    }


def _listed(version: Alert) -> dict[str, Any]:
    return {"pk": version.pk, "version": version.version, "shown_at": version.released_at}


def _ways_on(
    officer: Officer, alert: Alert, view: SentAlert, receipts: Receipts, now: datetime
) -> dict[str, Any]:
    """Return the possible acts; an older version only links to the newest."""
    acts = alert.state == AlertState.RELEASED and alert.replaced_at is None
    can = officer.capabilities
    under_way = amendment_seen(officer, alert) if acts else None
    may_write = acts and Capability.ALERT_WRITE in can and view.standing.counts
    may_withdraw = Capability.ALERT_WITHDRAW in can
    return {
        "may_withdraw": acts and may_withdraw,
        "can_withdraw": may_withdraw,
        "may_amend": may_write and view.exp > now,
        "may_close": may_write and view.reply_by is not None,
        "has_expired": view.exp <= now,
        "under_way": under_way,
        "may_remind": may_withdraw
        and bool(receipts.unconfirmed)
        and receipts.newest.withdrawn_at is not None,
    }


def _void_withdrawal(officer: Officer, alert: Alert, receipts: Receipts, now: datetime) -> str:
    """Return why a withdrawal does not count, once, on the page of the version that is to be withdrawn again."""
    newest_is_withdrawn = alert.state == AlertState.WITHDRAWN and alert.replaced_at is None
    if any(row.fact.recalled_at for row in receipts.current):
        # The receipts were judged: where a recipient is recalled, a withdrawal counts.
        return ""
    return void_withdrawal_text(officer, alert, now=now) if newest_is_withdrawn else ""


def _may_reaffirm(officer: Officer, view: SentAlert) -> bool:
    may = Capability.ALERT_RELEASE in officer.capabilities
    return (
        may and view.alert.state == AlertState.RELEASED and view.standing.state is SignatureState.REPUDIATED
    )


def _shown(recipient: Receipt, view: SentAlert, now: datetime) -> dict[str, Any]:
    fact = recipient.fact
    late = view.logged_at is not None and is_late(view.logged_at, now=now) and _waits_for_mail(fact)
    overdue = view.ack_by is not None and recipient.text == overdue_text(view.ack_by)
    tone = delivery_tone(fact, view.ack_by, now)
    return {"recipient": recipient, "tone": tone, "mail_is_late": late, "is_overdue": overdue}


def _waits_for_mail(fact: DeliveryFact) -> bool:
    """Tell whether the agency has received it, and nobody there was told or has opened it."""
    untouched = fact.told_at is None and fact.opened_at is None and fact.recalled_at is None
    return (
        untouched
        and not must_be_phoned(fact)
        and fact.state in (DeliveryState.AVAILABLE, DeliveryState.FETCHED)
    )


def sent_attachment(request: HttpRequest, alert_id: uuid.UUID, n: int) -> HttpResponse:
    """Return a file as it was sent, to be saved; the exchange serves it once the log has given its receipt."""
    alert = _find_sent(request, alert_id)
    if alert.log_index is None:
        raise ReceiptPendingError
    return inert(open_sent_attachment(signed_in(request), alert, n=n, now=clock.now()))


def _wants_second_look(officer: Officer, alert: Alert) -> bool:
    due = alert.second_look_by is not None and alert.second_look_at is None
    if not due or Capability.ALERT_VALIDATE not in officer.capabilities:
        return False
    verdict = may_validate(officer, alert)
    return not isinstance(verdict, Denied) and not verdict.alone


def second_look(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Confirm that a second person has read a flash alert that one person had sent alone."""
    officer, alert = signed_in(request), _find_sent(request, alert_id)
    if not _wants_second_look(officer, alert):
        raise AbsentError
    confirm_second_look(officer, alert, now=clock.now())
    messages.success(request, _("Second look recorded."))
    return redirect("admin:sent", alert.pk)


def withdraw(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show on GET what withdrawing does and what it cannot undo; withdraw on POST."""
    alert, now = _find_sent(request, alert_id), clock.now()
    is_open = alert.state == AlertState.RELEASED or void_withdrawals([alert], now=now)
    if not is_open or alert.replaced_at is not None:
        return redirect("admin:sent", versions_seen(signed_in(request), alert)[0].pk)
    if request.method != "POST":
        return _withdraw_page(request, alert)
    try:
        code = request.POST.get("code", "")
        withdraw_alert(signed_in(request), alert, code=code, now=now)
    except InputError as refused:
        return _withdraw_page(request, alert, problem=refused.problem)
    except (SendingStoppedError, NotTakenError) as stop:
        return _withdraw_page(request, alert, problem=words_for(stop))
    say_signed(request, alert.md, _("Withdrawn. Each agency must confirm."))
    return redirect("admin:sent", alert.pk)


def remind(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Remind the agencies that have not confirmed a withdrawal."""
    alert = _find_sent(request, alert_id)
    try:
        reminded = remind_recipients(signed_in(request), alert, now=clock.now())
    except ReminderTooSoonError as stop:
        messages.warning(request, words_for(stop))
        return redirect("admin:sent", alert.pk)
    text = ngettext("%(n)d agency is reminded.", "%(n)d agencies are reminded.", len(reminded))
    messages.success(request, text % {"n": len(reminded)})
    return redirect("admin:sent", alert.pk)


def amend(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Redirect to the draft of the next version, made now or before."""
    author, alert, now = signed_in(request), _find_sent(request, alert_id), clock.now()
    closes = "close_question" in request.POST
    draft = amend_alert(author, alert, question_change=CLOSED if closes else "", now=now)
    if closes and draft.created_at == now and submits(author, draft):
        messages.success(request, _("Submitted. The question is closed once a second person sends it."))
        return redirect("admin:sent", alert.pk)
    if draft.created_at != now:
        messages.info(request, _("A new version is under way already: this is it."))
    if draft.state != AlertState.DRAFT:
        return redirect("admin:review", draft.pk)
    if "change_question" not in request.POST:
        return redirect("admin:draft", draft.pk, int(Step.KNOWN))
    field = FIELDS["question_change"]
    step = step_of(field, read_draft(author, draft).data["alert_type"])
    return redirect(f"{reverse('admin:draft', args=[draft.pk, int(step)])}#id_{field.name}")


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
