# SPDX-License-Identifier: Apache-2.0
"""Two records to read: whom the hub told, and who did what."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.capabilities import Capability
from agencies.models import Officer
from alerts.opening import OpeningReason
from alerts.pages.filters import Filter, Filters, read_filters
from alerts.pages.frame import render_page, signed_in
from alerts.paging import PAGE_ROWS, cut, moment_before, moment_cursor
from ledger.models import AuditEvent
from sharing.errors import MoveError
from sharing.models import Notification
from sharing.notices.resending import resend_notice
from sharing.notices.states import RESENDABLE, Cause
from sharing.states import NotificationState

EARLIEST: Final = date(2000, 1, 1)

ACTS: Final[Mapping[str, str | Promise]] = {
    "agency.admitted": gettext_lazy("admitted the agency"),
    "agency.change_proposed": gettext_lazy("proposed a change of keys"),
    "agency.key_retired": gettext_lazy("retired a key"),
    "agency.keys_created": gettext_lazy("created keys for the agency"),
    "agency.keys_rotated": gettext_lazy("rotated the keys"),
    "agency.keyset_renewed": gettext_lazy("renewed the keyset"),
    "agency.proposal_accepted": gettext_lazy("handed in a signed proposal"),
    "agency.proposal_discarded": gettext_lazy("discarded a proposal"),
    "agency.proposal_refused": gettext_lazy("was refused a signed proposal"),
    "agency.recovery_cancelled": gettext_lazy("cancelled a root's recovery"),
    "agency.resumed": gettext_lazy("resumed the agency"),
    "agency.root_changed": gettext_lazy("changed the root"),
    "agency.root_recovered": gettext_lazy("began to recover the root"),
    "agency.suspended": gettext_lazy("suspended the agency"),
    "agreement.recorded": gettext_lazy("recorded an agreement"),
    "alert.acknowledged": gettext_lazy("acknowledged an alert"),
    "alert.discarded": gettext_lazy("discarded a draft"),
    "alert.drafted": gettext_lazy("started a draft"),
    "alert.looked": gettext_lazy("took a second look"),
    "alert.opened": gettext_lazy("opened an alert"),
    "alert.reaffirmed": gettext_lazy("reaffirmed an alert"),
    "alert.refused": gettext_lazy("was refused a move"),
    "alert.released": gettext_lazy("sent an alert"),
    "alert.returned": gettext_lazy("returned an alert"),
    "alert.screened": gettext_lazy("screened an alert"),
    "alert.submitted": gettext_lazy("submitted an alert"),
    "alert.unopenable": gettext_lazy("met an alert that does not open"),
    "alert.validated": gettext_lazy("checked an alert"),
    "alert.withdrawn": gettext_lazy("withdrew an alert"),
    "apikey.issued": gettext_lazy("issued an API key"),
    "apikey.revoked": gettext_lazy("revoked an API key"),
    "audit.pruned": gettext_lazy("pruned the audit"),
    "blob.refused": gettext_lazy("was refused a file"),
    "blob.served": gettext_lazy("fetched a file"),
    "circle.recorded": gettext_lazy("recorded a circle"),
    "envelope.carried": gettext_lazy("handed in an envelope"),
    "envelope.refused": gettext_lazy("was refused an envelope"),
    "key.resumed": gettext_lazy("resumed a key"),
    "key.revoke_refused": gettext_lazy("was refused a revocation"),
    "key.revoked": gettext_lazy("revoked a key"),
    "key.suspended": gettext_lazy("suspended a key"),
    "keyset.accepted": gettext_lazy("brought in a keyset"),
    "keyset.recovered": gettext_lazy("brought a recovered root into force"),
    "keyset.refused": gettext_lazy("was refused a keyset"),
    "lane.resumed": gettext_lazy("resumed a lane"),
    "lane.suspended": gettext_lazy("suspended a lane"),
    "notice.resent": gettext_lazy("sent a notice again"),
    "officer.disabled": gettext_lazy("disabled an officer"),
    "officer.enabled": gettext_lazy("enabled an officer"),
    "officer.enrolled": gettext_lazy("enrolled an officer"),
    "officer.password_changed": gettext_lazy("changed a password"),
    "officer.password_set": gettext_lazy("set a password"),
    "officer.roles_changed": gettext_lazy("changed roles"),
    "officer.signed_in": gettext_lazy("signed in"),
    "slice.refused": gettext_lazy("was refused an envelope's slice"),
    "slice.served": gettext_lazy("fetched an envelope's slice"),
    "statement.accepted": gettext_lazy("handed in a statement"),
    "statement.reaffirmed": gettext_lazy("reaffirmed an answer"),
    "statement.refused": gettext_lazy("was refused a statement"),
    "withdrawal.confirmed": gettext_lazy("confirmed a withdrawal"),
}
"""Acts in words; one that is not listed is shown by its name."""


def notifications(request: HttpRequest) -> HttpResponse:
    """Whom the hub told for this agency, newest first."""
    filters = read_filters(request.GET, [Filter("state", _("State"), NotificationState.choices)])
    officer = signed_in(request)
    found = Notification.objects.visible_to(officer).select_related("officer", "delivery")
    if state := filters.values["state"]:
        found = found.filter(state=state)
    found = found.filter(moment_before(request.GET.get("cursor", ""), "queued_at"))
    may_resend = Capability.NOTICE_RESEND in officer.capabilities
    page, has_more = cut(list(found.order_by("-queued_at", "-pk")[: PAGE_ROWS + 1]))
    cursor = moment_cursor(page[-1].queued_at, page[-1].pk) if has_more else ""
    rows = [_notice_row(notice, may_resend) for notice in page]
    return _page(request, "notifications", rows, filters, cursor)


def _notice_row(notice: Notification, may_resend: bool) -> dict[str, object]:
    return {
        "notice": notice,
        "reference": notice.delivery.reference if notice.delivery else notice.subject,
        "cause": Cause(notice.cause).label if notice.cause in Cause.values else notice.cause,
        "may_resend": may_resend and notice.state in RESENDABLE,
    }


def resend(request: HttpRequest, notice_id: uuid.UUID) -> HttpResponseBase:
    """A person's "send again" for a notice that failed or was held."""
    try:
        resend_notice(signed_in(request), notice_id, now=timezone.now())
    except MoveError:
        messages.warning(request, _("This one was told, or is on its way. Nothing was sent again."))
    else:
        messages.success(request, _("1 notice is queued again."))
    return redirect("admin:notifications")


