# SPDX-License-Identifier: Apache-2.0
"""An emergency among three: one writes by command, a desk releases its alert to another command, past a suspension, and is reviewed."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from accord.client.client import Client
from accord.client.errors import RefusedError
from accord.client.releasing import OnwardOrder
from alerts.models import ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.sending.emergencies import (
    emergencies_to_review,
    review_emergency,
)
from alerts.sending.onward import (
    prepare_release,
    release_onward,
    releases_of,
)
from callers.capabilities import Role
from callers.errors import InputError
from ledger.models import AuditEvent
from notices.models import Notification
from notices.states import Occasion
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.desks import AtDesk, desk_and_two, two_by_command
from tests.client.test_agreement_at_a_desk import agree, learn, terms
from tests.peers import compare_each_other

FLASH = {"lane": "public_health", "purpose": "public_health", "pri": "flash", "rel": "recipients"}


@pytest.fixture
def desk(world: PartnerWorld, settings: Settings) -> AtDesk:
    settings.OWN_DESK = True
    return desk_and_two(world)


def sign_agreement(world: PartnerWorld, desk: AtDesk, *, emergency: bool) -> None:
    """Take the fingerprints as compared, and sign an agreement of the three."""
    agreed = terms(
        world,
        lanes=frozenset({"public_health", "science"}),
        purposes=frozenset({"prevent", "public_health"}),
        survive_lanes=frozenset(),
        emergency=emergency,
    )
    compare_each_other(["xa-alpha", desk.agency.pk, "xc-charlie"], now=world.hub.now)
    agree(world, desk, agreed)


def opened_before_a_suspension(world: PartnerWorld, desk: AtDesk, sender: Client) -> ReceivedAlert:
    """Send an alert to the desk, suspend its lane with the third, and have a reader open it."""
    sent = sender.submit(alert_to(desk.agency.pk, **FLASH), wait_secs=10)
    sender.suspend(["xc-charlie"], ["public_health"], why="political")
    learn(world, desk.agency)
    row = ReceivedAlert.objects.get(md=sent.md)
    reader = world.hub.make_officer(desk.agency, Role.READER, name="Sunniva Okparel")
    open_alert(reader, row, reason="on_duty", now=world.hub.now)
    return row


def test_it_passes_the_suspension_and_all_three_are_told_and_it_is_reviewed(
    world: PartnerWorld, desk: AtDesk
) -> None:
    sign_agreement(world, desk, emergency=True)
    alpha, charlie = two_by_command(world)
    row = opened_before_a_suspension(world, desk, alpha)
    first, second = (
        world.hub.make_officer(desk.agency, Role.RELEASER, name=name)
        for name in ("Benno Ashgrove", "Orla Fenwick")
    )
    auditor = world.hub.make_officer(desk.agency, Role.AUDITOR, name="Ada Quill")
    until = world.hub.now + timedelta(days=2)
    with pytest.raises(InputError, match="cannot be released"):
        prepare_release(first, row, recipients=["xc-charlie"], until=until, now=world.hub.now)
    prepared = prepare_release(
        first, row, recipients=["xc-charlie"], until=until, is_emergency=True, now=world.hub.now
    )
    released = release_onward(second, prepared, now=world.hub.now)
    learn(world, desk.agency)

    opened = charlie.open(row.md)
    assert (opened.releases[0].by, opened.marks) == ("xb-own", ("released-onward",))
    (told,) = [
        entry.statement for entry in alpha.inbox() if entry.statement and entry.statement.k == "release"
    ]
    assert (told.od, told.body["code"]) == (released.od, "emergency")
    assert Notification.objects.filter(occasion=Occasion.EMERGENCY, officer=auditor).count() == 1
    (shown,) = releases_of(row)
    assert shown.is_emergency and shown.is_open(world.hub.now)

    (waits,) = emergencies_to_review(auditor)
    assert released.released_at is not None
    assert waits.row.review_by == released.released_at + timedelta(hours=24)
    review_emergency(
        auditor, released.pk, is_justified=True, text="Three deaths that night.", now=world.hub.now
    )
    assert AuditEvent.objects.filter(act="alert.emergency_reviewed", subject=released.od).exists()

    alpha.unrelease(released.od, code="legal")
    world.sequence()
    with pytest.raises(RefusedError) as closed:
        charlie.open(row.md)
    assert closed.value.slug == "access-ended"


def test_where_it_is_not_agreed_it_is_refused_at_the_desk_and_by_command(
    world: PartnerWorld, desk: AtDesk
) -> None:
    sign_agreement(world, desk, emergency=False)
    alpha, charlie = two_by_command(world)
    row = opened_before_a_suspension(world, desk, alpha)
    officer = world.hub.make_officer(desk.agency, Role.RELEASER, name="Benno Ashgrove")
    until = world.hub.now + timedelta(days=2)
    with pytest.raises(InputError, match="says that you may release in an emergency"):
        prepare_release(
            officer, row, recipients=["xc-charlie"], until=until, is_emergency=True, now=world.hub.now
        )
    with pytest.raises(RefusedError) as refused:
        alpha.release_onward(row.md, OnwardOrder(["xc-charlie"], int(until.timestamp()), emergency=True))
    assert refused.value.members["denials"][0]["code"] == "emergency-not-agreed"
    assert [entry for entry in charlie.inbox() if entry.what == "envelope"] == []
