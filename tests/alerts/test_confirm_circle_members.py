# SPDX-License-Identifier: Apache-2.0
"""A new agency of a circle receives nothing until an officer who checks alerts has confirmed it once."""

import pytest

from alerts.errors import AlertIncompleteError, ChangedSinceValidationError
from alerts.peers.newcomers import confirm_circle_member
from alerts.review.preview import circles_for, preview_recipients_of
from alerts.sending.release import release_alert
from callers.errors import InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import Officer
from tests.agreements import change_circle, record_circle
from tests.alerts.conftest import GOOD, Desks
from tests.builders import OPERATOR


@pytest.fixture
def circled(desks: Desks) -> Desks:
    """A circle of the laboratory and the health authority, which know each other; the operator records it."""
    members = [desks.lab.id, desks.health.id]
    record_circle(OPERATOR, name="Early Look", agreement="G1", members=members, now=desks.hub.now)
    return desks


def verdict(desks: Desks) -> tuple[bool, str, str]:
    data = {**GOOD, "lane": "science", "purpose": "prevent", "pri": "routine", "status": "actual"}
    chosen = {**data, "recipients": [desks.health.id]}
    row = preview_recipients_of(desks.lab.author, chosen, now=desks.hub.now).rows[0]
    return row.will, row.code, row.text


def confirm(desks: Desks, officer: Officer, circle: str = "Early Look") -> None:
    confirm_circle_member(officer, desks.health.agency, [circle], now=desks.hub.now)


def test_a_member_new_in_a_circle_stands_apart_and_gets_nothing(circled: Desks) -> None:
    will, code, text = verdict(circled)
    assert (will, code) == (False, "new-in-circle")
    assert f"new in Early Look since {circled.hub.now:%-d %b %Y}" in text
    with pytest.raises(AlertIncompleteError):
        circled.released(recipients=[circled.health.id])


def test_it_is_confirmed_once_by_who_checks_alerts(circled: Desks) -> None:
    with pytest.raises(NotPermittedError):
        confirm(circled, circled.lab.author)
    confirm(circled, circled.lab.releaser)
    assert verdict(circled) == (True, "", "")
    circled.released(recipients=[circled.health.id])
    assert verdict(circled)[0], "sending keeps the confirmation"
    with pytest.raises(InputError):
        confirm(circled, circled.lab.releaser)
    event = AuditEvent.objects.get(act="circle.member_confirmed")
    assert (event.agency, event.subject) == (circled.lab.id, circled.health.id)


def test_a_circle_recorded_after_the_check_stops_the_release(desks: Desks) -> None:
    alert = desks.validated(recipients=[desks.health.id])
    members = [desks.lab.id, desks.health.id]
    record_circle(OPERATOR, name="Late Look", agreement="G1", members=members, now=desks.hub.now)
    with pytest.raises(ChangedSinceValidationError):
        release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)


def test_another_circle_is_confirmed_by_itself(circled: Desks) -> None:
    confirm(circled, circled.lab.releaser)
    members = [circled.lab.id, circled.health.id]
    record_circle(OPERATOR, name="Late Look", agreement="G1", members=members, now=circled.hub.now)
    assert verdict(circled)[1] == "new-in-circle"
    with pytest.raises(InputError):
        confirm(circled, circled.lab.releaser, "A circle of others")


def test_who_joins_or_leaves_a_circle_is_judged_so_at_the_next_preview(circled: Desks) -> None:
    now = circled.hub.now
    change_circle(OPERATOR, name="Early Look", members=["xa-lab", "xe-drugs"], now=now)
    assert verdict(circled)[0], "it is out of the circle, and a party still"
    assert circles_for(circled.lab.author) == [("Early Look", ["xe-drugs"])]
    change_circle(OPERATOR, name="Early Look", members=["xa-lab", "xb-health"], now=now)
    assert verdict(circled)[1] == "new-in-circle"
    change_circle(OPERATOR, name="Early Look", members=[], now=now)
    assert verdict(circled)[0] and circles_for(circled.lab.author) == []
