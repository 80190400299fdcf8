# SPDX-License-Identifier: Apache-2.0
"""Releases onward at the desk: prepared by one officer, released by another, shown on both sides, ended; emergencies are reviewed."""

from datetime import timedelta

import pytest

from alerts.boxes.search import Query, search_alerts
from alerts.errors import AccessEndedError, NotTakenError, SecondPersonNeededError, SendingStoppedError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from alerts.rows.onward import OnwardRelease
from alerts.sending.emergencies import (
    emergencies_to_review,
    find_emergency,
    review_emergency,
)
from alerts.sending.onward import (
    candidates_for,
    discard_release,
    end_release,
    prepare_release,
    prepared_of,
    release_onward,
    releases_of,
)
from callers.capabilities import Role
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from notices.models import Notification
from notices.states import Occasion
from officers.models import Officer
from sharing.models import LaneSuspension, Release
from tests.alerts.conftest import Desk, Desks, make_desk
from tests.stages import act

FLASH = {"pri": "flash", "lane": "public_health", "purpose": "public_health"}


@pytest.fixture
@act
def third(desks: Desks) -> Desk:
    """A third hosted agency, in one agreement with the health authority alone."""
    third = make_desk(desks.hub, "xf-customs", "Customs")
    desks.hub.sequence()
    desks.hub.make_agreement("G2", desks.health.id, third.id, emergency=True)
    third.agency.refresh_from_db()
    return third


@pytest.fixture
@act
def second(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.health.agency, Role.RELEASER, name="Orla Fenwick")


@pytest.fixture
def received(desks: Desks, third: Desk) -> ReceivedAlert:
    return desks.opened(recipients=[desks.health.id])


def prepare(desks: Desks, about: ReceivedAlert, third: Desk, **changes: object) -> OnwardRelease:
    until = desks.hub.now + timedelta(days=5)
    usual: dict[str, object] = {"recipients": [third.id], "until": until}
    return prepare_release(desks.health.releaser, about, **(usual | changes), now=desks.hub.now)  # type: ignore[arg-type]


def settle(desks: Desks, third: Desk) -> None:
    desks.hub.sequence()
    for desk in (desks.lab, desks.health, third):
        follow_feed(desk.agency, now=desks.hub.now)


def test_one_prepares_it_another_releases_it_and_all_three_see_it(
    desks: Desks, third: Desk, received: ReceivedAlert, second: Officer
) -> None:
    row = prepare(desks, received, third)
    assert [one.pk for one in prepared_of(second, received)] == [row.pk]
    with pytest.raises(SecondPersonNeededError):
        release_onward(desks.health.releaser, row, now=desks.hub.now)
    released = release_onward(second, row, now=desks.hub.now)
    assert prepared_of(second, received) == []
    settle(desks, third)
    theirs = ReceivedAlert.objects.get(agency=third.agency)
    assert (theirs.via, theirs.access_until) == ("xb-health", row.until)
    view = open_alert(third.reader, theirs, reason="on_duty", now=desks.hub.now)
    assert view.title == "Impregnated paper in a book"
    own = Alert.objects.get(md=received.md)
    for about in (received, own):
        (shown,) = releases_of(about)
        assert (shown.od, shown.by, shown.to) == (released.od, "Health Authority", ("Customs",))
    event = AuditEvent.objects.get(act="alert.released_onward")
    assert (event.agency, event.subject) == ("xb-health", received.md)
    assert event.detail["agencies"] == ["xf-customs"]


@pytest.mark.parametrize("by", ["releaser", "sender"])
def test_it_is_ended_by_either_and_closes_at_once(
    desks: Desks, third: Desk, received: ReceivedAlert, second: Officer, by: str
) -> None:
    released = release_onward(second, prepare(desks, received, third), now=desks.hub.now)
    settle(desks, third)
    theirs = ReceivedAlert.objects.get(agency=third.agency)
    open_alert(third.reader, theirs, reason="on_duty", now=desks.hub.now)
    if by == "releaser":
        end_release(second, received, released.od, code="condition", now=desks.hub.now)
    else:
        own = Alert.objects.get(md=received.md)
        end_release(desks.lab.releaser, own, released.od, code="error", now=desks.hub.now)
    settle(desks, third)
    with pytest.raises(AccessEndedError):
        open_alert(third.reader, theirs, reason="on_duty", now=desks.hub.now)
    assert releases_of(received)[0].ended_by == (
        "Health Authority" if by == "releaser" else "Forensic Laboratory"
    )


def test_it_closes_with_its_end(desks: Desks, third: Desk, received: ReceivedAlert, second: Officer) -> None:
    until = desks.hub.now + timedelta(hours=1)
    release_onward(second, prepare(desks, received, third, until=until), now=desks.hub.now)
    settle(desks, third)
    theirs = ReceivedAlert.objects.get(agency=third.agency)
    title = open_alert(third.reader, theirs, reason="on_duty", now=desks.hub.now).title
    assert search_alerts(third.reader, Query(title), now=desks.hub.now).hits == 1
    over = desks.hub.later(hours=1)
    with pytest.raises(AccessEndedError):
        open_alert(third.reader, theirs, reason="on_duty", now=over)
    assert search_alerts(third.reader, Query(title), now=over).hits == 0


def test_its_own_sender_releases_it_to_further_agencies(desks: Desks) -> None:
    alert = desks.released(tlp="AMBER", recipients=[desks.health.id])
    desks.settle()
    other = desks.hub.make_officer(desks.lab.agency, Role.RELEASER, name="Wanda Ferro")
    until = desks.hub.now + timedelta(days=2)
    row = prepare_release(desks.lab.author, alert, recipients=[desks.own.id], until=until, now=desks.hub.now)
    release_onward(other, row, now=desks.hub.now)
    desks.hub.sequence()
    assert Release.objects.get().iss == "xa-lab"
    assert [one.to for one in releases_of(alert)] == [(desks.own.row.name,)]


