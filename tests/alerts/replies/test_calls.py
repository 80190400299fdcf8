# SPDX-License-Identifier: Apache-2.0
"""Telephone calls about an alert: noted on either side, read by the own agency alone, and no answer."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.boxes.overdue import read_overdue
from alerts.models import ReceivedAlert
from alerts.receiving.forgetting import forget_cards
from alerts.replies.calls import agencies_called, calls_about, note_call
from alerts.rows.calls import CallNote
from callers.actors import SystemActor
from callers.errors import AbsentError, InputError
from ledger.models import AuditEvent
from tests.alerts.replies.test_answers import ask, overdue, sent_answer, state
from tests.pages.desk_world import DeskWorld

SAID = "Spoke to the duty officer: the sample is on its way."


def test_each_side_notes_its_own_call_which_answers_nothing(desk: DeskWorld) -> None:
    asked = ask(desk)
    received = desk.received(desk.aroha)
    desk.hub.now += timedelta(days=2)
    at = desk.hub.now - timedelta(minutes=5)
    note_call(desk.aroha, received, called_at=at, text=SAID, now=desk.tick())
    note_call(desk.ilka, asked, agency="xb-health", called_at=at, text="Nobody there.", now=desk.tick())
    (ours,) = calls_about(desk.aroha, received)
    (theirs,) = calls_about(desk.ilka, asked)
    assert (ours.agency, ours.text, ours.noted_by) == ("xa-lab", SAID, desk.aroha.display_name)
    assert (theirs.agency, theirs.text, theirs.called_at) == ("xb-health", "Nobody there.", at)
    assert (state(desk), overdue(desk)) == ("overdue", [received.reference])
    we_owe = read_overdue(desk.aroha, now=desk.hub.now).we_owe
    assert {one.called and one.called.called_at for one in we_owe} == {at}
    called = {one.agency.pk: one.called for one in read_overdue(desk.ilka, now=desk.hub.now).they_owe}
    assert called["xb-health"] is not None and called["xd-reg"] is None
    events = AuditEvent.objects.filter(act="alert.call_noted")
    assert [event.detail for event in events.order_by("pk")] == [
        {"agency": "xa-lab"},
        {"agency": "xb-health"},
    ]
    assert not any(SAID.encode() in bytes(note.sealed) for note in CallNote.objects.all())


def test_another_agency_neither_reads_nor_notes(desk: DeskWorld) -> None:
    asked, received = ask(desk), desk.received(desk.aroha)
    for officer, about in ((desk.ilka, received), (desk.aroha, asked)):
        with pytest.raises(AbsentError):
            note_call(officer, about, agency="xb-health", called_at=desk.hub.now, text=SAID, now=desk.tick())
        assert calls_about(officer, about) == []


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("agency", {"agency": "xa-lab"}),
        ("called_at", {"in_minutes": 10}),
        ("called_at", {"in_minutes": -600}),
        ("text", {"text": "  "}),
        ("text", {"text": "x" * 1_001}),
        ("text", {"text": "hidden \u202e"}),
    ],
)
def test_a_bad_note_names_its_field(desk: DeskWorld, field: str, wrong: dict[str, Any]) -> None:
    asked = ask(desk)
    minutes, given = wrong.pop("in_minutes", 0), {"agency": "xb-health", "text": SAID} | wrong
    with pytest.raises(InputError) as refused:
        at = desk.hub.now + timedelta(minutes=minutes)
        note_call(desk.ilka, asked, called_at=at, **given, now=desk.hub.now)
    assert refused.value.field == field and agencies_called(asked) == set()


def test_notes_about_a_received_alert_go_with_its_card(desk: DeskWorld) -> None:
    ask(desk)
    received = desk.received(desk.aroha)
    note_call(desk.aroha, received, called_at=desk.tick(), text=SAID, now=desk.tick())
    sent_answer(desk)
    ReceivedAlert.objects.filter(pk=received.pk).update(keep=desk.hub.now)
    forget_cards(SystemActor("system:desk-worker"), now=desk.tick())
    assert not CallNote.objects.exists()
