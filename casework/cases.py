# SPDX-License-Identifier: Apache-2.0
"""Cases: opened, changed, closed, reopened and reviewed by those who see them, and the alerts that are put into them.

    open <-> closed, with a reason

Whoever is outside a case does not learn that its number exists: a clash of numbers asks for another number.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.boxes.paging import PAGE_ROWS, Page, by_moment, take_page
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import Card, open_alert_cards, open_received_cards
from alerts.projections.tokens import fold, tokens_of
from alerts.receiving.opening import MAX_CASE_CHARS
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.rows import one_of
from casework.access import (
    Subject,
    check_not_red,
    checked_day,
    checked_text,
    find_colleague,
    find_unit,
    lock_case,
)
from casework.models import Case, CaseAccess, CaseItem, CaseState, Note, Unit
from ledger.audit import record_event
from officers.models import Officer
from vault.sealed_store import SealedStore, as_json, dataclass_of

TITLE_AT_MOST: Final = 120
ITEMS_AT_MOST: Final = 200
OWN_AT_MOST: Final = 50
"""Limit of cases that are offered for a choice, newest first."""


@dataclass(frozen=True)
class CaseCard:
    """Content of a case as officers wrote it. `closed_for` is empty while it is open."""

    number: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    summary: str = field(default="", repr=False)
    closed_for: str = field(default="", repr=False)
    is_damaged: bool = False


CASES: Final = SealedStore[CaseCard]("case", lambda card: as_json(asdict(card)), dataclass_of(CaseCard))


@dataclass(frozen=True)
class CaseFacts:
    """Facts of a case as a form gives them. `named` are public ids of officers, for access "named"."""

    number: str = field(repr=False)
    title: str = field(repr=False)
    review_on: dt.date
    unit: uuid.UUID
    summary: str = field(default="", repr=False)
    access: str = CaseAccess.UNIT
    named: Sequence[str] = ()


@dataclass(frozen=True)
class CaseRow:
    """Case, opened."""

    case: Case
    card: CaseCard


@dataclass(frozen=True)
class ItemShown:
    """Alert in a case. `is_gone`: its content was deleted after its `keep`, and this is what is left."""

    item: CaseItem
    card: Card | None
    is_gone: bool


def list_cases(
    officer: Officer,
    *,
    whose: str = "unit",
    state: str = "",
    cursor: str = "",
    limit: int = PAGE_ROWS,
    now: dt.datetime,
) -> Page[CaseRow]:
    """Return a page of the cases that the officer may see, the last changed first; `whose` is "mine", "unit" or "review"."""
    require(officer, Capability.CASE_READ)
    rows = Case.objects.visible_to(officer).select_related("unit", "officer")
    if whose == "mine":
        rows = rows.filter(officer=officer)
    elif whose == "review":
        rows = rows.filter(review_on__lte=now.date())
    if state:
        rows = rows.filter(state=state)
    found = take_page(rows, by_moment("changed_at"), cursor, limit)
    return found.page(open_cases(officer, found.rows), filtered=bool(state) or whose != "unit")


def open_cases(officer: Officer, rows: Sequence[Case]) -> list[CaseRow]:
    """Return these cases of the officer's agency with their content; one that does not open is damaged."""
    cards = CASES.open_many(officer.agency_id or "", [(row.pk, 1, row.sealed) for row in rows])
    return [CaseRow(row, card or CaseCard(is_damaged=True)) for row, card in zip(rows, cards, strict=True)]


def own_cases(officer: Officer) -> list[CaseRow]:
    """Return the newest open cases that the officer may see, for a choice."""
    rows = Case.objects.visible_to(officer).filter(state=CaseState.OPEN)
    return open_cases(officer, list(rows.order_by("-changed_at", "-pk")[:OWN_AT_MOST]))


def case_with_number(officer: Officer, number: str) -> Case | None:
    """Return the case with this number, if the officer may see it."""
    if not number.strip() or Capability.CASE_READ not in officer.capabilities or not officer.agency_id:
        return None
    return one_of(Case.objects.visible_to(officer).filter(number_token=_token(officer.agency_id, number)))


def recorded_reference(officer: Officer, reference: str) -> str:
    """Return the reference under which a reading is recorded: the case's id where it is the number of an own case."""
    case = case_with_number(officer, reference)
    return f"case {case.pk}" if case else reference


