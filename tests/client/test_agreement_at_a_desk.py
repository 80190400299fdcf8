# SPDX-License-Identifier: Apache-2.0
"""An agreement among three, of which one works at a desk and two by command, from its proposal to the leaving of one."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from pytest_django import Settings

from accord.agreements import VersionState
from accord.client.client import Client
from accord.client.errors import RefusedError
from accord.document.agreement_texts import agreement_text
from alerts.agency.agreement_versions import (
    Terms,
    answer_version,
    propose_agreement,
    text_of_version,
    version_of,
    version_signed,
    versions_of,
)
from alerts.agency.agreements import agreement_of
from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.peers.agreements import ask_for_agreements
from alerts.receiving.following import follow_feed
from callers.actors import SystemActor
from peers.models import Agency
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.desks import (
    AtDesk,
    desk_and_two,
    two_by_command,
)
from tests.own_desk import compare_by_hand

REF = "ABC 2027-1"
OWED = {
    "by": "xb-own",
    "to": "xc-charlie",
    "what": "spectra",
    "every": {"n": 1, "unit": "quarter"},
    "zone": "Europe/Vienna",
    "from": "2027-01-01",
}


def terms(world: PartnerWorld, **changes: object) -> Terms:
    usual: dict[str, object] = {
        "ref": REF,
        "parties": frozenset({"xa-alpha", "xc-charlie"}),
        "lanes": frozenset({"science", "trade"}),
        "tlp": "AMBER",
        "purposes": frozenset({"prevent"}),
        "begins": world.hub.now,
        "until": world.hub.now + timedelta(days=730),
        "survive_lanes": frozenset({"science"}),
        "text": agreement_text("Exchange among three", "1. Purpose\n\nThe parties share.", [OWED]),
    }
    return Terms(**(usual | changes))  # type: ignore[arg-type]


def carried(sender: Client, to: str, **changes: str) -> bool:
    """Send an alert and wait for its receipt."""
    return bool(sender.submit(alert_to(to, **changes), wait_secs=10).log_time)


def denied(world: PartnerWorld, sender: Client, to: str, **changes: str) -> str:
    """Send an alert, with nothing waiting in the log, and return why it was refused."""
    world.sequence()
    with pytest.raises(RefusedError) as refused:
        sender.submit(alert_to(to, **changes))
    return refused.value.slug


def learn(world: PartnerWorld, agency: Agency) -> None:
    """Log what waits; the desk takes it in and asks for its agreements, as its worker does."""
    world.sequence()
    follow_feed(agency, now=world.hub.now)
    ask_for_agreements(SystemActor("desk-worker", agency.pk), agency.pk, now=world.hub.now)


@dataclass
class Agreed(AtDesk):
    """The desk with an admin, and the agreement of the three."""

    od: str


def agree(world: PartnerWorld, desk: AtDesk, agreed: Terms) -> str:
    """Have the admin propose an agreement, and the other two accept it."""
    od = propose_agreement(desk.officer, agreed, now=world.hub.now)
    world.sequence()
    for command in two_by_command(world):
        command.answer_agreement(od)
    learn(world, desk.agency)
    return od


@pytest.fixture
def agreed(world: PartnerWorld, settings: Settings) -> Agreed:
    settings.OWN_DESK = True

    def build() -> Agreed:
        desk = desk_and_two(world)
        compare_by_hand(desk.agency, "xa-alpha", "xc-charlie", now=world.hub.now)
        return Agreed(desk.agency, desk.officer, agree(world, desk, terms(world)))

    return world.restored("an agreement of three", build)


def test_all_three_hold_every_signature_and_alerts_flow_among_them(
    world: PartnerWorld, agreed: Agreed
) -> None:
    alpha, charlie = two_by_command(world)
    standing = agreement_of(agreed.officer, REF, now=world.hub.now)
    assert version_signed(versions_of(agreed.officer, now=world.hub.now), standing) is not None
    for command in (alpha, charlie):
        (version,) = command.agreement_versions()
        assert version.od == agreed.od and version.is_signed
        read = command.agreement_text(agreed.od).text
        assert read.document is not None and read.document["title"] == "Exchange among three"
    assert alpha.submit(alert_to("xb-own", "xc-charlie", tlp="GREEN"), wait_secs=10).md
    assert charlie.inbox()[0]


def test_one_suspends_with_another_and_the_third_goes_on_and_learns_nothing(
    world: PartnerWorld, agreed: Agreed
) -> None:
    alpha, charlie = two_by_command(world)
    alpha.suspend(["xb-own"], ["science", "trade"], why="political")
    learn(world, agreed.agency)
    lanes = agreement_of(agreed.officer, REF, now=world.hub.now).lanes
    assert [(row.code, stop.agency, stop.why) for row in lanes for stop in row.stopped] == [
        ("trade", "xa-alpha", "political")
    ]
    assert denied(world, alpha, "xb-own", lane="trade") == "policy-denied"
    assert carried(alpha, "xb-own"), "science survives, as agreed"
    assert carried(alpha, "xc-charlie", lane="trade")
    assert charlie.suspensions() == ()

    suspend_lanes(agreed.officer, ["xa-alpha"], ["trade"], now=world.hub.now)
    learn(world, agreed.agency)
    alpha.resume(["xb-own"], ["trade"])
    assert denied(world, alpha, "xb-own", lane="trade") == "policy-denied"
    resume_lanes(agreed.officer, ["xa-alpha"], ["trade"], now=world.hub.now)
    world.sequence()
    assert carried(alpha, "xb-own", lane="trade")
    assert {(one.agency, one.until is None) for one in alpha.suspensions() if one.lane == "trade"} == {
        ("xa-alpha", False),
        ("xb-own", False),
    }


def test_a_next_version_by_command_is_accepted_at_the_desk_and_one_leaves(
    world: PartnerWorld, agreed: Agreed
) -> None:
    alpha, charlie = two_by_command(world)
    said = alpha.propose_agreement(
        {
            "ref": REF,
            "parties": ["xb-own", "xc-charlie"],
            "lanes": ["science"],
            "tlp": "GREEN",
            "purposes": ["prevent"],
            "begins": "2026-01-01T00:00:00Z",
            "until": "2099-01-01T00:00:00Z",
            "clocks": "run",
            "text": {"title": "Exchange among three", "text": "1. End", "commitments": [OWED]},
        }
    )
    learn(world, agreed.agency)
    read = text_of_version(agreed.officer, version_of(agreed.officer, said.od, now=world.hub.now))
    assert read.document is not None and read.document["text"] == "1. End"
    answer_version(agreed.officer, said.od, "accept", now=world.hub.now)
    world.sequence()
    charlie.answer_agreement(said.od)
    learn(world, agreed.agency)
    at = int(world.hub.now.timestamp())
    assert [one.state(at) for one in versions_of(agreed.officer, now=world.hub.now)] == [
        VersionState.IN_FORCE,
        VersionState.REPLACED,
    ]
    charlie.leave_agreement(REF)
    learn(world, agreed.agency)
    assert set(version_of(agreed.officer, said.od, now=world.hub.now).left) == {"xc-charlie"}
    assert agreement_of(agreed.officer, REF, now=world.hub.now).said.parties == ("xa-alpha", "xb-own")
    assert denied(world, alpha, "xc-charlie") == "policy-denied"
    assert carried(alpha, "xb-own")
