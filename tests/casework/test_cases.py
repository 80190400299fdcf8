# SPDX-License-Identifier: Apache-2.0
"""Cases are seen by their unit, or by those whom they name, and hold alerts that open to nobody by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from alerts.drafting.templates import copy_received
from alerts.errors import CopyRefusedError
from alerts.models import ReceivedAlert
from alerts.receiving.following import tidy_received
from alerts.receiving.opening import OpeningReason, open_alert
from callers.errors import AbsentError, InputError, NotPermittedError
from casework.access import find_case, find_subject
from casework.cases import (
    CASES,
    add_item,
    case_with_number,
    change_case,
    close_case,
    items_of,
    list_cases,
    open_case,
    remove_item,
    reopen_case,
    review_case,
)
from casework.models import Case, CaseItem, Note, Unit
from casework.notes import notes_on, write_note
from casework.search import search_cases
from casework.timeline import timeline_of
from casework.units import save_unit
from ledger.models import AuditEvent
from officers.models import AgencyPolicy, Officer
from tests.bound_rows import rewrite
from tests.casework.conftest import facts, incoming
from tests.pages.desk_world import DeskWorld

MARKUP = "<script>alert(1)</script>"


def card_of(case: Case) -> Any:
    case.refresh_from_db()
    return CASES.open(case.agency_id, case.pk, case.sealed)


def test_a_case_is_seen_by_its_unit_alone(desk: DeskWorld, case: Case, piet: Officer) -> None:
    assert find_case(desk.benno, case.pk) == case
    for outside in (piet, desk.sunniva, desk.aroha, desk.edda):
        with pytest.raises(AbsentError):
            find_case(outside, case.pk)
    assert list_cases(desk.ilka, now=desk.hub.now).rows[0].card.number == "K 14/26"
    assert list_cases(piet, now=desk.hub.now).rows == ()


def test_a_case_of_named_officers_is_closed_to_the_rest_of_the_unit(
    desk: DeskWorld, unit: Unit, case: Case, piet: Officer
) -> None:
    changed = facts(desk, unit, access="named", named=[piet.public_id])
    change_case(desk.ilka, case, changed, now=desk.tick())
    assert find_case(piet, case.pk) == find_case(desk.ilka, case.pk)
    with pytest.raises(AbsentError):
        find_case(desk.benno, case.pk)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"number": " "}, "number"),
        ({"number": "K" * 61}, "number"),
        ({"title": "\u202eevil"}, "title"),
        ({"summary": "s" * 4001}, "summary"),
        ({"review_on": "past"}, "review_on"),
        ({"unit": "other"}, "unit"),
        ({"access": "named", "named": ["A" * 22]}, "named"),
    ],
)
def test_a_case_with_wrong_facts_is_refused_with_the_field(
    desk: DeskWorld, unit: Unit, changed: dict[str, Any], field: str
) -> None:
    if changed.get("unit") == "other":
        changed["unit"] = save_unit(desk.sunniva, None, name="Customs", members=[], now=desk.tick()).pk
    if "review_on" in changed:
        changed["review_on"] = desk.hub.now.date()
    with pytest.raises(InputError) as refused:
        open_case(desk.ilka, facts(desk, unit, **changed), now=desk.tick())
    assert refused.value.field == field and not Case.objects.exists()


def test_a_number_that_is_taken_asks_for_another_one_and_says_no_more(
    desk: DeskWorld, case: Case, piet: Officer
) -> None:
    other = save_unit(desk.sunniva, None, name="Customs", members=[piet.public_id], now=desk.tick())
    with pytest.raises(InputError, match="choose another one") as refused:
        open_case(piet, facts(desk, other, number="k  14/26"), now=desk.tick())
    assert refused.value.field == "number"
    assert case_with_number(piet, "K 14/26") is None
    assert case_with_number(desk.benno, " k 14/26") == case


def test_a_number_with_markup_is_a_number(desk: DeskWorld, unit: Unit) -> None:
    case = open_case(desk.ilka, facts(desk, unit, number=MARKUP), now=desk.tick())
    assert card_of(case).number == MARKUP
    assert MARKUP.encode() not in bytes(case.sealed)


def test_only_who_may_manage_cases_opens_closes_and_changes_them(
    desk: DeskWorld, unit: Unit, case: Case
) -> None:
    reader = desk.hub.make_officer(desk.lab, "reader", name="Ria Only")
    unit.members.add(reader)
    assert find_case(reader, case.pk) == case
    acts: tuple[Callable[[], object], ...] = (
        lambda: open_case(reader, facts(desk, unit, number="K 2"), now=desk.tick()),
        lambda: change_case(reader, case, facts(desk, unit), now=desk.tick()),
        lambda: close_case(reader, case, reason="over", now=desk.tick()),
        lambda: review_case(reader, case, next_on=None, now=desk.tick()),
    )
    for act in acts:
        with pytest.raises(NotPermittedError):
            act()


def test_a_case_is_closed_for_a_reason_and_takes_nothing_until_it_is_reopened(
    desk: DeskWorld, unit: Unit, case: Case
) -> None:
    received = incoming(desk)
    close_case(desk.benno, case, reason="Charges were dropped.", now=desk.tick())
    assert card_of(case).closed_for == "Charges were dropped."
    acts: tuple[Callable[[], object], ...] = (
        lambda: close_case(desk.benno, case, reason="again", now=desk.tick()),
        lambda: change_case(desk.ilka, case, facts(desk, unit), now=desk.tick()),
        lambda: add_item(desk.ilka, case, received, now=desk.tick()),
        lambda: write_note(desk.ilka, case, text="late", now=desk.tick()),
    )
    for act in acts:
        with pytest.raises(InputError):
            act()
    reopen_case(desk.ilka, case, now=desk.tick())
    assert card_of(case).closed_for == "" and card_of(case).summary == "Three sellers."
    add_item(desk.ilka, case, received, now=desk.tick())


def test_an_alert_in_a_case_is_shown_to_those_who_may_see_it_and_counted_for_them_alone(
    desk: DeskWorld, case: Case
) -> None:
    shown, hidden = incoming(desk), incoming(desk, tlp="AMBER", title="Nobody else")
    for one in (shown, hidden, shown):
        add_item(desk.benno, case, one, now=desk.tick())
    write_note(desk.benno, hidden, text="Between us.", now=desk.tick())
    assert len(items_of(desk.benno, case, now=desk.hub.now)) == 2
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), role_ceilings={"author": "GREEN"})
    ilka = Officer.objects.get(pk=desk.ilka.pk)
    (item,) = items_of(ilka, case, now=desk.hub.now)
    assert item.item.received == shown and item.card is not None
    acts = {act.act: act.times for act in timeline_of(ilka, case)}
    assert acts["case.item_added"] == 1
    assert {act.act: act.times for act in timeline_of(desk.benno, case)}["case.item_added"] == 2
    assert notes_on(ilka, hidden) == []
    with pytest.raises(AbsentError):
        find_subject(ilka, hidden.pk)


def test_an_alert_marked_red_goes_into_no_case_and_takes_no_note(desk: DeskWorld, case: Case) -> None:
    received = incoming(desk)
    ReceivedAlert.objects.filter(pk=received.pk).update(tlp="RED")
    received.refresh_from_db()
    acts: tuple[Callable[[], object], ...] = (
        lambda: add_item(desk.ilka, case, received, now=desk.tick()),
        lambda: write_note(desk.ilka, received, text="x", now=desk.tick()),
        lambda: find_subject(desk.ilka, received.pk),
    )
    for act in acts:
        with pytest.raises(InputError):
            act()


def test_a_note_that_quotes_h2_is_read_with_its_alert_alone_and_goes_nowhere(
    desk: DeskWorld, case: Case, piet: Officer
) -> None:
    quoted = "Nine collapses in one bar"
    received = incoming(desk, handling=["H2"], tlp="AMBER")
    add_item(desk.ilka, case, received, now=desk.tick())
    write_note(desk.ilka, received, text=quoted, now=desk.tick())
    assert [row.text for row in notes_on(piet, received)] == [quoted]
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), role_ceilings={"author": "GREEN"})
    assert notes_on(Officer.objects.get(pk=piet.pk), received) == []
    assert notes_on(desk.haitham, received) == []
    with pytest.raises(CopyRefusedError):
        copy_received(desk.ilka, received, reason=OpeningReason.ON_DUTY.value, now=desk.tick())
    assert quoted not in repr(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_an_item_leaves_a_tombstone_and_its_notes_stay_until_the_review(
    desk: DeskWorld, case: Case, sent: Any
) -> None:
    in_case, alone = incoming(desk), incoming(desk)
    add_item(desk.ilka, case, in_case, now=desk.tick())
    for one in (in_case, alone):
        write_note(desk.ilka, one, text="Same press as in May.", now=desk.tick())
    write_note(desk.ilka, case, text="Ask the prosecutor.", now=desk.tick())
    desk.hub.now = max(in_case.keep, alone.keep) + timedelta(seconds=1)
    tidy_received(now=desk.hub.now)
    (item,) = items_of(desk.ilka, case, now=desk.hub.now)
    assert item.is_gone and item.card is None
    assert Note.objects.filter(received=in_case).exists() and not Note.objects.filter(received=alone).exists()
    with pytest.raises(InputError):
        review_case(desk.ilka, case, next_on=None, now=desk.tick())
    later = desk.hub.now.date() + timedelta(days=30)
    assert review_case(desk.ilka, case, next_on=later, now=desk.tick()).review_on == later
    close_case(desk.ilka, case, reason="Over.", now=desk.tick())
    review_case(desk.ilka, case, next_on=None, now=desk.tick())
    assert not Note.objects.exists() and CaseItem.objects.count() == 1


def test_what_was_put_in_by_mistake_is_taken_out_and_the_timeline_tells_both(
    desk: DeskWorld, case: Case
) -> None:
    item = add_item(desk.ilka, case, incoming(desk), now=desk.tick())
    remove_item(desk.benno, case, item.pk, now=desk.tick())
    assert items_of(desk.ilka, case, now=desk.hub.now) == []
    told = [(act.act, act.who) for act in timeline_of(desk.ilka, case)]
    assert told == [
        ("case.item_removed", desk.benno.audit_name),
        ("case.item_added", desk.ilka.audit_name),
        ("case.opened", desk.ilka.audit_name),
    ]
    with pytest.raises(AbsentError):
        remove_item(desk.benno, case, item.pk, now=desk.tick())
    add_item(desk.ilka, case, incoming(desk), now=desk.tick())
    times = [(act.act, act.times) for act in timeline_of(desk.ilka, case)]
    assert times == [("case.item_added", 2), ("case.item_removed", 1), ("case.opened", 1)]


def test_a_note_is_corrected_once_and_stays(desk: DeskWorld, case: Case, piet: Officer) -> None:
    first = write_note(desk.ilka, case, text="Seen in May.", now=desk.tick())
    second = write_note(desk.benno, case, text="Seen in June.", supersedes=first.pk, now=desk.tick())
    shown = {row.note.pk: (row.text, row.is_superseded) for row in notes_on(desk.ilka, case)}
    assert shown == {first.pk: ("Seen in May.", True), second.pk: ("Seen in June.", False)}
    with pytest.raises(InputError):
        write_note(desk.ilka, case, text="Again.", supersedes=first.pk, now=desk.tick())
    with pytest.raises(AbsentError):
        write_note(piet, case, text="From outside.", now=desk.tick())


@pytest.mark.parametrize(
    ("text", "is_exact", "found"),
    [("k 14/26", True, 1), ("sellers BLUE", False, 1), ("prosecutor", False, 1), ("nothing like", False, 0)],
)
def test_a_case_is_found_by_its_number_and_by_words_of_its_card_and_notes(
    desk: DeskWorld, case: Case, piet: Officer, text: str, is_exact: bool, found: int
) -> None:
    write_note(desk.ilka, case, text="Ask the Prosecutor.", now=desk.tick())
    result = search_cases(desk.benno, text, now=desk.tick())
    assert (len(result.rows), result.is_exact) == (found, is_exact)
    assert search_cases(piet, text, now=desk.tick()).rows == ()
    events = AuditEvent.objects.filter(act="case.searched").order_by("seq")
    assert [event.detail for event in events] == [{"hits": found}, {"hits": 0}]


def test_a_reading_for_an_own_case_is_recorded_by_its_id(desk: DeskWorld, case: Case, piet: Officer) -> None:
    received = incoming(desk)
    for reader in (desk.ilka, piet):
        open_alert(reader, received, reason="case_number", reference="k 14/26", now=desk.tick())
    reasons = AuditEvent.objects.filter(act="alert.opened", subject=received.md).order_by("seq")
    assert [event.reason for event in reasons][-2:] == [
        f"case_number: case {case.pk}",
        "case_number: k 14/26",
    ]
