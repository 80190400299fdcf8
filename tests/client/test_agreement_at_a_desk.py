# SPDX-License-Identifier: Apache-2.0
"""An agreement among three, of which one works at a desk and two by command, from its proposal to the leaving of one."""

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
from callers.capabilities import Role
from officers.models import Officer
from peers.models import Agency
from tests.client.conftest import PartnerWorld, alert_to
from tests.own_desk import compare_by_hand, make_own_agency

REF = "ABC 2027-1"
OWED = {
    "by": "xb-own",
    "to": "xc-charlie",
    "what": "spectra",
    "every": {"n": 1, "unit": "quarter"},
    "zone": "Europe/Vienna",
    "from": "2027-01-01",
}


@pytest.fixture
def agency(world: PartnerWorld, settings: Settings) -> Agency:
    settings.OWN_DESK = True
    made = make_own_agency(world.hub, "xb-own", "Health Authority")
    world.sequence()
    made.refresh_from_db()
    return made


@pytest.fixture
def admin(world: PartnerWorld, agency: Agency) -> Officer:
    return world.hub.make_officer(agency, Role.AGENCY_ADMIN)


@pytest.fixture
def commands(world: PartnerWorld, agency: Agency) -> tuple[Client, Client]:
    """Two agencies that work by command, and have compared each other's fingerprints and the desk's."""
    alpha, charlie = world.enrol("xa-alpha"), world.enrol("xc-charlie")
    for one, other, name in ((alpha, charlie, "xc-charlie"), (charlie, alpha, "xa-alpha")):
        one.pin(name, other.fingerprint)
        one.pin("xb-own", agency.root_fingerprint)
    return alpha, charlie


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


@pytest.fixture
def agreed(world: PartnerWorld, agency: Agency, admin: Officer, commands: tuple[Client, Client]) -> str:
    compare_by_hand(agency, "xa-alpha", "xc-charlie", now=world.hub.now)
    od = propose_agreement(admin, terms(world), now=world.hub.now)
    world.sequence()
    for command in commands:
        command.answer_agreement(od)
    learn(world, agency)
    return od


def test_all_three_hold_every_signature_and_alerts_flow_among_them(
    world: PartnerWorld, admin: Officer, commands: tuple[Client, Client], agreed: str
) -> None:
    standing = agreement_of(admin, REF, now=world.hub.now)
    assert version_signed(versions_of(admin, now=world.hub.now), standing) is not None
    for command in commands:
        (version,) = command.agreement_versions()
        assert version.od == agreed and version.is_signed
        read = command.agreement_text(agreed).text
        assert read.document is not None and read.document["title"] == "Exchange among three"
    alpha, charlie = commands
    assert alpha.submit(alert_to("xb-own", "xc-charlie", tlp="GREEN"), wait_secs=10).md
    assert charlie.inbox()[0]


def test_one_suspends_with_another_and_the_third_goes_on_and_learns_nothing(
    world: PartnerWorld, agency: Agency, admin: Officer, commands: tuple[Client, Client], agreed: str
) -> None:
    alpha, charlie = commands
    alpha.suspend(["xb-own"], ["science", "trade"], why="political")
    learn(world, agency)
    lanes = agreement_of(admin, REF, now=world.hub.now).lanes
    assert [(row.code, stop.agency, stop.why) for row in lanes for stop in row.stopped] == [
        ("trade", "xa-alpha", "political")
    ]
    assert denied(world, alpha, "xb-own", lane="trade") == "policy-denied"
    assert carried(alpha, "xb-own"), "science survives, as agreed"
    assert carried(alpha, "xc-charlie", lane="trade")
    assert charlie.suspensions() == ()

    suspend_lanes(admin, ["xa-alpha"], ["trade"], now=world.hub.now)
    learn(world, agency)
    alpha.resume(["xb-own"], ["trade"])
    assert denied(world, alpha, "xb-own", lane="trade") == "policy-denied"
    resume_lanes(admin, ["xa-alpha"], ["trade"], now=world.hub.now)
    world.sequence()
    assert carried(alpha, "xb-own", lane="trade")
    assert {(one.agency, one.until is None) for one in alpha.suspensions() if one.lane == "trade"} == {
        ("xa-alpha", False),
        ("xb-own", False),
    }


def test_a_next_version_by_command_is_accepted_at_the_desk_and_one_leaves(
    world: PartnerWorld, agency: Agency, admin: Officer, commands: tuple[Client, Client], agreed: str
) -> None:
    alpha, charlie = commands
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
    learn(world, agency)
    read = text_of_version(admin, version_of(admin, said.od, now=world.hub.now))
    assert read.document is not None and read.document["text"] == "1. End"
    answer_version(admin, said.od, "accept", now=world.hub.now)
    world.sequence()
    charlie.answer_agreement(said.od)
    learn(world, agency)
    at = int(world.hub.now.timestamp())
    assert [one.state(at) for one in versions_of(admin, now=world.hub.now)] == [
        VersionState.IN_FORCE,
        VersionState.REPLACED,
    ]
    charlie.leave_agreement(REF)
    learn(world, agency)
    assert set(version_of(admin, said.od, now=world.hub.now).left) == {"xc-charlie"}
    assert agreement_of(admin, REF, now=world.hub.now).said.parties == ("xa-alpha", "xb-own")
    assert denied(world, alpha, "xc-charlie") == "policy-denied"
    assert carried(alpha, "xb-own")
