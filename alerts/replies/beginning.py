# SPDX-License-Identifier: Apache-2.0
"""Start of a reply: a draft of kind reply, bound to the received alert that it answers; it is then reviewed like any draft.

The alert is opened for a reason, as for reading; its marking and its recipients are kept sealed with the draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.document.rules import CLOSED
from alerts.access import agency_of, find_alert, find_received
from alerts.document.fields import FIELDS
from alerts.document.kinds import REPLIES
from alerts.drafting.drafts import create_draft, read_draft
from alerts.errors import ReplyRefusedError
from alerts.locks import wait_for_lock
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import Card, open_alert_cards
from alerts.receiving.opening import OpenedView, open_alert
from alerts.receiving.retractions import judge_for_display
from alerts.red_readers import is_red
from alerts.replies.kinds import ANSWER, CLARIFICATION, PEER_REVIEW, REPLY, TITLES
from alerts.replies.rules import (
    FRAME,
    ON_PROFILES,
    check_names_readers,
    check_open_to_replies,
    closed_question,
    reply_title,
)
from alerts.replies.source import Source, seal_source, source_of
from alerts.rows.replies import Reply
from alerts.states import AlertState
from callers.capabilities import Capability, require
from callers.markings import strictest
from ledger.audit import record_event
from officers.models import Officer

BEGINNING: Final = "accord reply begins"
REVIEWED: Final = frozenset({"new_substance", "harm_cluster", "seizure", "request_for_information"})
"""Kinds of alert that identify a substance, which another laboratory can review."""


@dataclass(frozen=True)
class Opened:
    """Received alert, opened to be answered."""

    received: ReceivedAlert
    view: OpenedView
    source: Source


def open_to_answer(
    author: Officer, received: ReceivedAlert, *, reason: str, reference: str = "", now: datetime
) -> Opened:
    """Open an alert to answer it, for the reason given. Not inside a transaction.

    Raises `ReplyRefusedError`, and whatever keeps the alert closed.
    """
    require(author, Capability.ALERT_WRITE)
    agency = agency_of(author)
    row = judge_for_display(find_received(author, received.pk), now=now)
    check_open_to_replies(row, now=now)
    if row.replaced_by_id is not None:
        raise ReplyRefusedError("replaced", _("A newer version has replaced this one: answer the newest."))
    view = open_alert(author, row, reason=reason, reference=reference, now=now)
    source = source_of(view, agency.pk)
    check_names_readers(source)
    return Opened(view.received, view, source)


def start_reply(
    author: Officer,
    opened: Opened,
    *,
    alert_type: str,
    data: Mapping[str, Any],
    computed: Mapping[str, Any] | None = None,
    sample: Alert | None = None,
    now: datetime,
) -> Alert:
    """Draft a reply with the fields of `data`: marked like the alert it answers, and addressed to its sender.

    Only one unsent reply of a kind exists at a time: starting a second returns the first. `sample` is the own alert whose profile
    it is about.
    """
    if alert_type not in REPLIES:
        raise ReplyRefusedError("kind", _("Kind: choose a reply or a review."))
    if alert_type in (ANSWER, CLARIFICATION):
        _check_is_asked(opened.received)
    if alert_type == CLARIFICATION and opened.source.alert_type == CLARIFICATION:
        raise ReplyRefusedError("asked-back", _("They asked back: answer that, or call them."))
    if alert_type == PEER_REVIEW and opened.source.alert_type not in REVIEWED:
        raise ReplyRefusedError(
            "nothing", _("This alert identifies no substance: there is nothing to review.")
        )
    floor = strictest(opened.source.tlp, sample.tlp if sample else "")
    fields = prefilled(author, opened, alert_type) | {"tlp": floor} | dict(data)
    with transaction.atomic():
        # Of two officers who start the same reply at the same moment the second waits, and gets the first's.
        wait_for_lock(BEGINNING, f"{author.agency_id} {opened.source.md}")
        under_way = replies_under_way(author, opened.source.md, sample).get(alert_type)
        if under_way is not None:
            return under_way
        draft = create_draft(author, data=fields, computed=computed, floor=floor, now=now)
        draft.kind = REPLY
        draft.save(update_fields=["kind"])
        reply = Reply(
            agency=draft.agency, alert=draft, re_jti=opened.source.jti, re_md=opened.source.md, created_at=now
        )
        reply.sample, reply.source = sample, seal_source(reply, opened.source)
        reply.save(force_insert=True)
        record_event(
            "reply.drafted",
            actor=author.audit_name,
            agency=draft.agency_id,
            subject=str(draft.pk),
            detail={"answers": opened.received.reference},
            now=now,
        )
    return find_alert(author, draft.pk)


def _check_is_asked(received: ReceivedAlert) -> None:
    """Raise `ReplyRefusedError` where nothing is asked, or the agency has given its final answer."""
    if received.question_change == CLOSED:
        raise closed_question()
    if received.reply_by is None:
        raise ReplyRefusedError("no-question", _("This alert asks for no answer: reply in words."))
    if received.answered_at is not None:
        raise ReplyRefusedError("answered", _("Your agency has answered already: amend that answer."))


def replies_under_way(author: Officer, md: str, sample: Alert | None = None) -> dict[str, Alert]:
    """Return the unsent replies to this alert by their types: one of each at most."""
    waiting = Alert.objects.visible_to(author).filter(
        reply__re_md=md,
        reply__sample=sample,
        previous=None,
        state__in=(AlertState.DRAFT, AlertState.SUBMITTED, AlertState.VALIDATED),
    )
    rows = list(waiting.select_related("agency", "author").order_by())
    cards = open_alert_cards(author.agency_id or "", rows) if rows else {}
    return {_type_of(cards, row): row for row in rows}


def says(author: Officer, draft: Alert, said: Mapping[str, Any]) -> bool:
    """Tell whether a reply that is under way says the same already."""
    data = read_draft(author, draft).data
    return all(data.get(name) == value for name, value in said.items())


def prefilled(author: Officer, opened: Opened, alert_type: str) -> dict[str, Any]:
    """Return a reply's first fields: marking, lane and sender of the alert it answers, and no case of its own.

    One marked RED names who may open it, and its author for the answers to what it asks.
    """
    source = opened.source
    frame = {
        "alert_type": alert_type,
        "title": TITLES.get(alert_type) or reply_title(str(opened.view.title)),
        "status": source.status,
        "tlp": source.tlp,
        "handling": list(source.handling) or ["H0"],
        "handling_condition": source.condition or None,
        "lane": source.lane,
        "purpose": source.purpose,
        "recipients": [source.iss],
    }
    if is_red(source.tlp):
        frame["named_officers"] = list(source.reply_to)
        frame["reply_to"] = [author.public_id] if alert_type == CLARIFICATION else []
    if alert_type == PEER_REVIEW:
        names = ("preferred_name", "inchikey", "cas_rn", "structure")
        return frame | {name: opened.view.document.get(name) for name in names}
    if alert_type in ON_PROFILES:
        return no_case() | frame
    return frame


def no_case() -> dict[str, Any]:
    """Return every field that could disclose a case, as empty."""
    return {name: None for name, field in FIELDS.items() if name not in FRAME and not field.computed}


def _type_of(cards: Mapping[str, Card], row: Alert) -> str:
    card = cards.get(str(row.pk))
    return card.alert_type if card else ""