def open_case(officer: Officer, facts: CaseFacts, *, now: dt.datetime) -> Case:
    """Open a case in a unit that the officer belongs to, who is in charge of it. Raises NotPermittedError, `InputError`."""
    require(officer, Capability.CASE_MANAGE)
    agency = agency_of(officer)
    case = Case(agency=agency, officer=officer, opened_at=now)
    with transaction.atomic():
        return _store(officer, case, facts, "case.opened", now)


def change_case(officer: Officer, case: Case, facts: CaseFacts, *, now: dt.datetime) -> Case:
    """Change the facts of an open case. Raises NotPermittedError, AbsentError, `InputError`."""
    require(officer, Capability.CASE_MANAGE)
    with transaction.atomic():
        return _store(officer, lock_case(officer, case), facts, "case.changed", now)


def _store(officer: Officer, case: Case, facts: CaseFacts, act: str, now: dt.datetime) -> Case:
    """Check and write the facts of a new or a locked case."""
    card = CaseCard(
        number=checked_text("number", facts.number, at_most=MAX_CASE_CHARS, lines=False),
        title=checked_text("title", facts.title, at_most=TITLE_AT_MOST, lines=False),
        summary=checked_text("summary", facts.summary) if facts.summary.strip() else "",
    )
    if case.unit_id != facts.unit:
        case.unit = _unit_of(officer, facts.unit)
    if case.review_on != facts.review_on:
        case.review_on = checked_day("review_on", facts.review_on, officer, now)
    case.access, case.changed_at = CaseAccess(facts.access), now
    people = _named(officer, case, facts)
    case.number_token, case.sealed = (
        _token(case.agency_id, card.number),
        CASES.seal(case.agency_id, case.pk, card),
    )
    try:
        with transaction.atomic():
            case.save()
    except IntegrityError:
        raise InputError("number", _("Number: choose another one.")) from None
    case.named.set(people)
    _record(act, officer, case, now, unit=str(case.unit_id), access=case.access)
    return case


def _unit_of(officer: Officer, unit_id: uuid.UUID) -> Unit:
    try:
        unit: Unit | None = find_unit(officer, unit_id)
    except AbsentError:
        unit = None
    if unit is None or not unit.members.filter(pk=officer.pk).exists():
        raise InputError("unit", _("Unit: choose one that you belong to."))
    return unit


def _named(officer: Officer, case: Case, facts: CaseFacts) -> list[Officer]:
    """Return the officers whom the facts name; whoever names them stays among them, and keeps the case in sight."""
    if case.access != CaseAccess.NAMED:
        return []
    return [*(find_colleague(officer, one, "named") for one in dict.fromkeys(facts.named)), officer]


def close_case(officer: Officer, case: Case, *, reason: str, now: dt.datetime) -> Case:
    """Close a case for a reason. Raises NotPermittedError, AbsentError, `InputError`."""
    return _set_state(officer, case, CaseState.CLOSED, checked_text("reason", reason), "case.closed", now)


def reopen_case(officer: Officer, case: Case, *, now: dt.datetime) -> Case:
    """Open a closed case again. Raises NotPermittedError, AbsentError, `InputError`."""
    return _set_state(officer, case, CaseState.OPEN, "", "case.reopened", now)


def _set_state(
    officer: Officer, case: Case, state: CaseState, reason: str, act: str, now: dt.datetime
) -> Case:
    require(officer, Capability.CASE_MANAGE)
    with transaction.atomic():
        locked = lock_case(officer, case, open_only=False)
        if locked.state == state:
            raise InputError("case", _("Somebody else has just done this. Load the page again."))
        card = CASES.open(locked.agency_id, locked.pk, locked.sealed)
        locked.sealed = CASES.seal(locked.agency_id, locked.pk, replace(card, closed_for=reason))
        locked.state, locked.changed_at = state, now
        locked.save(update_fields=["sealed", "state", "changed_at"])
        _record(act, officer, locked, now)
    return locked


