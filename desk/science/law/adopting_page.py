# SPDX-License-Identifier: Apache-2.0
"""Page on which an agency reads rules that an authority published, adopts them, or sets them aside."""

import uuid
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError
from alerts.access import find_received, today_of
from alerts.errors import ReceiptPendingError, UnopenableError
from alerts.models import Alert
from alerts.query_audit import science_errors
from alerts.receiving.held_envelopes import CLOSED
from callers import clock
from callers.capabilities import Capability
from callers.directory import NO_COUNTRY
from callers.errors import AbsentError
from desk.alerts.received.reading import reading_of
from desk.science.law.caught_page import by_shown
from desk.web.confirm import ConfirmForm, Question, ask
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.law.adopting import Proposal, adopt_rules, list_adopted, propose, stop_following_rules
from science.law.places import place_in_text, place_name
from science.law.published import Published, open_own_published, open_published


def received(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show the rules of a received alert, under the valid reason for reading it; without one redirect to the alert, which asks."""
    officer, now = signed_in(request), clock.now()
    published = _opened(request, officer, alert_id, now)
    if published is None:
        return redirect(_received_address(alert_id))
    adopt = reverse("admin:science_adopt", args=[alert_id])
    return _look(request, officer, published, _received_address(alert_id), adopt, now)


def adopt_received(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Adopt the rules of a received alert."""
    officer, now = signed_in(request), clock.now()
    published = _opened(request, officer, alert_id, now)
    if published is None:
        return redirect(_received_address(alert_id))
    return _adopt(request, officer, published, now)


def own(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show the rules of an alert that the agency sent, which it adopts itself after publishing them."""
    officer, now = signed_in(request), clock.now()
    published = open_own_published(officer, Alert(pk=alert_id), now=now)
    back, adopt = (reverse(f"admin:{name}", args=[alert_id]) for name in ("sent", "science_adopt_own"))
    return _look(request, officer, published, back, adopt, now)


def adopt_own(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Adopt the rules of an alert that the agency sent."""
    officer, now = signed_in(request), clock.now()
    return _adopt(request, officer, open_own_published(officer, Alert(pk=alert_id), now=now), now)


def _received_address(alert_id: uuid.UUID) -> str:
    return reverse("admin:received", args=[alert_id])


def _opened(request: HttpRequest, officer: Officer, alert_id: uuid.UUID, now: datetime) -> Published | None:
    """Return the opened rules; None without a valid reason, or where the alert does not open: its own page tells."""
    alert = find_received(officer, alert_id)
    reading = reading_of(request, alert.pk, now=now)
    if reading is None:
        return None
    try:
        return open_published(officer, alert, reason=reading.reason, reference=reading.reference, now=now)
    except (ReceiptPendingError, UnopenableError, EnvelopeError, *CLOSED):
        return None


def _adopt(request: HttpRequest, officer: Officer, published: Published, now: datetime) -> HttpResponseBase:
    with science_errors():
        adopt_rules(officer, published, now=now)
    messages.success(request, _("Adopted. Your agency's substances are being judged by it now."))
    return redirect("admin:science_caught")


def _look(
    request: HttpRequest, officer: Officer, published: Published, back: str, adopt: str, now: datetime
) -> HttpResponse:
    with science_errors():
        proposal = propose(officer, published, now=now)
    return _page(request, officer, proposal, back, adopt)


def _page(request: HttpRequest, officer: Officer, proposal: Proposal, back: str, adopt: str) -> HttpResponse:
    published, today = proposal.published, today_of(officer, clock.now())
    preview = proposal.preview
    may_adopt = Capability.SCIENCE_MANAGE in officer.capabilities
    return render_page(
        request,
        "science/adopt",
        _("Change of the law"),
        proposal=proposal,
        published=published,
        place=place_name(published.jurisdiction),
        theirs=place_in_text(published.jurisdiction),
        is_not_yet=published.effective > today,
        foreign=_foreign(published),
        caught=[
            {"opened": one.opened, "by": [by_shown(by, today) for by in one.by]}
            for one in (preview.shown if preview else ())
        ],
        hidden=preview.count - len(preview.shown) if preview else 0,
        may_adopt=may_adopt and proposal.can_be_adopted,
        lacks_right=not may_adopt,
        back=back,
        adopt_address=adopt,
    )


def _foreign(published: Published) -> str:
    """Return the sender's country where it is not the one whose law changes, which calls for care but no refusal."""
    country = published.issuer.country
    if country == NO_COUNTRY:
        return _("no country")
    return "" if country == published.jurisdiction else place_in_text(country)


def aside(request: HttpRequest, adopted_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then set adopted rules aside."""
    officer = signed_in(request)
    found = next(((row, content) for row, content in list_adopted(officer) if row.pk == adopted_id), None)
    if found is None:
        raise AbsentError
    row, content = found
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and request.method == "POST":
        with science_errors():
            stop_following_rules(officer, row.pk, now=clock.now())
        messages.success(request, _("Set aside. Your agency follows these rules no more."))
        return redirect("admin:science_rules")
    question = Question(
        title=_("Rules"),
        heading=_("Set these rules aside?"),
        button=_("Set aside"),
        back=reverse("admin:science_rules"),
        does=[
            _(
                "Your agency follows them no more; this desk's own rules and every other agency's stay as they are."
            ),
            _("What was screened by them keeps their digest and can be replayed."),
        ],
        facts=[
            (_("Rules"), ", ".join(content.rule_ids) or _("They do not open: damaged.")),
            (_("From"), row.issuer.name),
        ],
        is_grave=True,
    )
    return ask(request, question, form)
