# SPDX-License-Identifier: Apache-2.0
"""The outbox: what the agency sent and what became of it at each recipient."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from agencies.capabilities import Capability, require
from agencies.errors import AbsentError
from agencies.models import Agency, Officer
from agencies.vault import doors
from alerts.cards import Card, open_alert_cards
from alerts.document.building import build_document
from alerts.document.check import Circumstances, check_document
from alerts.document.display import Section, describe
from alerts.document.marking import Marking, marking_of
from alerts.fetching import fetch_and_open
from alerts.files import AttachmentFile, AttachmentShown, inert_media_type
from alerts.finding import find_alert
from alerts.models import Alert
from alerts.paging import PAGE_ROWS, Page, cut, moment_before, moment_cursor
from alerts.revisions import DraftContent, read_revision
from alerts.sent_standing import answers_of, own_standings
from alerts.standing import StandingFacts, standing_of
from alerts.states import SENT, AlertState
from alerts.verification import answer_doubt_text
from alerts.wording import delivery_text
from ledger.audit import record_event
from ledger.proofs import receipt_for
from sharing.deliveries import DeliveryFact
from sharing.models import Delivery, Envelope
from sharing.slices import blob_for

OWN_ALERT: Final = "own alert"


@dataclass(frozen=True)
class OutboxRow:
    """Counts over the recipients: told, opened, acknowledged, of `total`."""

    alert: Alert
    card: Card | None
    to: tuple[str, ...]
    told: int
    opened: int
    acknowledged: int
    total: int
    state_text: str
    standing: StandingFacts


@dataclass(frozen=True)
class Recipient:
    """One recipient of a sent alert, in words. `doubt`: why an acknowledgement that came does not count."""

    agency: str
    name: str
    fact: DeliveryFact
    text: str
    doubt: str = ""


@dataclass(frozen=True)
class SentAlert:
    """An own sent alert as its page shows it; `log_index` None means its receipt is still to come."""

    alert: Alert
    title: str = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)
    sections: list[Section] = field(repr=False)
    marking: Marking = field(repr=False)
    attachments: tuple[AttachmentShown, ...] = field(repr=False)
    recipients: tuple[Recipient, ...]
    ack_by: dt.datetime | None
    log_index: int | None
    logged_at: dt.datetime | None
    standing: StandingFacts


def list_sent(
    officer: Officer, *, cursor: str = "", state: str = "", to: str = "", now: dt.datetime
) -> Page[OutboxRow]:
    """A page of what was sent, newest first. `state` released or withdrawn, `to` an agency id."""
    require(officer, Capability.ALERT_READ)
    wanted = Q(state=state) if state in SENT else Q(state__in=SENT)
    if to:
        sent_to = Delivery.objects.filter(recipient_id=to, envelope__iss_id=officer.agency_id)
        wanted &= Q(md__in=sent_to.values("envelope_id"))
    rows = Alert.objects.visible_to(officer).filter(wanted, moment_before(cursor, "released_at"))
    page, has_more = cut(list(rows.order_by("-released_at", "-pk")[: PAGE_ROWS + 1]))
    last = page[-1] if has_more else None
    return Page(
        tuple(_rows(officer, page, now)),
        moment_cursor(last.released_at, last.pk) if last and last.released_at else None,
        filtered=bool(state or to),
    )


def read_sent(officer: Officer, alert: Alert, *, now: dt.datetime) -> SentAlert:
    """A sent alert of the officer's own agency, opened from its revision; audited like every opening."""
    require(officer, Capability.ALERT_READ)
    row = find_alert(officer, alert.pk)
    if row.state not in SENT:
        raise AbsentError
    content = read_revision(row)
    envelope = Envelope.objects.originated_by(officer).get(md=row.md)
    due = None if envelope.ack_by is None else _time(envelope.ack_by)
    receipt = receipt_for(row.md)
    _record(officer, row, now)
    data = _document(row, content)
    return SentAlert(
        alert=row,
        title=str(data["title"]),
        document=data,
        sections=describe(data),
        marking=marking_of(row.tlp, data["handling"], data["handling_condition"]),
        attachments=tuple(
            AttachmentShown(n, note.filename, note.size) for n, note in enumerate(content.attachments)
        ),
        recipients=tuple(_recipients(officer, row, due, now)),
        ack_by=due,
        log_index=receipt["index"] if receipt else None,
        logged_at=_time(receipt["leaf"]["t"]) if receipt else None,
        standing=own_standings(officer, [row.md], now=now)[row.md],
    )


def open_sent_attachment(officer: Officer, alert: Alert, *, n: int, now: dt.datetime) -> AttachmentFile:
    """A file of an own sent alert, out of the envelope that was sent. Not inside a transaction."""
    require(officer, Capability.ALERT_READ)
    row = find_alert(officer, alert.pk)
    opened = fetch_and_open(officer, row.md, reason=OWN_ALERT, now=now)
    note = next((note for note in opened.attachments if note.n == n), None)
    if note is None:
        raise AbsentError
    data = doors.open_attachment(opened, n, blob_for(officer, row.md, n, now=now))
    return AttachmentFile(note.fn, inert_media_type(note.fn, data), data)


def _document(alert: Alert, content: DraftContent) -> dict[str, Any]:
    """What was sent: a life-safety alert leaves out what was bad on the day it was released."""
    assert alert.released_at is not None
    known = Circumstances(alert.released_at.astimezone(dt.UTC).date(), None, alert.agency.custody)
    left_out = check_document(content.data, known=known).left_out_fields
    return build_document(content.data, left_out=left_out)


def _rows(officer: Officer, alerts: Sequence[Alert], now: dt.datetime) -> list[OutboxRow]:
    mds = [alert.md for alert in alerts]
    cards = open_alert_cards(officer.agency_id or "", alerts)
    answers = answers_of(officer, mds, now=now)
    standings = own_standings(officer, mds, now=now)
    return [
        _row(alert, cards.get(str(alert.pk)), [fact for fact, _ in answers[alert.md]], standings[alert.md])
        for alert in alerts
    ]


def _row(
    alert: Alert, card: Card | None, facts: Sequence[DeliveryFact], standing: StandingFacts
) -> OutboxRow:
    return OutboxRow(
        alert=alert,
        card=card,
        to=tuple(fact.recipient for fact in facts),
        told=sum(fact.told_at is not None for fact in facts),
        opened=sum(fact.opened_at is not None for fact in facts),
        acknowledged=sum(fact.acknowledged_at is not None for fact in facts),
        total=len(facts),
        state_text=standing.short or str(AlertState(alert.state).label),
        standing=standing,
    )


def _recipients(officer: Officer, alert: Alert, due: dt.datetime | None, now: dt.datetime) -> list[Recipient]:
    answers = answers_of(officer, [alert.md], now=now)[alert.md]
    ids = [fact.recipient for fact, _ in answers]
    names = dict(Agency.objects.filter(pk__in=ids).values_list("pk", "name"))
    rows = []
    for fact, worth in answers:
        name = names.get(fact.recipient, fact.recipient)
        doubt = answer_doubt_text(standing_of(worth, name), name) if worth is not None else ""
        rows.append(Recipient(fact.recipient, name, fact, delivery_text(fact, due, now), doubt))
    return rows


@transaction.atomic
def _record(officer: Officer, alert: Alert, now: dt.datetime) -> None:
    record_event(
        "alert.opened",
        actor=officer.audit_name,
        agency=alert.agency_id,
        subject=alert.md,
        reason=OWN_ALERT,
        now=now,
    )


def _time(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
