# SPDX-License-Identifier: Apache-2.0
"""Reports to originators, through the exchange: officers were told of an alert, one has opened it.

Reports are unsigned and stop no clock. A repeated report changes nothing; one that did not arrive is repeated at the next round.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, Subquery

from accord.calls.answers import MOST_REPORTED
from accord.calls.deliveries import ReportedFact
from accord.calls.errors import AbsentError
from alerts.models import ReceivedAlert
from notices.models import Notification
from notices.states import Occasion
from peers.exchange import exchange_of

OPENED, TOLD = "opened", "told"
REPORTED_FOR: Final = timedelta(days=7)
"""Time after which no first notice goes out any more, so that none is reported."""


def report_openings(agency_id: str) -> None:
    """Report which alerts were opened. Not inside a transaction. Raises `accord.calls.errors.ClientError`."""
    rows = ReceivedAlert.objects.filter(
        agency=agency_id, first_opened_at__isnull=False, is_opening_reported=False
    )
    opened = rows.order_by("first_opened_at").values_list("pk", "md", "first_opened_at", "logged_at")
    found = [(pk, md, max(at, logged)) for pk, md, at, logged in opened[:MOST_REPORTED] if at is not None]
    said = _report(agency_id, OPENED, found)
    ReceivedAlert.objects.filter(pk__in=said).update(is_opening_reported=True)


def report_told(agency_id: str, *, now: datetime) -> None:
    """Report for which recent alerts a mail was sent to officers. As `report_openings`."""
    mails = Notification.objects.filter(
        recipient=agency_id, about=OuterRef("md"), occasion=Occasion.ALERT, sent_at__isnull=False
    )
    rows = ReceivedAlert.objects.filter(
        agency=agency_id, is_telling_reported=False, received_at__gt=now - REPORTED_FOR
    )
    first = Subquery(mails.order_by("sent_at").values("sent_at")[:1])
    told = rows.annotate(first_told=first).filter(first_told__isnull=False)
    mailed = told.order_by("-number").values_list("pk", "md", "first_told", "logged_at")[:MOST_REPORTED]
    said = _report(agency_id, TOLD, [(pk, md, max(at, logged)) for pk, md, at, logged in mailed])
    ReceivedAlert.objects.filter(pk__in=said).update(is_telling_reported=True)


def _report(agency_id: str, fact: str, found: Sequence[tuple[UUID, str, datetime]]) -> list[UUID]:
    """Return those of these alerts whose report the exchange has accepted, or that it no longer has."""
    if not found:
        return []
    facts = [ReportedFact(md, fact, int(at.timestamp())) for _, md, at in found]
    answers = exchange_of(agency_id).report_facts(facts)
    final = (type(None), AbsentError)
    return [pk for (pk, _, _), answer in zip(found, answers, strict=False) if isinstance(answer, final)]
