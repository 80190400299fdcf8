# SPDX-License-Identifier: Apache-2.0
"""The inbox: what reached the agency, filtered and sorted in SQL on clear columns; one page's cards are opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from agencies.capabilities import Capability, require
from agencies.models import Officer
from alerts.cards import Card, open_received_cards
from alerts.models import CardToken, ReceivedAlert
from alerts.paging import PAGE_ROWS, Page, cut, number_before
from alerts.retractions import judge_retracts
from alerts.standing import judge_received
from alerts.tokens import tokens_of
from alerts.wording import ReceivedState, received_state, received_text
from sharing.deliveries import DeliveryFact
from sharing.models import Delivery


@dataclass(frozen=True)
class InboxRow:
    """`card` is None for RED, for own keys, for what could not be fetched yet, and for what is past `keep`."""

    received: ReceivedAlert
    card: Card | None
    state: ReceivedState
    state_text: str


def list_received(
    officer: Officer,
    *,
    cursor: str = "",
    unread: bool = False,
    overdue: bool = False,
    kind: str = "",
    lane: str = "",
    sender: str = "",
    exercise: bool | None = None,
    now: datetime,
) -> Page[InboxRow]:
    """A page of the inbox, newest first. `kind` is an alert type, `sender` an agency id."""
    require(officer, Capability.ALERT_READ)
    wanted = _status(unread=unread, overdue=overdue, now=now) & _columns(lane, sender, exercise)
    rows = ReceivedAlert.objects.visible_to(officer).filter(wanted, number_before(cursor))
    if kind:
        rows = rows.filter(_of_kind(officer, kind))
    page, has_more = cut(list(_with_deliveries(rows)[: PAGE_ROWS + 1]))
    return Page(
        tuple(inbox_rows(officer, page, now=now)),
        str(page[-1].number) if has_more else None,
        filtered=bool(unread or overdue or kind or lane or sender or exercise is not None),
    )


def inbox_rows(officer: Officer, received: Sequence[ReceivedAlert], *, now: datetime) -> list[InboxRow]:
    """Cards and states for rows of the officer's own agency, signatures and retracts judged as of now."""
    judge_received(received, now=now)
    judge_retracts(received, now=now)
    cards = open_received_cards(officer.agency_id or "", [row for row in received if row.keep > now])
    facts = own_facts(officer, [row.md for row in received])
    rows = []
    for row in received:
        state = received_state(row, facts.get(row.md), now)
        rows.append(InboxRow(row, cards.get(str(row.pk)), state, received_text(row, state)))
    return rows


def own_facts(officer: Officer, mds: Sequence[str]) -> dict[str, DeliveryFact]:
    """What the exchange knows of the agency's own deliveries; an own-key agency acknowledges there only."""
    names = tuple(DeliveryFact.__dataclass_fields__)
    columns = ["recipient_id" if name == "recipient" else name for name in names]
    rows = Delivery.objects.visible_to(officer).filter(envelope_id__in=list(mds))
    return {md: DeliveryFact(*facts) for md, *facts in rows.values_list("envelope_id", *columns)}


def _with_deliveries(rows: QuerySet[ReceivedAlert]) -> QuerySet[ReceivedAlert]:
    return rows.select_related("issuer", "agency").order_by("-number")


def _own_delivery(**facts: object) -> Exists:
    return Exists(
        Delivery.objects.filter(envelope_id=OuterRef("md"), recipient_id=OuterRef("agency_id"), **facts)
    )


def _status(*, unread: bool, overdue: bool, now: datetime) -> Q:
    wanted = Q()
    if unread:
        wanted &= Q(first_opened_at=None) & ~Q(_own_delivery(opened_at__isnull=False))
    if overdue:
        wanted &= still_to_acknowledge() & Q(ack_by__lte=now)
    return wanted


def still_to_acknowledge() -> Q:
    """A clock runs and nobody of the agency has acknowledged, here or with its own keys."""
    open_here = Q(acknowledged_at=None, withdrawn_at=None, unopenable=False, ack_by__isnull=False)
    return open_here & ~Q(_own_delivery(acknowledged_at__isnull=False))


def _columns(lane: str, sender: str, exercise: bool | None) -> Q:
    wanted = Q()
    if lane:
        wanted &= Q(lane=lane)
    if sender:
        wanted &= Q(issuer_id=sender)
    if exercise is not None:
        wanted &= ~Q(status="actual") if exercise else Q(status="actual")
    return wanted


def _of_kind(officer: Officer, kind: str) -> Q:
    """The kind is sealed: it is found by its token. An agency with its own keys has none here."""
    if officer.agency is None or not officer.agency.is_hosted:
        return Q(pk__in=[])
    tokens = tokens_of(officer.agency.pk, [("alert_type", kind)])
    found = CardToken.objects.filter(agency_id=officer.agency_id, token__in=tokens)
    return Q(pk__in=found.values("received_id"))
