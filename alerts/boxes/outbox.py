# SPDX-License-Identifier: Apache-2.0
"""The outbox: what the agency sent and what became of it at each recipient."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypedDict, Unpack

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError
from alerts.access import find_alert
from alerts.boxes.paging import PAGE_ROWS, Page, by_moment, take_page
from alerts.boxes.state_words import is_past, sent_text
from alerts.document.display import Section, describe
from alerts.document.files import AttachmentFile, AttachmentShown, inert_media_type
from alerts.document.marking import Marking, marking_of
from alerts.drafting.revisions import DraftContent, read_revision
from alerts.errors import UnopenableError
from alerts.models import Alert, AlertQuerySet
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.suspensions import AnswerClock, clock_of_sent, suspensions_of
from alerts.projections.cards import Card, open_alert_cards
from alerts.projections.tokens import sent_with_token
from alerts.receiving.fetching import fetch_and_open
from alerts.receiving.held_envelopes import held_blob
from alerts.receiving.signature_state import SignatureFacts
from alerts.receiving.verification import own_failed_text
from alerts.red_readers import names_of, reads_answers
from alerts.replies.answers import answers_given, asked_back
from alerts.replies.thread_rows import RepliesHeld, read_replies
from alerts.sending.amendment import versions_asking, versions_seen
from alerts.sending.receipts import Receipt, Receipts, read_receipts, recipients_of
from alerts.sending.sending_stopped import gone_text
from alerts.sending.sent_document import sent_document
from alerts.sending.sent_signatures import answers_of, own_signatures, sent_of
from alerts.sending.withdrawal import void_withdrawals
from alerts.states import SENT, AlertState
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from ledger.audit import record_event
from officers.models import Officer
from peers.models import Agency
from peers.sent import DeliveryFact, deliveries_of
from vault import services
from vault.handing import is_gone

OWN_ALERT: Final = "own alert"


@dataclass(frozen=True)
class OutboxRow:
    """Sent alert in a list, with counts of its recipients: told, opened, acknowledged, `total`; `overdue`: past their time."""

    alert: Alert
    card: Card | None
    to: tuple[str, ...]
    told: int
    opened: int
    acknowledged: int
    total: int
    state_text: str
    standing: SignatureFacts
    overdue: int = 0


@dataclass(frozen=True)
class SentAlert:
    """Own sent alert as its page shows it; `log_index` is None until its receipt comes.

    `recipients` are those of this version, `receipts` those of the whole alert.
    """

    alert: Alert
    title: str = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)
    sections: list[Section] = field(repr=False)
    marking: Marking = field(repr=False)
    attachments: tuple[AttachmentShown, ...] = field(repr=False)
    recipients: tuple[Receipt, ...]
    receipts: Receipts
    ack_by: dt.datetime | None
    reply_by: dt.datetime | None
    replies: RepliesHeld | None = field(repr=False)
    """Replies to it, if it asks for an answer."""
    exp: dt.datetime
    log_index: int | None
    logged_at: dt.datetime | None
    standing: SignatureFacts
    named: tuple[str, ...] = ()
    """Officers whom a RED alert names, each as agency and id."""
    shows_answers: bool = True
    """False where the answers, and whether there are any, are for other officers (`alerts.red_readers`)."""


class OutboxFilters(TypedDict, total=False):
    """Filters of the outbox. `state` is released or withdrawn, `to` an agency id, `kind` an alert type."""

    state: str
    to: str
    kind: str
    lane: str
    pri: str


def outbox_filters(named: Mapping[str, Any]) -> OutboxFilters:
    """Return the filters among these names; pages and API both use it."""
    return OutboxFilters(
        state=named.get("state", ""),
        to=named.get("to", ""),
        kind=named.get("kind", ""),
        lane=named.get("lane", ""),
        pri=named.get("pri", ""),
    )


def list_sent(
    officer: Officer,
    *,
    cursor: str = "",
    limit: int = PAGE_ROWS,
    now: dt.datetime,
    **filters: Unpack[OutboxFilters],
) -> Page[OutboxRow]:
    """Return a page of sent alerts, newest first."""
    found = take_page(find_sent(officer, filters), by_moment("released_at"), cursor, limit)
    return found.page(outbox_rows(officer, found.rows, now=now), filtered=any(filters.values()))


def find_sent(officer: Officer, filters: OutboxFilters) -> AlertQuerySet:
    """Return every sent alert that the outbox shows the officer: the newest version of each, in no order."""
    require(officer, Capability.ALERT_READ)
    named = {name: filters[name] for name in ("lane", "pri") if filters.get(name)}
    state = filters.get("state")
    rows = sent_alerts(officer).filter(state__in=SENT & {state} if state else SENT, **named)
    rows = rows.filter(replaced_at=None)
    if to := filters.get("to"):
        sent = deliveries_of(officer.agency_id or "").filter(md=OuterRef("md"), recipient=to)
        rows = rows.filter(Exists(sent))
    if kind := filters.get("kind"):
        rows = rows.filter(sent_with_token(officer.agency, ("alert_type", kind)))
    return rows


def sent_alerts(officer: Officer) -> AlertQuerySet:
    """Return the sent alerts of the officer's agency that the officer may see."""
    return Alert.objects.visible_to(officer).filter(state__in=SENT, released_at__isnull=False)