def audit(request: HttpRequest) -> HttpResponse:
    """Who saw and did what, newest first; the auditor's own agency only."""
    officer = signed_in(request)
    colleagues = dict(Officer.objects.visible_to(officer).values_list("public_id", "full_name"))
    filters = read_filters(request.GET, _audit_filters(colleagues))
    days = {name: _day(request.GET.get(name, "")) for name in ("since", "until")}
    since, until = _within(days["since"], days["until"], timezone.localdate())
    found = _narrowed(AuditEvent.objects.visible_to(officer), filters, since, until)
    before = request.GET.get("cursor", "")
    if before.isascii() and before.isdecimal() and len(before) < 18:
        found = found.filter(seq__lt=int(before))
    events, has_more = cut(list(found.order_by("-seq")[: PAGE_ROWS + 1]))
    rows = [_audit_row(event, colleagues) for event in events]
    cursor = str(events[-1].seq) if has_more else ""
    return _page(request, "audit", rows, filters, cursor, days=days, narrowed=any(days.values()))


def _audit_filters(colleagues: Mapping[str, str]) -> tuple[Filter, ...]:
    people = tuple(sorted(colleagues.items(), key=lambda item: item[1]))
    return (Filter("officer", _("Officer"), people), Filter("act", _("Act"), tuple(ACTS.items())))


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _within(since: date | None, until: date | None, today: date) -> tuple[date | None, date | None]:
    """Nothing happened before the first possible entry or after today: days out there say no more than these."""
    first = None if since is None else min(max(since, EARLIEST), today + timedelta(days=1))
    last = None if until is None or until >= today else max(until, EARLIEST)
    return first, last


def _narrowed(
    events: QuerySet[AuditEvent], filters: Filters, since: date | None, until: date | None
) -> QuerySet[AuditEvent]:
    """Days are whole days where the reader sits."""
    if person := filters.values["officer"]:
        events = events.filter(actor=f"officer:{person}")
    if act := filters.values["act"]:
        events = events.filter(act=act)
    if since:
        events = events.filter(at__gte=_start_of(since))
    if until:
        events = events.filter(at__lt=_start_of(until + timedelta(days=1)))
    return events


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def _audit_row(event: AuditEvent, colleagues: Mapping[str, str]) -> dict[str, object]:
    kind, _colon, name = event.actor.partition(":")
    who = colleagues.get(name, name) if kind == "officer" else name
    system = _("the hub's own process") if kind == "system" else ""
    return {
        "event": event,
        "who": who,
        "note": system,
        "act": ACTS.get(event.act, event.act),
        "reason": reason_words(event.reason),
    }


def reason_words(reason: str) -> str:
    """The reason of an opening as the officer chose it; the case number stands behind its word."""
    code, colon, case = reason.partition(": ")
    known = code in OpeningReason.values
    return f"{OpeningReason(code).label}{colon}{case}" if known else reason


TEXTS: Final = {
    "notifications": (
        gettext_lazy("Notifications"),
        gettext_lazy("Whom the hub told about alerts for your agency."),
        gettext_lazy("Nobody had to be told yet."),
    ),
    "audit": (
        gettext_lazy("Audit"),
        gettext_lazy("Who saw and did what in your agency, and why."),
        gettext_lazy("No entry in this period."),
    ),
}


def _page(
    request: HttpRequest, name: str, rows: Sequence[object], filters: Filters, cursor: str, **context: Any
) -> HttpResponse:
    heading, lead, empty = TEXTS[name]
    return render_page(
        request,
        name,
        heading,
        heading=heading,
        lead=lead,
        empty=empty,
        rows=rows,
        filters=filters,
        next_address=filters.next_address(cursor) if cursor else "",
        first_address=filters.next_address(""),
        paged="cursor" in request.GET,
        shows_keys=True,
        **context,
    )