def review_case(officer: Officer, case: Case, *, next_on: dt.date | None, now: dt.datetime) -> Case:
    """Keep the notes of a case until its next review, or delete them: with `next_on` None, for a closed case only.

    Notes on alerts of the case whose content is gone are deleted with them. Raises NotPermittedError, AbsentError, `InputError`.
    """
    require(officer, Capability.CASE_MANAGE)
    with transaction.atomic():
        locked = lock_case(officer, case, open_only=False)
        if next_on is not None:
            locked.review_on = checked_day("next_on", next_on, officer, now)
            locked.save(update_fields=["review_on"])
        elif locked.state != CaseState.CLOSED:
            raise InputError("next_on", _("Next review: name the day, or close the case first."))
        else:
            gone = ReceivedAlert.objects.filter(keep__lte=now, pk__in=locked.items.values("received"))
            Note.objects.filter(Q(case=locked) | Q(received__in=gone)).delete()
        _record("case.reviewed", officer, locked, now, kept=next_on is not None)
    return locked


def add_item(officer: Officer, case: Case, subject: Subject, *, now: dt.datetime) -> CaseItem:
    """Put an alert into an open case; it opens nothing to anybody. Again changes nothing. Raises AbsentError, `InputError`."""
    require(officer, Capability.CASE_READ)
    check_not_red(subject)
    with transaction.atomic():
        locked = lock_case(officer, case)
        about = about_of(subject)
        held = CaseItem.objects.visible_to(officer).filter(case=locked, removed_at=None, **about).first()
        if held is not None:
            return held
        if locked.items.filter(removed_at=None).count() >= ITEMS_AT_MOST:
            raise InputError("subject", _("A case holds up to %(most)s alerts.") % {"most": ITEMS_AT_MOST})
        item = CaseItem.objects.create(case=locked, added_by=officer, added_at=now, **about)
        _touch(locked, now)
        _record("case.item_added", officer, locked, now, item=str(item.pk))
    return item


def remove_item(officer: Officer, case: Case, item_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Take an alert out of an open case. Raises AbsentError, `InputError`."""
    require(officer, Capability.CASE_READ)
    with transaction.atomic():
        locked = lock_case(officer, case)
        held = CaseItem.objects.visible_to(officer).filter(case=locked, removed_at=None)
        item = one_of(held.filter(pk=item_id))
        if item is None:
            raise AbsentError
        item.removed_at = now
        item.save(update_fields=["removed_at"])
        _touch(locked, now)
        _record("case.item_removed", officer, locked, now, item=str(item.pk))


def items_of(officer: Officer, case: Case, *, now: dt.datetime) -> list[ItemShown]:
    """Return the alerts in a case that the officer may see, the last added first."""
    rows = CaseItem.objects.visible_to(officer).filter(case=case, removed_at=None)
    items = list(rows.select_related("received__issuer", "alert", "added_by")[:ITEMS_AT_MOST])
    cards = cards_of(officer, (item.received or item.alert for item in items), now=now)
    return [_shown(item, cards, now) for item in items]


def cards_of(officer: Officer, subjects: Iterable[Subject | None], *, now: dt.datetime) -> Mapping[str, Card]:
    """Return the cards of these alerts of the officer's agency by id; none after `keep`."""
    rows = list(subjects)
    received = [row for row in rows if isinstance(row, ReceivedAlert) and row.keep > now]
    own = [row for row in rows if isinstance(row, Alert)]
    agency_id = officer.agency_id or ""
    return {**open_received_cards(agency_id, received), **open_alert_cards(agency_id, own)}


def _shown(item: CaseItem, cards: Mapping[str, Card], now: dt.datetime) -> ItemShown:
    is_gone = item.received is not None and item.received.keep <= now
    return ItemShown(item, cards.get(str(item.received_id or item.alert_id)), is_gone)


def cases_holding(officer: Officer, subject: Subject) -> QuerySet[Case]:
    """Return the cases with this alert that the officer may see."""
    items = CaseItem.objects.filter(removed_at=None, **about_of(subject))
    return Case.objects.visible_to(officer).filter(pk__in=items.values("case"))


def about_of(subject: Subject | None) -> dict[str, Subject]:
    """Return the column that names this alert, with it."""
    if subject is None:
        return {}
    return {"received" if isinstance(subject, ReceivedAlert) else "alert": subject}


def _touch(case: Case, now: dt.datetime) -> None:
    case.changed_at = now
    case.save(update_fields=["changed_at"])


def _token(agency_id: str, number: str) -> bytes:
    return tokens_of(agency_id, [("case_number", fold(" ".join(number.split())))])[0]


def _record(act: str, officer: Officer, case: Case, now: dt.datetime, **detail: object) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=case.agency_id,
        subject=str(case.pk),
        detail=detail,
        now=now,
    )