def test_what_the_sender_forbids_is_not_prepared(desks: Desks, third: Desk) -> None:
    kept = desks.opened(tlp="AMBER")
    with pytest.raises(SendingStoppedError) as stopped:
        prepare(desks, kept, third)
    assert "call the sender" in stopped.value.text


def test_candidates_say_who_will_receive_it_and_why_not(
    desks: Desks, third: Desk, received: ReceivedAlert
) -> None:
    found = candidates_for(desks.health.releaser, received, now=desks.hub.now)
    assert {row.agency: (row.will, row.code) for row in found.rows} == {
        "xa-lab": (False, "not-onward"),
        "xd-stranger": (False, "no-agreement"),
        "xe-drugs": (True, ""),
        "xf-customs": (True, ""),
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipients": []}, "recipients"),
        ({"recipients": ["xd-stranger"]}, "recipients"),
        ({"purpose": "weather"}, "purpose"),
        ({"until": None}, "until"),
        ({"is_emergency": True}, "is_emergency"),
    ],
)
def test_what_cannot_be_released_is_not_prepared(
    desks: Desks, third: Desk, received: ReceivedAlert, changes: dict[str, object], field: str
) -> None:
    if changes.get("until", 0) is None:
        changes = {"until": desks.hub.now}
    with pytest.raises(InputError) as refused:
        prepare(desks, received, third, **changes)
    assert refused.value.field == field
    assert not OnwardRelease.objects.exists()


def test_what_was_prepared_is_discarded_and_is_absent_then(
    desks: Desks, third: Desk, received: ReceivedAlert, second: Officer
) -> None:
    row = prepare(desks, received, third)
    discard_release(desks.health.releaser, row, now=desks.hub.now)
    with pytest.raises(AbsentError):
        release_onward(second, row, now=desks.hub.now)


def test_others_and_readers_neither_see_nor_release_it(
    desks: Desks, third: Desk, received: ReceivedAlert
) -> None:
    row = prepare(desks, received, third)
    assert prepared_of(third.releaser) == []
    with pytest.raises(AbsentError):
        release_onward(third.releaser, row, now=desks.hub.now)
    with pytest.raises(NotPermittedError):
        release_onward(desks.health.reader, row, now=desks.hub.now)


def test_a_refusal_by_the_exchange_makes_it_prepared_again(
    desks: Desks,
    third: Desk,
    received: ReceivedAlert,
    second: Officer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lane is suspended between the preview and the release."""
    row = prepare(desks, received, third)
    monkeypatch.setattr("alerts.sending.onward._require_will", lambda *_: None)
    LaneSuspension.objects.create(
        agency_id="xf-customs", peer_id="xb-health", lane=received.lane, suspended_at=desks.hub.now
    )
    with pytest.raises(NotTakenError):
        release_onward(second, row, now=desks.hub.now)
    assert [one.pk for one in prepared_of(second, received)] == [row.pk]
    assert releases_of(received) == []


# --- emergencies -----------------------------------------------------------------------------------------


def test_an_emergency_is_told_to_all_three_at_once_and_reviewed_by_somebody_else(
    desks: Desks, third: Desk, second: Officer
) -> None:
    received = desks.opened(recipients=[desks.health.id], **FLASH)
    auditors = {
        desk.id: desks.hub.make_officer(desk.agency, Role.AUDITOR, name="Ada Quill")
        for desk in (desks.lab, desks.health, third)
    }
    row = prepare(desks, received, third, is_emergency=True)
    released = release_onward(second, row, now=desks.hub.now)
    settle(desks, third)
    told = Notification.objects.filter(occasion=Occasion.EMERGENCY)
    assert {notice.officer_id for notice in told} >= {officer.pk for officer in auditors.values()}

    auditor = auditors["xb-health"]
    (waits,) = emergencies_to_review(auditor)
    assert (waits.may_review, waits.row.review_by) == (True, desks.hub.now + timedelta(hours=24))
    assert emergencies_to_review(auditors["xf-customs"]) == []
    for text in ("", "x" * 2001):
        with pytest.raises(InputError):
            review_emergency(auditor, released.pk, is_justified=True, text=text, now=desks.hub.now)
    review_emergency(
        auditor, released.pk, is_justified=False, text="Could have waited for the sender.", now=desks.hub.now
    )
    assert emergencies_to_review(auditor) == []
    kept = find_emergency(auditor, released.pk)
    assert (kept.row.is_justified, kept.text) == (False, "Could have waited for the sender.")
    assert b"waited" not in bytes(kept.row.review or b"")
    event = AuditEvent.objects.get(act="alert.emergency_reviewed")
    assert (event.subject, event.detail) == (released.od, {"justified": False})
    with pytest.raises(AbsentError):
        review_emergency(auditor, released.pk, is_justified=True, text="Again.", now=desks.hub.now)


def test_who_took_part_in_an_emergency_does_not_review_it(desks: Desks, third: Desk) -> None:
    received = desks.opened(recipients=[desks.health.id], **FLASH)
    both = desks.hub.make_officer(desks.health.agency, Role.RELEASER, Role.AUDITOR, name="Orla Fenwick")
    released = release_onward(both, prepare(desks, received, third, is_emergency=True), now=desks.hub.now)
    (waits,) = emergencies_to_review(both)
    assert not waits.may_review
    with pytest.raises(SecondPersonNeededError):
        review_emergency(both, released.pk, is_justified=True, text="Mine.", now=desks.hub.now)
    with pytest.raises(NotPermittedError):
        review_emergency(desks.health.reader, released.pk, is_justified=True, text="Read.", now=desks.hub.now)