def read_sent(officer: Officer, alert: Alert, *, now: dt.datetime) -> SentAlert:
    """Open a sent alert of the officer's own agency from its revision; audited like every opening."""
    require(officer, Capability.ALERT_READ)
    row = find_alert(officer, alert.pk)
    if row.state not in SENT:
        raise AbsentError
    content = read_revision(row)
    peers = VerifiedDirectory(row.agency_id, now)
    receipts = read_receipts(officer, row, peers=peers, now=now)
    sent, replies = receipts.terms, None
    if sent.reply_by is not None or row.question_change:
        versions = versions_seen(officer, row)
        replies = read_replies(officer, [version.md for version in versions], now=now)
        asking = versions_asking(versions)
        clocks = _clocks(officer, row, versions, receipts, now)
        given = answers_given(
            asking, replies, due=lambda agency: clocks[agency].due if agency in clocks else None
        )
        receipts = receipts.with_answers(
            given,
            asked_back(asking, replies, asker=row.agency_id),
            clocks if sent.reply_by is not None else {},
            content.data.get("for_attention") or (),
        )
    _record(officer, row, now)
    data = sent_document(row, content)
    return SentAlert(
        alert=row,
        title=str(data["title"]),
        document=data,
        sections=describe(data),
        marking=marking_of(row.tlp, data["handling"], data["handling_condition"]),
        attachments=tuple(
            AttachmentShown(n, note.filename, note.size) for n, note in enumerate(content.attachments)
        ),
        recipients=recipients_of(officer, row, receipts, due=sent.ack_by, now=now),
        receipts=receipts,
        ack_by=sent.ack_by,
        reply_by=sent.reply_by,
        replies=replies,
        exp=sent.exp,
        log_index=row.log_index,
        logged_at=row.logged_at,
        standing=own_signatures(officer, [row.md], peers=peers, now=now)[row.md],
        named=_named(content, tuple(fact.recipient for fact in sent.facts)),
        shows_answers=reads_answers(officer, row.tlp, content.data.get("reply_to") or ()),
    )


def _clocks(
    officer: Officer, row: Alert, versions: Sequence[Alert], receipts: Receipts, now: dt.datetime
) -> dict[str, AnswerClock]:
    """Return by agency the clock of its answer to this version or, where it asks no more, to the newest that asks."""
    asking, terms = row, receipts.terms
    if terms.reply_by is None:
        sent = sent_of(officer, [version.md for version in versions])
        asking = next((version for version in versions if sent[version.md].reply_by), row)
        terms = sent[asking.md]
    known = suspensions_of(row.agency_id, now=now)
    of_each = {one.agency: clock_of_sent(asking, terms, one.agency, known) for one in receipts.rows}
    return {agency: clock for agency, clock in of_each.items() if clock is not None}


def recipients_named(row: Alert) -> list[tuple[str, str]]:
    """Return id and name of each agency that this version was sent to, by name."""
    to = deliveries_of(row.agency_id).filter(md=row.md).values("recipient")
    return list(Agency.objects.filter(pk__in=to).order_by("name").values_list("pk", "name"))


def _named(content: DraftContent, to: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name.agency} {name.officer}" for name in names_of(content.data, to))


def open_sent_attachment(officer: Officer, alert: Alert, *, n: int, now: dt.datetime) -> AttachmentFile:
    """Open a file of an own sent alert from the envelope that was sent; raises `UnopenableError`.

    Not inside a transaction.
    """
    require(officer, Capability.ALERT_READ)
    return open_sent_file(officer, find_alert(officer, alert.pk), n=n, now=now)


def open_sent_file(officer: Officer, row: Alert, *, n: int, now: dt.datetime) -> AttachmentFile:
    """The same of an alert that was found for this officer, who may read it."""
    if is_gone(row.agency_id):
        raise UnopenableError(gone_text(), "")
    try:
        opened = fetch_and_open(officer, row.md, reason=OWN_ALERT, now=now)
        note = next((note for note in opened.attachments if note.n == n), None)
        if note is None:
            raise AbsentError
        data = services.open_attachment(opened, n, held_blob(officer, row.md, n, now=now))
    except EnvelopeError as failure:
        raise UnopenableError(own_failed_text(), "") from failure
    return AttachmentFile(note.fn, inert_media_type(note.fn, data), data)


def outbox_rows(officer: Officer, alerts: Sequence[Alert], *, now: dt.datetime) -> list[OutboxRow]:
    """Return cards, answers and standings for sent alerts of the officer's own agency, judged as of now."""
    mds = [alert.md for alert in alerts]
    cards = open_alert_cards(officer.agency_id or "", alerts)
    sent = sent_of(officer, mds)
    peers = VerifiedDirectory(officer.agency_id or "", now)
    answers = answers_of(officer, sent, peers=peers, now=now)
    standings = own_signatures(officer, mds, peers=peers, now=now)
    void = void_withdrawals(alerts, peers=peers, now=now)
    rows = []
    for alert in alerts:
        facts = [fact for fact, _ in answers[alert.md]]
        is_late = alert.state != AlertState.WITHDRAWN and is_past(sent[alert.md].ack_by, now)
        late = sum(fact.is_awaited for fact in facts) if is_late else 0
        row = _row(alert, cards.get(str(alert.pk)), facts, standings[alert.md], late)
        rows.append(replace(row, state_text=_("Withdrawal does not count")) if alert.md in void else row)
    return rows


def _row(
    alert: Alert, card: Card | None, facts: Sequence[DeliveryFact], standing: SignatureFacts, overdue: int
) -> OutboxRow:
    return OutboxRow(
        alert=alert,
        card=card,
        to=tuple(fact.recipient for fact in facts),
        told=sum(fact.told_at is not None for fact in facts),
        opened=sum(fact.opened_at is not None for fact in facts),
        acknowledged=sum(fact.acknowledged_at is not None for fact in facts),
        total=len(facts),
        state_text=standing.short or sent_text(alert),
        standing=standing,
        overdue=overdue,
    )


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
